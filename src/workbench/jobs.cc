#include "workbench/jobs.h"

#include <algorithm>
#include <csignal>
#include <filesystem>

#include <boost/json.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>

#include "base/child.h"
#include "base/ids.h"
#include "base/this_program.h"
#include "event/json.h"
#include "event/json_text.h"
#include "project/samples.h"
#include "project/scaffold.h"

namespace ferry::workbench {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

constexpr std::chrono::minutes kPatience{10};

Result<json::object> object_of(std::string_view body) {
  json::error_code failed;
  json::value value = json::parse(body, failed);
  if (failed || !value.is_object()) {
    return Error{Code::kInvalid, "the request is not a JSON object", ""};
  }
  return std::move(value.get_object());
}

std::string text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

Result<const std::string*> line_of(const json::object& object, const Journal& journal) {
  const json::value* number = object.if_contains("number");
  const std::string* line = number != nullptr && number->is_int64() && number->get_int64() > 0
                                ? journal.find(static_cast<std::uint64_t>(number->get_int64()))
                                : nullptr;
  if (line == nullptr) return Error{Code::kNotFound, "this event is not kept any more", ""};
  return line;
}

// JSON where it is, else text; as `ferry run` sees it.
std::string type_of(const std::string& data) {
  return event::check_json(data).ok() ? "application/json" : "text/plain; charset=utf-8";
}

Result<Sent> sent_of(const json::object& object, const std::vector<std::string>& platforms) {
  Sent out;
  out.platform = text(object, "platform");
  if (std::ranges::find(platforms, out.platform) == platforms.end()) {
    return Error{Code::kInvalid, fmt::format("there is no platform '{}'", out.platform), ""};
  }
  out.native = text(object, "native");
  if (!out.native.empty()) return out;
  if (const std::string event = text(object, "event"); !event.empty()) {
    auto parsed = event::from_json(event);
    if (!parsed.ok()) return std::move(parsed).error();
    out.event = *std::move(parsed);
    return out;
  }
  out.event.id = uuid_v7(system_clock(), system_random());
  out.event.source = "/ferry/dev";
  out.event.type = "ferry.dev";
  out.event.time = to_rfc3339(system_clock().wall());
  if (std::string data = text(object, "data"); !data.empty()) {
    out.event.datacontenttype = type_of(data);
    out.event.data = std::move(data);
  }
  return out;
}

// Written only where nothing is: O_EXCL, so that two savers never share a name.
Status write_new(const std::string& path, const std::string& bytes) {
  const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file.valid()) {
    if (errno == EEXIST) {
      return Error{Code::kInvalid, fmt::format("{} is there already", path), "choose another name"};
    }
    return errno_error(path, errno);
  }
  return write_all(file.get(), as_bytes(bytes), path);
}

}  // namespace

json::array Jobs::samples() const {
  json::array out;
  for (const project::Sample& sample : project::samples()) {
    out.push_back(json::object{{"name", sample.name}, {"platform", sample.platform}});
  }
  return out;
}

Result<std::string> Jobs::sample(std::string_view name) const {
  auto found = project::find_sample(name);
  if (!found.ok()) {
    return Error{Code::kNotFound, fmt::format("there is no sample '{}'", name), ""};
  }
  return json::serialize(json::object{{"platform", (*found)->platform}, {"input", (*found)->text}});
}

Result<std::uint64_t> Jobs::begin(const Task::Life& life, std::string platform) {
  const auto running =
      std::ranges::count_if(jobs_, [](const auto& each) { return each.second.task != nullptr; });
  if (static_cast<std::size_t>(running) >= kMostAtOnce) {
    return Error{Code::kBusy, fmt::format("{} things are under way already", running), ""};
  }
  FERRY_TRY(auto task, Task::start(life));
  const std::uint64_t number = next_++;
  Job& job = jobs_[number];
  job.task = std::move(task);
  job.platform = std::move(platform);
  if (jobs_.size() > kMostKept) {
    std::erase_if(jobs_, [&](const auto& each) {
      return each.first + kMostKept < number && each.second.task == nullptr;
    });
  }
  return number;
}

Result<std::uint64_t> Jobs::send(std::string_view body) {
  FERRY_TRY(const json::object object, object_of(body));
  FERRY_TRY(Sent sent, sent_of(object, options_.platforms));
  std::string platform = sent.platform;
  return begin([this, sent = std::move(sent)](int channel) { return lives_.send(channel, sent); },
               std::move(platform));
}

