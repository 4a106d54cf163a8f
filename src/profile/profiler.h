// Profiles a function: one event is given to it again and again, each time in its first state, and
// the thread that runs it is sampled.
//
// Used by one thread.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "engine/engine.h"
#include "function/function.h"
#include "host/host.h"
#include "profile/flame_graph.h"
#include "profile/sampler.h"
#include "profile/symbols.h"

namespace ferry::profile {

inline constexpr std::chrono::milliseconds kLength{2000};
inline constexpr std::chrono::microseconds kInterval{500};

struct Profile {
  FlameGraph graph;
  std::size_t events = 0;
  std::chrono::duration<double> took{};
  host::Outcome first;  // of the first event
};

class Profiler {
 public:
  // Compiles the function anew, with symbols, in a child process; that is kept nowhere.
  // kUnsupported for engines whose code has none.
  static Result<Profiler> make(const function::Function& function, const engine::Info& engine,
                               engine::EngineOptions options);

  const bundle::Bundle& bundle() const { return bundle_; }

  // `loaded` is bundle() on this host. For kLength; or the one event alone, where the function was
  // granted folders or connections and would use them each time.
  Result<Profile> run(host::Host& host, host::Loaded& loaded, const event::Event& event,
                      const host::InvokeOptions& options) const;

 private:
  Result<CodeSpan> find_code() const;
  void add(Profile& profile, const Sampler& sampler, CodeSpan code) const;

  bundle::Bundle bundle_;
  Symbols symbols_;
  std::vector<std::string> names_;  // by the function's index in the prepared module
};

}  // namespace ferry::profile
