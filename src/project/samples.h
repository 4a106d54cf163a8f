// The sample events that ferry ships: what platforms send, as it stands. One file each,
// templates/events/PLATFORM/NAME.json, or .http for a request as text.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ferry::project {

struct Sample {
  std::string_view name;      // "s3"; no two platforms have one of the same name
  std::string_view platform;  // "lambda": whose emulator takes it
  std::string_view file;      // "s3.json"
  std::string_view text;
};

// Platform by platform, each by name. Lives as long as the program.
std::span<const Sample> samples();
// kUsage, with the nearest known name, when there is none of this name.
Result<const Sample*> find_sample(std::string_view name);
// "lambda: alb, apigateway, …\nazure: …"
std::string sample_names();
// "{activemq,alb,…}", as the help and the completions of an option have its values.
std::string sample_choices();

}  // namespace ferry::project
