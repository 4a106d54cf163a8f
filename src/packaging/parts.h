// What every package is made of: the signed bundle of a function, the key to check it with, and
// ferry-host.
#pragma once

#include "builder/function_options.h"
#include "deploy/mark.h"
#include "package/image.h"
#include "packaging/signing.h"

namespace ferry::packaging {

inline Bytes to_bytes(std::string_view text) { return {text.begin(), text.end()}; }

struct PackOptions {
  std::string path;
  std::vector<std::string> more;  // further functions, where a package holds several
  builder::FunctionOptions common;
  std::string key;     // file of the signing key; empty: the user's own
  std::string folder;  // where the package goes
  std::string tag;     // of the image; empty: the function's name
  std::string push;    // REGISTRY/NAME:TAG to send the image to; empty: nowhere
  bool insecure_registry = false;
  std::vector<std::string> triggers = {};  // of Azure Functions; empty: http
  bool no_snapshot = false;                // pack the start-up with the rest
  std::vector<std::string> cases = {};     // events on which snapshot and original must agree
  std::string platform = {};               // "lambda"; where that matters to a snapshot
};

struct Packed {
  function::Function function;
  Bytes bundle;        // signed
  std::string key;     // text of ferry.pub
  std::string engine;  // "wasmtime 48.0.8"
};

// Takes the start-up ahead where that is certain to change nothing, and says on stderr what it did
// and why. The function keeps its own digest: it is what it was. Compiles for any x86-64 of the
// x86-64-v2 level, whatever this machine is, and signs.
Result<Packed> pack_function(const PackOptions& options);

// The program that is shipped, "ferry-host" or "ferry-host-full": beside this one.
Result<Bytes> read_shipped(const std::string& name);

// An image with ferry-host, the key and, where there is one, the bundle.
package::ImageSpec image_of(Bytes program, const std::string& key, const Packed* packed);

// Lower case, as images are named.
std::string image_tag(const PackOptions& options, const function::Function& function);

// ferry-package.json, by which `ferry deploy` knows what the folder holds. Written last.
Status write_mark(const PackOptions& options, const Packed& packed, const std::string& platform,
                  deploy::Fields settings = {});

Status write_into(const std::string& folder, const std::string& name, ByteView bytes);

}  // namespace ferry::packaging
