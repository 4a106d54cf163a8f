// ferry-host as Lambda's `bootstrap`: one process, no listener; it asks for its work.
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

#include "engine/linked.h"
#include "hostmain/packed.h"
#include "hostmain/serve.h"
#include "platforms/lambda/runtime.h"

namespace ferry::hostmain {
namespace {

namespace fs = std::filesystem;
namespace lambda = platforms::lambda;

bool has_bundle(const std::string& folder) {
  std::error_code problem;
  for (fs::directory_iterator at(folder, problem), end; !problem && at != end;
       at.increment(problem)) {
    if (at->path().extension() == kBundleSuffix) {
      return true;
    }
  }
  return false;
}

// Layers are unpacked into /opt, where this program is; the function's own zip into the task root.
// What is nearer to the function wins.
std::string bundle_folder(const Serving& serving) {
  if (!serving.options.bundle.empty()) {
    return serving.folder;
  }
  const char* root = std::getenv("LAMBDA_TASK_ROOT");  // NOLINT(concurrency-mt-unsafe): no thread
  const std::string task = root == nullptr || *root == '\0' ? "/var/task" : root;
  for (const std::string& folder : {task, task + "/ferry", serving.folder + "/ferry"}) {
    if (has_bundle(folder)) {
      return folder;
    }
  }
  return serving.folder;
}

// The one that the handler names, so that the others cost no time; all where it names none.
void keep_named(std::vector<Packed>& packed, const std::string& handler) {
  for (Packed& each : packed) {
    if (each.name == handler) {
      Packed named = std::move(each);
      packed.clear();
      packed.push_back(std::move(named));
      return;
    }
  }
}

// With FERRY_TRACE set: what the time until the first /next went into, as one line of JSON.
class Phases {
 public:
  void end_of(const char* phase) {
    const Monotonic now = system_clock().monotonic();
    text_ += fmt::format("{}\"{}_us\":{}", text_.empty() ? "" : ",", phase,
                         std::chrono::duration_cast<std::chrono::microseconds>(now - at_).count());
    at_ = now;
  }
  void tell() const {
    if (std::getenv("FERRY_TRACE") != nullptr) {  // NOLINT(concurrency-mt-unsafe): no thread yet
      fmt::print(stderr, "{{\"init\":{{{}}}}}\n", text_);
    }
  }

 private:
  Monotonic at_ = system_clock().monotonic();
  std::string text_;
};

Status serve(const Serving& serving, const lambda::RuntimeOptions& runtime) {
  Phases phases;
  auto packed = read_packed(bundle_folder(serving), serving.options.key);
  if (!packed.ok()) {
    return lambda::init_failed(runtime, std::move(packed).error());
  }
  keep_named(*packed, runtime.handler);
  phases.end_of("bundle");
  auto engine = engine::make_linked_engine(engine_options_for(*packed));
  if (!engine.ok()) {
    return lambda::init_failed(runtime, std::move(engine).error());
  }
  phases.end_of("engine");
  host::Host host(**engine, system_clock(), system_random());
  platforms::LogWriter log(STDERR_FILENO, runtime.log_format);
  platforms::AdapterContext context{host, {}, system_clock(), system_random()};
  context.log = serving.options.quiet ? nullptr : &log;
  for (const Packed& each : *packed) {
    auto loaded = host.load(each.bundle, {each.name, each.manifest, {}});
    if (!loaded.ok()) {
      return lambda::init_failed(runtime, std::move(loaded).error());
    }
    context.functions.push_back(std::move(*loaded));
  }
  phases.end_of("load");
  phases.tell();
  return lambda::run_runtime(runtime, std::move(context));
}

}  // namespace

Status serve_lambda(const Serving& serving) {
  FERRY_TRY(auto runtime, lambda::runtime_options([](const char* name) {
              return std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no thread yet
            }));
  return serve(serving, runtime);
}

}  // namespace ferry::hostmain
