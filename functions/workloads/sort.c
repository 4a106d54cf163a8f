// Bubble sort of numbers in a fixed disorder.
#include <stdlib.h>

#include "number.h"

int main(void) {
  size_t n = size_from_stdin(4000);
  unsigned* a = malloc((n + 1) * sizeof *a);
  if (a == NULL) return 1;
  unsigned x = 12345;
  for (size_t i = 0; i < n; i++) {
    x = x * 1664525u + 1013904223u;
    a[i] = x >> 8;
  }
  for (size_t end = n; end > 1; end--) {
    for (size_t i = 0; i + 1 < end; i++) {
      if (a[i] > a[i + 1]) {
        unsigned kept = a[i];
        a[i] = a[i + 1];
        a[i + 1] = kept;
      }
    }
  }
  unsigned mixed = 0;
  for (size_t i = 0; i < n; i++) mixed = mixed * 31 + a[i];
  printf("%u\n", mixed);
  return 0;
}
