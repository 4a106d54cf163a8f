#include "workbench/page.h"

#include <charconv>

#include <fmt/format.h>

#include "event/json_text.h"
#include "workbench/page_files.h"

namespace ferry::workbench {
namespace {

constexpr char kJson[] = "application/json";

void put_text(http::Response& response, int status, std::string_view text) {
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::string(text) + "\n";
}

void put_error(http::Response& response, const Error& error) {
  response.status = error.code == Code::kNotFound ? 404 : 400;
  response.content_type = kJson;
  response.body = "{\"error\":";
  event::append_json_string(response.body, error.text());
  response.body += '}';
}

void put_json(http::Response& response, Result<std::string> json) {
  if (!json.ok()) {
    put_error(response, json.error());
    return;
  }
  response.content_type = kJson;
  response.body = *std::move(json);
}

void put_file(http::Response& response, const char* type, std::string_view text) {
  response.content_type = type;
  response.body = text;
}

// "events?after=12": the number of that parameter, 0 where there is none.
std::uint64_t number_in(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), one.size() + 1));
    if (!one.starts_with(name) || one.size() <= name.size() || one[name.size()] != '=') continue;
    one.remove_prefix(name.size() + 1);
    std::uint64_t out = 0;
    std::from_chars(one.data(), one.data() + one.size(), out);
    return out;
  }
  return 0;
}

}  // namespace

void Page::get(std::string_view what, const http::Request& request,
               http::Response& response) const {
  if (what.empty()) {
    put_file(response, "text/html; charset=utf-8", kPageHtml);
  } else if (what == "page.css") {
    put_file(response, "text/css; charset=utf-8", kPageCss);
  } else if (what == "page.js") {
    put_file(response, "text/javascript; charset=utf-8", kPageScript);
  } else if (what == "state") {
    put_json(response, actions_.state());
  } else if (what == "events") {
    put_json(response, journal_.list(number_in(request.query(), "after")));
  } else if (what == "event") {
    const std::string* line = journal_.find(number_in(request.query(), "number"));
    put_json(response, line != nullptr
                           ? Result<std::string>(*line)
                           : Error{Code::kNotFound, "this event is not kept any more", ""});
  } else if (what == "job") {
    put_json(response, actions_.job(number_in(request.query(), "number")));
  } else if (what.starts_with("sample/")) {
    put_json(response, actions_.sample(what.substr(sizeof "sample/" - 1)));
  } else {
    put_text(response, 404, "there is no such page");
  }
}

void Page::post(std::string_view what, const http::Request& request, http::Response& response) {
  const auto begun = [](Result<std::uint64_t> number) -> Result<std::string> {
    if (!number.ok()) return std::move(number).error();
    return fmt::format("{{\"job\":{}}}", *number);
  };
  if (what == "send") {
    put_json(response, begun(actions_.send(request.body)));
  } else if (what == "replay") {
    put_json(response, begun(actions_.replay(request.body)));
  } else if (what == "verify") {
    put_json(response, begun(actions_.verify(request.body)));
  } else if (what == "save") {
    put_json(response, actions_.save(request.body));
  } else if (what == "rebuild") {
    actions_.rebuild();
    put_json(response, std::string("{}"));
  } else {
    put_text(response, 404, "there is no such page");
  }
}

void Page::handle(const http::Request& request, http::Response& response) {
  // Nothing is loaded from elsewhere, and nobody may show the page inside another.
  response.fields.emplace_back(
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  response.fields.emplace_back("X-Content-Type-Options", "nosniff");
  response.fields.emplace_back("Referrer-Policy", "no-referrer");
  response.fields.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  response.fields.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
  response.fields.emplace_back("Cache-Control", "no-store");
  const Access::Verdict verdict = access_.check(request);
  if (verdict.status != 200) {
    put_text(response, verdict.status, verdict.why);
    if (verdict.status == 405) response.fields.emplace_back("Allow", "GET, HEAD, POST");
  } else if (request.method == "POST") {
    post(verdict.rest, request, response);
  } else {
    get(verdict.rest, request, response);
  }
}

}  // namespace ferry::workbench
