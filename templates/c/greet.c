#include "greet.h"

#include <string.h>

int find_name(const char* json, char* name, size_t size) {
  const char* at = strstr(json, "\"name\"");
  if (at == NULL) {
    return -1;
  }
  at += strlen("\"name\"");
  at += strspn(at, " \t\r\n:");
  if (*at != '"') {
    return -1;
  }
  size_t length = strcspn(at + 1, "\"\\");
  if (at[1 + length] != '"' || length >= size) {
    return -1;
  }
  memcpy(name, at + 1, length);
  name[length] = '\0';
  return 0;
}
