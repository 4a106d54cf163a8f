// An HTTP function (reply = "cgi"): says what it was asked, sets two cookies, and answers bytes
// that are not text when its path ends in /binary, and the headers it was given for /carried.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char input[1 << 20];

static const char* attribute(const char* name) {
  const char* value = getenv(name);
  return value == NULL ? "" : value;
}

int main(void) {
  size_t size = fread(input, 1, sizeof input, stdin);
  const char* path = attribute("CE_SUBJECT");
  size_t length = strlen(path);
  printf("Status: 201\nSet-Cookie: a=1\nSet-Cookie: b=2; HttpOnly\nX-Seen: one\nX-Seen: two\n");
  if (length >= 7 && strcmp(path + length - 7, "/binary") == 0) {
    printf("Content-Type: application/octet-stream\n\n");
    fwrite("\x00\xff\xfe", 1, 3, stdout);
    return 0;
  }
  if (length >= 8 && strcmp(path + length - 8, "/carried") == 0) {
    const char* denied = getenv("CE_HTTPAUTHORIZATION");
    printf("Content-Type: text/plain\n\nxapikey=%s authorization=%s", attribute("CE_HTTPXAPIKEY"),
           denied == NULL ? "-" : denied);
    return 0;
  }
  printf("Content-Type: text/plain\n\n%s %s?%s %.*s", attribute("CE_HTTPMETHOD"), path,
         attribute("CE_HTTPQUERY"), (int)size, input);
  return 0;
}
