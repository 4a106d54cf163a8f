// ferry-host-full's part of the program: bundles, and wasm that comes over the wire.
#include "base/this_program.h"
#include "engine/loader.h"
#include "hostfull/upload_provider.h"

namespace ferry::hostmain {
namespace {

#ifdef FERRY_LINKED_QUICK
constexpr hostfull::MakeQuickEngine kMakeQuickEngine = engine::make_linked_quick_engine;
#else
constexpr hostfull::MakeQuickEngine kMakeQuickEngine = nullptr;
#endif

}  // namespace

std::unique_ptr<serve::Provider> make_provider(const Options& options, bool environment_varies,
                                               bool recorded) {
  return std::make_unique<hostfull::UploadProvider>(
      options, program_folder(),
      builder::ServedWhere{environment_varies, recorded, options.serve.sandbox}, kMakeQuickEngine);
}

}  // namespace ferry::hostmain
