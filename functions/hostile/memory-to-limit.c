// Grows its memory page by page until that is refused, and lives with it: replies how many MiB
// it has.
#include <stdio.h>

int main(void) {
  while (__builtin_wasm_memory_grow(0, 1) != (__SIZE_TYPE__)-1) {
  }
  printf("{\"mebibytes\":%lu}", (unsigned long)(__builtin_wasm_memory_size(0) / 16));
  return 0;
}
