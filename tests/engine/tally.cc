#include "engine/tally.h"

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace ferry::engine {
namespace {

constexpr std::size_t kTellEvery = 100'000;

}  // namespace

std::size_t isolation_events() {
  const char* text = std::getenv("FERRY_ISOLATION_EVENTS");
  return text != nullptr ? std::strtoul(text, nullptr, 10) : 2000;
}

Tally::Tally(std::string name, std::string engine, std::string way, std::size_t of)
    : name_(std::move(name)), engine_(std::move(engine)), way_(std::move(way)), of_(of) {}

Tally::~Tally() {
  const char* path = std::getenv("FERRY_ISOLATION_REPORT");
  if (path == nullptr || skipped_) {
    return;
  }
  if (std::FILE* file = std::fopen(path, "a"); file != nullptr) {
    const std::string line = fmt::format(
        R"({{"case":"{}","engine":"{}","way":"{}","events":{},"instances":{},"seconds":{:.1f},"fault":{}}})"
        "\n",
        name_, engine_, way_, events_, instances_, seconds(), ::testing::Test::HasFailure());
    std::fwrite(line.data(), 1, line.size(), file);
    std::fclose(file);
  }
}

void Tally::event() {
  if (++events_ % kTellEvery == 0) {
    fmt::print(stderr, "isolation: {}, {}, {}: {} of {} events, {:.0f} s\n", name_, engine_, way_,
               events_, of_, seconds());
  }
}

double Tally::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
}

}  // namespace ferry::engine
