#include "greet.h"

#include <iostream>

namespace {

bool failed = false;

void expect(std::string_view json, std::optional<std::string_view> wanted) {
  if (find_name(json) != wanted) {
    std::cout << "FAILED: " << json << '\n';
    failed = true;
  }
}

}  // namespace

int main() {
  expect(R"({"name":"Ada"})", "Ada");
  expect(R"({ "id": 1, "name" : "Bo" })", "Bo");
  expect(R"({"name":7})", std::nullopt);
  expect(R"({"name":"cut)", std::nullopt);
  expect("not JSON", std::nullopt);
  std::cout << (failed ? "failed\n" : "passed\n");
  return failed ? 1 : 0;
}
