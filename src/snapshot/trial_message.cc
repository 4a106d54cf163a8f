#include "snapshot/trial_message.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace ferry::snapshot {
namespace {

constexpr std::size_t kMostText = 8u << 10;

// As it travels; then the texts, and the functions. The same program is on both sides.
struct Head {
  std::uint32_t kind;
  std::uint32_t code;
  std::array<std::uint32_t, 3> texts;  // how long they are: message, hint, words
  std::uint32_t functions;             // how many
};

Error invalid() { return {Code::kInvalid, "not a message of a trial", ""}; }

std::string_view cut(std::string_view text) { return text.substr(0, kMostText); }

// Fit for a log and a terminal.
std::string shown(ByteView text) {
  std::string out(as_text(text));
  std::ranges::replace_if(
      out, [](unsigned char c) { return (c < 0x20 && c != '\n') || c == 0x7f; }, '?');
  return out;
}

}  // namespace

Result<Bytes> encode(const TrialMessage& message) {
  const std::array texts{cut(message.error.message), cut(message.error.hint), cut(message.words)};
  Head head{};
  head.kind = static_cast<std::uint32_t>(message.kind);
  head.code = static_cast<std::uint32_t>(message.error.code);
  std::size_t size = sizeof head;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    head.texts[i] = static_cast<std::uint32_t>(texts[i].size());
    size += texts[i].size();
  }
  const std::size_t listed = message.functions.size() * sizeof(std::uint32_t);
  if (size + listed > kMostTrialMessage) {
    return Error{Code::kLimit, "it has too many functions on its stack", ""};
  }
  head.functions = static_cast<std::uint32_t>(message.functions.size());
  Bytes out(size + listed);
  std::memcpy(out.data(), &head, sizeof head);
  auto at = out.begin() + sizeof head;
  for (const std::string_view text : texts) at = std::ranges::copy(text, at).out;
  if (listed != 0) std::memcpy(&*at, message.functions.data(), listed);
  return out;
}

Result<TrialMessage> decode(ByteView bytes) {
  Head head{};
  if (bytes.size() < sizeof head || bytes.size() > kMostTrialMessage) return invalid();
  std::memcpy(&head, bytes.data(), sizeof head);
  if (head.kind > static_cast<std::uint32_t>(TrialMessage::Kind::kFailed) ||
      head.code > static_cast<std::uint32_t>(Code::kInternal)) {
    return invalid();
  }
  ByteView rest = bytes.subspan(sizeof head);
  std::array<std::string, 3> texts;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (head.texts[i] > std::min(rest.size(), kMostText)) return invalid();
    texts[i] = shown(rest.first(head.texts[i]));
    rest = rest.subspan(head.texts[i]);
  }
  if (rest.size() != std::uint64_t{head.functions} * sizeof(std::uint32_t)) return invalid();
  TrialMessage out;
  out.kind = static_cast<TrialMessage::Kind>(head.kind);
  out.error = {static_cast<Code>(head.code), std::move(texts[0]), std::move(texts[1])};
  out.words = std::move(texts[2]);
  out.functions.resize(head.functions);
  if (!rest.empty()) std::memcpy(out.functions.data(), rest.data(), rest.size());
  return out;
}

}  // namespace ferry::snapshot
