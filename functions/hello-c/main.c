// hello in C: {"name":"Ada"} on standard input is answered {"message":"Hello, Ada!"}.
// The contract is in ../README.md; the log goes to standard error, as in any C program.
#include <stdio.h>
#include <stdlib.h>

#include "json.h"

// All of standard input; NULL when memory ends or reading fails. The caller frees it.
static char* read_all(size_t* size) {
  size_t room = 4096;
  char* data = malloc(room);
  *size = 0;
  while (data != NULL) {
    size_t got = fread(data + *size, 1, room - *size, stdin);
    *size += got;
    if (got == 0) break;
    if (*size == room) {
      room *= 2;
      char* more = realloc(data, room);
      if (more == NULL) free(data);
      data = more;
    }
  }
  if (data != NULL && ferror(stdin)) {
    free(data);
    data = NULL;
  }
  return data;
}

static int refuse(const char* why) {
  fprintf(stderr, "hello: refusing: %s\n", why);
  return 1;
}

static const char* reason(enum json_status status) {
  switch (status) {
    case JSON_NOT_OBJECT:
      return "the event is not a JSON object";
    case JSON_NOT_STRING:
      return "the event's name is not a string";
    case JSON_NO_MEMORY:
      return "the event does not fit in memory";
    default:
      return "the event is not valid JSON";
  }
}

static int greet(const char* name, size_t size) {
  // The name comes from a stranger: escaped, it cannot forge a second log line.
  fputs("hello: greeting ", stderr);
  json_write_escaped(stderr, name, size);
  fputc('\n', stderr);
  fputs("{\"message\":\"Hello, ", stdout);
  json_write_escaped(stdout, name, size);
  fputs("!\"}", stdout);
  return fflush(stdout) == 0 ? 0 : refuse("the reply cannot be written");
}

int main(void) {
  // Unbuffered, as C has it, the log would be one system call a character.
  static char log_buffer[1024];
  setvbuf(stderr, log_buffer, _IOLBF, sizeof log_buffer);

  size_t size = 0;
  char* data = read_all(&size);
  if (data == NULL) return refuse("the event cannot be read");
  struct json_string name = {NULL, 0};
  enum json_status status = size > 0 ? json_find_string(data, size, "name", &name) : JSON_OK;
  int result = status != JSON_OK ? refuse(reason(status))
               : name.size > 0   ? greet(name.bytes, name.size)
                                 : greet("world", 5);
  free(name.bytes);
  free(data);
  return result;
}
