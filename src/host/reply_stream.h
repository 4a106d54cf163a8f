// Replies that reach their receiver in pieces, while the function still runs: what it has written
// of its response goes out whenever it waits, for a timer or for another service. A function that
// never waits replies with one piece, at its end.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/blocking.h"
#include "wasi/context.h"
#include "wasi2/session.h"

namespace ferry::host {

// Where the pieces go. Called on the thread of the invocation, before its Outcome is there. The
// Outcome has the whole reply even so; where it is not ok, what was begun must not be completed.
class ReplyStream {
 public:
  // Once, with what is known of the reply by then. False: nothing of it can be sent before its end.
  virtual bool begin(int status, const wasi2::FieldList& headers) = 0;
  virtual void add(std::string_view piece) = 0;

 protected:
  ~ReplyStream() = default;
};

// Sends what is there before each wait, and passes the wait on to `next` (may be null).
class ReplyStreamer final : public BlockingObserver {
 public:
  ReplyStreamer(wasi::Context& context, ReplyStream& to, BlockingObserver* next)
      : context_(context), to_(to), next_(next) {}
  void before_wait() override;
  void after_wait() override;

 private:
  enum class Stage : unsigned char { kNothing, kBegun, kRefused };
  void send();

  wasi::Context& context_;
  ReplyStream& to_;
  BlockingObserver* next_;
  Stage stage_ = Stage::kNothing;
  std::size_t sent_ = 0;
};

}  // namespace ferry::host
