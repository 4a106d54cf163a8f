// The syntax of what a row of the table says (table.h, template.h), checked where a user wrote it:
// in [[lambda.event]] of a manifest. kInvalid says what is wrong with the text.
#pragma once

#include <string_view>

#include "base/result.h"

namespace ferry::platforms::lambda {

Status check_when(std::string_view text);
Status check_each(std::string_view text);
Status check_template(std::string_view text);
Status check_data(std::string_view text);
Status check_path(std::string_view text);

}  // namespace ferry::platforms::lambda
