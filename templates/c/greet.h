#ifndef GREET_H
#define GREET_H

#include <stddef.h>

// Finds the value of "name" in a JSON object whose strings have no escapes. Writes it to `name`,
// at most `size` bytes with the final NUL. Returns 0, or -1 when there is none or it does not fit.
int find_name(const char* json, char* name, size_t size);

#endif
