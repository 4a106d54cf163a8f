#include "tree.h"

namespace ferry {

std::string in_sources(std::string_view path) {
  return std::string(FERRY_SOURCE_DIR "/").append(path);
}

std::string in_build(std::string_view path) {
  return std::string(FERRY_BINARY_DIR "/").append(path);
}

}  // namespace ferry
