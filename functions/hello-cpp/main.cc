// hello in C++: {"name":"Ada"} on standard input is answered {"message":"Hello, Ada!"}.
// The contract is in ../README.md; the log goes to standard error. Written with <cstdio>, since
// iostreams would make the file many times as big.
#include <cstdio>
#include <optional>
#include <string>

#include "json.h"

namespace {

std::optional<std::string> read_all() {
  std::string data;
  std::size_t size = 0;
  do {
    data.resize(size == 0 ? 4096 : 2 * size);
    size += std::fread(data.data() + size, 1, data.size() - size, stdin);
  } while (size == data.size());
  data.resize(size);
  if (std::ferror(stdin) != 0) return std::nullopt;
  return data;
}

void log_line(const std::string& text) {
  const std::string line = "hello: " + text + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

int refuse(const char* why) {
  log_line(std::string("refusing: ") + why);
  return 1;
}

}  // namespace

int main() {
  const std::optional<std::string> data = read_all();
  if (!data) return refuse("the event cannot be read");

  std::string name;
  if (!data->empty()) {
    switch (hello::find_string(*data, "name", name)) {
      case hello::JsonStatus::kOk:
        break;
      case hello::JsonStatus::kInvalid:
        return refuse("the event is not valid JSON");
      case hello::JsonStatus::kNotObject:
        return refuse("the event is not a JSON object");
      case hello::JsonStatus::kNotString:
        return refuse("the event's name is not a string");
    }
  }
  // The name comes from a stranger: escaped, it cannot forge a second log line.
  const std::string who = hello::escaped(name.empty() ? "world" : name);
  log_line("greeting " + who);
  const std::string reply = R"({"message":"Hello, )" + who + R"(!"})";
  if (std::fwrite(reply.data(), 1, reply.size(), stdout) != reply.size() ||
      std::fflush(stdout) != 0) {
    return refuse("the reply cannot be written");
  }
  return 0;
}
