// What a core is worth here, alone and while its neighbours work: one thread doing one thing.
//   bench_cores arithmetic|memory|sockets SECONDS
// Prints how often a second it did it. Run on one core and on all, it tells how far any program can
// scale on this machine (docs/performance.md, "More workers").
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include <sys/socket.h>

namespace {

constexpr std::uint32_t kBatch = 1000;
constexpr std::size_t kWords = (32u << 20) / sizeof(std::uint64_t);  // larger than a core's cache

// In registers alone.
std::uint64_t arithmetic(std::uint64_t seed) {
  for (std::uint32_t i = 0; i < kBatch; ++i) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
  }
  return seed;
}

// Reads and writes all over 32 MiB.
std::uint64_t memory(std::uint64_t seed, std::vector<std::uint64_t>& words) {
  for (std::uint32_t i = 0; i < kBatch; ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    std::uint64_t& word = words[(seed >> 33) % kWords];
    word += seed;
    seed ^= word & 1;
  }
  return seed;
}

// As many bytes as a small request has, through the kernel and back.
bool sockets(const int (&pair)[2]) {
  char bytes[128] = {};
  for (std::uint32_t i = 0; i < kBatch; ++i) {
    if (::send(pair[0], bytes, sizeof bytes, 0) < 0 ||
        ::recv(pair[1], bytes, sizeof bytes, 0) < 0) {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc == 3 ? argv[1] : "";
  if (what != "arithmetic" && what != "memory" && what != "sockets") {
    std::fprintf(stderr, "usage: bench_cores arithmetic|memory|sockets SECONDS\n");
    return 2;
  }
  std::vector<std::uint64_t> words(what == "memory" ? kWords : 0, 1);
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) {
    std::perror("bench_cores: socketpair");
    return 1;
  }
  const auto begun = std::chrono::steady_clock::now();
  const auto wanted = std::chrono::duration<double>(std::atof(argv[2]));
  std::uint64_t seed = 88172645463325252u;
  std::uint64_t done = 0;
  auto passed = std::chrono::duration<double>(0);
  while (passed < wanted) {
    if (what == "sockets") {
      if (!sockets(pair)) {
        std::perror("bench_cores: send");
        return 1;
      }
    } else {
      seed = what == "memory" ? memory(seed, words) : arithmetic(seed);
    }
    done += kBatch;
    passed = std::chrono::steady_clock::now() - begun;
  }
  std::printf("%.0f\n", static_cast<double>(done) / passed.count());
  return seed == 0;  // so that it is needed
}
