#include "json.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { kMaxDepth = 10000 };  // that of encoding/json; deeper is invalid there too

struct reader {
  const unsigned char* at;
  const unsigned char* end;
  char* scratch;  // room for any string of the text, decoded
};

static void skip_space(struct reader* r) {
  while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')) {
    r->at++;
  }
}

// What comes next, spaces skipped; -1 at the end.
static int peek(struct reader* r) {
  skip_space(r);
  return r->at < r->end ? *r->at : -1;
}

static bool take(struct reader* r, int c) {
  if (peek(r) != c) return false;
  r->at++;
  return true;
}

static size_t put_utf8(char* out, uint32_t c) {
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  for (size_t i = n - 1; i > 0; i--, c >>= 6) out[i] = (char)(0x80 | (c & 0x3F));
  out[0] = (char)(((0xF00 >> n) & 0xFF) | c);
  return n;
}

// The length of the well-formed UTF-8 sequence at p, or 0 (Unicode 15, table 3-7).
static size_t utf8_length(const unsigned char* p, const unsigned char* end) {
  size_t n = p[0] < 0x80 ? 1 : p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
  if (n == 0 || p[0] > 0xF4 || (size_t)(end - p) < n) return 0;
  for (size_t i = 1; i < n; i++) {
    if ((p[i] & 0xC0) != 0x80) return 0;
  }
  if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
      (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F)) {
    return 0;
  }
  return n;
}

// The four hex digits at p as a number, or -1.
static int32_t hex4(const unsigned char* p, const unsigned char* end) {
  if (end - p < 4) return -1;
  int32_t value = 0;
  for (int i = 0; i < 4; i++) {
    unsigned char c = p[i];
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

// After "\u": one code point, from one escape or a pair of surrogates; a lone one is U+FFFD.
static int32_t read_code_point(struct reader* r) {
  int32_t c = hex4(r->at, r->end);
  if (c < 0) return -1;
  r->at += 4;
  if (c < 0xD800 || c > 0xDFFF) return c;
  if (c < 0xDC00 && r->end - r->at >= 6 && r->at[0] == '\\' && r->at[1] == 'u') {
    int32_t low = hex4(r->at + 2, r->end);
    if (low >= 0xDC00 && low <= 0xDFFF) {
      r->at += 6;
      return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
  }
  return 0xFFFD;
}

// After the opening quote: decodes into out, which has room. False: not a JSON string.
static bool read_string(struct reader* r, char* out, size_t* size) {
  static const char kEscapes[] = "\"\\/bfnrt";
  static const char kMeanings[] = "\"\\/\b\f\n\r\t";
  size_t n = 0;
  while (r->at < r->end && *r->at != '"') {
    unsigned char c = *r->at;
    if (c < 0x20) return false;
    if (c != '\\') {
      size_t length = utf8_length(r->at, r->end);
      if (length == 0) {
        n += put_utf8(out + n, 0xFFFD);
        r->at++;
      } else {
        memcpy(out + n, r->at, length);
        n += length;
        r->at += length;
      }
      continue;
    }
    if (++r->at == r->end) return false;
    c = *r->at++;
    const char* escape = c == 0 ? NULL : strchr(kEscapes, c);
    if (escape != NULL) {
      out[n++] = kMeanings[escape - kEscapes];
      continue;
    }
    int32_t point = c == 'u' ? read_code_point(r) : -1;
    if (point < 0) return false;
    n += put_utf8(out + n, (uint32_t)point);
  }
  if (r->at == r->end) return false;
  r->at++;
  *size = n;
  return true;
}

static bool skip_digits(struct reader* r) {
  const unsigned char* start = r->at;
  while (r->at < r->end && *r->at >= '0' && *r->at <= '9') r->at++;
  return r->at > start;
}

static bool skip_number(struct reader* r) {
  if (*r->at == '-') r->at++;
  if (r->at < r->end && *r->at == '0') {
    r->at++;
  } else if (!skip_digits(r)) {
    return false;
  }
  if (r->at < r->end && *r->at == '.') {
    r->at++;
    if (!skip_digits(r)) return false;
  }
  if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
    r->at++;
    if (r->at < r->end && (*r->at == '+' || *r->at == '-')) r->at++;
    return skip_digits(r);
  }
  return true;
}

static bool skip_word(struct reader* r, const char* word) {
  size_t n = strlen(word);
  if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0) return false;
  r->at += n;
  return true;
}

// A value that holds no others; a string is left in `out`.
static bool read_scalar(struct reader* r, int first, char* out, size_t* size) {
  switch (first) {
    case '"':
      r->at++;
      return read_string(r, out, size);
    case 't':
      return skip_word(r, "true");
    case 'f':
      return skip_word(r, "false");
    case 'n':
      return skip_word(r, "null");
    default:
      return (first == '-' || (first >= '0' && first <= '9')) && skip_number(r);
  }
}

static bool same_key(const char* text, size_t size, const char* key) {
  if (strlen(key) != size) return false;
  for (size_t i = 0; i < size; i++) {
    char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != key[i]) return false;
  }
  return true;
}

