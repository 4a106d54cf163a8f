// Cases as a file that parse_cases() reads as the same again.
#include <fmt/format.h>

#include "base/bytes.h"
#include "verify/case.h"

namespace ferry::verify {
namespace {

// What a reader wants to see in the file itself.
constexpr std::size_t kMostInline = 2000;

bool is_control(char c) { return (c >= 0 && c < 0x20) || c == 0x7F; }

std::string toml_text(std::string_view text) {
  bool literal = text.find('\'') == std::string_view::npos;
  for (char c : text) {
    literal &= !is_control(c);
  }
  if (literal) {
    return fmt::format("'{}'", text);
  }
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (is_control(c)) {
      out += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

class Writer {
 public:
  explicit Writer(std::map<std::string, std::string>& files) : files_(files) {}

  void add(const Case& one) {
    out_ += fmt::format("{}[[case]]\nname = {}\n", out_.empty() ? "" : "\n", toml_text(one.name));
    const std::string stem = fmt::format("case-{}", ++count_);
    if (one.native) {
      out_ += "[case.native]\n";
      line("platform", one.native->platform);
      bulk("input", one.native->input, stem);
    } else {
      if (one.event.data) {
        line("content_type", one.event.datacontenttype.value_or(""));
        bulk("data", *one.event.data, stem);
      }
      add_event(one.event);
    }
    add_limits(one.limits);
    // Before the upstreams: a table that follows one of theirs would be part of it.
    add_expected(one, stem);
    for (std::size_t i = 0; i < one.upstreams.size(); ++i) {
      add_upstream(one.upstreams[i], fmt::format("{}-upstream-{}", stem, i + 1));
    }
  }
  std::string take() { return std::move(out_); }

 private:
  void line(std::string_view key, const std::optional<std::string>& text) {
    if (text) {
      out_ += fmt::format("{} = {}\n", key, toml_text(*text));
    }
  }

  void bulk(std::string_view key, const std::string& value, const std::string& stem) {
    if (value.size() > kMostInline) {
      const std::string name = fmt::format("{}.{}", stem, key);
      files_[name] = value;
      out_ += fmt::format("{}_file = {}\n", key, toml_text(name));
    } else if (is_utf8(value) && value.find('\0') == std::string::npos) {  // no text has a NUL
      line(key, value);
    } else {
      out_ += fmt::format("{}_base64 = '{}'\n", key, to_base64(as_bytes(value)));
    }
  }

  void add_event(const event::Event& event) {
    out_ += "[case.event]\n";
    line("id", event.id);
    line("source", event.source);
    line("type", event.type);
    line("subject", event.subject);
    line("time", event.time);
    line("dataschema", event.dataschema);
    for (const auto& [name, value] : event.extensions) {
      if (const auto* text = std::get_if<std::string>(&value)) {
        line(name, *text);
      } else {
        out_ += fmt::format("{} = {}\n", name, event::to_string(value));
      }
    }
  }

  void add_limits(const CaseLimits& limits) {
    if (limits == CaseLimits{}) {
      return;
    }
    out_ += "[case.limits]\n";
    if (limits.timeout) {
      out_ += fmt::format("timeout = \"{}ms\"\n", limits.timeout->count());
    }
    const auto size = [&](const char* key, const std::optional<std::uint64_t>& value) {
      if (value) {
        out_ += fmt::format("{} = {}\n", key, *value);
      }
    };
    size("memory", limits.memory);
    size("input", limits.input);
    size("output", limits.output);
    size("log", limits.log);
  }

  void add_upstream(const Upstream& upstream, const std::string& stem) {
    out_ += "[[case.upstream]]\n";
    line("at", upstream.at);
    const auto place = place_of(upstream.at);
    if (upstream.tls != (place.ok() && place->port == kHttpsPort)) {
      out_ += fmt::format("tls = {}\n", upstream.tls);
    }
    std::size_t number = 0;
    for (const Step& step : upstream.steps) {
      const std::string own = fmt::format("{}-{}", stem, ++number);
      out_ += "[[case.upstream.step]]\n";
      if (!step.receive.empty()) bulk("receive", step.receive, own);
      bulk("send", step.send, own);
      if (step.tls) out_ += "tls = true\n";
    }
    for (const HttpAnswer& answer : upstream.http) {
      out_ += "[[case.upstream.http]]\n";
      line("request", answer.request);
      out_ += fmt::format("status = {}\n", answer.status);
      if (!answer.content_type.empty()) line("content_type", answer.content_type);
      pairs("headers", answer.headers);
      bulk("body", answer.body, fmt::format("{}-{}", stem, ++number));
    }
  }

  void pairs(std::string_view key, const std::map<std::string, std::string, std::less<>>& values) {
    if (values.empty()) {
      return;
    }
    std::string list;
    for (const auto& [name, value] : values) {
      list +=
          fmt::format("{}{} = {}", list.empty() ? " " : ", ", toml_text(name), toml_text(value));
    }
    out_ += fmt::format("{} = {{{} }}\n", key, list);
  }

  void add_expected(const Case& one, const std::string& stem) {
    const Expected& expected = one.expected;
    const bool answer = one.native && one.native->answer;
    if (expected == Expected{} && !answer) {
      return;  // "same" is what a case without expectations means
    }
    out_ += "[case.expect]\n";
    line("status", expected.status);
    if (expected.http) {
      out_ += fmt::format("http = {}\n", *expected.http);
    }
    line("content_type", expected.content_type);
    line("error", expected.error);
    if (expected.body) {
      bulk("data", *expected.body, stem + "-expected");
    }
    if (answer) {
      bulk("answer", *one.native->answer, stem + "-expected");
    }
    if (expected.log) {
      std::string list;
      for (const std::string& each : *expected.log) {
        list += (list.empty() ? "" : ", ") + toml_text(each);
      }
      out_ += fmt::format("log = [{}]\n", list);
    }
    pairs("attributes", expected.attributes);
    pairs("headers", expected.headers);
  }

  std::map<std::string, std::string>& files_;
  std::string out_;
  std::size_t count_ = 0;
};

}  // namespace

std::string cases_to_toml(const std::vector<Case>& cases,
                          std::map<std::string, std::string>& files) {
  Writer writer(files);
  for (const Case& one : cases) {
    writer.add(one);
  }
  return writer.take();
}

}  // namespace ferry::verify
