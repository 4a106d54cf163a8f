// ferry-host's part of the program: bundles alone.
#include "base/this_program.h"
#include "hostmain/bundle_provider.h"

namespace ferry::hostmain {

std::unique_ptr<serve::Provider> make_provider(const Options& options, bool /*environment_varies*/,
                                               bool /*recorded*/) {
  return std::make_unique<BundleProvider>(options, program_folder());
}

}  // namespace ferry::hostmain
