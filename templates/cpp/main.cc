// @NAME@ answers one event: its data comes on standard input, the reply goes to standard output,
// the log to standard error. An exit status other than 0 is a failed event.
#include <iostream>
#include <iterator>
#include <string>

#include "greet.h"

int main() {
  const std::string data(std::istreambuf_iterator<char>(std::cin), {});
  const auto name = find_name(data);
  if (!name) {
    std::cerr << "@NAME@: the event has no name\n";
    return 1;
  }
  std::cerr << "@NAME@: greeting " << *name << '\n';
  std::cout << R"({"message":"Hello, )" << *name << R"(!"})";
}
