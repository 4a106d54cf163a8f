// Whether two functions behave the same: the same events to both, their outcomes field by field.
#pragma once

#include <string>
#include <vector>

#include "builder/function_options.h"
#include "bundle/bundle.h"
#include "engine/engine.h"
#include "event/event.h"
#include "function/function.h"

namespace ferry::builder {

struct Case {
  std::string name;
  event::Event event;
};

// The name of the generated case that is most like the events a function is for; always there.
inline constexpr char kPlainCase[] = "object";

// Generated ones, and one for each file (an event's data).
Result<std::vector<Case>> make_cases(const std::vector<std::string>& files);

// Sends the events to both, several times.
// All run under one seed of time and randomness, so that the same functions compare the same each
// time. A difference is kInvalid naming the event and, of both sides, where it begins. Words that
// vary in the original with time or randomness are not compared. Returns words for the user.
Result<std::string> compare_functions(engine::Engine& engine, const Bundles& bundles,
                                      const function::Function& original,
                                      const function::Function& other,
                                      const std::vector<Case>& cases);

}  // namespace ferry::builder
