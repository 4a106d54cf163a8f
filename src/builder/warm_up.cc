#include "builder/warm_up.h"

#include <memory>
#include <utility>

#include "builder/behaviour_diff.h"
#include "builder/trial.h"
#include "host/invocation.h"

namespace ferry::builder {

Result<std::vector<snapshot::WarmEvent>> warm_events(const function::Function& function) {
  std::vector<snapshot::WarmEvent> events;
  if (function.manifest.warm.empty()) return events;
  // Its start function and _initialize have run by then: an event is the call of its entry alone.
  wasm::Record record;
  record.abi = function.binary.abi;
  FERRY_TRY(host::Guest made, trial_guest(function, std::move(record)));
  const auto guest = std::make_shared<const host::Guest>(std::move(made));
  FERRY_TRY(std::vector<Case> cases, make_cases(function.manifest.warm));
  const auto own = cases.end() - static_cast<std::ptrdiff_t>(function.manifest.warm.size());
  for (auto each = own; each != cases.end(); ++each) {
    events.emplace_back([guest, event = std::move(each->event)](
                            engine::Instance& instance, wasi::Context& context, Monotonic by_clock,
                            Monotonic deadline) -> Result<engine::End> {
      event::ReadyEvent ready(event);
      host::InvokeOptions options;
      options.logs = false;
      host::Invocation invocation(*guest, ready, options);
      FERRY_CHECK_OK(invocation.begin(context, by_clock));
      return invocation.call(instance, context, deadline);
    });
  }
  return events;
}

}  // namespace ferry::builder
