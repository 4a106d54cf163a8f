#include "snapshot/start_up.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/thread.h"
#include "engine/prepare_options.h"
#include "wasi2/session.h"

namespace ferry::snapshot {
namespace {

// 2026-01-01: the time at which every snapshot sees itself started. A program that was up for a
// second on the monotonic clock, so that no machine's is behind it.
constexpr std::chrono::sys_days kStart{std::chrono::days{20'454}};
constexpr std::chrono::seconds kUp{1};
constexpr Nanoseconds kLook{1000};

}  // namespace

bool is_component(const wasm::Binary& binary) {
  return binary.abi == wasm::Abi::kHttp || binary.abi == wasm::Abi::kRun;
}

Error no_snapshot(std::string message, std::string hint) {
  return {Code::kUnsupported, "no snapshot: " + std::move(message), std::move(hint)};
}

Ticking::Ticking(engine::Engine& engine) {
  auto thread = start_thread([this, &engine] {
    while (!done_.load()) {
      engine.tick();
      std::this_thread::sleep_for(engine::Engine::kTick);
    }
  });
  if (thread.ok()) {
    thread_ = *std::move(thread);
  } else {
    started_ = std::move(thread).error();
  }
}

Ticking::~Ticking() {
  done_.store(true);
  if (thread_.joinable()) thread_.join();
}

WallTime StartClock::wall() const { return WallTime(kStart) + (passed_ += kLook); }

Monotonic StartClock::monotonic() const { return Monotonic(kUp + (passed_ += kLook)); }

void StartClock::sleep_until(Monotonic until) const {
  passed_ = std::max(passed_, Nanoseconds(until.time_since_epoch()) - kUp);
}

void RecordingRandom::fill(std::span<std::uint8_t> bytes) {
  from_.fill(bytes);
  if (calls_++ == 0) {
    const auto kept = bytes.first(std::min(bytes.size(), kMost));
    first_.assign(kept.begin(), kept.end());
  }
}

Result<Startable> make_startable(engine::Engine& engine, const CompilePrepared& compile,
                                 ByteView wasm) {
  Startable out;
  FERRY_TRY(out.binary, wasm::read_binary(wasm));
  FERRY_TRY(auto prepared, wasm::prepare(wasm, out.binary, engine::prepare_options(engine.info())));
  out.facts = prepared.facts;
  FERRY_TRY(Bytes artifact, compile(prepared.wasm));
  Fd memory(::memfd_create("ferry-snapshot", MFD_CLOEXEC));
  FERRY_CHECK_OK(write_all(memory.get(), artifact, "memory"));
  FERRY_TRY(out.module, engine.load(memory.get(), 0, artifact.size()));
  return out;
}

std::vector<std::uint64_t> StartUp::globals(const wasm::Binary& binary) {
  std::vector<std::uint64_t> out(binary.globals.size());
  for (std::uint32_t i = 0; i < out.size(); ++i) {
    if (auto handle = instance->find_global(wasm::kGlobalPrefix + std::to_string(i))) {
      out[i] = instance->get_global(*handle);
    }
  }
  return out;
}

wasi::Drawn StartUp::drawn() const {
  wasi::Drawn all = earlier;
  const wasi::Drawn& last = context->drawn();
  all.random |= last.random;
  all.clock |= last.clock;
  all.environ |= last.environ;
  all.args |= last.args;
  all.stdin_read |= last.stdin_read;
  all.files |= last.files;
  all.folders |= last.folders;
  all.wrote |= last.wrote;
  all.network |= last.network;
  return all;
}

Status StartUp::keep_handles(std::string_view when) {
  wasi2::Session* const session = wasi2::Session::find(*context);
  if (session == nullptr) return Done{};
  auto found = session->left();
  if (!found.ok()) {
    return no_snapshot(fmt::format("{} it keeps {}", when, found.error().message),
                       "ask for files, connections and the like at each event");
  }
  left.clear();
  for (const wasi2::LeftHandle& each : *found) {
    left.push_back({each.handle, each.kind, each.parent});
  }
  session->carry(*std::move(found));
  return Done{};
}

Result<engine::End> StartUp::warm(const WarmEvent& event, const SnapshotOptions& options) {
  earlier = drawn();
  deadline = system_clock().monotonic() + options.timeout;
  auto end = event(*instance, *context, clock->monotonic() + options.timeout, deadline);
  earlier = drawn();
  kept_open = context->opened() != 0;
  Status kept = Done{};
  if (end.ok() && end->kind == engine::End::Kind::kReturned) {
    kept = keep_handles("after a warm event");
  }
  context->reset({});  // it may borrow what was made for the event
  FERRY_CHECK_OK(kept);
  return end;
}

Status StartUp::check_worth(std::size_t least_pages) const {
  constexpr std::size_t kPage = 4096;
  const wasi::Memory memory = instance->memory();
  std::size_t written = 0;
  for (std::size_t at = 0; at + kPage <= memory.size; at += kPage) {
    const std::uint8_t* page = memory.base + at;
    written += at + kPage <= before.size()
                   ? (std::memcmp(page, before.data() + at, kPage) != 0 ? 1 : 0)
                   : (std::any_of(page, page + kPage, [](auto byte) { return byte != 0; }) ? 1 : 0);
  }
  if (written < least_pages) {
    return no_snapshot(
        fmt::format("it starts quickly as it is: its start-up writes to {} pages of memory, and "
                    "below {} none is made",
                    written, least_pages));
  }
  return Done{};
}

Result<StartUp> start_up(const Startable& what, const SnapshotOptions& options, Random& random,
                         bool second) {
  // The second starts a year later, and long after the machine did.
  constexpr std::chrono::hours kLater{24 * 365};
  StartUp out;
  out.clock = std::make_unique<StartClock>(second ? kLater : std::chrono::hours{});
  out.random = std::make_unique<RecordingRandom>(random);
  out.context = std::make_unique<wasi::Context>(*out.clock, *out.random);
  out.deadline = system_clock().monotonic() + options.timeout;
  wasi::Setup setup;
  setup.lists.args = {options.name};
  setup.lists.args.insert(setup.lists.args.end(), options.args.begin(), options.args.end());
  setup.files = options.files;
  setup.lists.environ = options.environ;
  setup.deadline = out.clock->monotonic() + options.timeout;
  // The folders of the network are there as at each event; whatever is dialled is not granted.
  static const wasi::NetworkAccess kNothingGranted;
  if (options.network) setup.network = &kNothingGranted;
  out.context->reset(std::move(setup));
  if (is_component(what.binary)) wasi2::Session::of(*out.context).begin(nullptr);
  FERRY_TRY(out.instance, what.module->instantiate({options.memory, std::nullopt}));
  if (options.least_pages != 0) {
    const wasi::Memory memory = out.instance->memory();
    out.before.assign(memory.base, memory.base + memory.size);
  }
  if (what.binary.start) {
    if (engine::End end = out.call(wasm::kStartExport); end.kind != engine::End::Kind::kReturned) {
      return no_snapshot("its start function failed: " + end.message);
    }
  }
  return out;
}

}  // namespace ferry::snapshot
