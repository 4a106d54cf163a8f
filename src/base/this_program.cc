#include "base/this_program.h"

#include <algorithm>
#include <array>
#include <climits>
#include <string_view>

#include <sys/auxv.h>
#include <unistd.h>

namespace ferry {
namespace {

constexpr char kLink[] = "/proc/self/exe";

std::string executed() {
  // The kernel hands a pointer over as a number.
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  const auto* path = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  return path == nullptr ? std::string() : path;
}

}  // namespace

std::string this_program() { return access(kLink, X_OK) == 0 ? kLink : executed(); }

std::string program_folder() {
  std::array<char, PATH_MAX> target{};
  const ssize_t length = readlink(kLink, target.data(), target.size());
  const std::string path =
      length > 0 ? std::string(target.data(), static_cast<std::size_t>(length)) : executed();
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
}

}  // namespace ferry
