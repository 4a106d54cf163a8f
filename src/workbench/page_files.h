// The files of src/workbench/page, as they were when ferry was built.
#pragma once

#include <string_view>

namespace ferry::workbench {

extern const std::string_view kPageHtml;
extern const std::string_view kPageCss;
extern const std::string_view kPageScript;

}  // namespace ferry::workbench
