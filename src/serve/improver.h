// Looks for better versions of the functions (Provider::find_better) in a process of its own,
// beside the workers: the first to go when memory is short, and at low priority once all is
// compiled. However that process ends, serving continues with what it has.
//
// Owned by the supervisor and used by its one thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "bundle/bundle.h"
#include "serve/change.h"
#include "serve/provider.h"
#include "serve/side_process.h"

namespace ferry::serve {

struct ImproverOptions {
  engine::EngineOptions engine;  // what the workers' engine is made with
  bundle::MacKey key;            // authenticates what is made
  // For one search, on the clock; 0: as long as it takes.
  std::chrono::seconds longest{600};
  std::string root;  // a folder that stands for "/" (base/cgroup.h), for tests
};

// The life of a process that searches: sends a Change for each of the provider's searches from
// `first` on. Its exit code comes back.
int search_from(std::size_t first, Provider& provider, const ImproverOptions& options, int sender);

class Improver {
 public:
  // `found` gets a Change for each of the provider's searches, with a bundle or the reason why
  // there is none.
  Improver(Provider& provider, ImproverOptions options, std::function<void(Change)> found);
  ~Improver() { stop(); }
  Improver(const Improver&) = delete;
  Improver& operator=(const Improver&) = delete;

  // `after_fork`: called in each new process before all else, to close what is not its business.
  void start(std::function<void()> after_fork);
  // Ends the process and what it started. Nothing more is found.
  void stop();

  int fd() const { return receiver_.get(); }  // readable when there is something for step()
  void step();
  void on_end(pid_t pid, int wait_status);

 private:
  void fork_from(std::size_t first);
  void take_all();

  Provider& provider_;
  const std::vector<Search> searches_;
  const ImproverOptions options_;
  const std::function<void(Change)> found_;
  std::function<void()> after_fork_;
  std::size_t next_ = 0;  // the first of which nothing is known
  SideProcess process_;
  Fd receiver_;
};

}  // namespace ferry::serve
