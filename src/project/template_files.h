// The files under templates/ in the source tree, as they were when ferry was built.
#pragma once

#include <span>
#include <string_view>

namespace ferry::project {

struct TemplateFile {
  std::string_view path;  // "go/main.go"; a final ".in" is not part of the name that is written
  std::string_view text;  // with @PLACEHOLDERS@
};

// Sorted by path. Lives as long as the program.
std::span<const TemplateFile> template_files();

}  // namespace ferry::project