Result<std::uint64_t> Jobs::run_verb(std::string_view verb, std::string_view body,
                                     const Journal& journal) {
  FERRY_TRY(const json::object object, object_of(body));
  FERRY_TRY(const std::string* line, line_of(object, journal));
  if (scratch_ == nullptr) {
    FERRY_TRY(ScratchFolder made, ScratchFolder::make("dev"));
    scratch_ = std::make_unique<ScratchFolder>(std::move(made));
  }
  const std::string file = scratch_->at(fmt::format("{}.capsules", next_));
  FERRY_CHECK_OK(write_file_atomically(file, as_bytes(*line + "\n"), 0600));
  std::vector<std::string> words{"ferry", std::string(verb), "--output=json", "--quiet"};
  words.insert(words.end(), options_.common.begin(), options_.common.end());
  if (verb == "replay") {
    if (const std::string engine = text(object, "engine"); !engine.empty()) {
      if (std::ranges::find(options_.engines, engine) == options_.engines.end()) {
        return Error{Code::kInvalid, fmt::format("there is no engine '{}'", engine), ""};
      }
      words.push_back("--engine=" + engine);
    }
    words.emplace_back("--other-function");  // the present build, whatever was recorded
    words.push_back("--function=" + options_.function);
    words.push_back(file);
  } else {
    words.push_back(options_.function);
    words.push_back(file);
  }
  return begin(Task::program(this_program(), std::move(words), ""), "");
}

Result<std::uint64_t> Jobs::replay(std::string_view body, const Journal& journal) {
  return run_verb("replay", body, journal);
}

Result<std::uint64_t> Jobs::verify(std::string_view body, const Journal& journal) {
  return run_verb("verify", body, journal);
}

Result<std::string> Jobs::save(std::string_view body, const Journal& journal) const {
  FERRY_TRY(const json::object object, object_of(body));
  FERRY_TRY(const std::string* line, line_of(object, journal));
  const std::string name = text(object, "name");
  if (const Status good = project::check_project_name(name); !good.ok()) {
    return Error{Code::kInvalid,
                 fmt::format("'{}' cannot name a case: lower-case letters, digits and '-'", name),
                 good.error().hint};
  }
  FERRY_TRY(const capsule::Capsule capsule, capsule::parse_capsule(*line));
  FERRY_TRY(const auto files, lives_.to_case(capsule, name));
  const std::string folder = (fs::path(options_.folder) / "cases").string();
  FERRY_CHECK_OK(make_directories(folder));
  for (const auto& [file, text] : files) {
    FERRY_CHECK_OK(write_new((fs::path(folder) / file).string(), text));
  }
  return json::serialize(json::object{{"saved", "cases/" + name + ".toml"}});
}

Result<std::string> Jobs::result(std::uint64_t number) const {
  const auto found = jobs_.find(number);
  if (found == jobs_.end()) return Error{Code::kNotFound, "this is not known any more", ""};
  const Job& job = found->second;
  if (job.task != nullptr) return std::string("{\"done\":false}");
  const auto readable = [](const std::string& text) {
    return is_utf8(text) ? text : std::string("(not text)");
  };
  return json::serialize(json::object{{"done", true},
                                      {"exit_code", job.exit_code},
                                      {"output", readable(job.output)},
                                      {"errors", readable(job.errors)}});
}

void Jobs::add_to(std::vector<pollfd>& watched) const {
  for (const auto& [number, job] : jobs_) {
    if (job.task != nullptr) job.task->add_to(watched);
  }
}

void Jobs::step(Journal& journal) {
  for (auto& [number, job] : jobs_) {
    if (job.task == nullptr) continue;
    Task& task = *job.task;
    task.read_some();
    const auto status = task.ended();
    for (std::size_t end = 0; (end = task.channel.find('\n')) != std::string::npos;) {
      journal.add(task.channel.substr(0, end), job.platform);
      task.channel.erase(0, end + 1);
    }
    if (status) {
      job.exit_code = WIFEXITED(*status) ? WEXITSTATUS(*status) : 128 + WTERMSIG(*status);
      job.output = std::move(task.out);
      job.errors = std::move(task.err);
      job.task.reset();
    } else if (system_clock().monotonic() - task.since() > kPatience) {
      task.signal(SIGKILL);
    }
  }
}

}  // namespace ferry::workbench
