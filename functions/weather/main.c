// weather: asks a web service for the weather of a city and answers with what it said. Plain HTTP
// in C, without a library; see docs/network.md.
//
// Event: {"city":"Oslo"} is not parsed further than the city's name. WEATHER_HOST and WEATHER_PORT
// say which service; its answer is the reply.
#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

#include "ferry_net.h"

// The value of "city" in the event, as far as it can stand in a URL.
static void read_city(char* city, size_t size) {
  static char event[4096];
  size_t length = fread(event, 1, sizeof event - 1, stdin);
  const char* at;
  size_t used = 0;
  event[length] = 0;
  at = strstr(event, "\"city\"");
  at = at == NULL ? NULL : strchr(at + 6, '"');
  for (at = at == NULL ? "" : at + 1; *at != 0 && *at != '"' && used + 1 < size; ++at) {
    if (isalnum((unsigned char)*at) || *at == '-') city[used++] = *at;
  }
  city[used] = 0;
}

static int fail(const char* what) {
  fprintf(stderr, "weather: %s: %s\n", what, strerror(errno));
  return 1;
}

int main(void) {
  const char* host = getenv("WEATHER_HOST");
  const char* port = getenv("WEATHER_PORT");
  static char answer[65536];
  char city[64];
  char request[512];
  size_t got = 0;
  ssize_t n;
  const char* body;
  read_city(city, sizeof city);
  if (host == NULL) host = "weather.example.com";
  int fd = ferry_connect(host, port == NULL ? 80 : (unsigned)atoi(port));
  if (fd < 0) return fail(host);
  n = snprintf(request, sizeof request,
               "GET /weather?city=%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", city,
               host);
  if (write(fd, request, (size_t)n) != n) return fail("write");
  while ((n = read(fd, answer + got, sizeof answer - 1 - got)) > 0) got += (size_t)n;
  if (n < 0) return fail("read");
  close(fd);
  answer[got] = 0;
  body = strstr(answer, "\r\n\r\n");
  if (strncmp(answer, "HTTP/1.", 7) != 0 || body == NULL) {
    fprintf(stderr, "weather: %s does not speak HTTP\n", host);
    return 1;
  }
  if (strncmp(answer + 9, "200", 3) != 0) {
    fprintf(stderr, "weather: %s answered %.3s\n", host, answer + 9);
    return 1;
  }
  fputs(body + 4, stdout);
  return 0;
}
