#include "base/digest.h"

#include <sodium.h>

namespace ferry {

Sha256 sha256(ByteView bytes) {
  Sha256 out{};
  crypto_hash_sha256(out.data(), bytes.data(), bytes.size());
  return out;
}

std::string digest_text(const Sha256& digest) { return "sha256:" + to_hex(digest); }

}  // namespace ferry
