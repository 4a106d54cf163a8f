#include "serve/in_place.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "base/say.h"

namespace ferry::serve {

Result<std::unique_ptr<InPlaceImprover>> InPlaceImprover::make(Provider& provider,
                                                               std::span<const Listed> functions,
                                                               const engine::EngineOptions& engine,
                                                               bool tells) {
  std::unique_ptr<InPlaceImprover> made(new InPlaceImprover(provider, functions, tells));
  if (provider.searches().empty()) return made;
  ImproverOptions options;
  options.engine = engine;
  system_random().fill(options.key.bytes);
  made->key_ = options.key;
  FERRY_TRY(MessagePipe pipe, make_message_pipe());
  std::array<int, 2> go{};
  if (pipe2(go.data(), O_CLOEXEC) != 0) return errno_error("make a pipe", errno);
  const Fd wait(go[0]);
  made->go_ = Fd(go[1]);
  const bool started =
      made->process_.start([] {},
                           [&] {
                             made->go_.reset();
                             pipe.receiver.reset();
                             char byte = 0;
                             if (read(wait.get(), &byte, 1) != 1)
                               return 0;  // the other ended before it served
                             return search_from(0, provider, options, pipe.sender.get());
                           });
  if (started) made->receiver_ = std::move(pipe.receiver);  // as good without
  return made;
}

Result<std::unique_ptr<ChangeReceiver>> InPlaceImprover::begin(const Running& running) {
  provider_.let_go();
  // Once nothing more will come, who waits for a compiler is not to wait for ever.
  const auto settle = [&running] {
    for (const host::InService& each : running.functions) each.settle();
  };
  if (!process_.running()) {
    settle();
    return std::unique_ptr<ChangeReceiver>();
  }
  FERRY_TRY(auto taking,
            ChangeReceiver::make(
                receiver_.get(),
                [this, &running](Change change) { take(running, std::move(change)); }, settle));
  FERRY_CHECK_OK(write_all(go_.get(), as_bytes("!"), "a pipe"));
  return taking;
}

void InPlaceImprover::take(const Running& running, Change change) {
  if (change.function >= functions_.size()) return;
  const Listed& listed = functions_[change.function];
  if (tells_ && !change.words.empty()) {
    say("{}: {}: {}\n", provider_.program(), listed.name, change.words);
  }
  // Of a snapshot that there is none of, nothing is to be done.
  if (!change.bundle.valid() && change.what == Improvement::kSnapshot) return;
  const host::InService& place = running.functions[change.function];
  if (const Status changed = change_over(*running.host, place, listed, key_, std::move(change));
      !changed.ok()) {
    if (tells_) provider_.complain(changed.error());  // it is served as it was
    place.settle();
  }
}

}  // namespace ferry::serve
