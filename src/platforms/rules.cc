#include "platforms/rules.h"

#include <algorithm>

#include <fmt/format.h>

#include "function/grants.h"
#include "net/address.h"
#include "net/grant.h"

namespace ferry::platforms {
namespace {

using function::Finding;
using function::format_size;

constexpr std::uint8_t kCodeSection = 10;
constexpr std::uint8_t kDataSection = 11;

void check_code(const function::Function& function, const Rules& rules, std::vector<Finding>& out) {
  std::uint64_t size = 0;
  for (const wasm::Section& section : function.binary.sections) {
    size += section.id == kCodeSection || section.id == kDataSection ? section.size : 0;
  }
  if (rules.code != 0 && size > rules.code) {
    out.push_back({Finding::Kind::kStops, "for-code",
                   fmt::format("its code and data have {}, a package {} at most", format_size(size),
                               format_size(rules.code)),
                   "load large data from elsewhere, or ship it as an image where the platform "
                   "takes one (--for image)"});
  }
}

void check_memory(const function::Function& function, const Rules& rules,
                  std::vector<Finding>& out) {
  if (rules.memory == 0) {
    return;
  }
  const auto& memories = function.binary.memories;
  const std::uint64_t pages = memories.empty() ? 0 : memories.front().minimum;
  if (pages > (rules.memory >> 16)) {
    out.push_back({Finding::Kind::kStops, "for-memory",
                   fmt::format("it starts with {} of memory, there are {} at most",
                               format_size(pages << 16), format_size(rules.memory)),
                   "link it with a smaller initial memory or stack"});
  } else if (function.manifest.limits.memory > rules.memory) {
    out.push_back(
        {Finding::Kind::kNote, "for-memory-limit",
         fmt::format("[limits] memory is {}, there are {} at most",
                     format_size(function.manifest.limits.memory), format_size(rules.memory)),
         "an event that needs more ends the container; set [limits] memory to less"});
  }
}

void check_bytes(const char* id, const char* what, std::uint64_t ours, std::uint64_t theirs,
                 std::vector<Finding>& out) {
  if (theirs != 0 && ours > theirs) {
    out.push_back({Finding::Kind::kNote, id,
                   fmt::format("[limits] {} is {}, the platform itself stops at {}", what,
                               format_size(ours), format_size(theirs)),
                   fmt::format("send larger data by reference, and set [limits] {} to {} so that "
                               "it is the same everywhere",
                               what, format_size(theirs))});
  }
}

void check_grants(const function::Grants& grants, const Rules& rules, std::vector<Finding>& out) {
  for (const function::DirGrant& grant : grants.dirs) {
    if (!rules.no_folders.empty()) {
      out.push_back({Finding::Kind::kStops, "for-folder",
                     fmt::format("it is granted the folder {}: {}", grant.host, rules.no_folders),
                     "put the data into the function, or take them from the event"});
      continue;
    }
    const bool there =
        rules.folders.empty() || std::ranges::any_of(rules.folders, [&](std::string_view root) {
          return grant.host == root || grant.host.starts_with(std::string(root) + "/");
        });
    if (!grant.host.starts_with('/')) {
      out.push_back(
          {Finding::Kind::kStops, "for-folder-relative",
           fmt::format("it is granted the folder {}, which is not part of a package", grant.host),
           "grant an absolute path, and mount the folder there where it runs"});
    } else if (!there) {
      out.push_back({Finding::Kind::kStops, "for-folder-place",
                     fmt::format("it is granted the folder {}, which is not there: there are {}",
                                 grant.host, fmt::join(rules.folders, ", ")),
                     "grant a folder below one of them"});
    } else if (rules.folders.empty()) {
      out.push_back(
          {Finding::Kind::kNote, "for-folder-mount",
           fmt::format("it is granted the folder {}: mount it into the container", grant.host),
           ""});
    }
  }
}

void check_network(const function::Grants& grants, const Rules& rules, std::vector<Finding>& out) {
  if (!grants.network() || rules.network.empty()) {
    return;
  }
  out.push_back({Finding::Kind::kNote, "for-network", std::string(rules.network),
                 "the grants hold beside the platform's own rules; docs/network.md"});
  const auto network = function::network_grants(grants);
  for (const net::Grant& grant : network.ok() ? *network : std::vector<net::Grant>()) {
    if (grant.kind == net::Grant::Kind::kLocalhost ||
        (grant.kind == net::Grant::Kind::kNetwork &&
         net::kind_of(grant.network) == net::AddressKind::kLoopback)) {
      out.push_back(
          {Finding::Kind::kNote, "for-loopback",
           fmt::format("it is granted {}: there that is its own sandbox or container, and "
                       "not the machine where the service runs",
                       net::to_string(grant)),
           "grant the service's own name"});
    }
  }
}

void check_reply(function::ReplyForm form, const Rules& rules, std::vector<Finding>& out) {
  const std::string_view said = form == function::ReplyForm::kCgi          ? rules.cgi
                                : form == function::ReplyForm::kCloudEvent ? rules.cloudevent
                                                                           : std::string_view();
  if (!said.empty()) {
    out.push_back({Finding::Kind::kNote, "for-reply", std::string(said), ""});
  }
}

}  // namespace

std::vector<Finding> explain_for(const function::Function& function, const Rules& rules) {
  const function::Limits& limits = function.manifest.limits;
  std::vector<Finding> out;
  check_code(function, rules, out);
  check_memory(function, rules, out);
  check_grants(function.manifest.grants, rules, out);
  check_network(function.manifest.grants, rules, out);
  check_reply(function.manifest.reply, rules, out);
  check_bytes("for-input", "input", limits.input, rules.input, out);
  check_bytes("for-output", "output", limits.output, rules.output, out);
  if (rules.timeout.count() != 0 && limits.timeout > rules.timeout) {
    out.push_back({Finding::Kind::kNote, "for-timeout",
                   fmt::format("[limits] timeout is {} s, an event ends there after {} s",
                               limits.timeout.count() / 1000, rules.timeout.count()),
                   "do less in one event, or set [limits] timeout to that"});
  }
  std::ranges::stable_sort(out, {}, &Finding::kind);
  return out;
}

}  // namespace ferry::platforms
