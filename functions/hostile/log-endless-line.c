// 64 MiB to standard error without a line's end.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void) {
  static char block[1 << 16];
  memset(block, 'x', sizeof block);
  for (int i = 0; i < 1 << 10; i++) write(2, block, sizeof block);
  fputs("done", stdout);
  return 0;
}
