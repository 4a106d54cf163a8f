// Where a program that serves takes its functions and its engine from. The two that there are:
// `ferry` reads wasm files, compiles them and loads an engine as a plug-in; ferry-host opens signed
// bundles and has its engine linked in. Everything else about serving is the same for both.
//
// Used by one thread; lives as long as anything made from it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bundle/bundle.h"
#include "engine/loader.h"
#include "function/function.h"
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

// What takes the place of a function that is served.
enum class Improvement : std::uint32_t {
  kCompiled,  // compiled code, in place of an interpreter
  kSnapshot,  // a snapshot of its start-up
};
struct Search {
  std::size_t function = 0;
  Improvement what = Improvement::kCompiled;
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

  // A process of this server ended since compiled code that is kept for later was changed. From now
  // on all of such code is proven before it is used, and made again where it is not what it was.
  virtual void distrust_kept_code() {}

  // Takes secret keys out of this process's memory: it is about to shut itself in, and loads no
  // function of its own again.
  virtual void forget_keys() {}

  // Gives back the functions' code. A process that needs it after all (its worker was ended, say,
  // and the next one finds the compiled code gone) reads it again.
  virtual void let_go() {}

  // A function that takes long to compile may be served from the first moment on by another engine,
  // which takes it as it is, until find_better() has compiled it. Whether this one is; known once
  // prepare() was called.
  virtual bool is_provisional(std::size_t /*index*/) const { return false; }
  virtual Result<engine::LoadedEngine> make_provisional_engine(
      const engine::EngineOptions& /*options*/) {
    return Error{Code::kUnsupported, "there is none", ""};
  }
  virtual Result<bundle::Bundle> provisional_bundle(std::size_t /*index*/,
                                                    const engine::Info& /*engine*/) {
    return Error{Code::kUnsupported, "there is none", ""};
  }

  // What can be looked for, in this order, in a process of its own while the functions are served
  // already: it may take minutes, crash, or be ended.
  virtual std::vector<Search> searches() const { return {}; }
  // A version of the function that does the same and costs less, authenticated by `key`.
  // kUnsupported with the reason where the function stays what it is.
  struct Better {
    Bytes bundle;
    std::string words;  // how it was made, for people; may be empty
  };
  virtual Result<Better> find_better(const Search& /*search*/,
                                     const engine::EngineOptions& /*options*/,
                                     const bundle::MacKey& /*key*/) {
    return Error{Code::kUnsupported, "nothing better is known", ""};
  }

  // A function that comes over the wire, once this process serves (Wanted::may_be_none). In
  // a process that searches: from now on the only function of this provider, which is then asked
  // for searches() and find_better(). `provisional`: an interpreter answers it.
  virtual bool improves_uploads() const { return false; }
  virtual void adopt(function::Function /*function*/, bool /*provisional*/) {}
  // Whether it may be served by the provisional engine, until find_better() has compiled it.
  virtual bool may_be_provisional(const function::Function& /*upload*/) const { return false; }
  virtual Result<bundle::Bundle> provisional_bundle_of(const function::Function& /*upload*/,
                                                       const engine::Info& /*engine*/) {
    return Error{Code::kUnsupported, "there is none", ""};
  }

  // A provider of the same functions that has read nothing yet: for those that are to take the
  // place of these while the program runs. It prints nothing, and is never provisional. Null: they
  // are read once.
  virtual std::unique_ptr<Provider> fresh() const { return nullptr; }

  // Tables of platforms that the manifest of a function which comes over the wire may have.
  virtual function::Sections sections() const { return {}; }
  // Whose signature is accepted on bundles that come over the wire; nothing: no bundles are.
  virtual Result<std::optional<bundle::VerifyKey>> upload_key() = 0;
};

}  // namespace ferry::serve
