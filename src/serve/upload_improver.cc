#include "serve/upload_improver.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/child.h"
#include "base/say.h"
#include "serve/running.h"
#include "wasm/binary.h"

namespace ferry::serve {
namespace {

// A container is paused between activations, and wakes up with its clocks gone on: no clock bounds
// a search. Compilers and trials have bounds of their own.
constexpr std::chrono::seconds kUnbounded{0};
// Nobody waits for a start-up or an event of a trial.
constexpr std::chrono::milliseconds kLongestTrialEvent{10'000};
constexpr std::size_t kMostManifest = 1u << 20;

// The file in which a function travels: its manifest's text, this byte, its wasm. No TOML holds it.
constexpr std::uint8_t kSeparator = 0;

Result<Fd> pack(const UploadedWasm& upload) {
  Bytes whole(upload.manifest.begin(), upload.manifest.end());
  whole.push_back(kSeparator);
  whole.insert(whole.end(), upload.wasm.begin(), upload.wasm.end());
  return memory_input(whole, "the function to the process that improves it");
}

Result<function::Function> unpack(const Change& request, const function::Sections& sections) {
  FERRY_TRY(Bytes whole, read_all(request.bundle.get(), kMostManifest + 1 + wasm::kMaxWasmBytes,
                                  "the function"));
  const auto end = std::ranges::find(whole, kSeparator);
  if (end == whole.end()) return Error{Code::kInvalid, "not a function", ""};
  function::Manifest manifest;
  if (end != whole.begin()) {
    const std::string text(whole.begin(), end);
    FERRY_TRY(manifest, function::parse_manifest(text, "ferry.toml", sections));
  }
  manifest.limits.timeout = std::min(manifest.limits.timeout, kLongestTrialEvent);
  return function::make_function(request.words, Bytes(end + 1, whole.end()), std::move(manifest));
}

// The life of the other process.
int search_for_upload(Provider& provider, const ImproverOptions& options, int channel) {
  auto request = receive_change(channel);
  if (!request.ok() || !*request || !(*request)->bundle.valid()) return 0;  // none came
  auto function = unpack(**request, provider.sections());
  if (!function.ok()) return 1;
  provider.adopt(*std::move(function), (*request)->what == Improvement::kCompiled);
  request->reset();
  return search_from(0, provider, options, channel);
}

}  // namespace

Result<std::unique_ptr<UploadImprover>> UploadImprover::make(Provider& provider,
                                                             const engine::EngineOptions& engine,
                                                             bool tells) {
  std::unique_ptr<UploadImprover> made(new UploadImprover(provider, engine, tells));
  if (!provider.improves_uploads()) return made;
  ImproverOptions options;
  options.engine = engine;
  options.longest = kUnbounded;
  system_random().fill(options.key.bytes);
  made->key_ = options.key;
  FERRY_TRY(MessagePipe pipe, make_message_pipe());
  const bool started =
      made->process_.start([] {},
                           [&] {
                             pipe.receiver.reset();
                             return search_for_upload(provider, options, pipe.sender.get());
                           });
  if (started) made->channel_ = std::move(pipe.receiver);  // as good without
  return made;
}

Result<std::shared_ptr<host::Loaded>> UploadImprover::load_provisional(
    const function::Function& function) {
  if (!process_.running() || !provider_.may_be_provisional(function)) {
    return Error{Code::kUnsupported, "it is compiled first", ""};
  }
  if (!quick_engine_) {
    FERRY_TRY(quick_engine_, provider_.make_provisional_engine(engine_));
    quick_host_ = std::make_unique<host::Host>(**quick_engine_, system_clock(), system_random());
  }
  FERRY_TRY(const bundle::Bundle bundle,
            provider_.provisional_bundle_of(function, (*quick_engine_)->info()));
  return quick_host_->load(bundle, {function.name, function.manifest, {}});
}

Status UploadImprover::begin(const UploadedWasm& upload, const function::Manifest& manifest,
                             host::Host& host, const host::InService& place, bool provisional) {
  const auto settle = [place] { place.settle(); };
  if (!process_.running()) {
    settle();
    return Done{};
  }
  Change request;
  request.what = provisional ? Improvement::kCompiled : Improvement::kSnapshot;
  request.words = upload.name;
  FERRY_TRY(request.bundle, pack(upload));
  FERRY_TRY(receiver_, ChangeReceiver::make(
                           channel_.get(),
                           [this, &host, place, listed = Listed{upload.name, manifest}](
                               Change change) { take(listed, host, place, std::move(change)); },
                           settle));
  return send_change(channel_.get(), request);
}

void UploadImprover::take(const Listed& listed, host::Host& host, const host::InService& place,
                          Change change) {
  if (tells_ && !change.words.empty()) {
    say("{}: {}: {}\n", provider_.program(), listed.name, change.words);
  }
  // Of a snapshot that there is none of, nothing is to be done.
  if (!change.bundle.valid() && change.what == Improvement::kSnapshot) return;
  if (const Status changed = change_over(host, place, listed, key_, std::move(change));
      !changed.ok()) {
    if (tells_) provider_.complain(changed.error());  // it is served as it was
    place.settle();
  }
}

}  // namespace ferry::serve
