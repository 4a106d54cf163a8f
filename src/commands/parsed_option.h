// An option whose text another module reads: "128MiB", "500ms".
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace ferry::commands {

// `parse`: from a std::string to a Result. `kind`: what stands for the value in the help.
template <typename Parse, typename Target>
CLI::Option* add_parsed(CLI::App& app, const char* name, Parse parse, Target& target,
                        const char* help, const char* kind) {
  return app
      .add_option_function<std::string>(
          name,
          [parse, &target, name](const std::string& text) {
            auto value = parse(text);
            if (!value.ok()) {
              throw CLI::ValidationError(name, value.error().text());
            }
            target = *value;
          },
          help)
      ->type_name(kind);
}

}  // namespace ferry::commands
