// A guest that uses the network, most of its arguments well formed: sockets of both generations of
// the extension, connections by path, DNS queries, polling. Nothing may touch a byte outside of its
// memory, reach what is not granted, pass its bounds, wait, or leave a descriptor open.
//
// Input: how long the network's script is, in units of 8 bytes; the script (scripted_network.h);
// then calls: a number, and a byte for each argument.
#include <cstdlib>
#include <cstring>

#include "fuzz_input.h"
#include "quick_sources.h"
#include "scripted_network.h"
#include "wasi/abi.h"
#include "wasi/calls.h"
#include "wasi/context.h"
#include "wasi/trace.h"

namespace {

using namespace ferry;
using std::uint32_t;

constexpr uint32_t kMemory = 8192;
constexpr std::size_t kMostCalls = 64;
constexpr uint32_t kMostOpen = 8;

// Where things lie in the guest's memory.
constexpr uint32_t kResults = 16;
constexpr uint32_t kSlices = 256;     // 8 of an iovec's 8 bytes
constexpr uint32_t kBuffers = 512;    // 8 address buffers: where, and how large
constexpr uint32_t kAddresses = 640;  // what they point to, 128 bytes each
constexpr uint32_t kHints = 1700;     // of sock_getaddrinfo, then its list and two nodes
constexpr uint32_t kList = 1732;
constexpr uint32_t kNodes = 1740;
constexpr uint32_t kData = 2048;
constexpr uint32_t kSubscriptions = 4096;
constexpr uint32_t kTexts = 5120;

constexpr std::string_view kText[] = {"tcp/10.0.0.1/80",
                                      "tcp/peer.example/443",
                                      "tcp/[fd00::1]/80",
                                      "ca-certificates.crt",
                                      "peer.example",
                                      "10.0.0.1",
                                      "localhost",
                                      "443",
                                      "https",
                                      "",
                                      "tcp/8.8.8.8/80",
                                      "elsewhere.example",
                                      "../etc/passwd",
                                      "tcp//65536",
                                      "peer.example.\0\0\0",
                                      "\xff"};

// A call and what its arguments are, a letter each; 't' stands for two, a text's place and length.
struct Use {
  std::string_view call;
  std::string_view arguments;
};
constexpr Use kUses[] = {
    {"fd_close", "f"},
    {"fd_fdstat_get", "fd"},
    {"fd_fdstat_set_flags", "fn"},
    {"fd_filestat_get", "fd"},
    {"fd_read", "finr"},
    {"fd_renumber", "ff"},
    {"fd_seek", "fWsr"},
    {"fd_write", "finr"},
    {"path_filestat_get", "fstd"},
    {"path_open", "fstsWWnr"},
    {"poll_oneoff", "qdnr"},
    {"sock_accept", "fnr"},
    {"sock_bind", "fap"},
    {"sock_connect", "fap"},
    {"sock_getaddrinfo", "tthgnr"},
    {"sock_getlocaladdr", "farr"},
    {"sock_getlocaladdr.v2", "far"},
    {"sock_getpeeraddr", "farr"},
    {"sock_getpeeraddr.v2", "far"},
    {"sock_getsockopt", "f0odn"},
    {"sock_open", "ssr"},
    {"sock_recv", "finsrr"},
    {"sock_recv_from", "finasrr"},
    {"sock_recv_from.v2", "finasrrr"},
    {"sock_send", "fin0r"},
    {"sock_send_to", "finap0r"},
    {"sock_setsockopt", "f0odn"},
    {"sock_shutdown", "fs"},
};

class Memory {
 public:
  // Exactly as large as the guest's, so that a sanitizer sees the first byte past it.
  Memory() : bytes_(kMemory) {
    constexpr const char* kWhere[] = {"10.0.0.1", "fd00::1", "127.0.0.1", "::1",
                                      "10.0.0.1", "fd00::1", "8.8.8.8",   "10.0.0.1"};
    constexpr uint32_t kSizes[] = {4, 16, 4, 16, 128, 128, 4, 2};
    for (uint32_t i = 0; i < 8; ++i) {
      put(kSlices + i * 8, wasi::GuestIovec{kData + i * 64, i * i * 5});
      uint32_t at = kAddresses + i * 128;
      put(kBuffers + i * 8, at);
      put(kBuffers + i * 8 + 4, kSizes[i]);
      const net::Address address = *net::parse_address(kWhere[i]);
      if (kSizes[i] == 128) {
        put(at, static_cast<std::uint16_t>(address.v6 ? 2 : 1));
        at += 2;
      }
      std::memcpy(bytes_.data() + at, address.bytes.data(), address.v6 ? 16 : 4);
      wasi::GuestSubscription waits{};
      waits.userdata = i;
      waits.tag = static_cast<std::uint8_t>(i % 3);
      waits.id = i % 3 == 0 ? 1 : 4 + i / 2;
      waits.timeout = 1;
      put(kSubscriptions + i * sizeof waits, waits);
    }
    put(kList, kNodes);
    for (uint32_t at : {kNodes, kNodes + 64}) {
      put(at + 12, at + 32);                          // its GuestSockaddr
      put(at + 24, at == kNodes ? kNodes + 64 : 0u);  // the next node
      put(at + 36, at == kNodes ? 6u : 18u);          // room for a port and an address
      put(at + 40, at + 44);
    }
    for (std::size_t i = 0; i < std::size(kText); ++i) {
      std::memcpy(bytes_.data() + text_at(i), kText[i].data(), kText[i].size());
    }
    // A query for the address of peer.example (RFC 1035, 4.1).
    constexpr std::string_view kQuery(
        "\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x04peer\x07"
        "example\0\0\x01\0\x01",
        30);
    std::memcpy(bytes_.data() + kData + 3 * 64, kQuery.data(), kQuery.size());
    put(kSlices + 24, wasi::GuestIovec{kData + 3 * 64, kQuery.size()});
  }

