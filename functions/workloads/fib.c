// A Fibonacci number by two calls of itself: what calls cost.
#include "number.h"

// Kept from being unrolled into itself: the calls are the work.
__attribute__((noinline)) static unsigned fib(unsigned n) {
  if (n < 2) return n;
  unsigned one = fib(n - 1);
  unsigned two = fib(n - 2);
  return one + two;
}

int main(void) {
  printf("%u\n", fib((unsigned)size_from_stdin(31)));
  return 0;
}
