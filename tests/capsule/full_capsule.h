// A capsule that has something in each of its members.
#pragma once

#include "capsule/capsule.h"

namespace ferry::capsule {

inline Capsule full() {
  Capsule out;
  out.recorded = "2026-11-28T09:00:00Z";
  out.invocation = "0193-1";
  out.function = "orders";
  out.digest = "sha256:ab";
  out.abi = "command";
  out.engine = "wasmtime";
  out.engine_version = "48.0.8";
  out.event.id = "1";
  out.event.source = "/s";
  out.event.type = "t";
  out.event.datacontenttype = "application/json";
  out.event.extensions["flag"] = true;
  out.event.data = "{\"a\": 1.10}\n";
  out.request = HttpRequest{"http", "POST", "h:1", "/a?b", {{"x-y", "z"}}};
  out.args = {"--strict"};
  out.variables = {{"K", "V"}};
  out.manifest = "[function]\nname = \"orders\"\n";
  out.files = "sha256:cd";
  out.redacted = {"$.card"};
  out.withheld = {"SECRET"};
  out.draws.wall = {1, 2};
  out.draws.monotonic = {3};
  out.draws.random = std::string("\0\xff", 2);
  out.deadline = 99;
  out.drew = {"clock"};
  out.outside = {"files"};
  out.denied = "open /etc";
  out.result.status = "failed";
  out.result.exit_code = -2;
  out.result.message = "it ended";
  out.result.data = std::string("\x80", 1);
  out.result.http = HttpAnswer{418, {{"a", "b"}}};
  out.result.logs = {{WallTime(Nanoseconds(1'000'000'000)), "line"}};
  out.result.log_truncated = true;
  out.result.usage.memory_bytes = 65536;
  return out;
}

}  // namespace ferry::capsule