  static uint32_t text_at(std::size_t number) {
    return kTexts + static_cast<uint32_t>(number % std::size(kText)) * 32;
  }
  template <typename T>
  void put(uint32_t at, T value) {
    std::memcpy(bytes_.data() + at, &value, sizeof value);
  }
  void poke(wasi::FuzzInput& input) {
    const uint32_t at = input.byte() * 32u;
    const std::string_view bytes = input.bytes(input.byte() % 64u);
    std::memcpy(bytes_.data() + at, bytes.data(),
                std::min<std::size_t>(bytes.size(), kMemory - at));
  }
  wasi::Memory view() { return {bytes_.data(), bytes_.size()}; }

 private:
  std::vector<std::uint8_t> bytes_;
};

std::uint64_t odd_value(std::uint8_t byte) {
  constexpr std::uint64_t kOdd[] = {0,          kMemory - 1, kMemory - 4, kMemory,
                                    0x7fffffff, 0x80000000,  0xfffffff8,  0xffffffff};
  return kOdd[byte % std::size(kOdd)];
}

std::uint64_t argument(char letter, std::uint8_t byte) {
  if (byte >= 0xe0) return odd_value(byte);
  constexpr std::uint16_t kPorts[] = {80, 443, 53, 0, 1, 65535};
  switch (letter) {
    case 'f':
      return 3 + byte % 8;  // the two folders, then sockets
    case 'r':
      return kResults + byte % 16 * 8u;
    case 'i':
      return kSlices + byte % 8 * 8u;
    case 'a':
      return kBuffers + byte % 8 * 8u;
    case 'p':
      return kPorts[byte % std::size(kPorts)];
    case 'd':
      return kData + byte * 8u;
    case 'h':
      return kHints;
    case 'g':
      return kList;
    case 'q':
      return kSubscriptions + byte % 8 * 48u;
    case 'o':
      return byte % 16;  // an option's number
    case 'n':
      return byte % 24;  // counts, sizes and flags
    case 'W':
      return byte < 0x80 ? 0x0fffffff : byte;
    case '0':
      return byte < 0xc0 ? 0 : byte;
    default:
      return byte % 4;
  }
}

std::size_t make_arguments(std::string_view letters, wasi::FuzzInput& input, std::uint64_t* args) {
  std::size_t count = 0;
  for (const char letter : letters) {
    const std::uint8_t byte = input.byte();
    if (letter != 't') {
      args[count++] = argument(letter, byte);
      continue;
    }
    args[count++] = byte >= 0xe0 ? odd_value(byte) : Memory::text_at(byte);
    args[count++] = byte >= 0xf0 ? odd_value(input.byte()) : kText[byte % std::size(kText)].size();
  }
  return count;
}

void run(const wasi::ScriptedAccess& access, wasi::FuzzInput& input) {
  static const wasi::QuickClock clock;
  static wasi::CountingRandom random;
  wasi::Setup setup;
  setup.quotas.open_files = kMostOpen;
  // A poll that nothing will end waits until then.
  setup.deadline = Monotonic(clock.monotonic() + std::chrono::milliseconds(2));
  setup.network = access.get();
  Memory memory;
  wasi::Context context(clock, random);
  context.reset(std::move(setup));
  for (std::size_t i = 0; i < kMostCalls && !input.empty(); ++i) {
    const std::size_t number = input.byte() % (std::size(kUses) + 1);
    if (number == std::size(kUses)) {
      memory.poke(input);
      continue;
    }
    const wasi::Call& call = *wasi::find_call(kUses[number].call);
    std::uint64_t args[wasi::kMaxParams] = {};
    if (make_arguments(kUses[number].arguments, input, args) != call.params.size()) std::abort();
    const wasi::CallResult result = call.function(context, memory.view(), args);
    static_cast<void>(wasi::describe_call(call, memory.view(), args, result).size());
    if (result.stop) break;
    if (context.opened() > kMostOpen) std::abort();
  }
  wasi::ScriptedAccess::check_records(context);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wasi::FuzzInput input(data, size);
  wasi::ScriptedAccess access(input.bytes(input.byte() * 8u));
  run(access, input);
  access.check_closed();
  return 0;
}
