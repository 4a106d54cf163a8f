// The one result type of the program: a value, or an Error that says what, where, and what to do.
//
// Thread-safety: values, no shared state. Errors are built where the facts are and printed once,
// at the edge (a command, or a platform's reply).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace ferry {

// The class of an error: what a caller may decide on. The text is for people.
enum class Code : unsigned char {
  kUsage,        // the caller's request makes no sense
  kInvalid,      // bytes from outside are malformed
  kNotFound,     // a file, export, engine that isn't there
  kUnsupported,  // understood, and not offered here
  kDenied,       // not granted, or not authentic
  kLimit,        // a bound was reached
  kBusy,         // overload: try again
  kIo,           // the operating system said no
  kInternal,     // our fault
};

// Lower-case name of a code, as it appears in JSON ("not-found").
std::string_view code_name(Code code);

struct Error {
  Code code = Code::kInternal;
  std::string message;  // what went wrong and where: "orders.toml:7: unknown key 'timout'"
  std::string hint;     // what to do next, or empty: "did you mean 'timeout'?"

  // One line for a terminal: "message (hint)".
  std::string text() const;
};

// "prefix: " put before the message; for adding the where while an error travels up.
Error with_context(Error error, std::string_view prefix);

// An Error from errno: "open data/x: No such file or directory".
Error errno_error(std::string_view what, int error_number);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Only when ok().
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Only when not ok().
  Error& error() & { return std::get<1>(state_); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

// The result of something done for its effect.
struct Done {};
using Status = Result<Done>;

}  // namespace ferry

// FERRY_TRY(auto x, expression): x is the value, or the error is returned from this function.
#define FERRY_TRY_CAT2(a, b) a##b
#define FERRY_TRY_CAT(a, b) FERRY_TRY_CAT2(a, b)
#define FERRY_TRY_IMPL(tmp, target, ...)        \
  auto tmp = (__VA_ARGS__);                     \
  if (!tmp.ok()) return std::move(tmp).error(); \
  target = std::move(tmp).value()
#define FERRY_TRY(target, ...) \
  FERRY_TRY_IMPL(FERRY_TRY_CAT(ferry_try_, __LINE__), target, __VA_ARGS__)

// FERRY_CHECK_OK(expression): the same for a Status.
#define FERRY_CHECK_OK(...)                                         \
  do {                                                              \
    auto ferry_status = (__VA_ARGS__);                              \
    if (!ferry_status.ok()) return std::move(ferry_status).error(); \
  } while (false)
