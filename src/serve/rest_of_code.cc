#include "serve/rest_of_code.h"

#include "base/thread.h"

namespace ferry::serve {

RestOfCode::RestOfCode(Artifacts artifacts, std::function<void(const Error&)> complain,
                       std::chrono::milliseconds patience)
    : artifacts_(std::move(artifacts)), complain_(std::move(complain)), patience_(patience) {
  if (artifacts_.empty()) return;
  auto thread = start_side_thread([this] { run(); });
  if (thread.ok()) {
    thread_ = *std::move(thread);
  } else {
    read();
  }
}

RestOfCode::~RestOfCode() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  stop_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void RestOfCode::run() {
  {
    std::unique_lock lock(mutex_);
    if (stop_.wait_for(lock, patience_, [&] { return stopped_; })) return;
  }
  read();
}

void RestOfCode::read() const {
  for (const auto& artifact : artifacts_) {
    if (const Status read = artifact->read_rest(); !read.ok()) complain_(read.error());
  }
}

}  // namespace ferry::serve
