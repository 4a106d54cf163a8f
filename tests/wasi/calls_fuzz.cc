// Random calls with random arguments on a small memory and a scratch folder: nothing may touch a
// byte outside of memory, leave the folder, block, or leak a descriptor.
//
// Input: records of 32 bytes: a call's number, then its arguments; each argument byte pair picks a
// small value, a pointer, or an edge of 32 bits. What is left over is the guest's first memory.
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <unistd.h>

#include "quick_sources.h"
#include "wasi/calls.h"
#include "wasi/context.h"
#include "wasi/trace.h"

namespace {

using namespace ferry;

// Names lead somewhere, nothing ever answers: what is left is the guest's pointers.
class RefusingNetwork final : public net::Network {
 public:
  Result<std::vector<net::Address>> resolve(const std::string& /*name*/,
                                            Monotonic /*until*/) override {
    return std::vector{*net::parse_address("10.0.0.1"), *net::parse_address("fd00::1")};
  }
  int connect(const net::Endpoint& /*to*/, Fd& /*out*/) override { return ECONNREFUSED; }
};

constexpr std::uint32_t kMemory = 8192;

// The folder above the granted one holds a canary, and must never hold anything else.
class Scratch {
 public:
  Scratch() {
    std::string name = std::filesystem::temp_directory_path() / "ferry-fuzz-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    root_ = name;
    std::ofstream(root_ / "canary") << "alive";
    clean();
  }
  ~Scratch() { std::filesystem::remove_all(root_); }

  std::string granted() const { return root_ / "granted"; }
  void clean() {
    std::filesystem::remove_all(root_ / "granted");
    std::filesystem::create_directories(root_ / "granted/d");
    std::ofstream(root_ / "granted/f") << "data";
    std::filesystem::create_symlink("..", root_ / "granted/up");
    std::filesystem::create_symlink("../canary", root_ / "granted/out");
  }
  void check() const {
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::directory_iterator(root_)) {
      (void)entry;
      ++found;
    }
    std::string text;
    std::ifstream(root_ / "canary") >> text;
    if (found != 2 || text != "alive") std::abort();
  }

 private:
  std::filesystem::path root_;
};

// Sizes of files are kept small, or the disk would fill up.
bool grows_files(std::string_view name) {
  return name == "fd_allocate" || name == "fd_filestat_set_size" || name == "fd_pwrite" ||
         name == "fd_seek";
}

std::uint64_t argument(std::uint8_t kind, std::uint8_t low, bool wide, bool small) {
  switch (kind % (small ? 3 : 8)) {
    case 0:
      return low % 8;  // descriptors, flags, lengths
    case 1:
      return low;
    case 2:
      return std::uint64_t{low} * 16;  // pointers
    case 3:
      return kMemory - low % 64;
    case 4:
      return 0xffffffffu - low;
    case 5:
      return 0x7fffffffu + low;
    case 6:
      return wide ? ~std::uint64_t{low} : low;
    default:
      return wide ? 0x0fffffff : kMemory / 2;  // all rights
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Scratch scratch;
  static const wasi::QuickClock clock;
  static wasi::CountingRandom random;
  // A path below "/" may be one of the folder's or one of these.
  static const auto files = *wasi::FileTree::make({{"t/a", "of the tree"}, {"t/b/c", "x"}});
  constexpr std::size_t kRecord = 20;
  constexpr std::size_t kMaxCalls = 64;

  std::vector<wasi::Directory> directories;
  for (bool read_only : {false, true}) {
    auto directory = wasi::Directory::open(scratch.granted(), read_only ? "/ro" : "/", read_only);
    if (!directory.ok()) return 0;  // a kernel without openat2: nothing to test
    directories.push_back(std::move(*directory));
  }
  // Exactly as large as the guest's, so that a sanitizer sees the first byte past it.
  std::vector<std::uint8_t> memory(kMemory);
  constexpr char kPaths[] = "f\0d/f\0new\0../canary\0up/x\0out\0/etc\0d/../..\0.\0t/a\0t/b\0t";
  std::memcpy(memory.data(), kPaths, sizeof(kPaths));
  std::size_t calls = std::min(size / kRecord, kMaxCalls);
  std::size_t rest = std::min<std::size_t>(size - calls * kRecord, kMemory / 2);
  std::memcpy(memory.data() + kMemory / 4, data + calls * kRecord, rest);

  wasi::Context context(clock, random);
  wasi::Setup setup;
  setup.lists.args = {"f", "argument"};
  setup.lists.environ = {"K=V"};
  setup.stdin_data = "input";
  setup.quotas = {.stdout_bytes = 100, .stderr_bytes = 100, .open_files = 8, .path_bytes = 64};
  // A poll of a datagram socket waits for the whole of it.
  setup.deadline = Monotonic(std::chrono::milliseconds(5));
  setup.directories = &directories;
  setup.files = files.get();
  RefusingNetwork network;
  wasi::NetworkAccess access;
  access.policy = net::Policy(
      {*net::parse_grant("[::/0]:1"), *net::parse_grant("0.0.0.0/0:1"), *net::parse_grant("f:1")});
  access.network = &network;
  access.ca_bundle = "certificates";
  setup.network = &access;
  context.reset(std::move(setup));
  for (std::size_t i = 0; i < calls; ++i) {
    const std::uint8_t* record = data + i * kRecord;
    const wasi::Call& call = wasi::calls()[record[0] % wasi::calls().size()];
    std::uint64_t args[wasi::kMaxParams] = {};
    for (std::size_t a = 0; a < call.params.size(); ++a) {
      args[a] = argument(record[2 + a * 2], record[3 + a * 2], call.params[a] == 'I',
                         grows_files(call.name));
    }
    const wasi::CallResult result = call.function(context, {memory.data(), memory.size()}, args);
    static_cast<void>(
        wasi::describe_call(call, {memory.data(), memory.size()}, args, result).size());
    if (result.stop) break;
  }
  if (context.out().size() > 100 || context.err().size() > 100) std::abort();
  scratch.check();
  scratch.clean();
  return 0;
}
