// Bytes of one connection → requests, one at a time: head, framing, body. No input or output of
// its own, so that tests and the fuzzer feed it as they like. Owned by a connection; used by one
// thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/chunked.h"
#include "http/head.h"

namespace ferry::http {

// Frees what a string holds; assigning an empty one leaves it its buffer (libstdc++).
inline void give_back(std::string& text) { std::string().swap(text); }

struct ReaderLimits {
  std::size_t head = 64u << 10;     // bytes of request line and fields; past it 431
  std::uint64_t body = 8ull << 20;  // bytes of a decoded body; past it 413
};

class Reader {
 public:
  explicit Reader(const ReaderLimits& limits) : limits_(limits) {}

  // Room for the next read; tell how much of it was filled.
  std::span<char> room();
  void filled(std::size_t size) { end_ += size; }

  enum class State : unsigned char {
    kIdle,   // not a byte of a request yet
    kHead,   // within the head
    kBody,   // head() is known, the body is not all there
    kReady,  // head() and body() are whole
    kRefused,
  };
  // Goes as far as the bytes allow.
  State advance();
  State state() const { return state_; }

  const Head& head() const { return head_; }
  std::string_view body() const { return body_; }
  std::string_view trailers() const {
    return head_.chunked ? std::string_view(chunks_.trailers()) : std::string_view();
  }
  const Refusal& refusal() const { return refusal_; }
  bool has_bytes() const { return begin_ != end_; }  // behind the present request

  // Nothing more is read: the request took too long, or there is no room for it. What is held of it
  // is given back; head() and body() end here.
  void give_up(Refusal refusal);
  // Of a body that is not whole yet: bytes that are here, decoded.
  std::uint64_t received() const { return body_text_.size(); }
  // Done with the ready request: on to the next. Views into it end here.
  void next();
  // Bytes held for this connection.
  std::size_t held() const { return capacity_ + body_text_.capacity() + head_text_.capacity(); }

 private:
  std::string_view bytes() const { return {buffer_.get() + begin_, end_ - begin_}; }
  State refuse(Refusal refusal);
  State read_head();
  State start_body(std::size_t head_size);
  State read_body();
  std::optional<std::size_t> find_head_end();

  ReaderLimits limits_;
  State state_ = State::kIdle;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;  // of what is not consumed
  std::size_t end_ = 0;
  std::size_t scanned_ = 0;     // from begin_: no end of the head before it
  std::size_t line_start_ = 0;  // from begin_: of the line being scanned
  bool skipped_ = false;        // the empty line that may come before a request
  Head head_;
  Refusal refusal_;
  ChunkDecoder chunks_;
  std::string head_text_;  // the head, once it must outlive the buffer
  std::string body_text_;  // the body, unless it lies whole in the buffer
  std::string_view body_;
};

}  // namespace ferry::http
