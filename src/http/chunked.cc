#include "http/chunked.h"

#include <algorithm>

namespace ferry::http {
namespace {

constexpr std::size_t kMaxSizeDigits = 16;
constexpr Refusal kTooMuchExtra{431, "chunk extensions and trailers of more than 16 KiB"};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Takes what is in front of the first character that is not a blank.
void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

bool take_token(std::string_view& text) {
  std::size_t size = 0;
  while (size < text.size() && is_token(text.substr(size, 1))) {
    ++size;
  }
  text.remove_prefix(size);
  return size > 0;
}

// RFC 9110, 5.6.4.
bool take_quoted_string(std::string_view& text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return true;
    }
    i += text[i] == '\\' ? 1 : 0;
  }
  return false;
}

// RFC 9112, 7.1.1: any number of ;name, ;name=token and ;name="text", with blanks around ';'
// and '='. We use none, but two servers that read them differently disagree on where the data
// begin.
bool are_extensions(std::string_view text) {
  if (!is_field_value(text)) {
    return false;
  }
  while (!text.empty()) {
    skip_blanks(text);
    if (!text.starts_with(';')) {
      return false;
    }
    text.remove_prefix(1);
    skip_blanks(text);
    if (!take_token(text)) {
      return false;
    }
    std::string_view after = text;
    skip_blanks(after);
    if (!after.starts_with('=')) {
      continue;
    }
    text = after.substr(1);
    skip_blanks(text);
    if (text.starts_with('"') ? !take_quoted_string(text) : !take_token(text)) {
      return false;
    }
  }
  return true;
}

}  // namespace

void ChunkDecoder::reset(std::uint64_t max_body) {
  state_ = State::kSize;
  left_ = 0;
  max_body_ = max_body;
  extra_ = 0;
  line_.clear();
  trailers_.clear();
}

bool ChunkDecoder::take_line(std::string_view& input) {
  std::size_t feed = input.find('\n');
  std::size_t size = feed == std::string_view::npos ? input.size() : feed + 1;
  line_.append(input.substr(0, size));
  input.remove_prefix(size);
  return feed != std::string_view::npos;
}

std::optional<Refusal> ChunkDecoder::on_size_line(const std::string& body) {
  std::string_view line(line_);
  line.remove_suffix(2);
  std::size_t digits = 0;
  left_ = 0;
  while (digits < line.size() && hex_digit(line[digits]) >= 0) {
    if (digits == kMaxSizeDigits) {
      return Refusal{400, "a chunk size of more than 16 digits"};
    }
    left_ = left_ << 4 | static_cast<std::uint64_t>(hex_digit(line[digits]));
    ++digits;
  }
  if (digits == 0) {
    return Refusal{400, "a chunk without a size"};
  }
  std::string_view extension = line.substr(digits);
  if (!extension.empty()) {
    if (!are_extensions(extension)) {
      return Refusal{400, "a malformed chunk extension"};
    }
    extra_ += extension.size();
  }
  if (left_ > max_body_ - std::min<std::uint64_t>(body.size(), max_body_)) {
    return Refusal{413, "the body is larger than is taken here"};
  }
  state_ = left_ == 0 ? State::kTrailer : State::kData;
  return std::nullopt;
}

std::optional<Refusal> ChunkDecoder::on_trailer_line() {
  std::string_view line(line_);
  line.remove_suffix(2);
  if (line.empty()) {
    state_ = State::kDone;
    return std::nullopt;
  }
  extra_ += line.size();
  trailers_ += line_;
  Field field;
  return parse_field(line, field);
}

std::optional<Refusal> ChunkDecoder::feed(std::string_view& input, std::string& body) {
  while (!input.empty() && state_ != State::kDone) {
    if (state_ == State::kData) {
      auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
      body.append(input.substr(0, size));
      input.remove_prefix(size);
      left_ -= size;
      state_ = left_ == 0 ? State::kDataEnd : State::kData;
      continue;
    }
    bool complete = take_line(input);
    if (extra_ + line_.size() > kMaxExtra) {
      return kTooMuchExtra;
    }
    if (!complete) {
      if (state_ == State::kDataEnd && line_ != "\r") {
        return Refusal{400, "a chunk that is longer than its size"};
      }
      return std::nullopt;
    }
    if (line_.size() < 2 || line_[line_.size() - 2] != '\r') {
      return Refusal{400, "a line that does not end in CR LF"};
    }
    std::optional<Refusal> refusal;
    switch (state_) {
      case State::kSize:
        refusal = on_size_line(body);
        break;
      case State::kTrailer:
        refusal = on_trailer_line();
        break;
      default:
        if (line_.size() != 2) {
          return Refusal{400, "a chunk that is longer than its size"};
        }
        state_ = State::kSize;
    }
    line_.clear();
    if (refusal) {
      return refusal;
    }
  }
  return std::nullopt;
}

}  // namespace ferry::http
