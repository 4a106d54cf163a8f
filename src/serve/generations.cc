#include "serve/generations.h"

#include <algorithm>
#include <array>
#include <csignal>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bundle/code_guard.h"

namespace ferry::serve {
namespace {

constexpr unsigned kLongestTrial = 600;  // seconds
constexpr int kNiceTrial = 5;            // beside what the server has
constexpr std::size_t kLongestReason = 4096;

std::string names_of(const std::vector<Listed>& functions) {
  std::vector<std::string_view> names;
  names.reserve(functions.size());
  for (const Listed& each : functions) names.emplace_back(each.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

// An error of several lines is one line of a log.
std::string in_one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

}  // namespace

Result<std::unique_ptr<Generations>> Generations::make(Provider& provider,
                                                       std::vector<Listed> functions,
                                                       const Options& options,
                                                       std::size_t workers) {
  FERRY_TRY(Changes changes, Changes::make(functions.size(), workers));
  return std::unique_ptr<Generations>(
      new Generations(provider, std::move(functions), options, workers, std::move(changes)));
}

Generations::Generations(Provider& provider, std::vector<Listed> functions, const Options& options,
                         std::size_t workers, Changes changes)
    : options_(options),
      workers_(workers),
      current_(
          new Generation{nullptr, provider, std::move(functions), std::move(changes), nullptr}) {
  system_random().fill(key_.bytes);
  current_->improver = make_improver(*current_);
}

std::unique_ptr<Improver> Generations::make_improver(Generation& generation) {
  ImproverOptions improving;
  improving.engine = engine_options_for(generation.functions);
  improving.key = key_;
  return std::make_unique<Improver>(
      generation.provider, improving, [this, &generation](Change change) {
        if (!options_.quiet && !change.words.empty()) {
          calls_.say(
              fmt::format("{}: {}", generation.functions[change.function].name, change.words));
        }
        // A worker that could not be reached goes on with the function as it was.
        if (change.bundle.valid() || change.what == Improvement::kCompiled) {
          static_cast<void>(generation.changes.publish(std::move(change)).ok());
        }
      });
}

Generation& Generations::enter() {
  Generation& mine = renewing_ ? *next_ : *current_;
  if (renewing_) {
    current_->changes.close();
  } else if (next_) {
    next_->changes.close();
  }
  return mine;
}

void Generations::start(FleetCalls calls) {
  calls_ = std::move(calls);
  started_ = true;
  improve();
}

// Those who search have their own copy of the functions' code from here on, and the workers have it
// compiled.
void Generations::improve() {
  current_->improver->start(calls_.after_fork);
  current_->provider.let_go();
}

void Generations::stop() {
  stopped_ = true;
  current_->improver->stop();
  trial_.stop();
}

void Generations::on_hangup() {
  if (stopped_) return;
  if (options_.log_file != nullptr) reopen_log();
  asked_ = true;
}

void Generations::reopen_log() {
  if (const Status opened = options_.log_file->reopen(); !opened.ok()) {
    calls_.say("the log goes on in the file of before: " + opened.error().text());
    return;
  }
  for (Generation* each : {current_.get(), next_.get()}) {
    if (each == nullptr) continue;
    Change change;
    change.function = Change::kLog;
    change.bundle = Fd(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!change.bundle.valid() || !each->changes.publish(std::move(change)).ok()) {
      calls_.say("not every worker writes into the new log");
    }
  }
}

void Generations::step() {
  current_->improver->step();
  if (!started_ || stopped_) return;
  if (asked_ && !trial_.running() && !next_) begin_trial();
  if (next_ && !renewing_) {
    renewing_ = true;
    renewing_ = calls_.renew() && next_ != nullptr;
  }
}

void Generations::begin_trial() {
  asked_ = false;
  calls_.reloading();
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    return conclude(errno_error("make a pipe", errno));
  }
  trial_result_ = Fd(ends[0]);
  const Fd result(ends[1]);
  if (!trial_.start(calls_.after_fork, [&] { return attempt(result.get()); })) {
    conclude(errno_error("start a process", errno));
  }
}

// What a worker does at its start, for its errors alone. The exit code comes back.
int Generations::attempt(int result) {
  alarm(kLongestTrial);
  setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + kNiceTrial);
  const auto provider = current_->provider.fresh();
  const Status works = [&]() -> Status {
    if (!provider) return Error{Code::kUnsupported, "these functions are read once", ""};
    FERRY_TRY(const std::vector<Listed> functions, provider->list({}));
    FERRY_CHECK_OK(check_names(functions));
    Phases phases;
    const auto running = bring_up(*provider, functions, engine_options_for(functions), {}, phases);
    return running.ok() ? Status(Done{}) : Status(running.error());
  }();
  if (works.ok()) return 0;
  const std::string text = in_one_line(works.error().text()).substr(0, kLongestReason);
  static_cast<void>(write_all(result, as_bytes(text), "a pipe").ok());
  return 1;
}

void Generations::end_trial(int wait_status) {
  std::array<char, kLongestReason> words{};
  const ssize_t size = read(trial_result_.get(), words.data(), words.size());
  trial_result_.reset();
  if (wait_status == 0) {
    if (const Status made = read_next(); !made.ok()) conclude(made);
  } else if (size > 0) {
    conclude(Error{Code::kInvalid, {words.data(), static_cast<std::size_t>(size)}, ""});
  } else if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGALRM) {
    conclude(Error{Code::kLimit, fmt::format("not loaded within {} s", kLongestTrial), ""});
  } else {
    conclude(Error{Code::kInternal,
                   WIFSIGNALED(wait_status)
                       ? fmt::format("loading it was ended by signal {}", WTERMSIG(wait_status))
                       : fmt::format("loading it ended with code {}", WEXITSTATUS(wait_status)),
                   ""});
  }
}

