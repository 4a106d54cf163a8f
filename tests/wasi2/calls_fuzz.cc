// Random calls of WASI 0.2 and 0.3 with random arguments on a small memory: whatever a component
// does, nothing may touch a byte outside of its memory, wait, or make the host keep more than its
// bounds.
//
// Input: records of 36 bytes: a call's number, what realloc answers, then two bytes an argument: a
// kind of value, and which. What is left over is the guest's first memory.
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "../wasi/quick_sources.h"
#include "fuzz_event.h"
#include "wasi2/functions.h"
#include "wasi2/session.h"

namespace {

using namespace ferry;

constexpr std::uint32_t kMemory = 8192;
constexpr std::size_t kRecord = 36;
constexpr std::size_t kMostCalls = 64;
constexpr std::uint64_t kBound = 100;

// A folder that is granted, whose parent has nothing but it.
class Scratch {
 public:
  Scratch() {
    std::string name = std::filesystem::temp_directory_path() / "ferry-fuzz2-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    root_ = name;
    clean();
  }
  ~Scratch() { std::filesystem::remove_all(root_); }
  std::string granted() const { return root_ / "granted"; }
  void clean() const {
    std::filesystem::remove_all(root_ / "granted");
    std::filesystem::create_directories(root_ / "granted/d");
    std::ofstream(root_ / "granted/f") << "data";
    std::filesystem::create_symlink("..", root_ / "granted/up");
  }
  void check() const {
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::directory_iterator(root_)) {
      (void)entry;
      ++found;
    }
    if (found != 1) std::abort();
  }

 private:
  std::filesystem::path root_;
};

// Sizes of files are kept small, or the disk would fill up.
bool grows_files(std::string_view name) {
  return name.find("set-size") != name.npos || name.find("descriptor.write") != name.npos;
}

std::uint64_t argument(std::uint8_t kind, std::uint8_t low, bool wide, bool small) {
  switch (kind % (small ? 4 : 8)) {
    case 0:
    case 1:
      return low % 16;  // handles, cases, lengths
    case 2:
      return low;
    case 3:
      return std::uint64_t{low} * 32;  // pointers
    case 4:
      return kMemory - low % 64;
    case 5:
      return 0xffffffffu - low;
    case 6:
      return wide ? ~std::uint64_t{low} : 0x80000000u + low;
    default:
      return kMemory / 2;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Scratch scratch;
  static const wasi::QuickClock clock;
  static wasi::CountingRandom random;
  std::vector<wasi::Directory> directories;
  auto directory = wasi::Directory::open(scratch.granted(), "/", false);
  if (!directory.ok()) return 0;  // a kernel without openat2: nothing to test
  directories.push_back(std::move(*directory));

  // Exactly as large as the guest's, so that a sanitizer sees the first byte past it.
  std::vector<std::uint8_t> memory(kMemory);
  constexpr char kNames[] = "f\0d/f\0new\0../x\0up/x\0content-length\0accept\0caf\xc3\xa9\0";
  std::memcpy(memory.data(), kNames, sizeof(kNames));
  for (std::uint32_t at = 1024; at < kMemory / 2; at += 8) {  // lists of handles, and of strings
    const std::uint32_t pair[] = {at / 8 % 16, at / 8 % 12};
    std::memcpy(memory.data() + at, pair, sizeof(pair));
  }
  const std::size_t calls = std::min(size / kRecord, kMostCalls);
  const std::size_t rest = std::min<std::size_t>(size - calls * kRecord, kMemory / 4);
  std::memcpy(memory.data() + kMemory / 2, data + calls * kRecord, rest);

  wasi::Context context(clock, random);
  wasi2::Session& session = wasi2::Session::of(context);
  wasi::Setup setup = wasi2::bounded_setup(kBound);
  setup.deadline = Monotonic(Nanoseconds(INT64_MAX / 2));
  setup.directories = &directories;
  context.reset(std::move(setup));
  session.begin(&wasi2::posted_request());

  const auto abi = [](const char* name) { return wasi2::find_function(wasi2::kAbiModule, name); };
  const wasi2::Function* next = abi("alloc_next");
  const wasi2::Function* give = abi("alloc_give");
  std::uint64_t args[wasi2::kMaxParams] = {};
  const auto call = [&](const wasi2::Function& function) {
    return function.call(context, {memory.data(), memory.size()}, args);
  };
  for (std::size_t i = 0; i < calls; ++i) {
    const std::uint8_t* record = data + i * kRecord;
    const auto functions = (record[1] & 4) == 0 ? wasi2::functions() : wasi2::async_functions();
    const std::size_t number = record[0] | (record[1] & 1) << 8;
    const wasi2::Function& function = functions[number % functions.size()];
    for (std::size_t a = 0; a < function.params.size(); ++a) {
      args[a] = argument(record[4 + a * 2], record[5 + a * 2], function.params[a] == 'I',
                         grows_files(function.name));
    }
    if (call(function).stop) break;
    // A realloc that is mostly honest.
    for (int blocks = 0; blocks < 64 && (record[1] & 2) == 0; ++blocks) {
      if (call(*next).value == 0) break;
      args[0] = record[2] < 240 ? kMemory / 2 + record[2] * 8u : record[3] * 0x1010101u;
      if (call(*give).stop) break;
    }
    if (context.stop() != wasi::Stop::kNone || !session.trap().empty()) break;
  }
  if (context.out().size() > kBound || context.err().size() > kBound) std::abort();
  if (session.answered() != wasi2::Answered::kNothing && session.response().body.size() > kBound) {
    std::abort();
  }
  scratch.check();
  scratch.clean();
  return 0;
}
