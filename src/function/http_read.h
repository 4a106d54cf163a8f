// [http] of a ferry.toml, read. Private to the manifest: it brings toml++ with it.
#pragma once

#include "function/http_settings.h"
#include "function/toml_reader.h"

namespace ferry::function {

Status read_http(const toml::table& table, TomlPlace place, HttpSettings& out);

}  // namespace ferry::function
