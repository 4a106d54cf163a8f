// [lambda] of a ferry.toml, with its [[lambda.event]] rows: what a user says about Lambda.
// docs/lambda-events.md.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "function/manifest.h"

namespace ferry::platforms::lambda {

// A row of the user's own, or changes to one of ferry's of the same name. What is not said is that
// row's, or a default. All syntax has been checked (row_syntax.h).
struct EventRow {
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

struct Settings final : function::SectionSettings {
  std::string to_toml() const override;

  bool streaming = false;  // answers are streamed where Lambda's caller can take it
  std::vector<EventRow> events;
};

// How the manifest's reader gets at it.
extern const function::Section kSection;

// What the manifest says, or the defaults. Never null; shared with the manifest, which may go
// first.
std::shared_ptr<const Settings> settings_of(const function::Manifest& manifest);

}  // namespace ferry::platforms::lambda
