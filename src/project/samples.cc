#include "project/samples.h"

#include <algorithm>

#include <fmt/format.h>

#include "function/suggest.h"
#include "project/template_files.h"

namespace ferry::project {
namespace {

std::vector<Sample> find_samples() {
  constexpr std::string_view kFolder = "events/";
  std::vector<Sample> out;
  for (const TemplateFile& file : template_files()) {
    if (!file.path.starts_with(kFolder)) continue;
    const std::string_view path = file.path.substr(kFolder.size());
    const std::size_t slash = path.find('/');
    const std::size_t dot = path.rfind('.');
    if (slash == std::string_view::npos || path.find('/', slash + 1) != std::string_view::npos) {
      continue;
    }
    out.push_back({path.substr(slash + 1, dot - slash - 1), path.substr(0, slash),
                   path.substr(slash + 1), file.text});
  }
  std::ranges::sort(out, [](const Sample& a, const Sample& b) {
    return std::pair(a.platform, a.name) < std::pair(b.platform, b.name);
  });
  return out;
}

}  // namespace

std::span<const Sample> samples() {
  static const std::vector<Sample> all = find_samples();
  return all;
}

Result<const Sample*> find_sample(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Sample& sample : samples()) {
    if (sample.name == name) return &sample;
    known.push_back(sample.name);
  }
  return Error{Code::kUsage, fmt::format("there is no sample of an event '{}'", name),
               fmt::format("did you mean '{}'? There are:\n{}", function::nearest(name, known),
                           sample_names())};
}

std::string sample_names() {
  std::string out;
  std::string_view platform;
  for (const Sample& sample : samples()) {
    const bool next = sample.platform != platform;
    out += next ? fmt::format("{}  {}: ", platform.empty() ? "" : "\n", sample.platform) : ", ";
    out += sample.name;
    platform = sample.platform;
  }
  return out;
}

std::string sample_choices() {
  std::string out = "{";
  for (const Sample& sample : samples()) {
    out += out.size() > 1 ? "," : "";
    out += sample.name;
  }
  return out + "}";
}

}  // namespace ferry::project
