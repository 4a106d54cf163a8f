#include "platforms/platform.h"

#include "serve/http.h"

namespace ferry::platforms {

const Rules& Platform::rules() const {
  static const Rules none;
  return none;
}

std::string Platform::default_listen(const Lookup& env) const {
  return listen_on_port_of("PORT", "", env);
}

Status Platform::serve(serve::Provider& provider, const serve::Options& options) const {
  return serve::serve_http(
      provider, options, [this](AdapterContext context) -> Result<std::unique_ptr<http::Service>> {
        FERRY_TRY(Adapter adapter, make_adapter(std::move(context)));
        return std::move(adapter.http);
      });
}

std::string listen_on_port_of(const char* variable, std::string_view host, const Lookup& env) {
  const char* port = env(variable);
  const std::string_view text = port == nullptr ? "" : port;
  const bool is_number = !text.empty() && text.size() <= 5 &&
                         text.find_first_not_of("0123456789") == std::string_view::npos;
  return std::string(host) + ":" + std::string(is_number ? text : "8080");
}

}  // namespace ferry::platforms
