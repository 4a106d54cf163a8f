// Where an adapter's log goes while an emulator plays its platform, so that the emulator reads the
// very bytes that the platform would. Made before the adapter and outlives it; one thread reads.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "serve/log.h"

namespace ferry::platforms {

class LogTap {
 public:
  static Result<std::unique_ptr<LogTap>> make();

  // For AdapterContext: the writer of JSON lines (to `err`), and the two streams.
  serve::LogWriter* writer() { return &writer_; }
  int out() const { return out_.get(); }
  int err() const { return err_.get(); }

  struct Text {
    std::string out;
    std::string err;
  };
  // What was written since the last call.
  Result<Text> take();

 private:
  LogTap(Fd out, Fd err)
      : out_(std::move(out)), err_(std::move(err)), writer_(err_.get(), serve::LogFormat::kJson) {}

  Fd out_;
  Fd err_;
  serve::LogWriter writer_;
};

// The "text" of each line, which is one of LogWriter's JSON lines.
Result<std::vector<std::string>> texts_of_json_lines(std::string_view lines);

}  // namespace ferry::platforms
