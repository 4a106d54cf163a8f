#include "workbench/bench.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <map>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/terminal.h"
#include "http/listener.h"
#include "http/server.h"
#include "workbench/access.h"
#include "workbench/builds.h"
#include "workbench/jobs.h"
#include "workbench/journal.h"
#include "workbench/page.h"
#include "workbench/task.h"
#include "workbench/watch.h"

namespace ferry::workbench {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

constexpr milliseconds kIdlePoll{1000};
constexpr milliseconds kBeforeRestart{500};
constexpr milliseconds kGrace{5000};
constexpr milliseconds kOfTheBuild{500};        // behind its end, what it wrote is still heard of
constexpr milliseconds kNotYetDrains{500};      // more than a server takes to close its listener
constexpr std::size_t kMostShown = 256u << 10;  // of a build's output, on the page

std::string ending_of(int status) {
  if (WIFSIGNALED(status)) return fmt::format("was ended by signal {}", WTERMSIG(status));
  return fmt::format("ended with exit code {}", WEXITSTATUS(status));
}

// Answers at the function's address until there is a function.
class NotYet final : public http::Service {
 public:
  explicit NotYet(const std::string& why) : why_(why) {}
  int lane(const http::Request& /*request*/) override { return kNoLane; }
  void handle(const http::Request& /*request*/, http::Response& response) override {
    response.status = 503;
    response.content_type = "text/plain; charset=utf-8";
    response.fields.emplace_back("Retry-After", "1");
    response.body = "The function is not there yet: " + why_ + "\n";
  }

 private:
  const std::string& why_;
};

class Bench final : public Actions {
 public:
  Bench(const BenchOptions& options, const Lives& lives)
      : options_(options), lives_(lives), jobs_(options, lives), not_yet_(why_not_) {}

  Status run() {
    FERRY_CHECK_OK(open());
    if (!options_.quiet) {
      fmt::print(stderr, "ferry: the page is at {}\n", access_->url());
      fmt::print(stderr, "ferry: the function is at http://{}/\n", address_);
    }
    std::fflush(stderr);
    begin();
    while (!stopping_ || anything_runs()) {
      wait();
      step();
    }
    return Done{};
  }

  std::string state() const override {
    json::object build{{"state", state_},
                       {"command", options_.command},
                       {"output", build_output_},
                       {"number", builds_},
                       {"took_ms", build_took_.count()},
                       {"running_ms", build_ ? since(build_->since()).count() : 0},
                       {"save_to_served_ms", served_took_.count()}};
    json::object whole{
        {"build", std::move(build)},
        {"function", function_},
        {"address", address_},
        {"last", journal_.last()},
        {"platforms", json::array(options_.platforms.begin(), options_.platforms.end())},
        {"engines", json::array(options_.engines.begin(), options_.engines.end())},
        {"samples", jobs_.samples()}};
    return json::serialize(whole);
  }
  Result<std::string> sample(std::string_view name) const override { return jobs_.sample(name); }
  Result<std::uint64_t> send(std::string_view body) override { return jobs_.send(body); }
  Result<std::uint64_t> replay(std::string_view body) override {
    return jobs_.replay(body, journal_);
  }
  Result<std::uint64_t> verify(std::string_view body) override {
    return jobs_.verify(body, journal_);
  }
  Result<std::string> job(std::uint64_t number) const override { return jobs_.result(number); }
  Result<std::string> save(std::string_view body) override { return jobs_.save(body, journal_); }
  void rebuild() override { timer_.changed(now() - BuildTimer::kRest, false); }

 private:
  static Monotonic now() { return system_clock().monotonic(); }
  static milliseconds since(Monotonic from) {
    return std::chrono::duration_cast<milliseconds>(now() - from);
  }

