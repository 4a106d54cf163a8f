// An image to an OCI registry (distribution-spec 1.1, "Push"): blobs that are not there yet, then
// the manifest under a tag; of an image for several kinds of CPU each manifest under its digest,
// and the index under the tag.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "deploy/transport.h"
#include "package/image.h"

namespace ferry::deploy {

// REGISTRY/NAME[:TAG], for example localhost:5000/team/hello:1. The registry is always named: no
// default would be the right one for everybody.
struct ImageName {
  std::string registry;  // "localhost:5000"
  std::string name;      // "team/hello"
  std::string tag = "latest";
};
Result<ImageName> parse_image_name(std::string_view text);

// A WWW-Authenticate field (RFC 9110, 11.6.1): its first challenge.
struct Challenge {
  std::string scheme;  // lower case: "basic", "bearer"
  Fields parameters;   // lower-case names

  std::string_view parameter(std::string_view name) const;
};
std::optional<Challenge> parse_challenge(std::string_view field);

// "user:password" for a registry from docker's config.json; empty where there is none.
struct Login {
  std::string user_password;
  std::string helper;  // the credential helper that would know; ferry runs none
};
Login find_login(std::string_view config_json, std::string_view registry);

struct PushOptions {
  bool insecure = false;  // http, or any certificate
  Login login;
  std::function<void(const std::string&)> progress;  // one line of text for each step
};

// Sends the image; what the registry has already is not sent again. Returns the name by digest:
// "REGISTRY/NAME@sha256:…".
Result<std::string> push_image(Transport& transport, const ImageName& to,
                               const package::Image& image, const PushOptions& options);

}  // namespace ferry::deploy
