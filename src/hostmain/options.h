// ferry-host's command line. Read by hand: a library for it would be a tenth of the program.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "capsule/store.h"
#include "serve/running.h"

namespace ferry::hostmain {

struct Options {
  std::string function;  // the only one to serve of several bundles; empty: all
  std::string bundle;    // a file or a folder; empty: the folder of the program
  std::string key;       // the public key's file; empty: ferry.pub beside the bundles
  std::string platform;  // empty: decided from the environment
  std::string log_file;  // in place of stderr; empty: none
  serve::Options serve;  // its `listen` empty: the platform's default; without `record`, which
  capsule::RecordWords record;  // together with the environment says
  bool no_snapshot = false;     // of functions that come over the wire
  bool help = false;
  bool version = false;
};

// `words` are argv without the program's name. kUsage names the word.
Result<Options> parse_options(std::span<const char* const> words);

std::string help_text();

}  // namespace ferry::hostmain
