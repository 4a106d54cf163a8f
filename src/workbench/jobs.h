// What the page asks for and takes time: an event to be sent, a replay, a comparison over all
// engines and platforms. Each is a child process; its result waits for the page to fetch it.
// Single-threaded.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>
#include <poll.h>

#include "base/scratch.h"
#include "workbench/bench.h"
#include "workbench/journal.h"
#include "workbench/task.h"

namespace ferry::workbench {

class Jobs {
 public:
  static constexpr std::size_t kMostAtOnce = 4;
  static constexpr std::size_t kMostKept = 32;

  // Borrowed.
  Jobs(const BenchOptions& options, const Lives& lives) : options_(options), lives_(lives) {}

  // Of native events that come with ferry: their names, and one as {"platform", "input"}.
  boost::json::array samples() const;
  Result<std::string> sample(std::string_view name) const;

  // {"platform", "data" | "event" | "native"}: literal data, a CloudEvent, the platform's own
  // input.
  Result<std::uint64_t> send(std::string_view body);
  // {"number", "engine"}
  Result<std::uint64_t> replay(std::string_view body, const Journal& journal);
  // {"number"}
  Result<std::uint64_t> verify(std::string_view body, const Journal& journal);
  // {"number", "name"}: into the project's folder cases/, where nothing of that name is yet.
  Result<std::string> save(std::string_view body, const Journal& journal) const;

  // {"done", "exit_code", "output", "errors"}
  Result<std::string> result(std::uint64_t number) const;

  void add_to(std::vector<pollfd>& watched) const;
  void step(Journal& journal);

 private:
  struct Job {
    std::unique_ptr<Task> task;  // null when it is done
    std::string platform;
    int exit_code = 0;
    std::string output;
    std::string errors;
  };
  Result<std::uint64_t> begin(const Task::Life& life, std::string platform);
  Result<std::uint64_t> run_verb(std::string_view verb, std::string_view body,
                                 const Journal& journal);

  const BenchOptions& options_;
  const Lives& lives_;
  std::map<std::uint64_t, Job> jobs_;
  std::uint64_t next_ = 1;
  std::unique_ptr<ScratchFolder> scratch_;
};

}  // namespace ferry::workbench
