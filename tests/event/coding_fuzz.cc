// Content codings on arbitrary bodies: what comes out keeps to its limit, and what zlib packed
// comes out as it was. The first byte says which codings are listed and how large the limit is.
#include <cstdlib>
#include <string>
#include <vector>

#include <zlib.h>

#include "event/content_coding.h"

namespace {

using namespace ferry;

constexpr std::string_view kListed[] = {"gzip",         "deflate",        "gzip, gzip",
                                        "deflate,gzip", "x-gzip ,, GZIP", "identity",
                                        "br",           "gzip,gzip,gzip"};

void check_packed(std::string_view text) {
  uLongf size = compressBound(text.size());
  Bytes packed(size);
  if (compress(packed.data(), &size, reinterpret_cast<const Bytef*>(text.data()), text.size()) !=
      Z_OK) {
    std::abort();
  }
  packed.resize(size);
  const auto whole = event::unpack(packed, event::Coding::kDeflate, text.size());
  if (!whole.ok() || *whole != text) std::abort();
  if (!text.empty() && event::unpack(packed, event::Coding::kDeflate, text.size() - 1).ok()) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string_view codings = kListed[data[0] % std::size(kListed)];
  const std::uint64_t limit = std::uint64_t{1} << (data[0] / std::size(kListed) % 18);
  const bool plain = codings == "identity";
  const auto decoded = event::decode_content(codings, std::string(text), limit);
  if (decoded.ok() && !plain && decoded->size() > limit) std::abort();
  // What a sender lists, in as many fields as it likes.
  const event::HeaderView headers[] = {{"Content-Encoding", text.substr(0, 20)}, {"A", "b"}};
  event::HttpRequest request;
  request.headers = headers;
  request.body = std::string(text);
  std::vector<event::HeaderView> kept;
  if (event::decode_content(request, kept, limit).ok() && request.headers.size() != 1) std::abort();
  check_packed(text);
  return 0;
}
