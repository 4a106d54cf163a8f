#include <cstring>

#include "base/say.h"
#include "commands/app.h"
#include "compare/sample.h"
#include "engine/compiler.h"
#include "engine/loader.h"
#include "platforms/list.h"

int main(int argc, char** argv) {
  ferry::open_standard_streams();
  // The compiler's child process is this program again; it must start no more than it needs.
  if (argc > 1 && std::strcmp(argv[1], ferry::engine::kCompileVerb) == 0) {
    return ferry::engine::compile_child_main(argc, argv, ferry::engine::load_engine);
  }
  if (argc > 1 && std::strcmp(argv[1], ferry::compare::kMeasureVerb) == 0) {
    return ferry::compare::measure_child_main(argc, argv, ferry::platforms::manifest_sections());
  }
  return ferry::commands::run_app(argc, argv);
}
