// The resolver that a guest believes to find at port 53: answers its queries from the host's own
// look-ups, under the grants (RFC 1035, 4; RFC 3596).
#include <array>

#include "wasi/socket_io.h"

namespace ferry::wasi {
namespace {

constexpr std::size_t kHeader = 12;
constexpr std::size_t kMostAnswer = 512;  // RFC 1035, 4.2.1; we offer no EDNS
constexpr u32 kTypeA = 1;
constexpr u32 kTypeAaaa = 28;
constexpr u32 kClassIn = 1;
// An event's look-ups are remembered as long as it runs, so a guest gains nothing by asking again.
constexpr u32 kTtlSeconds = 60;

enum class Rcode : std::uint8_t {
  kSuccess = 0,
  kFormat = 1,
  kServerFailure = 2,
  kNoSuchName = 3,
  kNotImplemented = 4,
  kRefused = 5
};

u32 u16_at(std::string_view data, std::size_t at) {
  return static_cast<u32>(static_cast<std::uint8_t>(data[at]) << 8 |
                          static_cast<std::uint8_t>(data[at + 1]));
}

void put16(std::string& out, u32 value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}

struct Question {
  std::string name;
  u32 type = 0;
  u32 of_class = 0;
  std::size_t end = 0;  // where it ends in the query
};

// The first question; its name is not compressed (nothing is before it to refer to).
bool read_question(std::string_view query, Question& out) {
  std::size_t at = kHeader;
  while (at < query.size()) {
    const std::size_t label = static_cast<std::uint8_t>(query[at++]);
    if (label == 0) break;
    if (label > 63 || query.size() - at < label) return false;
    if (!out.name.empty()) out.name += '.';
    out.name.append(query.substr(at, label));
    at += label;
  }
  if (query.size() - std::min(at, query.size()) < 4) return false;
  out.type = u16_at(query, at);
  out.of_class = u16_at(query, at + 2);
  out.end = at + 4;
  return true;
}

// `records` of one type about the question's name.
std::string reply(std::string_view query, std::size_t question_end, Rcode code,
                  std::span<const net::Address> records) {
  constexpr u32 kResponse = 0x8000;
  constexpr u32 kRecursionAvailable = 0x0080;
  constexpr u32 kKept = 0x7900;  // opcode and "recursion desired" of the query
  constexpr u32 kNameOfQuestion = 0xC000 | kHeader;
  constexpr std::size_t kFixed = 12;  // of a record, without its data
  std::string out(query.substr(0, 2));
  put16(out, kResponse | kRecursionAvailable | (u16_at(query, 2) & kKept) | static_cast<u32>(code));
  put16(out, question_end > kHeader ? 1 : 0);
  put16(out, 0);  // counted below
  put16(out, 0);
  put16(out, 0);
  out.append(query.substr(kHeader, question_end - kHeader));
  u32 count = 0;
  for (const net::Address& address : records) {
    const std::size_t size = address.v6 ? 16 : 4;
    if (out.size() + kFixed + size > kMostAnswer) break;
    put16(out, kNameOfQuestion);
    put16(out, address.v6 ? kTypeAaaa : kTypeA);
    put16(out, kClassIn);
    put16(out, 0);
    put16(out, kTtlSeconds);
    put16(out, static_cast<u32>(size));
    out.append(reinterpret_cast<const char*>(address.bytes.data()), size);
    ++count;
  }
  out[6] = static_cast<char>(count >> 8);
  out[7] = static_cast<char>(count);
  return out;
}

Rcode rcode_of(Errno error) {
  switch (error) {
    case Errno::kSuccess:
      return Rcode::kSuccess;
    case Errno::kNoent:
      return Rcode::kNoSuchName;
    case Errno::kAcces:
      return Rcode::kRefused;
    default:
      return Rcode::kServerFailure;
  }
}

}  // namespace

Answer answer_query(S& s, std::string_view query, std::string& out) {
  constexpr u32 kIsResponse = 0x8000;
  constexpr u32 kOpcode = 0x7800;
  out.clear();
  if (query.size() < kHeader || (u16_at(query, 2) & kIsResponse) != 0) return Errno::kSuccess;
  Question question;
  if (u16_at(query, 4) != 1 || !read_question(query, question)) {
    out = reply(query, kHeader, Rcode::kFormat, {});
    return Errno::kSuccess;
  }
  if ((u16_at(query, 2) & kOpcode) != 0 || question.of_class != kClassIn) {
    out = reply(query, question.end, Rcode::kNotImplemented, {});
    return Errno::kSuccess;
  }
  std::vector<net::Address> found;
  Answer looked = look_up(s, question.name, 0, found);
  if (looked.stop) return looked;
  // Other types than these two are answered with no record of that type.
  std::erase_if(found, [&](const net::Address& address) {
    return question.type != (address.v6 ? kTypeAaaa : kTypeA);
  });
  out = reply(query, question.end, rcode_of(looked.error), found);
  return Errno::kSuccess;
}

}  // namespace ferry::wasi
