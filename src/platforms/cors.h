// The CORS protocol (Fetch, "CORS protocol") for functions that leave it to the host ([http] cors).
// Pure functions; a function that sets these headers itself is not overruled.
#pragma once

#include <span>

#include "event/http.h"
#include "function/http_settings.h"
#include "http/message.h"

namespace ferry::platforms {

// Whether a browser asks by this request what it may send: OPTIONS with Origin and
// Access-Control-Request-Method. Other OPTIONS requests are the function's.
bool is_preflight(const event::HttpRequest& request);

// 204; what is allowed, where the origin is.
void answer_preflight(const function::Cors& cors, std::span<const event::HeaderView> headers,
                      http::Response& response);

// On any other answer: that the origin may read it.
void allow_origin(const function::Cors& cors, std::span<const event::HeaderView> headers,
                  http::Response& response);

}  // namespace ferry::platforms
