#include "commands/platforms.h"

#include <cstdio>
#include <mutex>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include "commands/verb.h"
#include "http/message.h"
#include "platforms/list.h"

namespace ferry::commands {
namespace {

// ferry platforms: what is here.
class Platforms final : public Verb {
 public:
  void declare(CLI::App& app) override {
    app.add_option("--output", output_, "text or json")->check(CLI::IsMember({"text", "json"}));
    app.footer(
        "Example:\n"
        "  ferry run hello.wasm '{\"name\":\"Ada\"}' --platform lambda\n"
        "\n"
        "sends the event through that platform's emulator and adapter.");
  }
  int run() override {
    boost::json::array list;
    for (const platforms::Platform* platform : platforms::all_platforms()) {
      if (output_ == "text") {
        fmt::print("{:<12} {}\n", platform->name(), platform->summary());
      }
      list.push_back({{"name", platform->name()}, {"summary", platform->summary()}});
    }
    if (output_ == "json") {
      fmt::print("{}\n", boost::json::serialize(list));
    }
    return kExitOk;
  }

 private:
  std::string output_ = "text";
};

std::string content_type_of(const platforms::Answer& answer) {
  for (const auto& [name, value] : answer.fields) {
    if (http::equals_nocase(name, "content-type")) {
      return value;
    }
  }
  return {};
}

}  // namespace

Result<host::Outcome> run_through(const platforms::Emulation& emulation, host::Host& host,
                                  const std::shared_ptr<host::Loaded>& function,
                                  const event::Event& event) {
  std::mutex mutex;
  std::optional<host::Outcome> seen;  // reported on a thread of the emulator's
  platforms::AdapterContext context{host, {function}, system_clock(), system_random()};
  context.observe = [&](std::size_t, const host::Outcome& outcome, Nanoseconds) {
    const std::lock_guard lock(mutex);
    seen = outcome;
  };
  FERRY_TRY(auto adapter, emulation.platform().make_adapter(std::move(context)));
  FERRY_TRY(auto emulator,
            emulation.make_emulator(adapter, {nullptr, {host::manifest_of(*function).limits}}));
  FERRY_TRY(const platforms::Answer answer, emulator->send(event));
  const std::lock_guard lock(mutex);
  if (!seen) {
    return Error{Code::kInternal,
                 fmt::format("{} answered {} and no function ran: {}", emulation.platform().name(),
                             answer.status, answer.body),
                 ""};
  }
  if (seen->status == host::Status::kOk) {
    seen->reply.data = answer.body;
    seen->reply.content_type = content_type_of(answer);
    seen->reply.event.reset();
  }
  return std::move(*seen);
}

std::unique_ptr<Verb> make_platforms() { return std::make_unique<Platforms>(); }

}  // namespace ferry::commands
