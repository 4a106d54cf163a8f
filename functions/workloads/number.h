// The size of a workload: the digits that stdin begins with, or `otherwise`.
#include <stdio.h>

static inline unsigned long size_from_stdin(unsigned long otherwise) {
  unsigned long number = 0;
  int any = 0;
  for (int c = getchar(); c >= '0' && c <= '9' && number < 100000000; c = getchar()) {
    number = number * 10 + (unsigned long)(c - '0');
    any = 1;
  }
  return any ? number : otherwise;
}