// Reads a key and its colon; sets whether it is the one looked for.
static bool read_key(struct reader* r, const char* key, bool* wanted) {
  size_t size = 0;
  if (!take(r, '"') || !read_string(r, r->scratch, &size)) return false;
  *wanted = same_key(r->scratch, size, key);
  return take(r, ':');
}

// Walks the whole text without recursion: a guest's stack is small, and the text a stranger's.
static enum json_status walk(struct reader* r, const char* key, struct json_string* value) {
  static bool is_object[kMaxDepth];  // of each value we are inside of
  enum json_status status = JSON_OK;
  size_t depth = 0;
  bool wanted = false;  // the value ahead is the member looked for
  for (;;) {
    int first = peek(r);
    if (depth == 0 && first != '{' && first != 'n') status = JSON_NOT_OBJECT;
    if (wanted && first != '"' && first != 'n') status = JSON_NOT_STRING;
    if (first == '{' || first == '[') {
      if (depth == kMaxDepth) return JSON_INVALID;
      r->at++;
      is_object[depth++] = first == '{';
      bool inner = false;
      if (!take(r, first + 2)) {  // '}' and ']' are two after their openers
        if (first == '{' && !read_key(r, key, &inner)) return JSON_INVALID;
        wanted = inner && depth == 1;
        continue;
      }
      depth--;
    } else {
      size_t size = 0;
      char* out = wanted ? value->bytes : r->scratch;
      if (!read_scalar(r, first, out, &size)) return JSON_INVALID;
      if (wanted && first == '"') value->size = size;
    }
    // A value has ended: go on in what it is inside of, which may end with it.
    while (depth > 0 && take(r, is_object[depth - 1] ? '}' : ']')) depth--;
    if (depth == 0) return peek(r) == -1 ? status : JSON_INVALID;
    if (!take(r, ',')) return JSON_INVALID;
    bool inner = false;
    if (is_object[depth - 1] && !read_key(r, key, &inner)) return JSON_INVALID;
    wanted = inner && depth == 1;
  }
}

enum json_status json_find_string(const char* text, size_t size, const char* key,
                                  struct json_string* value) {
  // No string gets longer decoded than it was, but for bytes that are no UTF-8: three for one.
  struct reader r = {(const unsigned char*)text, (const unsigned char*)text + size, NULL};
  value->size = 0;
  value->bytes = NULL;
  if (size > SIZE_MAX / 3 - 1) return JSON_NO_MEMORY;
  r.scratch = malloc(3 * size + 1);
  value->bytes = malloc(3 * size + 1);
  enum json_status status = JSON_NO_MEMORY;
  if (r.scratch != NULL && value->bytes != NULL) status = walk(&r, key, value);
  free(r.scratch);
  return status;
}

void json_write_escaped(FILE* out, const char* bytes, size_t size) {
  static const char kShort[] = "\"\\\b\f\n\r\t";
  static const char kLetters[] = "\"\\bfnrt";
  for (size_t i = 0; i < size; i++) {
    unsigned char c = (unsigned char)bytes[i];
    const char* found = c == 0 ? NULL : strchr(kShort, c);
    if (found != NULL) {
      fputc('\\', out);
      fputc(kLetters[found - kShort], out);
    } else if (c < 0x20) {
      fprintf(out, "\\u%04x", c);
    } else if (size - i >= 3 && (memcmp(bytes + i, "\xE2\x80\xA8", 3) == 0 ||
                                 memcmp(bytes + i, "\xE2\x80\xA9", 3) == 0)) {
      // Line and paragraph separator end a line in JavaScript.
      fprintf(out, "\\u20%02x", (unsigned char)bytes[i + 2] - 0x80);
      i += 2;
    } else {
      fputc(c, out);
    }
  }
}
