// New versions of what is served, and a new place for the log, on their way to the worker
// processes:
//
//   the maker of one ──Change──▶ the supervisor ──Change──▶ each worker: InService::replace
//
// A version is a bundle in sealed memory: one copy for all workers, which nobody can change on its
// way. It is authenticated as any bundle is, by a key that only the processes of this server have.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/message.h"
#include "base/result.h"
#include "serve/provider.h"

namespace ferry::serve {

struct Change {
  // In place of a function: `bundle` is the file that standard error is from now on.
  static constexpr std::uint32_t kLog = UINT32_MAX;

  std::uint32_t function = 0;  // its place among those that are served
  Improvement what = Improvement::kCompiled;
  std::string words;  // for people: how the version was made, or why there is none
  Fd bundle;          // bundle::seal_bundle(); not valid: there is none
};

// Over one end of a MessagePipe. Does not wait: kBusy where the receiver has let too many lie. What
// is too long of the words is cut.
Status send_change(int sender, const Change& change);
// Waits for one, unless the descriptor is non-blocking. Nothing: there is none, or the last sender
// is gone. kInvalid for what is not a change.
Result<std::optional<Change>> receive_change(int receiver);

// The supervisor's side. Made before the first fork; used by one thread.
class Changes {
 public:
  static Result<Changes> make(std::size_t functions, std::size_t workers);

  // To all workers, and to those that are started later. Of one function the last counts. The log
  // goes to those alone that are there: a later one begins with the supervisor's.
  // kBusy: not every worker could be reached, and some continue with what they have.
  Status publish(Change change);

  // In a worker that was just forked: what was published before, and where more will arrive. All
  // else is closed: a worker tells the others nothing.
  struct Adopted {
    std::vector<Change> before;  // of functions, one of each at most
    Fd receiver;
  };
  Adopted adopt(std::size_t worker);
  // In a process that has nothing to do with these workers.
  void close() { pipes_.clear(); }

 private:
  std::vector<MessagePipe> pipes_;             // by worker
  std::vector<std::optional<Change>> latest_;  // by function
};

// A thread that hands each change to `apply`, in their order, until this goes; an apply() that has
// begun is finished. `at_end`: once the last sender is gone, if that is before.
class ChangeReceiver {
 public:
  static Result<std::unique_ptr<ChangeReceiver>> make(int receiver,
                                                      std::function<void(Change)> apply,
                                                      std::function<void()> at_end = {});
  ~ChangeReceiver();
  ChangeReceiver(const ChangeReceiver&) = delete;
  ChangeReceiver& operator=(const ChangeReceiver&) = delete;

 private:
  ChangeReceiver(int receiver, Fd stop, std::function<void(Change)> apply,
                 std::function<void()> at_end);
  void run();

  const int receiver_;
  const Fd stop_;  // an eventfd
  const std::function<void(Change)> apply_;
  const std::function<void()> at_end_;
  std::thread thread_;
};

}  // namespace ferry::serve
