// Just enough JSON for one event: finds a string member of the top-level object, and writes a
// string back. Reads any valid JSON text, refuses any other, and agrees with Go's encoding/json
// in what a string means, so that hello answers alike in each language.
#ifndef HELLO_JSON_H
#define HELLO_JSON_H

#include <stddef.h>
#include <stdio.h>

enum json_status {
  JSON_OK,
  JSON_INVALID,     // not JSON (RFC 8259)
  JSON_NOT_OBJECT,  // JSON, but no object
  JSON_NOT_STRING,  // the member is there and is neither a string nor null
  JSON_NO_MEMORY
};

struct json_string {
  char* bytes;  // UTF-8, not ended by a zero; the caller frees it
  size_t size;
};

// Finds the member `key` (lower-case ASCII; the case of the text does not matter; the last one
// wins) of the object in `text`. Not there or null: an empty string.
enum json_status json_find_string(const char* text, size_t size, const char* key,
                                  struct json_string* value);

// Writes a string's inside, escaped; the quotes are the caller's.
void json_write_escaped(FILE* out, const char* bytes, size_t size);

#endif
