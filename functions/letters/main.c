// letters: fills a name into a letter that is a file of its own. The files and the language that
// is taken where the event names none are said in ferry.toml.
//
//   {"name":"Ada"}                   the letter in the language of --language
//   {"name":"Ada","language":"de"}   that in German
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

#define FOLDER "/letters"

enum { MOST_EVENT = 1 << 20, MOST_LETTER = 1 << 16, MOST_LANGUAGE = 8 };

static char event[MOST_EVENT];
static char letter[MOST_LETTER];

static int refuse(const char* why) {
  fprintf(stderr, "letters: refusing: %s\n", why);
  return 1;
}

static int by_name(const void* a, const void* b) {
  return strcmp(*(const char* const*)a, *(const char* const*)b);
}

// Which letters there are, in the log.
static int refuse_language(const char* language) {
  char* names[64];
  size_t count = 0;
  DIR* folder = opendir(FOLDER);
  for (struct dirent* entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
    if (entry->d_name[0] == '.' || count == sizeof names / sizeof *names) continue;
    names[count++] = strdup(entry->d_name);
  }
  if (folder != NULL) closedir(folder);
  qsort(names, count, sizeof *names, by_name);
  fprintf(stderr, "letters: refusing: no letter in '%s'; there are", language);
  for (size_t i = 0; i < count; ++i) fprintf(stderr, " %s", names[i]);
  fputc('\n', stderr);
  return 1;
}

// A language is a short word of small letters: nothing that leads out of the folder.
static int is_language(const char* text, size_t size) {
  if (size == 0 || size > MOST_LANGUAGE) return 0;
  for (size_t i = 0; i < size; ++i) {
    if (text[i] < 'a' || text[i] > 'z') return 0;
  }
  return 1;
}

int main(int argc, char** argv) {
  const size_t size = fread(event, 1, sizeof event, stdin);
  struct json_string name = {NULL, 0};
  struct json_string language = {NULL, 0};
  if (json_find_string(event, size, "name", &name) != JSON_OK ||
      json_find_string(event, size, "language", &language) != JSON_OK || name.size == 0) {
    return refuse("the event is not {\"name\":…}");
  }
  char chosen[MOST_LANGUAGE + 1] = "";
  if (language.size != 0) {
    if (!is_language(language.bytes, language.size)) return refuse("that names no language");
    memcpy(chosen, language.bytes, language.size);
  } else if (argc == 3 && strcmp(argv[1], "--language") == 0 &&
             is_language(argv[2], strlen(argv[2]))) {
    strcpy(chosen, argv[2]);
  } else {
    return refuse("no language is given: --language xx in [function] args");
  }

  char path[sizeof FOLDER + MOST_LANGUAGE + 8];
  snprintf(path, sizeof path, FOLDER "/%s.txt", chosen);
  FILE* file = fopen(path, "r");
  if (file == NULL) return refuse_language(chosen);
  const size_t length = fread(letter, 1, sizeof letter - 1, file);
  fclose(file);
  letter[length] = '\0';

  char* const mark = strstr(letter, "{name}");
  if (mark == NULL) return refuse("the letter has no {name} in it");
  fwrite(letter, 1, (size_t)(mark - letter), stdout);
  fwrite(name.bytes, 1, name.size, stdout);
  fputs(mark + strlen("{name}"), stdout);
  fprintf(stderr, "letters: wrote to %.*s in '%s'\n", (int)name.size, name.bytes, chosen);
  return 0;
}
