#include "greet.h"

#include <stdio.h>
#include <string.h>

static int failed = 0;

static void expect(const char* json, const char* wanted) {
  char name[16] = "";
  int found = find_name(json, name, sizeof name) == 0;
  if (found != (wanted != NULL) || (wanted != NULL && strcmp(name, wanted) != 0)) {
    printf("FAILED: %s gives '%s'\n", json, name);
    failed = 1;
  }
}

int main(void) {
  expect("{\"name\":\"Ada\"}", "Ada");
  expect("{ \"id\": 1, \"name\" : \"Bo\" }", "Bo");
  expect("{\"name\":7}", NULL);
  expect("{\"name\":\"cut", NULL);
  expect("{\"name\":\"longer than sixteen bytes\"}", NULL);
  expect("not JSON", NULL);
  puts(failed ? "failed" : "passed");
  return failed;
}
