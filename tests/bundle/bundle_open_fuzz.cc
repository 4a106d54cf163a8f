// Bundles from anywhere, past the check that keeps strangers out: what stands behind it must not
// need it to be safe.
#include "bundle/bundle.h"
#include "bundle/bundle_format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ferry;
  using namespace ferry::bundle;
  const ByteView input(data, size);
  MacKey key;
  key.bytes.fill(1);
  if (open_bundle(input, key).ok()) __builtin_trap();  // nobody guesses a key
  VerifyKey signer;
  signer.bytes.fill(1);
  if (open_bundle(input, signer).ok()) __builtin_trap();

  auto footer = read_footer(input, "input");
  if (!footer.ok()) return 0;
  const CodeRange code{footer->code_offset, footer->code_size};
  const Covered covered = cover(input.first(size - kBundleTag), code);
  if (covered.before.size() + code.size + covered.after.size() + kBundleTag != size) {
    __builtin_trap();
  }
  auto bundle = read_body(input, *footer, "input");
  if (!bundle.ok()) return 0;
  if (bundle->artifact_size > size || code.offset + code.size > bundle->artifact_size ||
      bundle->code.pages.size() * kCodePage != code.size) {
    __builtin_trap();
  }
  for (const PageRun& run : bundle->code.early) {
    if (run.count == 0 || std::uint64_t{run.first} + run.count > bundle->code.pages.size()) {
      __builtin_trap();
    }
  }
  // What was read is what would be written.
  Bytes again = write_untagged(bundle->info, input.first(bundle->artifact_size), code,
                               footer->authentication, footer->nonce);
  again.insert(again.end(), footer->tag.begin(), footer->tag.end());
  auto second = read_footer(again, "again");
  if (!second.ok() || !read_body(again, *second, "again").ok()) __builtin_trap();
  const CodeRange found = find_code(input);
  if (found.offset > size || found.size > size - found.offset) __builtin_trap();
  return 0;
}
