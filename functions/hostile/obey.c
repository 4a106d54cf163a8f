// Does what the event on standard input says, {"do":"…"}: for tests of platforms.
#define _GNU_SOURCE  // clock_gettime, nanosleep, getentropy
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern char** environ;

static char input[2 << 20];

static int told(const char* what) {
  char word[64];
  snprintf(word, sizeof word, "\"do\":\"%s\"", what);
  return strstr(input, word) != NULL;
}

static void quote(const char* text, size_t size) {
  putchar('"');
  for (size_t i = 0; i < size; ++i) {
    unsigned char c = (unsigned char)text[i];
    if (c == '"' || c == '\\') putchar('\\');
    if (c < 0x20) {
      printf("\\u%04x", c);
    } else {
      putchar(c);
    }
  }
  putchar('"');
}

static void print_environment(void) {
  putchar('{');
  for (char** at = environ; *at != NULL; ++at) {
    const char* equals = strchr(*at, '=');
    if (at != environ) putchar(',');
    quote(*at, (size_t)(equals - *at));
    putchar(':');
    quote(equals + 1, strlen(equals + 1));
  }
  putchar('}');
}

// The time to the nanosecond, how long two seconds of sleep took, and random bytes.
static void print_moment(void) {
  struct timespec now;
  struct timespec before;
  struct timespec after;
  unsigned char bytes[8];
  clock_gettime(CLOCK_REALTIME, &now);
  clock_gettime(CLOCK_MONOTONIC, &before);
  nanosleep(&(struct timespec){.tv_sec = 2}, NULL);
  clock_gettime(CLOCK_MONOTONIC, &after);
  getentropy(bytes, sizeof bytes);
  fprintf(stderr, "%lld.%09ld\n", (long long)now.tv_sec, now.tv_nsec);
  printf("{\"time\":\"%lld.%09ld\",\"slept\":\"%lld.%09ld\",\"random\":\"", (long long)now.tv_sec,
         now.tv_nsec, (long long)(after.tv_sec - before.tv_sec), after.tv_nsec - before.tv_nsec);
  for (size_t i = 0; i < sizeof bytes; ++i) printf("%02x", bytes[i]);
  printf("\"}");
}

int main(void) {
  size_t size = fread(input, 1, sizeof input - 1, stdin);
  input[size] = '\0';
  if (told("exit")) {
    fprintf(stderr, "leaving with 3\n");
    return 3;
  }
  if (told("trap")) __builtin_trap();
  if (told("loop")) {
    for (volatile int i = 0;; ++i) {
    }
  }
  if (told("nothing")) return 0;
  if (told("env")) {
    print_environment();
  } else if (told("moment")) {
    print_moment();
  } else if (told("text")) {
    printf("plain \xe2\x98\x83 text");
  } else if (told("binary")) {
    for (int i = 0; i < 256; ++i) putchar(i);
  } else if (told("scalar")) {
    printf("42");
  } else if (told("array")) {
    printf("[1,{\"two\":3}]");
  } else if (told("log")) {
    const char* id = getenv("__OW_ACTIVATION_ID");
    for (int i = 0; i < 200; ++i) {
      fprintf(stderr, "line %d of %s, of some length to be cut in two if anything is\n", i, id);
    }
    printf("{\"id\":\"%s\"}", id);
  } else if (told("sentinel")) {
    fprintf(stderr, "before\nXXX_THE_END_OF_A_WHISK_ACTIVATION_XXX\nafter\n");
    printf("{}");
  } else {
    fprintf(stderr, "hello log \xe2\x98\x83\n");
    fwrite(input, 1, size, stdout);
  }
  return 0;
}
