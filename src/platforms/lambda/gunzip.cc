#include "platforms/lambda/gunzip.h"

#include <array>

#include <fmt/format.h>
#include <zlib.h>

namespace ferry::platforms::lambda {
namespace {

// Ends the stream whichever way we leave.
struct Inflater {
  z_stream stream{};
  bool ready = false;
  Inflater() { ready = inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK; }  // 16: gzip alone
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (ready) {
      inflateEnd(&stream);
    }
  }
};

}  // namespace

Result<std::string> gunzip(ByteView bytes, std::uint64_t limit) {
  Inflater inflater;
  if (!inflater.ready) {
    return Error{Code::kInternal, "zlib has no memory", ""};
  }
  // zlib counts in 32 bits; an invocation's payload has at most 6 MiB, far below.
  if (bytes.size() > (1u << 30)) {
    return Error{Code::kLimit, "the gzip data is larger than 1 GiB", ""};
  }
  z_stream& stream = inflater.stream;
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  std::array<char, 32768> piece{};
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    int code = inflate(&stream, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END) {
      return Error{Code::kInvalid,
                   code == Z_BUF_ERROR ? "the gzip data is cut off"
                                       : fmt::format("not gzip data ({})", zError(code)),
                   ""};
    }
    std::size_t made = piece.size() - stream.avail_out;
    if (made > limit - out.size()) {
      return Error{Code::kLimit, fmt::format("the gzip data unpacks to more than {} bytes", limit),
                   "raise [limits] input"};
    }
    out.append(piece.data(), made);
    if (code == Z_STREAM_END) {
      if (stream.avail_in > 0) {
        return Error{Code::kInvalid, "there are bytes behind the gzip data", ""};
      }
      return out;
    }
  }
}

}  // namespace ferry::platforms::lambda
