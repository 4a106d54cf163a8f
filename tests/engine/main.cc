// The tests' main: a compilation runs this program again (engine/compiler.h).
#include <string_view>

#include <gtest/gtest.h>

#include "engine/compiler.h"

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == ferry::engine::kCompileVerb) {
    return ferry::engine::compile_child_main(argc, argv, ferry::engine::load_engine);
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
