// What a manifest says about AWS Lambda: [lambda] and its [[lambda.event]] rows. Words alone: what
// a row does is known to platforms/lambda, where it lies over the table. docs/lambda-events.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ferry::function {

// A row of the user's own, or changes to one of ferry's of the same name. What is not said is that
// row's, or a default.
struct LambdaEventRow {
  std::string name;
  std::optional<std::string> when;
  std::optional<std::string> each;
  std::optional<std::string> type;
  std::optional<std::string> source;
  std::optional<std::string> id;
  std::optional<std::string> subject;
  std::optional<std::string> time;
  std::optional<std::string> data;
  std::optional<std::string> reply;  // json, list, batch or ordered
  std::optional<std::string> item;
  std::map<std::string, std::string> attributes;  // extension attributes: templates by name
};

struct LambdaSettings {
  bool streaming = false;  // answers are streamed where Lambda's caller can take it
  std::vector<LambdaEventRow> events;
};

// Whether the text has the form that its key wants (table.h and template.h in platforms/lambda).
Status check_lambda_when(std::string_view text);
Status check_lambda_each(std::string_view text);
Status check_lambda_template(std::string_view text);
Status check_lambda_data(std::string_view text);
Status check_lambda_path(std::string_view text);

// As TOML, to be read again; empty where nothing was said.
std::string lambda_settings_to_toml(const LambdaSettings& settings);

}  // namespace ferry::function
