// What bench/soak.cc asks for each kind of end: {"do":"…","name":"NONCE"}. Each event logs its
// nonce before all else, and leaves it in a static variable, where no other event may ever find it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NONCE = 33, BLOCK = 1 << 16, LINES = 50 };

static char event[1024];
static char left_here[NONCE + 1];
static char block[BLOCK];

// Copies the string that stands after "KEY":" in the event.
static void find(const char* key, char* out, size_t room) {
  const char* at = strstr(event, key);
  size_t size = 0;
  if (at != NULL) {
    at += strlen(key);
    while (size + 1 < room && at[size] != '"' && at[size] != '\0') ++size;
    memcpy(out, at, size);
  }
  out[size] = '\0';
}

// Seen from outside, or the compiler would find that nobody reads the memory and leave it out.
static char* volatile last;

static void fill_memory(void) {
  for (;;) {
    char* more = malloc(BLOCK);
    if (more == NULL) abort();
    more[BLOCK / 2] = 1;
    last = more;
  }
}

static int deeper(volatile int* above) {
  volatile int here = *above + 1;
  return here == 0 ? 0 : deeper(&here) + here;  // 0 only once it has counted through all of int
}

int main(void) {
  // Unbuffered, as C has it, the log would be one system call a character.
  static char log_buffer[BLOCK / 16];
  setvbuf(stderr, log_buffer, _IOLBF, sizeof log_buffer);
  char nonce[NONCE + 1];
  char what[16];
  fread(event, 1, sizeof event - 1, stdin);
  find("\"name\":\"", nonce, sizeof nonce);
  find("\"do\":\"", what, sizeof what);
  if (left_here[0] != '\0') {
    printf("{\"left by another event\":\"%s\"}", left_here);
    return 0;
  }
  memcpy(left_here, nonce, sizeof nonce);
  fprintf(stderr, "%s of %s\n", what, nonce);
  if (strcmp(what, "log") == 0) {
    for (int i = 0; i < LINES; ++i) fprintf(stderr, "line %d of %s, one of many\n", i, nonce);
  } else if (strcmp(what, "exit") == 0) {
    printf("{\"soak\":");
    exit(3);
  } else if (strcmp(what, "trap") == 0) {
    __builtin_trap();
  } else if (strcmp(what, "wild") == 0) {
    *(volatile char*)0x7fffffff = 1;
  } else if (strcmp(what, "stack") == 0) {
    volatile int zero = 0;
    return deeper(&zero);
  } else if (strcmp(what, "memory") == 0) {
    fill_memory();
  } else if (strcmp(what, "loop") == 0) {
    for (volatile int i = 0;; ++i) {
    }
  } else if (strcmp(what, "output") == 0 || strcmp(what, "flood") == 0) {
    memset(block, 'x', sizeof block);
    for (int i = 0; i < 4; ++i) write(what[0] == 'o' ? 1 : 2, block, sizeof block);
  }
  printf("{\"soak\":\"%s\"}", nonce);
  return 0;
}
