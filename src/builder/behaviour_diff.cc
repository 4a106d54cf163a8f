#include "builder/behaviour_diff.h"

#include <fmt/format.h>

#include "base/excerpt.h"
#include "base/file.h"
#include "base/seeded.h"
#include "builder/trial.h"
#include "builder/variation.h"
#include "host/host.h"

namespace ferry::builder {
namespace {

constexpr int kRuns = 3;

Case make_case(std::string name, std::optional<std::string> data, std::string type) {
  Case out{std::move(name), {}};
  out.event.id = "case-" + out.name;
  out.event.source = "/ferry/build";
  out.event.type = "ferry.case";
  out.event.time = "2026-01-02T03:04:05Z";
  out.event.data = std::move(data);
  if (out.event.data) {
    out.event.datacontenttype = std::move(type);
  }
  return out;
}

// What must be the same, in one string; times and ids left out.
std::string summary(const host::Outcome& outcome) {
  std::string out =
      fmt::format("{} exit {} type {} reply {}", host::status_row(outcome.status).name,
                  outcome.exit_code, outcome.reply.content_type, outcome.reply.data);
  for (const host::LogLine& line : outcome.logs) {
    out += "\nlog " + line.text;
  }
  return out;
}

// One function: the outcome of an event under a seed of time and randomness.
class Subject {
 public:
  Subject(engine::Engine& engine, const function::Function& function)
      : engine_(engine), of_(function) {}

  Status load(const Bundles& bundles) {
    FERRY_TRY(auto bundle, bundles(of_));
    bundle_ = std::make_unique<bundle::Bundle>(std::move(bundle));
    FERRY_TRY(first_, hosted(0));
    return Done{};
  }
  host::Outcome outcome(const event::Event& event) const { return first_->outcome(event); }
  Result<std::string> summary_with(std::uint64_t seed, const event::Event& event) const {
    FERRY_TRY(const auto hosted, this->hosted(seed));
    return summary(hosted->outcome(event));
  }

 private:
  struct Hosted {
    Hosted(engine::Engine& engine, std::uint64_t seed)
        : time(seed), host(engine, time, system_random()) {}
    host::Outcome outcome(const event::Event& event) { return host.invoke(*loaded, event, {}); }

    SeededTime time;
    host::Host host;
    std::shared_ptr<host::Loaded> loaded;
  };

  Result<std::unique_ptr<Hosted>> hosted(std::uint64_t seed) const {
    auto made = std::make_unique<Hosted>(engine_, seed);
    FERRY_TRY(made->loaded, made->host.load(*bundle_, {of_.name, of_.manifest, {}, &no_network()}));
    return made;
  }

  engine::Engine& engine_;
  const function::Function& of_;
  std::unique_ptr<bundle::Bundle> bundle_;
  std::unique_ptr<Hosted> first_;
};

enum class Sameness : unsigned char { kSame, kButForWhatVaries, kDiffers };

// Where the two differ, asks whether the original differs there by itself under another seed.
Result<Sameness> compare(const Subject& original, const Case& on, const host::Outcome& expected,
                         const host::Outcome& got) {
  const std::string first = summary(expected);
  const std::string second = summary(got);
  if (first == second) {
    return Sameness::kSame;
  }
  const auto again = [&](std::uint64_t seed) { return original.summary_with(seed, on.event); };
  FERRY_TRY(bool varies, differ_only_in_what_varies(first, second, again));
  if (!varies && expected.status == got.status) {
    FERRY_TRY(const std::string other, again(1));
    varies = count_words(other) != count_words(first);  // as much as there is of it varies
  }
  return varies ? Sameness::kButForWhatVaries : Sameness::kDiffers;
}

}  // namespace

Result<std::vector<Case>> make_cases(const std::vector<std::string>& files) {
  const std::string json = "application/json";
  std::vector<Case> cases;
  cases.push_back(make_case("no data", std::nullopt, ""));
  cases.push_back(make_case(kPlainCase, R"({"name":"Ada","n":1.10,"list":[1,2,3]})", json));
  cases.push_back(make_case("unicode", "{\"name\":\"\xC3\x89 \xE6\x97\xA5\xE6\x9C\xAC\"}", json));
  cases.push_back(make_case("broken json", "{\"name\":", "text/plain"));
  cases.push_back(make_case("text", "hello", "text/plain"));
  cases.push_back(
      make_case("bytes", std::string("\x00\xFF\x01\x80", 4), "application/octet-stream"));
  cases.push_back(make_case("large", "{\"name\":\"" + std::string(300'000, 'x') + "\"}", json));
  for (const std::string& file : files) {
    FERRY_TRY(auto bytes, read_file(file, 64u << 20));
    cases.push_back(make_case(file, std::string(as_text(bytes)), json));
  }
  return cases;
}

Result<std::string> compare_functions(engine::Engine& engine, const Bundles& bundles,
                                      const function::Function& original,
                                      const function::Function& other,
                                      const std::vector<Case>& cases) {
  Subject first(engine, original);
  Subject second(engine, other);
  FERRY_CHECK_OK(first.load(bundles));
  FERRY_CHECK_OK(second.load(bundles));
  std::size_t vary = 0;
  for (const Case& each : cases) {
    const host::Outcome expected = first.outcome(each.event);
    bool varies = false;
    for (int run = 0; run < kRuns; ++run) {
      const host::Outcome got = second.outcome(each.event);
      FERRY_TRY(const Sameness same, compare(first, each, expected, got));
      if (same == Sameness::kDiffers) {
        const std::string one = summary(expected);
        const std::string two = summary(got);
        return Error{Code::kInvalid,
                     fmt::format("no snapshot: on the event '{}' it behaves differently.\n"
                                 "  original: {}\n  snapshot: {}{}{}",
                                 each.name, excerpt(one, two), excerpt(two, one),
                                 got.message.empty() ? "" : "\n  ", got.message),
                     "it depends on something that the snapshot froze, or keeps state that it "
                     "should not"};
      }
      varies = varies || same == Sameness::kButForWhatVaries;
    }
    vary += varies ? 1 : 0;
  }
  std::string out = fmt::format("same outcome as the original on {} events", cases.size());
  if (vary != 0) {
    out += fmt::format(" (on {} of them, except in what depends on time or randomness)", vary);
  }
  return out;
}

}  // namespace ferry::builder