  Status open() {
    if (!is_loopback(options_.page)) {
      return Error{Code::kUsage,
                   fmt::format("--page {}: not an address of this machine alone", options_.page),
                   "it takes 127.0.0.1:PORT"};
    }
    if (options_.listen.starts_with("unix:")) {
      return Error{Code::kUsage,
                   "ferry dev serves on TCP: two builds share the address for a moment",
                   "it takes HOST:PORT"};
    }
    FERRY_TRY(watch_, Watch::make(options_.watch));
    FERRY_TRY(auto page, http::listen_on(options_.page, 1));
    FERRY_TRY(auto function, http::listen_on(options_.listen, 1));
    address_ = function.address;
    access_.emplace(page.address, system_random());
    page_.emplace(*access_, journal_, *this);
    http::ServerOptions options;
    options.max_connections = 64;
    FERRY_TRY(page_server_, http::Server::make(options, *page_));
    FERRY_CHECK_OK(page_server_->listen(std::move(page.sockets[0])));
    FERRY_TRY(not_yet_server_, http::Server::make(options, not_yet_));
    FERRY_CHECK_OK(not_yet_server_->listen(std::move(function.sockets[0])));
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGCHLD}) sigaddset(&set, signal);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    signals_ = Fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    return signals_.valid() ? Status(Done{}) : errno_error("make a signalfd", errno);
  }

  bool anything_runs() const { return worker_ || next_ || !retiring_.empty(); }

  void wait() {
    std::vector<pollfd> watched{
        {signals_.get(), POLLIN, 0}, {watch_->fd(), POLLIN, 0}, {page_server_->fd(), POLLIN, 0}};
    if (not_yet_server_) watched.push_back({not_yet_server_->fd(), POLLIN, 0});
    for (const Task* task : {build_.get(), worker_.get(), next_.get()}) {
      if (task != nullptr) task->add_to(watched);
    }
    for (const auto& task : retiring_) task->add_to(watched);
    jobs_.add_to(watched);
    Monotonic until = now() + kIdlePoll;
    if (const auto at = timer_.next()) until = std::min(until, *at);
    if (restart_at_) until = std::min(until, *restart_at_);
    if (drained_at_) until = std::min(until, *drained_at_);
    if (stopping_) until = std::min(until, stop_by_);
    const auto left = std::chrono::ceil<milliseconds>(until - now()).count();
    poll(watched.data(), watched.size(), static_cast<int>(std::max<std::int64_t>(left, 0)));
  }

  void step() {
    signalfd_siginfo info{};
    while (read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      if (info.ssi_signo != SIGCHLD) stop();
    }
    if (sources_changed()) timer_.changed(now(), build_ != nullptr);
    look_at_build();
    look_at_workers();
    jobs_.step(journal_);
    // Before the page says that there is a function: who asks for it then must reach it.
    if (not_yet_server_) not_yet_server_->step();
    page_server_->step();
    if (drained_at_ && now() >= *drained_at_) {
      drained_at_.reset();
      not_yet_server_.reset();
    }
    if (stopping_) {
      if (now() >= stop_by_) {
        worker_.reset();
        next_.reset();
        retiring_.clear();
      }
      return;
    }
    if (timer_.due(now())) begin();
    if (timer_.take_chain_warning()) {
      say("the build writes files that are watched; waiting until one is saved");
    }
    if (restart_at_ && now() >= *restart_at_) {
      restart_at_.reset();
      start_worker();
    }
  }

  // But for what the build itself writes: it would follow itself.
  bool sources_changed() {
    std::vector<std::string> changed = watch_->changed();
    if (build_ || now() - build_ended_ < kOfTheBuild) {
      std::erase_if(changed, [](const std::string& path) {
        return is_lock_file(std::string_view(path).substr(path.rfind('/') + 1));
      });
    }
    return !changed.empty();
  }

  void say(std::string_view text) const { fmt::print(stderr, "ferry: {}\n", text); }

  // The build, or where there is none the function as it is.
  void begin() {
    began_ = now();
    if (options_.command.empty()) {
      ++builds_;
      start_worker();
      return;
    }
    if (build_) say("sources changed; the build begins again");
    build_.reset();
    build_output_.clear();
    state_ = "building";
    why_not_ = "it is being built";
    if (!options_.quiet) say(options_.command);
    auto task =
        Task::start(Task::program("/bin/sh", {"sh", "-c", options_.command}, options_.folder));
    if (!task.ok()) {
      fail(task.error().text());
      return;
    }
    ++builds_;
    build_ = *std::move(task);
  }

  void fail(const std::string& why) {
    state_ = "failed";
    why_not_ = why;
    say(why + (worker_ ? "; the last good build is served" : ""));
  }

  // What it printed, to the terminal and to the page.
  void show(std::string& text) {
    if (text.empty()) return;
    fmt::print(stderr, "{}", text);
    std::fflush(stderr);
    build_output_ += strip_escapes(text);
    if (build_output_.size() > kMostShown) {
      build_output_.erase(0, build_output_.size() - kMostShown);
    }
    text.clear();
  }

  void look_at_build() {
    if (!build_) return;
    build_->read_some();
    const auto status = build_->ended();
    show(build_->out);
    show(build_->err);
    if (!status) return;
    build_took_ = since(build_->since());
    build_ended_ = now();
    build_.reset();
    if (*status != 0) {
      fail(fmt::format("the build {}", ending_of(*status)));
    } else {
      start_worker();
    }
  }

  void start_worker() {
    next_.reset();  // of a build that is older still
    state_ = "starting";
    auto task = Task::start([this](int channel) { return lives_.serve(channel, address_); });
    if (!task.ok()) {
      fail(task.error().text());
      return;
    }
    next_ = *std::move(task);
  }

  // Lines of the channel; true when one said that it is ready.
  bool take_lines(Task& task, bool serves = true) {
    bool ready = false;
    for (std::size_t end = 0; (end = task.channel.find('\n')) != std::string::npos;) {
      std::string line = task.channel.substr(0, end);
      task.channel.erase(0, end + 1);
      if (line.starts_with("{\"ready\"")) {
        ready = true;
        json::error_code failed;
        if (serves) function_ = json::parse(line, failed);
      } else {
        journal_.add(std::move(line), "http");
      }
    }
    return ready;
  }

  void look_at_workers() {
    for (auto& task : retiring_) {
      task->read_some();
      take_lines(*task, false);
      pass_on(*task);
    }
    std::erase_if(retiring_, [](auto& task) { return task->ended().has_value(); });
    if (worker_) {
      worker_->read_some();
      take_lines(*worker_);
      pass_on(*worker_);
      if (const auto status = worker_->ended()) {
        worker_.reset();
        if (!stopping_) {
          fail(fmt::format("the function's process {}", ending_of(*status)));
          if (!next_ && !build_) restart_at_ = now() + kBeforeRestart;
        }
      }
    }
    if (next_) look_at_next();
  }

  void look_at_next() {
    next_->read_some();
    const bool ready = take_lines(*next_);
    const auto status = next_->ended();
    if (!ready && !status) return;
    show(next_->out);
    show(next_->err);
    if (!ready) {
      next_.reset();
      fail("the function could not be started");
      return;
    }
    if (worker_) {
      worker_->signal(SIGTERM);
      retiring_.push_back(std::move(worker_));
    }
    worker_ = std::move(next_);
    if (not_yet_server_) {
      not_yet_server_->drain();
      drained_at_ = now() + kNotYetDrains;
    }
    state_ = "serving";
    served_took_ = since(began_);
    if (!options_.quiet) {
      say(fmt::format("serving build {} after {} ms", builds_, served_took_.count()));
    }
  }

  // What a worker prints: the log of its function.
  static void pass_on(Task& task) {
    for (std::string* text : {&task.out, &task.err}) {
      if (!text->empty()) fmt::print(stderr, "{}", *text);
      text->clear();
    }
    std::fflush(stderr);
  }

  void stop() {
    if (stopping_) {
      stop_by_ = now();
      return;
    }
    stopping_ = true;
    stop_by_ = now() + kGrace;
    build_.reset();
    next_.reset();
    if (worker_) worker_->signal(SIGTERM);
  }

  // The page shows text, not the colours that tools print.
  static std::string strip_escapes(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\x1b' && i + 1 < text.size() && text[i + 1] == '[') {
        i += 2;
        while (i < text.size() && (text[i] < '@' || text[i] > '~')) ++i;
      } else {
        out += text[i];
      }
    }
    return out;
  }

  const BenchOptions& options_;
  const Lives& lives_;
  Journal journal_;
  Jobs jobs_;
  std::string why_not_ = "it is being built";
  NotYet not_yet_;
  std::optional<Access> access_;
  std::optional<Page> page_;
  std::optional<Watch> watch_;
  std::unique_ptr<http::Server> page_server_;
  std::unique_ptr<http::Server> not_yet_server_;
  std::optional<Monotonic> drained_at_;
  Fd signals_;
  std::string address_;
  BuildTimer timer_;

  std::string state_ = "building";
  std::string build_output_;
  json::value function_;
  std::uint64_t builds_ = 0;
  Monotonic began_;
  milliseconds build_took_{};
  Monotonic build_ended_;
  milliseconds served_took_{};
  std::unique_ptr<Task> build_;
  std::unique_ptr<Task> next_;    // of the newest build, not ready yet
  std::unique_ptr<Task> worker_;  // serves
  std::vector<std::unique_ptr<Task>> retiring_;
  std::optional<Monotonic> restart_at_;
  bool stopping_ = false;
  Monotonic stop_by_;
};

}  // namespace

Status run_bench(const BenchOptions& options, const Lives& lives) {
  return Bench(options, lives).run();
}

}  // namespace ferry::workbench
