#include "http/reader.h"

#include <algorithm>
#include <cstring>

namespace ferry::http {
namespace {

constexpr std::size_t kFirstRoom = 4096;
constexpr std::size_t kBodyRoom = 64u << 10;
constexpr std::size_t kMinRoom = 512;
constexpr std::size_t kKeptBody = 64u << 10;  // larger buffers are given back after a request

}  // namespace

std::span<char> Reader::room() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
  }
  if (capacity_ - end_ < kMinRoom && begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  std::size_t wanted = state_ == State::kBody ? kBodyRoom : kFirstRoom;
  if (capacity_ - end_ < kMinRoom || capacity_ < wanted) {
    std::size_t grown = std::max(wanted, capacity_ - end_ < kMinRoom ? capacity_ * 2 : capacity_);
    auto larger = std::make_unique_for_overwrite<char[]>(grown);
    if (begin_ != end_) {
      std::memcpy(larger.get(), buffer_.get() + begin_, end_ - begin_);
    }
    end_ -= begin_;
    begin_ = 0;
    buffer_ = std::move(larger);
    capacity_ = grown;
  }
  return {buffer_.get() + end_, capacity_ - end_};
}

Reader::State Reader::refuse(Refusal refusal) {
  refusal_ = refusal;
  return state_ = State::kRefused;
}

void Reader::give_up(Refusal refusal) {
  refuse(refusal);
  buffer_.reset();
  capacity_ = begin_ = end_ = 0;
  body_ = {};
  give_back(body_text_);
  give_back(head_text_);
  head_.fields.clear();
}

Reader::State Reader::advance() {
  if (state_ == State::kIdle && begin_ != end_) {
    // RFC 9112, 2.2: one empty line before a request is ignored, and no more, however they arrive.
    if (buffer_[begin_] == '\r' && !skipped_) {
      if (end_ - begin_ < 2) {
        return state_;
      }
      if (buffer_[begin_ + 1] != '\n') {
        return refuse({400, "a bare CR"});
      }
      begin_ += 2;
      skipped_ = true;
    }
    if (begin_ != end_) {
      state_ = State::kHead;
      scanned_ = line_start_ = 0;
    }
  }
  if (state_ == State::kHead) {
    read_head();
  }
  if (state_ == State::kBody) {
    read_body();
  }
  return state_;
}

// The bytes to the end of the head, once they are all there. Refuses as early as it can: a bare
// LF must not leave the sender waiting for a head that never ends.
std::optional<std::size_t> Reader::find_head_end() {
  std::string_view text = bytes().substr(0, limits_.head);
  for (;;) {
    std::size_t feed = text.find('\n', scanned_);
    if (feed == std::string_view::npos) {
      scanned_ = text.size();
      break;
    }
    if (feed == 0 || text[feed - 1] != '\r') {
      refuse({400, "a line that does not end in CR LF"});
      return std::nullopt;
    }
    scanned_ = feed + 1;
    if (feed - line_start_ == 1) {
      return scanned_;
    }
    line_start_ = scanned_;
  }
  if (bytes().size() > limits_.head) {
    refuse(line_start_ == 0 ? Refusal{414, "the request line is too long"}
                            : Refusal{431, "the header fields are too large"});
  }
  return std::nullopt;
}

Reader::State Reader::read_head() {
  std::optional<std::size_t> size = find_head_end();
  if (!size) {
    return state_;
  }
  if (auto refusal = parse_head(bytes().substr(0, *size), head_)) {
    return refuse(*refusal);
  }
  if (!head_.chunked && head_.content_length > limits_.body) {
    return refuse({413, "the body is larger than is taken here"});
  }
  return start_body(*size);
}

Reader::State Reader::start_body(std::size_t head_size) {
  std::string_view text = bytes();
  std::size_t there = text.size() - head_size;
  if (!head_.chunked && head_.content_length <= there) {
    // The usual case: all of it came at once, and nothing is copied.
    body_ = text.substr(head_size, head_.content_length);
    begin_ += head_size + head_.content_length;
    return state_ = State::kReady;
  }
  // The buffer will move under the head: give the head its own place.
  head_text_.assign(text.substr(0, head_size));
  parse_head(head_text_, head_);
  begin_ += head_size;
  body_text_.clear();
  chunks_.reset(limits_.body);
  return state_ = State::kBody;
}

Reader::State Reader::read_body() {
  std::string_view input = bytes();
  if (head_.chunked) {
    if (auto refusal = chunks_.feed(input, body_text_)) {
      return refuse(*refusal);
    }
    begin_ = end_ - input.size();
    if (!chunks_.done()) {
      return state_;
    }
  } else {
    std::uint64_t missing = head_.content_length - body_text_.size();
    auto size = static_cast<std::size_t>(std::min<std::uint64_t>(missing, input.size()));
    body_text_.append(input.substr(0, size));
    begin_ += size;
    if (size < missing) {
      return state_;
    }
  }
  body_ = body_text_;
  return state_ = State::kReady;
}

void Reader::next() {
  state_ = State::kIdle;
  skipped_ = false;
  body_ = {};
  head_.fields.clear();
  if (body_text_.capacity() > kKeptBody) {
    give_back(body_text_);
  }
  if (begin_ == end_) {
    begin_ = end_ = 0;
    if (capacity_ > kKeptBody) {
      buffer_.reset();
      capacity_ = 0;
    }
  }
}

}  // namespace ferry::http