// Should the files have changed once more since the trial, the successors that cannot load them end
// the reload.
Status Generations::read_next() {
  auto provider = current_->provider.fresh();
  FERRY_TRY(std::vector<Listed> functions, provider->list({}));
  FERRY_CHECK_OK(check_names(functions));
  FERRY_TRY(Changes changes, Changes::make(functions.size(), workers_));
  Provider& of = *provider;
  next_.reset(
      new Generation{std::move(provider), of, std::move(functions), std::move(changes), nullptr});
  return Done{};
}

// Their names are in the counters, in paths, and on the way to whoever calls them.
Status Generations::check_names(const std::vector<Listed>& functions) const {
  if (std::ranges::equal(functions, current_->functions, {}, &Listed::name, &Listed::name)) {
    return Done{};
  }
  return Error{Code::kUsage,
               fmt::format("the functions have other names: {}, and {} before", names_of(functions),
                           names_of(current_->functions)),
               "start the program again for these"};
}

void Generations::on_end(pid_t pid, int wait_status) {
  if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == bundle::kBrokenExit) {
    current_->provider.distrust_kept_code();
  }
  current_->improver->on_end(pid, wait_status);
  if (trial_.has_ended(pid) && !stopped_) end_trial(wait_status);
}

void Generations::on_renewed(const Status& renewed) {
  renewing_ = false;
  if (stopped_) return;
  if (renewed.ok()) {
    current_ = std::move(next_);
    current_->improver = make_improver(*current_);
    improve();
  }
  next_.reset();
  conclude(renewed);
}

void Generations::conclude(const Status& reloaded) {
  if (!reloaded.ok()) {
    calls_.say("not reloaded, and served as before: " + in_one_line(reloaded.error().text()));
  } else if (!options_.quiet) {
    calls_.say("reloaded " + names_of(current_->functions));
  }
  calls_.reloaded(reloaded.ok());
}

}  // namespace ferry::serve
