// Has a server depend on no bundle's file for long: a start reads only the code that its first
// events use (bundle/artifact.h), and a thread reads the rest soon afterwards.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "bundle/artifact.h"

namespace ferry::serve {

class RestOfCode {
 public:
  using Artifacts = std::vector<std::shared_ptr<const bundle::Artifact>>;

  // First events come before it, and a process that lives shorter never reads it.
  static constexpr std::chrono::seconds kPatience{10};

  // `complain` is called by the thread, of each bundle that was changed: what was not read of such
  // a one ends the process when it is used. Where no thread is to be had, it is read at once.
  RestOfCode(Artifacts artifacts, std::function<void(const Error&)> complain,
             std::chrono::milliseconds patience = kPatience);
  ~RestOfCode();
  RestOfCode(const RestOfCode&) = delete;
  RestOfCode& operator=(const RestOfCode&) = delete;

 private:
  void run();
  void read() const;

  const Artifacts artifacts_;
  const std::function<void(const Error&)> complain_;
  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace ferry::serve
