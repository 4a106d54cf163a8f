// Which bodies OpenWhisk's controller hands over, and takes, as text, and which in base64. It asks
// the media types of the HTTP library it is built on (akka-http, now pekko-http: MediaTypes), so
// these are that library's, for requests and replies alike. Pure functions.
#pragma once

#include <string_view>

namespace ferry::platforms::openwhisk {

// Whether a body of this type is in base64. A type that the library does not list is text if it
// names a charset, else bytes; so is no type at all.
bool is_binary_type(std::string_view content_type);

// Whether a request's body that the controller does not read itself is handed over in base64:
// bytes, and application/json too.
bool comes_in_base64(std::string_view content_type);

// What the controller reads as JSON and writes from JSON: application/json and +json, without
// parameters but charset (WebActions.scala: isJsonFamily).
bool is_json_family(std::string_view content_type);

}  // namespace ferry::platforms::openwhisk
