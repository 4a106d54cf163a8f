// Shell completions and manual pages, made from the declared options themselves, so that they
// cannot fall behind.
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace ferry::commands {

// `shell`: bash, zsh or fish; empty for any other.
std::string completion_script(const CLI::App& app, std::string_view shell);

// ferry(1), or ferry-VERB(1) when `verb` is not empty; in man(7) macros. Empty: no such verb.
std::string manual_page(const CLI::App& app, std::string_view verb, std::string_view version);

}  // namespace ferry::commands
