// Where a program that serves takes its functions and its engine from. The two that there are:
// `ferry` reads wasm files, compiles them and loads an engine as a plug-in; ferry-host opens signed
// bundles and has its engine linked in. Everything else about serving is the same for both.
//
// Used by one thread; lives as long as anything made from it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bundle/bundle.h"
#include "engine/loader.h"
#include "function/manifest.h"

namespace ferry::serve {

// What is known of a function before there is an engine.
struct Listed {
  std::string name;
  function::Manifest manifest;
};

// What a platform says about the functions that it wants.
struct Wanted {
  // Folders of the platform's that come before the program's own, the first that holds functions
  // wins. A relative one is below the program's folder. Ignored where the user named the functions.
  std::vector<std::string> folders = {};
  std::string only = {};     // the one of this name alone, if it is there
  bool may_be_none = false;  // functions may also come later, over the wire
};

class Provider {
 public:
  virtual ~Provider() = default;

  virtual std::string_view program() const = 0;         // "ferry": begins each line for people
  virtual void complain(const Error& error) const = 0;  // on stderr, as this program does

  // Finds the functions; once. No two have one name. Makes no thread and no engine.
  virtual Result<std::vector<Listed>> list(const Wanted& wanted) = 0;
  // Slow work that is to be done once, before processes that share its result are forked. Leaves
  // no thread and no engine in this process.
  virtual Status prepare() { return Done{}; }

  virtual Result<engine::LoadedEngine> make_engine(engine::EngineOptions options) = 0;
  // Of the function at that place in list(), for the engine that make_engine() gave last.
  virtual Result<bundle::Bundle> bundle(std::size_t index, const engine::Info& engine) = 0;

  // Whose signature is accepted on bundles that come over the wire; nothing: no bundles are.
  virtual Result<std::optional<bundle::VerifyKey>> upload_key() = 0;
};

}  // namespace ferry::serve
