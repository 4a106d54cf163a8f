// What a manifest asks for beyond the function itself: folders, connections, variables of the
// platform's environment. One place to read it from, for showing it and for deciding whether a
// user has to agree (a manifest may come from a stranger).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/grant.h"

namespace ferry::function {

// "./data::/data:ro"
struct DirGrant {
  std::string host;
  std::string guest;
  bool read_only = false;
};

struct Grants {
  std::map<std::string, std::string> env;
  std::vector<std::string> env_from;  // variables taken from the environment of the host
  std::vector<DirGrant> dirs;
  std::vector<std::string> connect;  // as parse_grant() of net/grant.h reads them
  std::vector<std::string> http;     // as parse_http_grant() does
  // Certificates in PEM that a guest trusts beside the machine's own.
  std::string ca;

  bool network() const { return !connect.empty() || !http.empty(); }
};

// All of `connect` and `http`. Never fails for what parse_manifest() took.
Result<std::vector<net::Grant>> network_grants(const Grants& grants);

// Whether it can lead into a private network or to this machine, rather than to the public
// Internet alone: then a manifest's word should not be enough.
bool reaches_inside(const net::Grant& grant);

// "env_from: DATABASE_URL", "connect: db.internal:5432", one a line, as `ferry check` shows them.
// Values of variables are never in it.
std::vector<std::string> describe_grants(const Grants& grants);

// The certificates in a PEM text and nothing else of it, so that no other file's bytes reach a
// guest; kInvalid where there is none.
Result<std::string> certificates_in(std::string_view pem, std::string_view name);

}  // namespace ferry::function
