#include "serve/admin.h"

namespace ferry::serve {

void Admin::handle(const http::Request& request, http::Response& response) {
  response.content_type = "text/plain; charset=utf-8";
  std::string_view path = request.path();
  if (request.method != "GET" && request.method != "HEAD") {
    response.status = 405;
    response.fields.emplace_back("Allow", "GET, HEAD");
    response.body = "only GET and HEAD\n";
  } else if (path == "/livez") {
    response.body = "ok\n";
  } else if (path == "/readyz") {
    Census census = census_();
    const bool ready = board_.is_ready(census);
    response.status = ready ? 200 : 503;
    response.body = ready             ? "ok\n"
                    : census.draining ? "draining\n"
                    : census.stuck    ? "a worker does not answer\n"
                                      : "starting\n";
  } else if (path == "/metrics") {
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = board_.metrics(census_());
  } else {
    response.status = 404;
    response.body = "there are /livez, /readyz and /metrics\n";
  }
}

}  // namespace ferry::serve
