#include "package/tar.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

namespace ferry::package {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::uint64_t kMaxTarEntry = 077777777777;  // what eleven octal digits hold

// The header of POSIX.1-2001, "ustar Interchange Format".
struct Header {
  std::array<char, 100> name;
  std::array<char, 8> mode;
  std::array<char, 8> uid;
  std::array<char, 8> gid;
  std::array<char, 12> size;
  std::array<char, 12> mtime;
  std::array<char, 8> checksum;
  char kind;
  std::array<char, 100> link;
  std::array<char, 6> magic;
  std::array<char, 2> version;
  std::array<char, 32> user;
  std::array<char, 32> group;
  std::array<char, 8> major;
  std::array<char, 8> minor;
  std::array<char, 155> prefix;
  std::array<char, 12> rest;
};
static_assert(sizeof(Header) == kBlock);

template <std::size_t N>
void put(std::array<char, N>& field, std::string_view text) {
  std::copy_n(text.begin(), std::min(text.size(), N), field.begin());
}

template <std::size_t N>
void put_octal(std::array<char, N>& field, std::uint64_t value) {
  put(field, fmt::format("{:0{}o}", value, N - 1));
}

}  // namespace

bool is_safe_name(std::string_view name) {
  if (name.ends_with('/')) {
    name.remove_suffix(1);
  }
  if (name.empty() || name.front() == '/' || !is_utf8(name)) {
    return false;
  }
  const auto is_bad = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\';
  };
  if (std::any_of(name.begin(), name.end(), is_bad)) {
    return false;
  }
  for (std::size_t start = 0; start <= name.size();) {
    std::size_t end = std::min(name.find('/', start), name.size());
    std::string_view part = name.substr(start, end - start);
    if (part.empty() || part == "." || part == "..") {
      return false;
    }
    start = end + 1;
  }
  return true;
}

Status TarWriter::add_header(std::string_view name, std::uint64_t size, unsigned mode, char kind) {
  if (!is_safe_name(name) || name.size() > std::tuple_size_v<decltype(Header::name)>) {
    return Error{Code::kInvalid, fmt::format("'{}' is not a valid name in an archive", name),
                 "a relative path of at most 100 bytes without '..'"};
  }
  if (size > kMaxTarEntry) {
    return Error{Code::kLimit, fmt::format("{}: {} bytes are too many for tar", name, size), ""};
  }
  Header header{};
  put(header.name, name);
  put_octal(header.mode, mode & 07777);
  put_octal(header.uid, 0);
  put_octal(header.gid, 0);
  put_octal(header.size, size);
  put_octal(header.mtime, 0);
  header.kind = kind;
  put(header.magic, "ustar");
  put(header.version, "00");
  put_octal(header.major, 0);
  put_octal(header.minor, 0);
  header.checksum.fill(' ');
  std::array<std::uint8_t, kBlock> block{};
  std::memcpy(block.data(), &header, kBlock);
  unsigned sum = 0;
  for (std::uint8_t byte : block) {
    sum += byte;
  }
  put(header.checksum, fmt::format("{:06o}", sum));
  header.checksum[6] = '\0';
  std::memcpy(block.data(), &header, kBlock);
  out_.insert(out_.end(), block.begin(), block.end());
  return Done{};
}

Status TarWriter::add_file(std::string_view name, ByteView bytes, unsigned mode) {
  if (name.ends_with('/')) {
    return Error{Code::kInvalid, fmt::format("'{}' is a folder's name", name), ""};
  }
  FERRY_CHECK_OK(add_header(name, bytes.size(), mode, '0'));
  out_.insert(out_.end(), bytes.begin(), bytes.end());
  out_.resize((out_.size() + kBlock - 1) / kBlock * kBlock);
  return Done{};
}

Status TarWriter::add_folder(std::string_view name, unsigned mode) {
  std::string whole(name);
  if (!whole.ends_with('/')) {
    whole += '/';
  }
  return add_header(whole, 0, mode, '5');
}

Bytes TarWriter::finish() && {
  out_.resize(out_.size() + 2 * kBlock);
  return std::move(out_);
}

}  // namespace ferry::package
