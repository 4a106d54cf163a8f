#include "platforms/platform.h"

#include "serve/http.h"

namespace ferry::platforms {

Result<Answer> Emulator::send_native(std::string_view /*input*/) {
  return Error{Code::kUnsupported, "this platform has no native input that a case can hold",
               "give the event instead"};
}

Result<std::unique_ptr<Emulator>> Platform::make_remote(std::unique_ptr<Wire> /*wire*/) const {
  return Error{Code::kUnsupported, std::string("no real ") + name() + " can be driven",
               "leave the =URL away: its emulator is driven"};
}

const Rules& Platform::rules() const {
  static const Rules none;
  return none;
}

std::string Platform::default_listen(const Lookup& env) const {
  return listen_on_port_of("PORT", "", env);
}

Status Platform::serve(serve::Provider& provider, const serve::Options& options) const {
  return serve::serve_http(provider, options, [this](AdapterContext context) {
    return make_adapter(std::move(context));
  });
}

std::string listen_on_port_of(const char* variable, std::string_view host, const Lookup& env) {
  const char* port = env(variable);
  const std::string_view text = port == nullptr ? "" : port;
  const bool is_number = !text.empty() && text.size() <= 5 &&
                         text.find_first_not_of("0123456789") == std::string_view::npos;
  return std::string(host) + ":" + std::string(is_number ? text : "8080");
}

std::string Platform::lose(Observed& /*expected*/) const { return {}; }

}  // namespace ferry::platforms
