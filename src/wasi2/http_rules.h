// What wasi:http says of field names and values, methods, schemes, paths and authorities.
// Private to src/wasi2.
#pragma once

#include "wasi2/state.h"

namespace ferry::wasi2 {

// header-error.
enum class HeaderError : u8 { kInvalidSyntax = 0, kForbidden = 1, kImmutable = 2 };

// "HTTP-request-denied".
const char* http_error_name(u32 code);

// A token (RFC 9110, 5.6.2).
bool is_token(std::string_view text);
// A field value (RFC 9110, 5.5): no control character but tab.
bool is_field_value(std::string_view text);
// Fields that frame messages or choose a connection: the host's, never a guest's. `name` in lower
// case.
bool is_forbidden(std::string_view name);

void make_lower(std::string& text);
// A content-length, where there is one number.
std::optional<u64> content_length(const FieldList& fields);

bool is_scheme(std::string_view text);     // RFC 3986, 3.1
bool is_authority(std::string_view text);  // its characters, RFC 3986, 3.2
bool is_path(std::string_view text);       // origin form with query, RFC 9112, 3.2.1; "*"
// What WASI 0.3 takes for a path and query: a relative one too, and bytes of UTF-8. It is sent only
// if it is a path.
bool is_reference(std::string_view text);

// Every list of fields that a guest makes or copies counts; false, and the guest ended, where they
// come to more than kMostFieldBytes in one event.
inline constexpr u64 kMostFieldBytes = 16u << 20;
bool count_fields(S& s, u64 bytes);
u64 bytes_of(const FieldList& fields);
// What a field costs beside its own bytes.
inline constexpr u64 kFieldCost = 64;

// method, as a variant of 12 bytes, and scheme, of 12.
void put_method(S& s, u32 offset, std::string_view method);
void put_scheme(S& s, u32 offset, std::string_view scheme);
// option<string>, of 12 bytes.
void put_optional_text(S& s, u32 offset, const std::optional<std::string>& text);

// error-code, of 32 bytes.
void put_http_error(S& s, u32 offset, const HttpFailure& failure);
// "TLS-certificate-error: The certificate has expired"
std::string http_failure_text(const HttpFailure& failure);

// The guest answers with an error-code in a response's place. internal-error(option<string>) is
// flattened to its last three parameters.
void answer_error(S& s, G g, u32 code, u32 some, u32 text_at, u32 length);

// The fields of the request that the guest handles, without those of the connection.
const std::shared_ptr<FieldList>& incoming_headers(S& s);

// A fields handle that is a child of another resource, whose list it shows.
u32 make_headers(S& s, const std::shared_ptr<FieldList>& list, u32 parent);
// Takes fields by an own handle: a list that nobody else has.
std::optional<std::shared_ptr<FieldList>> take_fields(S& s, u32 handle);

// A new body; false and the guest ended where there are too many.
bool add_body(S& s, const FieldList& headers, bool of_request, u32& body);
// The same, and its outgoing-body handle; 0 and the guest ended.
u32 make_body(S& s, const FieldList& headers, bool of_request, u32& body);
// All of it was written. The failure where that is not what its content-length promised.
std::optional<HttpFailure> finish_body(S& s, Body& body);

}  // namespace ferry::wasi2
