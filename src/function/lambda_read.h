// [lambda] of a ferry.toml, read. Private to the manifest: it brings toml++ with it.
#pragma once

#include "function/lambda_settings.h"
#include "function/toml_reader.h"

namespace ferry::function {

Status read_lambda(const toml::table& table, TomlPlace place, LambdaSettings& out);

}  // namespace ferry::function
