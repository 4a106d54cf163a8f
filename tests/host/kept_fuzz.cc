// Instances that are kept and reset, held against new ones: a series of events, each of them a
// small program for tests/engine/guests/programmed.wat, must end in the same way on both. That
// guest begins its reply with what it finds of its own state.
//
// The first byte says how written pages are found, and whether the whole state is compared after
// each event too. Then come the events: a length of one byte, and so many bytes.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "bundle/store.h"
#include "engine/loader.h"
#include "function/function.h"
#include "host/host.h"
#include "tree.h"

namespace {

using namespace ferry;  // NOLINT: a program of one function

constexpr int kMostEvents = 24;

// For whatever the environment lacks; no input makes this.
template <typename T>
T must(Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.error().text().c_str());
    std::exit(1);
  }
  return *std::move(result);
}

// The same time of day for each event. Deadlines are by the real clock, which the engine has too.
class OneMoment final : public Clock {
 public:
  WallTime wall() const override { return WallTime(std::chrono::hours(400'000)); }
  Monotonic monotonic() const override { return system_clock().monotonic(); }
  void sleep_until(Monotonic) const override {}
};

// The same draws for each event.
class SameDraws final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    for (std::uint8_t& byte : bytes) byte = ++last_;
  }
  void begin() { last_ = 0; }

 private:
  std::uint8_t last_ = 0;
};

struct Setting {
  OneMoment clock;
  SameDraws random;
  engine::LoadedEngine engine = must(engine::load_engine("wasmtime", {}));
  host::Host host{*engine, clock, random};
  bundle::Bundle bundle;
  host::LoadOptions options;
  std::shared_ptr<host::Loaded> fresh;

  Setting() {
    auto function = must(function::load_function(in_build("tests/guests/programmed.wasm"), ""));
    bundle = must(bundle::Store::in_memory().get(
        function, engine->info(), [&](ByteView prepared) { return engine->compile(prepared); },
        nullptr));
    options.name = function.name;
    options.manifest = function.manifest;
    options.manifest.limits.timeout = std::chrono::seconds(60);
    options.keeping.enabled = false;
    fresh = must(host.load(bundle, options));
    options.keeping.enabled = true;
  }

  host::Outcome send(host::Loaded& function, std::string_view program) {
    event::Event event;
    event.id = "1";
    event.source = "/test";
    event.type = "test";
    event.data = std::string(program);
    random.begin();
    return host.invoke(function, event, {});
  }
};

void must_be_same(const host::Outcome& kept, const host::Outcome& fresh) {
  bool same = kept.status == fresh.status && kept.exit_code == fresh.exit_code &&
              kept.message == fresh.message && kept.reply.data == fresh.reply.data &&
              kept.reply.content_type == fresh.reply.content_type &&
              kept.usage.memory_bytes == fresh.usage.memory_bytes &&
              kept.log_truncated == fresh.log_truncated && kept.logs.size() == fresh.logs.size();
  for (std::size_t i = 0; same && i < kept.logs.size(); ++i) {
    same = kept.logs[i].text == fresh.logs[i].text;
  }
  if (same) return;
  std::fprintf(stderr, "kept: %s %s\nnew: %s %s\n", status_row(kept.status).name,
               kept.message.c_str(), status_row(fresh.status).name, fresh.message.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto& setting = *new Setting();  // for as long as the process: its engine cannot be left
  if (size == 0) return 0;
  host::LoadOptions options = setting.options;
  options.keeping.guard =
      (data[0] & 1) != 0 ? reset::GuardKind::kUserfault : reset::GuardKind::kSignal;
  options.keeping.check = (data[0] & 2) != 0;
  const auto kept = must(setting.host.load(setting.bundle, options));
  std::string_view left(reinterpret_cast<const char*>(data) + 1, size - 1);
  for (int number = 0; number < kMostEvents && !left.empty(); ++number) {
    const auto length = static_cast<std::uint8_t>(left.front());
    const std::string_view program = left.substr(1, length);
    left.remove_prefix(1 + program.size());
    must_be_same(setting.send(*kept, program), setting.send(*setting.fresh, program));
  }
  return 0;
}
