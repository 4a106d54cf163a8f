// Multiplies two square matrices of doubles, row by column.
#include <stdlib.h>

#include "number.h"

int main(void) {
  size_t n = size_from_stdin(200);
  double* a = malloc(n * n * sizeof *a);
  double* b = malloc(n * n * sizeof *b);
  double* c = malloc(n * n * sizeof *c);
  if (a == NULL || b == NULL || c == NULL) return 1;
  for (size_t i = 0; i < n * n; i++) {
    a[i] = (double)(i % 7) + 0.5;
    b[i] = (double)(i % 5) - 0.25;
  }
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) {
      double sum = 0;
      for (size_t k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
      c[i * n + j] = sum;
    }
  }
  double trace = 0;
  for (size_t i = 0; i < n; i++) trace += c[i * n + i];
  printf("%ld\n", (long)(trace * 8));
  return 0;
}
