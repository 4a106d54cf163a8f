#include "host/reply_stream.h"

namespace ferry::host {

void ReplyStreamer::before_wait() {
  send();
  if (next_ != nullptr) next_->before_wait();
}

void ReplyStreamer::after_wait() {
  if (next_ != nullptr) next_->after_wait();
}

void ReplyStreamer::send() {
  const wasi2::Session* session = wasi2::Session::find(context_);
  if (session == nullptr || stage_ == Stage::kRefused) return;
  const auto response = session->unfinished();
  if (!response) return;
  if (stage_ == Stage::kNothing) {
    const bool valid = response->status >= 200 && response->status <= 599;
    stage_ =
        valid && to_.begin(response->status, response->headers) ? Stage::kBegun : Stage::kRefused;
    if (stage_ == Stage::kRefused) return;
  }
  if (response->body.size() > sent_) {
    to_.add(response->body.substr(sent_));
    sent_ = response->body.size();
  }
}

}  // namespace ferry::host
