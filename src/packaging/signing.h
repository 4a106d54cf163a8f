// The key pair that this user signs bundles with: made at first use, kept in
// $XDG_DATA_HOME/ferry (else ~/.local/share/ferry), readable by this user alone.
#pragma once

#include <string>

#include "bundle/bundle.h"

namespace ferry::packaging {

struct KeyPair {
  bundle::SigningKey secret;
  bundle::VerifyKey shown;
  std::string path;  // of the secret key's file
};

// `path` empty: the user's own. kDenied when others can read it.
Result<KeyPair> load_key_pair(const std::string& path);

// The user's own, to check with. kNotFound where nothing was signed yet; none is made.
Result<bundle::VerifyKey> own_verify_key();

// As it lies beside bundles: 64 hexadecimal digits and a line's end.
std::string key_text(const bundle::VerifyKey& key);

}  // namespace ferry::packaging
