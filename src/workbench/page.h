// The page of `ferry dev`, over HTTP: three files that are compiled in, and what their script asks.
// Served on its owner's thread, one request at a time; nothing in it may wait.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"
#include "workbench/access.h"
#include "workbench/journal.h"

namespace ferry::workbench {

// What the script may ask to be done. Answers are JSON; an error's text is shown to the user.
class Actions {
 public:
  virtual ~Actions() = default;
  // What is built and served, and what there is to choose from.
  virtual std::string state() const = 0;
  virtual Result<std::string> sample(std::string_view name) const = 0;
  // Each begins something that takes time and answers with its number, for job(). `body` is what
  // the script sent: a JSON object.
  virtual Result<std::uint64_t> send(std::string_view body) = 0;
  virtual Result<std::uint64_t> replay(std::string_view body) = 0;
  virtual Result<std::uint64_t> verify(std::string_view body) = 0;
  virtual Result<std::string> job(std::uint64_t number) const = 0;
  virtual Result<std::string> save(std::string_view body) = 0;  // an event as a case
  virtual void rebuild() = 0;
};

class Page final : public http::Service {
 public:
  // All borrowed.
  Page(const Access& access, const Journal& journal, Actions& actions)
      : access_(access), journal_(journal), actions_(actions) {}

  int lane(const http::Request& /*request*/) override { return kNoLane; }
  void handle(const http::Request& request, http::Response& response) override;

 private:
  void get(std::string_view what, const http::Request& request, http::Response& response) const;
  void post(std::string_view what, const http::Request& request, http::Response& response);

  const Access& access_;
  const Journal& journal_;
  Actions& actions_;
};

}  // namespace ferry::workbench
