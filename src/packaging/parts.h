// What every package is made of: the signed bundle of a function, the key to check it with, and
// ferry-host.
#pragma once

#include "base/architecture.h"
#include "builder/function_options.h"
#include "deploy/mark.h"
#include "package/image.h"
#include "packaging/signing.h"

namespace ferry::packaging {

// What bundles are compiled for, as load_engine() takes it.
inline constexpr char kShippedEngine[] = "wasmtime:portable";

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
  std::vector<std::string> triggers = {};  // as Packaging::triggers says; empty: its default
  bool no_snapshot = false;                // pack the start-up with the rest
  std::vector<std::string> cases = {};     // events on which snapshot and original must agree
  bool environment_varies = false;         // as Packaging's
  std::vector<Architecture> architectures{kThisArchitecture};  // one, or several for an image
};

// A signed bundle, and the CPUs that it is for.
struct PackedBundle {
  Architecture architecture;
  Bytes bytes;
};

struct Packed {
  function::Function function;
  std::vector<PackedBundle> bundles;  // as PackOptions::architectures
  std::string key;                    // text of ferry.pub
  std::string engine;                 // "wasmtime 48.0.8"

  // Where there is one.
  const Bytes& bundle() const { return bundles.front().bytes; }
  Architecture architecture() const { return bundles.front().architecture; }
};

// Makes a snapshot of the start-up where that is certain to change nothing, and says on stderr what
// it did and why. The function keeps its own digest: it is what it was. Compiles for the portable
// level of each architecture, whatever this machine is, and signs.
Result<Packed> pack_function(const PackOptions& options);

// The program that is shipped, "ferry-host" or "ferry-host-full": beside this one or, for another
// architecture, in ../lib/ferry/ARCHITECTURE or ./ARCHITECTURE from there.
Result<Bytes> read_shipped(const std::string& name, Architecture architecture);

// What of an image is the same for every architecture.
struct ImageParts {
  std::string tag;
  std::string program = "ferry-host";
  std::vector<std::string> command;
  bool with_function = true;
};
// An image with ferry-host, the key and the bundle, for each of the packed architectures.
Result<package::Image> make_image(const Packed& packed, const ImageParts& parts);

// Lower case, as images are named.
std::string image_tag(const PackOptions& options, const function::Function& function);

// ferry-package.json, by which `ferry deploy` knows what the folder holds. Written last.
Status write_mark(const PackOptions& options, const Packed& packed, const std::string& platform,
                  deploy::Fields settings = {});

Status write_into(const std::string& folder, const std::string& name, ByteView bytes);

}  // namespace ferry::packaging
