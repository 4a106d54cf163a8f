// `ferry new`: a folder with a function that builds, runs and has a test, from the templates that
// are compiled in.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "project/samples.h"

namespace ferry::project {

struct Language {
  std::string_view name;      // "go": what is typed, and the folder under templates/
  std::string_view title;     // "Go"
  std::string_view test;      // the command that runs the function's own tests
  std::string_view ci_setup;  // steps of a workflow that install the toolchain, or empty
  // What the build writes, seen from the folder; @NAME@, and @NAME_@ with '_' in place of '-'.
  std::string_view wasm = "@NAME@.wasm";
  bool answers_http = false;     // a component of wasi:http, not a program with standard input
  std::string_view shared = {};  // a folder under templates/ whose files other languages have too
  // One whose files take the place of others where the event is of a kind with a form of its own
  // (kind.h); empty: it has no such handler.
  std::string_view kinds = {};
};

std::span<const Language> languages();
// kUsage, with the nearest known name, when there is none of this name.
Result<const Language*> find_language(std::string_view name);

struct NewProject {
  std::string name;    // of the function: lower-case letters, digits and '-'
  std::string folder;  // to be made; it must not exist, or be empty
  const Language* language = nullptr;
  // A case with this one is added, and the handler is one for its kind, if it has one; or null.
  const Sample* event = nullptr;
};

// Checks a name; the hint of the error is a valid name made from it.
Status check_project_name(std::string_view name);

// All files or none: they are written beside `folder` and renamed into place. Returns the paths
// written, relative to the folder.
Result<std::vector<std::string>> write_project(const NewProject& project);

}  // namespace ferry::project
