// One HTTP request → event or events → outcomes → one HTTP response: what every platform that
// carries HTTP does between its own reading and its own writing, so that a function answers the
// same wherever the request came through. docs/serve.md says what is answered when.
// Thread-safe; the context is borrowed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "event/http.h"
#include "platforms/platform.h"

namespace ferry::platforms {

// Who is invoked in this context, by index.
std::vector<host::OutcomeOf> outcomes_of(const AdapterContext& context);

struct HttpCall {
  std::size_t function = 0;
  event::HttpRequest message;
  Monotonic arrival;
  const http::Request* from = nullptr;  // as received, to see whether the client is still there
  // Takes answers of functions that take requests themselves, while they run; null: none can.
  http::ResponseStream* stream = nullptr;
  host::InvokeOptions invoke = {};  // the platform's deadline, id and environment
  // Called on the event of a request that is not a CloudEvent, for what the platform knows better.
  std::function<void(event::Event&)> adjust = {};
  // Extension attributes that the platform vouches for (who the caller is, say): they replace the
  // request's own, of a CloudEvent too.
  std::map<std::string, event::Value, std::less<>> attributes = {};
  // Called on the outcome of a single CloudEvent, for platforms that want a reply of another form.
  std::function<void(const event::Event& request, host::Outcome& outcome)> finish = {};
};

class HttpCalls {
 public:
  explicit HttpCalls(const AdapterContext& context);

  void call(HttpCall&& call, http::Response& response) const;
  // The answer of an outcome, whose reply and id are taken out of it; `structured`: a reply that is
  // an event goes as one JSON document.
  void answer(std::size_t function, host::Outcome& outcome, bool structured,
              http::Response& response) const;
  // Reported to the observer and to the log.
  host::Outcome invoke(std::size_t function, event::LazyEvent& event, Monotonic arrival,
                       host::InvokeOptions options) const;
  host::Outcome invoke(std::size_t function, const event::Event& event, Monotonic arrival,
                       host::InvokeOptions options) const {
    event::ReadyEvent ready(event);
    return invoke(function, ready, arrival, std::move(options));
  }
  host::Outcome refuse(std::size_t function, const Error& error, Monotonic arrival,
                       const std::string& invocation) const;

  const std::vector<host::OutcomeOf>& of() const { return of_; }

 private:
  void call_function(HttpCall& call, http::Response& response) const;
  void call_batch(const HttpCall& call, const std::vector<event::Event>& batch,
                  http::Response& response) const;
  std::vector<host::Outcome> run_batch(const HttpCall& call,
                                       const std::vector<event::Event>& batch) const;
  void call_plain(HttpCall& call, http::Response& response) const;
  void call_request(HttpCall& call, http::Response& response) const;
  void answer_refused(const HttpCall& call, const Error& error, http::Response& response) const;

  const AdapterContext& context_;
  std::vector<host::OutcomeOf> of_;
  // What each manifest says that is asked at every call. All versions of a function share it.
  struct Bounds {
    std::uint64_t body;  // bytes, decoded
    std::optional<function::Cors> cors;
  };
  std::vector<Bounds> bounds_;
  std::vector<std::vector<std::string>> named_headers_;  // headers that manifests name, by function
  // Headers of plain requests, by function: the default ones where its manifest names no others.
  std::vector<std::span<const std::string_view>> carried_;
  std::vector<std::vector<std::string_view>> more_carried_;  // those spans, of the other functions
};

// problem+json of an outcome that is not ok.
void put_problem(const host::Outcome& outcome, int status, const std::string& digest,
                 http::Response& response);

}  // namespace ferry::platforms
