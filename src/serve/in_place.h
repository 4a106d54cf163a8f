// Better versions of what a process without a supervisor serves (Lambda, OpenWhisk, lines of JSON):
//
//   this process ──fork──▶ one that searches (Provider::find_better)
//        ▲                         │
//        └──ChangeReceiver: InService::replace ◀──Change
//
// The other process ends with this one. Where it ends before, what is served stays as it is.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "serve/change.h"
#include "serve/improver.h"
#include "serve/provider.h"
#include "serve/running.h"
#include "serve/side_process.h"

namespace ferry::serve {

class InPlaceImprover {
 public:
  // Forks: before this process has a thread or an engine. `functions` as listed, and `engine` what
  // theirs is made with. `tells`: what was found is said on stderr.
  static Result<std::unique_ptr<InPlaceImprover>> make(Provider& provider,
                                                       std::span<const Listed> functions,
                                                       const engine::EngineOptions& engine,
                                                       bool tells);
  InPlaceImprover(const InPlaceImprover&) = delete;
  InPlaceImprover& operator=(const InPlaceImprover&) = delete;

  // Called once, when `running` serves and the sandbox is entered. While what comes back lives,
  // what is found takes its place in what is served; both this and `running` outlive it. The
  // provider makes no more bundles in this process.
  Result<std::unique_ptr<ChangeReceiver>> begin(const Running& running);

 private:
  InPlaceImprover(Provider& provider, std::span<const Listed> functions, bool tells)
      : provider_(provider), functions_(functions.begin(), functions.end()), tells_(tells) {}
  void take(const Running& running, Change change);

  Provider& provider_;
  const std::vector<Listed> functions_;
  const bool tells_;
  bundle::MacKey key_;
  SideProcess process_;
  Fd go_;  // written to when the search may begin
  Fd receiver_;
};

}  // namespace ferry::serve
