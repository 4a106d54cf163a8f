#include "host/guest.h"

#include <utility>

#include <fmt/format.h>

#include "host/guest_abi.h"

namespace ferry::host {
namespace {

// A guest finds the folder of the longest name that a path begins with: one that is granted would
// hide what travels with the function below the same name.
ferry::Status check_hides_none(const function::Manifest& manifest) {
  if (manifest.file_tree == nullptr) return Done{};
  for (const function::DirGrant& grant : manifest.grants.dirs) {
    if (!manifest.file_tree->has(std::string_view(grant.guest).substr(1))) continue;
    return Error{Code::kUsage,
                 fmt::format("the folder granted as {} would hide files that travel with the "
                             "function",
                             grant.guest),
                 "give one of them another path: --dir or [grant] dirs, [function] files"};
  }
  return Done{};
}

}  // namespace

Result<Guest> make_guest(std::string name, wasm::Record record, function::Manifest manifest,
                         Directories directories) {
  Guest guest;
  guest.abi = find_abi(record.abi);
  if (guest.abi == nullptr) {
    return Error{Code::kUnsupported,
                 fmt::format("{} has no entry point that can be called (ABI: {})", name,
                             wasm::abi_name(record.abi)),
                 "export _start (a command) or handle (a reactor); `ferry check` says more"};
  }
  FERRY_CHECK_OK(check_hides_none(manifest));
  for (const auto& [key, value] : manifest.grants.env) {
    guest.environ.push_back(fmt::format("{}={}", key, value));
  }
  if (directories == Directories::kOpen) {
    for (const function::DirGrant& grant : manifest.grants.dirs) {
      FERRY_TRY(auto directory, wasi::Directory::open(grant.host, grant.guest, grant.read_only));
      guest.directories.push_back(std::move(directory));
    }
  }
  for (const wasm::LeftHandle& each : record.left_handles) {
    guest.left.push_back({each.handle, each.kind, each.parent});
  }
  FERRY_CHECK_OK(wasi2::check_left(guest.left));
  guest.name = std::move(name);
  guest.record = std::move(record);
  guest.manifest = std::move(manifest);
  return guest;
}

}  // namespace ferry::host
