// @NAME@ answers one event: its data comes on standard input, the reply goes to standard output,
// the log to standard error. An exit status other than 0 is a failed event.
#include <stdio.h>

#include "greet.h"

int main(void) {
  static char data[65536];
  size_t size = fread(data, 1, sizeof data - 1, stdin);
  data[size] = '\0';
  char name[256];
  if (find_name(data, name, sizeof name) != 0) {
    fprintf(stderr, "@NAME@: the event has no name\n");
    return 1;
  }
  fprintf(stderr, "@NAME@: greeting %s\n", name);
  printf("{\"message\":\"Hello, %s!\"}", name);
  return 0;
}
