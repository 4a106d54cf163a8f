// Does what its input says, so that a test can ask for every outcome by one function.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char input[8 << 20];
static char* volatile kept;  // so that no compiler finds the memory unused

static void big(size_t size) {
  putchar('"');
  for (size_t i = 2; i < size; ++i) {
    putchar('x');
  }
  putchar('"');
}

int main(void) {
  size_t size = fread(input, 1, sizeof input - 1, stdin);
  fprintf(stderr, "got %zu bytes\n", size);
  if (strncmp(input, "\"exit ", 6) == 0) {
    return atoi(input + 6);
  }
  if (strcmp(input, "\"trap\"") == 0) {
    __builtin_trap();
  }
  if (strcmp(input, "\"loop\"") == 0) {
    for (volatile int i = 0;; ++i) {
    }
  }
  if (strcmp(input, "\"memory\"") == 0) {
    for (;;) {
      char* more = malloc(1 << 20);
      if (more == NULL) {
        __builtin_trap();
      }
      memset(more, 1, 1 << 20);
      kept = more;
    }
  }
  if (strncmp(input, "\"big ", 5) == 0) {
    big(strtoul(input + 5, NULL, 10));
    return 0;
  }
  if (strncmp(input, "\"env ", 5) == 0) {
    char* end = strrchr(input, '"');
    *end = '\0';
    const char* value = getenv(input + 5);
    printf("%s", value == NULL ? "null" : value);
    return 0;
  }
  if (strcmp(input, "\"attributes\"") == 0) {
    printf("%s %s %s", getenv("CE_TYPE"), getenv("CE_ID"), getenv("CE_SOURCE"));
    return 0;
  }
  fwrite(input, 1, size, stdout);
  return 0;
}
