// A function that is ready to be invoked; private to src/host.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "host/guest.h"
#include "host/host.h"
#include "host/recorder.h"
#include "reset/kept_instance.h"
#include "wasi/context.h"

namespace ferry::host {

// Thread-safe: what invocations share is either constant or behind the mutex.
class Loaded : public Guest {
 public:
  Loaded(Host& by, Guest guest) : Guest(std::move(guest)), host(by) {}

  Host& host;  // that loaded it
  const std::uint64_t serial = next_serial();

  std::string digest;
  std::unique_ptr<engine::Module> module;
  std::vector<std::string> taken_environ;  // of `environ`: from the process's own environment
  Keeping keeping;  // how instances are kept, if they are; set before the first event

  std::vector<std::shared_ptr<Recorder>> recorders;  // constant from the first event on
  Witness* witness = nullptr;                        // of an invocation by invoke_with(), borrowed

  // What an event needs: a context, which keeps its buffers from event to event, and an instance in
  // the first state, a kept one or a new one. To be given back by release().
  struct Held {
    std::unique_ptr<wasi::Context> context;
    std::unique_ptr<reset::KeptInstance> kept;
    std::unique_ptr<engine::Instance> fresh;  // when it will not be kept afterwards
    bool again = false;                       // as again_ was
    engine::Instance& instance() { return kept ? kept->instance() : *fresh; }
  };
  // A context, and an instance if one is kept that no event holds.
  Held take(const Clock& clock, Random& random);
  // A new instance, where there was none.
  ferry::Status make_instance(Held& held);
  // `clean`: the guest came to its end by itself, so that what it left can be reset.
  void release(Held held, bool clean);
  // Gives back the memory of kept instances that served no event since the last call.
  void drop_idle();
  // Gives all of it back that no event holds now.
  void give_back();
  // The same where that is not enough by far: after some of these each event gets a new instance.
  void give_up_in_time();
  bool keeps();  // instances of the engine's that no event holds now
  // Ends those. True if there were any.
  bool drop_kept();
  // It begins no more events: nothing is kept from now on.
  void retire();

  // When it had its last event, in events of the whole host; for the host alone.
  std::atomic<std::uint64_t> last_event{0};

 private:
  static std::uint64_t next_serial();
  Result<std::unique_ptr<engine::Instance>> instantiate();
  Result<std::shared_ptr<reset::FirstState>> take_first(Held& held);
  bool reset_instance(reset::KeptInstance& kept);

  std::mutex mutex_;
  std::vector<std::unique_ptr<wasi::Context>> contexts_;
  // Those that served an event last are the last, and taken first.
  std::vector<std::unique_ptr<reset::KeptInstance>> kept_;
  unsigned events_ = 0;      // of this window
  std::size_t fewest_ = 0;   // in kept_, in this window: as many were not needed
  std::size_t surplus_ = 0;  // of the window before: to be ended, one with each event
  // One at a time, since it may be an instance of the engine's, which has one for it and as many
  // as events may run at once.
  std::shared_ptr<reset::FirstState> first_;
  bool takes_first_ = false;  // an event is at it
  bool used_ = false;
  bool retired_ = false;
  bool again_ = false;                // an event came before, and not long ago: keeping will pay
  std::atomic<bool> gave_up_{false};  // each event gets a new instance, whatever `keeping` says
  std::atomic<unsigned> lost_in_a_row_{0};  // kept instances that could not be reset
  std::atomic<unsigned> too_large_{0};      // how often it alone held more than the host may
};

}  // namespace ferry::host
