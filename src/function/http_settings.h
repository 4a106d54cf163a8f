// [http] of a ferry.toml: what the host does for a function's HTTP clients. Plain data.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace ferry::function {

// Which pages of other origins a browser lets call the function (Fetch, "HTTP-network-or-cache
// fetch", CORS protocol).
struct Cors {
  std::vector<std::string> origins;  // "https://app.example"; or "*" alone: any
  std::vector<std::string> methods = {"GET", "HEAD", "POST"};
  std::vector<std::string> headers = {"content-type"};  // that a request may carry
  std::vector<std::string> expose;                      // that a page may read of the answer
  bool credentials = false;                             // cookies and Authorization
  std::chrono::seconds max_age{600};                    // that a preflight is remembered
};

struct HttpSettings {
  std::optional<Cors> cors;  // absent: the function answers OPTIONS itself, and sets its headers
};

struct TomlSection;  // toml_reader.h
Status read_http(const TomlSection& section, HttpSettings& out);
// As it is in a manifest again; empty where nothing is set.
std::string http_settings_to_toml(const HttpSettings& settings);

}  // namespace ferry::function
