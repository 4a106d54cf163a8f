#include "base/digest.h"

#include <sodium.h>

#include "base/sha256_cpu.h"

namespace ferry {

Sha256 sha256(ByteView bytes) {
  if (cpu_has_sha256()) return sha256_by_cpu(bytes);
  Sha256 out{};
  crypto_hash_sha256(out.data(), bytes.data(), bytes.size());
  return out;
}

std::string digest_text(const Sha256& digest) { return "sha256:" + to_hex(digest); }

}  // namespace ferry
