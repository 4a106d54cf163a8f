#include "event/content_coding.h"

#include <array>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <zlib.h>

#include "event/content_type.h"
#include "event/http_headers.h"
#include "event/rules.h"

namespace ferry::event {
namespace {

// Nobody compresses more than twice; each further layer could unpack to the limit again.
constexpr std::size_t kMostCodings = 2;

// Ends the stream whichever way we leave.
struct Inflater {
  z_stream stream{};
  bool ready = false;
  explicit Inflater(int window) { ready = inflateInit2(&stream, window) == Z_OK; }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (ready) {
      inflateEnd(&stream);
    }
  }
};

const char* name_of(Coding coding) { return coding == Coding::kGzip ? "gzip" : "deflate"; }

// RFC 1950, 2.2: method 8, and a check that makes the first two bytes a multiple of 31.
bool has_zlib_header(ByteView bytes) {
  return bytes.size() >= 2 && (bytes[0] & 0x0F) == 8 && (bytes[0] * 256 + bytes[1]) % 31 == 0;
}

int window_of(ByteView bytes, Coding coding) {
  if (coding == Coding::kGzip) {
    return 16 + MAX_WBITS;
  }
  return has_zlib_header(bytes) ? MAX_WBITS : -MAX_WBITS;
}

std::optional<Coding> coding_of(std::string_view name) {
  if (same_word(name, "gzip") || same_word(name, "x-gzip")) {
    return Coding::kGzip;
  }
  return same_word(name, "deflate") ? std::optional(Coding::kDeflate) : std::nullopt;
}

}  // namespace

Result<std::string> unpack(ByteView bytes, Coding coding, std::uint64_t limit) {
  Inflater inflater(window_of(bytes, coding));
  if (!inflater.ready) {
    return Error{Code::kInternal, "zlib has no memory", ""};
  }
  const char* name = name_of(coding);
  // zlib counts in 32 bits.
  if (bytes.size() > (1u << 30)) {
    return Error{Code::kLimit, fmt::format("the {} data is larger than 1 GiB", name), ""};
  }
  z_stream& stream = inflater.stream;
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  std::array<char, 32768> piece{};
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int code = inflate(&stream, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END) {
      return Error{Code::kInvalid,
                   code == Z_BUF_ERROR ? fmt::format("the {} data is cut off", name)
                                       : fmt::format("not {} data ({})", name, zError(code)),
                   ""};
    }
    const std::size_t made = piece.size() - stream.avail_out;
    if (made > limit - out.size()) {
      return Error{Code::kLimit,
                   fmt::format("the {} data unpacks to more than {} bytes", name, limit),
                   "raise [limits] input"};
    }
    out.append(piece.data(), made);
    if (code != Z_STREAM_END) {
      continue;
    }
    if (stream.avail_in == 0) {
      return out;
    }
    if (coding != Coding::kGzip || inflateReset(&stream) != Z_OK) {
      return Error{Code::kInvalid, fmt::format("there are bytes behind the {} data", name), ""};
    }
  }
}

Result<std::string> decode_content(std::string_view codings, std::string body,
                                   std::uint64_t limit) {
  std::vector<Coding> applied;
  while (!codings.empty()) {
    const std::size_t end = std::min(codings.find(','), codings.size());
    const std::string_view name = trimmed(codings.substr(0, end));
    codings.remove_prefix(std::min(end + 1, codings.size()));
    if (name.empty() || same_word(name, "identity")) {
      continue;
    }
    const auto coding = coding_of(name);
    if (!coding || applied.size() == kMostCodings) {
      return Error{Code::kUnsupported,
                   fmt::format("the content coding '{}' is not decoded here{}", printable(name),
                               coding ? " a third time" : ""),
                   fmt::format("send the body as it is, or in one of {}", kKnownCodings)};
    }
    applied.push_back(*coding);
  }
  for (; !applied.empty(); applied.pop_back()) {
    FERRY_TRY(body, unpack(as_bytes(body), applied.back(), limit));
  }
  return body;
}

Status decode_content(HttpRequest& request, std::vector<HeaderView>& kept, std::uint64_t limit) {
  constexpr std::string_view kName = "content-encoding";
  const auto codings = joined_header(request.headers, kName);
  if (!codings) {
    return Done{};
  }
  if (!request.body.empty()) {
    FERRY_TRY(request.body, decode_content(*codings, std::move(request.body), limit));
  }
  for (const HeaderView& header : request.headers) {
    if (!same_word(header.first, kName)) {
      kept.push_back(header);
    }
  }
  request.headers = kept;
  return Done{};
}

}  // namespace ferry::event
