// How the tables of functions are written: from a function of typed parameters (calls.h) to an
// entry that an engine can call. Private to src/wasi2.
#pragma once

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "wasi2/calls.h"
#include "wasi2/functions.h"
#include "wasi2/let_go.h"

namespace ferry::wasi2 {

// What every call begins and ends with.
class Entered {
 public:
  // `state` is null where no session was begun: the guest then ends.
  static S* session_of(wasi::Context& context) {
    Session* session = Session::find(context);
    return session != nullptr ? &session->state() : nullptr;
  }

  static void leave(S& s, G guest, bool abi) {
    if (!abi) s.encoding = Encoding::kUtf8;
    const auto fill = [&s](std::span<u8> bytes) { return fill_random(s, bytes); };
    if (!s.stopped && !s.results.finish(guest, fill)) {
      trap(s, "the result's memory is gone");
    }
  }

 private:
  // Gigabytes take seconds, and the engine cannot end the guest while it is in here.
  static bool fill_random(S& s, std::span<u8> bytes) {
    s.p1.random->fill(bytes);
    if (s.p1.setup.deadline == Monotonic::max() || s.p1.clock->monotonic() < s.p1.setup.deadline) {
      return true;
    }
    s.p1.stop = wasi::Stop::kDeadline;
    s.stopped = true;
    return false;
  }
};

template <typename T>
constexpr char letter() {
  return std::is_same_v<T, u64> ? 'I' : 'i';
}

// From a function of typed parameters: its letters, and a CallFn that takes the slots apart.
template <typename F>
struct Shape;

template <typename R, typename... P>
struct Shape<R (*)(S&, G, P...)> {
  static_assert(sizeof...(P) <= kMaxParams);
  static constexpr std::array<char, sizeof...(P)> kParams = {letter<P>()...};
  static constexpr std::array<char, std::is_void_v<R> ? 0 : 1> kResults = [] {
    std::array<char, std::is_void_v<R> ? 0 : 1> out{};
    for (char& each : out) each = letter<R>();
    return out;
  }();

  template <auto kFunction, std::size_t... I>
  static u64 call(S& s, G guest, const u64* args, std::index_sequence<I...> /*indices*/) {
    if constexpr (std::is_void_v<R>) {
      kFunction(s, guest, static_cast<P>(args[I])...);
      return 0;
    } else {
      return kFunction(s, guest, static_cast<P>(args[I])...);
    }
  }

  // `kAbi`: one of those that a result waits for, or that say how the next call is meant.
  template <auto kFunction, bool kAbi>
  static CallResult bound(wasi::Context& context, wasi::Memory memory, const u64* args) {
    S* s = Entered::session_of(context);
    if (s == nullptr) return {0, true};
    const G guest(memory);
    if (!kAbi && s->results.pending()) {
      trap(*s, "a call while memory for an earlier result was not handed over");
      return {0, true};
    }
    const u64 value =
        s->stopped ? 0 : call<kFunction>(*s, guest, args, std::make_index_sequence<sizeof...(P)>());
    Entered::leave(*s, guest, kAbi);
    return {value, s->stopped};
  }
};

template <auto kFunction, bool kAbi = false>
constexpr Function entry(std::string_view interface, std::string_view name) {
  using Of = Shape<decltype(kFunction)>;
  return {interface, name, std::string_view(Of::kParams.data(), Of::kParams.size()),
          std::string_view(Of::kResults.data(), Of::kResults.size()),
          &Of::template bound<kFunction, kAbi>};
}

template <typename R>
void drop(S& s, G /*g*/, u32 handle) {
  if (const auto taken = take<R>(s, handle)) let_go(s, *taken);
}

// A method of a resource that nothing here gives out.
template <typename R>
CallResult absent(wasi::Context& context, wasi::Memory /*memory*/, const u64* args) {
  if (S* s = Entered::session_of(context)) {
    trap_handle(*s, static_cast<u32>(args[0]), R::kName);
  }
  return {0, true};
}

// Qualified, so that a function of calls.h is not mixed up with one of the same name that another
// file of the module has for itself.
#define FERRY_FUNCTION(interface, name, ...) entry<&wasi2::__VA_ARGS__>(interface, name)
#define FERRY_ABI(name, function) entry<&wasi2::function, true>(kAbiModule, name)
#define FERRY_BUILTIN(name, ...) entry<&wasi2::__VA_ARGS__>(kCanonModule, name)
#define FERRY_DROP(interface, name, type) entry<&drop<type>>(interface, "[resource-drop]" name)
#define FERRY_ABSENT(interface, name, type, params, results) \
  Function { interface, name, params, results, &absent<type> }

// The order of a table.
constexpr auto function_key(const Function& function) {
  return std::pair(function.interface, function.name);
}

// At most two parameters of 64 bits, as wasm/one_import.h carries them.
constexpr bool is_carried_by_one_import(const Function& function) {
  return std::ranges::count(function.params, 'I') <= 2;
}

// Null where a sorted table has none.
const Function* find_in(std::span<const Function> table, std::string_view interface,
                        std::string_view name);

// Of a canonical built-in as it is imported, "stream.new:stream<u8>"; null where none is served.
const Function* find_builtin(std::string_view field);

}  // namespace ferry::wasi2
