// Counts the primes below a number by trial division.
#include "number.h"

static int is_prime(unsigned n) {
  if (n < 2) return 0;
  for (unsigned d = 2; d * d <= n; d++) {
    if (n % d == 0) return 0;
  }
  return 1;
}

int main(void) {
  unsigned below = (unsigned)size_from_stdin(300000);
  unsigned count = 0;
  for (unsigned n = 0; n < below; n++) count += (unsigned)is_prime(n);
  printf("%u\n", count);
  return 0;
}
