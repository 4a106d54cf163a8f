// Allocates and writes until there is no more, and aborts as most programs then do.
#include <stdlib.h>
#include <string.h>

// Seen from outside, or the compiler would find that nobody reads the memory and leave it out.
void* volatile last;

int main(void) {
  for (;;) {
    void* more = malloc(1 << 20);
    if (more == NULL) abort();
    memset(more, 1, 1 << 20);
    last = more;
  }
}
