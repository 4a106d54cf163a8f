// Serving a platform that calls over HTTP: worker processes behind one address.
#pragma once

#include <functional>
#include <memory>

#include "http/message.h"
#include "serve/provider.h"
#include "serve/running.h"

namespace ferry::serve {

using ServiceFactory =
    std::function<Result<std::unique_ptr<http::Service>>(AdapterContext context)>;

// Until all workers have drained after SIGTERM or SIGINT. Once, in a process that has no thread and
// no engine yet. Lanes of the service are the functions' indices.
Status serve_http(Provider& provider, const Options& options, const ServiceFactory& make_service);

}  // namespace ferry::serve
