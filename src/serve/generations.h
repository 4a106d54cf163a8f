// The functions in service, and after SIGHUP those that are to take their place. These go through
// steps, each of which may fail:
//
//   read, compiled and loaded in a process of its own ─▶ read here ─▶ a successor beside each
//   worker ─▶ all are ready: the workers before finish what they accepted
//
// Where one fails, a line says why, and the functions are served as they were. Beside that, better
// versions of the functions in service are looked for (improver.h).
//
// Owned by the supervisor and used by its one thread; and by each worker in its first moment.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "serve/change.h"
#include "serve/fleet.h"
#include "serve/improver.h"
#include "serve/provider.h"
#include "serve/running.h"
#include "serve/side_process.h"

namespace ferry::serve {

// Functions that were read together, and what goes with them.
struct Generation {
  std::unique_ptr<Provider> owned;  // null: the provider is the caller's
  Provider& provider;
  std::vector<Listed> functions;
  Changes changes;
  std::unique_ptr<Improver> improver;  // of those in service
};

class Generations final : public Beside {
 public:
  // `provider` has listed `functions`. Both outlive this, as the options do.
  static Result<std::unique_ptr<Generations>> make(Provider& provider,
                                                   std::vector<Listed> functions,
                                                   const Options& options, std::size_t workers);

  // In a worker that was just forked: what it is to serve. The way to the others is closed.
  Generation& enter();
  // Authenticates better versions.
  const bundle::MacKey& key() const { return key_; }

  void start(FleetCalls calls) override;
  void stop() override;
  int fd() override { return current_->improver->fd(); }
  void step() override;
  void on_end(pid_t pid, int wait_status) override;
  void on_hangup() override;
  void on_renewed(const Status& renewed) override;

 private:
  Generations(Provider& provider, std::vector<Listed> functions, const Options& options,
              std::size_t workers, Changes changes);
  std::unique_ptr<Improver> make_improver(Generation& generation);
  void improve();
  void reopen_log();
  void begin_trial();
  int attempt(int result);
  void end_trial(int wait_status);
  Status read_next();
  Status check_names(const std::vector<Listed>& functions) const;
  void conclude(const Status& reloaded);

  const Options& options_;
  const std::size_t workers_;
  bundle::MacKey key_;
  FleetCalls calls_;
  bool started_ = false;
  bool stopped_ = false;
  std::unique_ptr<Generation> current_;
  bool asked_ = false;  // for a reload that has not begun
  SideProcess trial_;
  Fd trial_result_;  // what it says when it fails
  std::unique_ptr<Generation> next_;
  bool renewing_ = false;  // workers that start now serve `next_`
};

}  // namespace ferry::serve
