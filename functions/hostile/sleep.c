// Sleeps a minute inside the host, where no engine counts instructions.
#include <stdio.h>
#include <unistd.h>

int main(void) {
  sleep(60);
  fputs("awake", stdout);
  return 0;
}
