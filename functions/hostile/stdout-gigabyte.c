// Writes 1 GiB to standard output, whatever the host says to it.
#include <string.h>
#include <unistd.h>

int main(void) {
  static char block[1 << 16];
  memset(block, 'x', sizeof block);
  for (int i = 0; i < 1 << 14; i++) write(1, block, sizeof block);
  return 0;
}
