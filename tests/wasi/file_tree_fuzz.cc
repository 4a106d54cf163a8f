// Archives of files from anywhere: read, or refused; what was read can be walked and read again.
#include "wasi/file_tree.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ferry::wasi::FileTree;
  const std::string archive(reinterpret_cast<const char*>(data), size);
  const auto tree = FileTree::read(archive);
  if (!tree.ok()) return 0;
  std::size_t files = 0;
  std::size_t bytes = 0;
  std::vector<std::uint32_t> folders{FileTree::kRoot};
  while (!folders.empty()) {
    const std::uint32_t folder = folders.back();
    folders.pop_back();
    for (const std::uint32_t child : (*tree)->node(folder).children) {
      const FileTree::Node& node = (*tree)->node(child);
      if (node.parent != folder || (*tree)->find(folder, node.name) != child) __builtin_trap();
      if (node.folder) {
        folders.push_back(child);
      } else {
        ++files;
        bytes += node.data.size();
      }
    }
  }
  if (files != (*tree)->files() || bytes != (*tree)->bytes()) __builtin_trap();
  if (!FileTree::read(std::string((*tree)->archive())).ok()) __builtin_trap();
  return 0;
}
