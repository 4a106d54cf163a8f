// The numbers and layouts of preview 1 that guests see: typenames.witx of WASI 0.1, name by name.
// Private to src/wasi.
#pragma once

#include <bit>
#include <cstdint>

namespace ferry::wasi {

static_assert(std::endian::native == std::endian::little, "guest memory is little-endian");

// witx: $errno, those that we answer.
enum class Errno : std::uint16_t {
  kSuccess = 0,
  kTooBig = 1,
  kAcces = 2,
  kAddrinuse = 3,
  kAddrnotavail = 4,
  kAfnosupport = 5,
  kAgain = 6,
  kAlready = 7,
  kBadf = 8,
  kBusy = 10,
  kConnaborted = 13,
  kConnrefused = 14,
  kConnreset = 15,
  kDestaddrreq = 17,
  kDquot = 19,
  kExist = 20,
  kFault = 21,
  kFbig = 22,
  kHostunreach = 23,
  kIlseq = 25,
  kInprogress = 26,
  kIntr = 27,
  kInval = 28,
  kIo = 29,
  kIsconn = 30,
  kIsdir = 31,
  kLoop = 32,
  kMfile = 33,
  kMlink = 34,
  kMsgsize = 35,
  kNametoolong = 37,
  kNetdown = 38,
  kNetreset = 39,
  kNetunreach = 40,
  kNfile = 41,
  kNobufs = 42,
  kNodev = 43,
  kNoent = 44,
  kNomem = 48,
  kNoprotoopt = 50,
  kNospc = 51,
  kNosys = 52,
  kNotconn = 53,
  kNotdir = 54,
  kNotempty = 55,
  kNotsock = 57,
  kNotsup = 58,
  kNxio = 60,
  kOverflow = 61,
  kPerm = 63,
  kPipe = 64,
  kProtonosupport = 66,
  kPrototype = 67,
  kRange = 68,
  kRofs = 69,
  kSpipe = 70,
  kStale = 72,
  kTimedout = 73,
  kTxtbsy = 74,
  kXdev = 75,
  kNotcapable = 76,
};

// The nearest of them to an errno of the host.
Errno errno_from_host(int error_number);

// witx: $rights.
namespace rights {
inline constexpr std::uint64_t kFdDatasync = 1ull << 0;
inline constexpr std::uint64_t kFdRead = 1ull << 1;
inline constexpr std::uint64_t kFdSeek = 1ull << 2;
inline constexpr std::uint64_t kFdFdstatSetFlags = 1ull << 3;
inline constexpr std::uint64_t kFdSync = 1ull << 4;
inline constexpr std::uint64_t kFdTell = 1ull << 5;
inline constexpr std::uint64_t kFdWrite = 1ull << 6;
inline constexpr std::uint64_t kFdAdvise = 1ull << 7;
inline constexpr std::uint64_t kFdAllocate = 1ull << 8;
inline constexpr std::uint64_t kPathCreateDirectory = 1ull << 9;
inline constexpr std::uint64_t kPathCreateFile = 1ull << 10;
inline constexpr std::uint64_t kPathLinkSource = 1ull << 11;
inline constexpr std::uint64_t kPathLinkTarget = 1ull << 12;
inline constexpr std::uint64_t kPathOpen = 1ull << 13;
inline constexpr std::uint64_t kFdReaddir = 1ull << 14;
inline constexpr std::uint64_t kPathReadlink = 1ull << 15;
inline constexpr std::uint64_t kPathRenameSource = 1ull << 16;
inline constexpr std::uint64_t kPathRenameTarget = 1ull << 17;
inline constexpr std::uint64_t kPathFilestatGet = 1ull << 18;
inline constexpr std::uint64_t kPathFilestatSetSize = 1ull << 19;
inline constexpr std::uint64_t kPathFilestatSetTimes = 1ull << 20;
inline constexpr std::uint64_t kFdFilestatGet = 1ull << 21;
inline constexpr std::uint64_t kFdFilestatSetSize = 1ull << 22;
inline constexpr std::uint64_t kFdFilestatSetTimes = 1ull << 23;
inline constexpr std::uint64_t kPathSymlink = 1ull << 24;
inline constexpr std::uint64_t kPathRemoveDirectory = 1ull << 25;
inline constexpr std::uint64_t kPathUnlinkFile = 1ull << 26;
inline constexpr std::uint64_t kPollFdReadwrite = 1ull << 27;

// What means something for each type of file; a descriptor never has more.
inline constexpr std::uint64_t kStdin =
    kFdRead | kFdFdstatSetFlags | kFdFilestatGet | kPollFdReadwrite;
inline constexpr std::uint64_t kStdout =
    kFdWrite | kFdSync | kFdDatasync | kFdFdstatSetFlags | kFdFilestatGet | kPollFdReadwrite;
inline constexpr std::uint64_t kFile =
    kFdDatasync | kFdRead | kFdSeek | kFdFdstatSetFlags | kFdSync | kFdTell | kFdWrite | kFdAdvise |
    kFdAllocate | kFdFilestatGet | kFdFilestatSetSize | kFdFilestatSetTimes | kPollFdReadwrite;
inline constexpr std::uint64_t kDirectory =
    kFdDatasync | kFdFdstatSetFlags | kFdSync | kFdAdvise | kPathCreateDirectory | kPathCreateFile |
    kPathLinkSource | kPathLinkTarget | kPathOpen | kFdReaddir | kPathReadlink | kPathRenameSource |
    kPathRenameTarget | kPathFilestatGet | kPathFilestatSetSize | kPathFilestatSetTimes |
    kFdFilestatGet | kFdFilestatSetTimes | kPathSymlink | kPathRemoveDirectory | kPathUnlinkFile |
    kPollFdReadwrite;
inline constexpr std::uint64_t kSockShutdown = 1ull << 28;
inline constexpr std::uint64_t kSocket =
    kFdRead | kFdWrite | kFdFdstatSetFlags | kFdFilestatGet | kPollFdReadwrite | kSockShutdown;
// All that path_open can give, except for a connection: that has the rights of a socket.
inline constexpr std::uint64_t kAll = kFile | kDirectory;
}  // namespace rights

// witx: $filetype.
enum class Filetype : std::uint8_t {
  kUnknown = 0,
  kBlockDevice = 1,
  kCharacterDevice = 2,
  kDirectory = 3,
  kRegularFile = 4,
  kSocketDgram = 5,
  kSocketStream = 6,
  kSymbolicLink = 7,
};

// witx: $fdflags, $oflags, $fstflags, $lookupflags, $subclockflags, $eventrwflags.
inline constexpr std::uint32_t kFdAppend = 1;
inline constexpr std::uint32_t kFdDsync = 2;
inline constexpr std::uint32_t kFdNonblock = 4;
inline constexpr std::uint32_t kFdRsync = 8;
inline constexpr std::uint32_t kFdSync = 16;
inline constexpr std::uint32_t kFdFlagsAll = 31;
inline constexpr std::uint32_t kOpenCreat = 1;
inline constexpr std::uint32_t kOpenDirectory = 2;
inline constexpr std::uint32_t kOpenExcl = 4;
inline constexpr std::uint32_t kOpenTrunc = 8;
inline constexpr std::uint32_t kOpenAll = 15;
inline constexpr std::uint32_t kSetAtim = 1;
inline constexpr std::uint32_t kSetAtimNow = 2;
inline constexpr std::uint32_t kSetMtim = 4;
inline constexpr std::uint32_t kSetMtimNow = 8;
inline constexpr std::uint32_t kSetAll = 15;
inline constexpr std::uint32_t kSymlinkFollow = 1;
inline constexpr std::uint32_t kClockAbstime = 1;
inline constexpr std::uint16_t kHangup = 1;
// witx: $riflags, $roflags, $sdflags.
inline constexpr std::uint32_t kRecvPeek = 1;
inline constexpr std::uint32_t kRecvWaitall = 2;
inline constexpr std::uint32_t kRecvTruncated = 1;
inline constexpr std::uint32_t kShutRead = 1;
inline constexpr std::uint32_t kShutWrite = 2;

// witx: $clockid. The two CPU-time clocks (2, 3) are not offered.
inline constexpr std::uint32_t kClockRealtime = 0;
inline constexpr std::uint32_t kClockMonotonic = 1;

// Structures as they lie in guest memory.
struct GuestIovec {  // $iovec, $ciovec
  std::uint32_t data;
  std::uint32_t size;
};
static_assert(sizeof(GuestIovec) == 8);

struct GuestFdstat {
  std::uint8_t filetype;
  std::uint8_t pad1 = 0;
  std::uint16_t flags;
  std::uint32_t pad2 = 0;
  std::uint64_t base;
  std::uint64_t inheriting;
};
static_assert(sizeof(GuestFdstat) == 24);

struct GuestFilestat {
  std::uint64_t dev = 0;
  std::uint64_t ino = 0;
  std::uint8_t filetype = 0;
  std::uint8_t pad[7] = {};
  std::uint64_t nlink = 0;
  std::uint64_t size = 0;
  std::uint64_t atim = 0;
  std::uint64_t mtim = 0;
  std::uint64_t ctim = 0;
};
static_assert(sizeof(GuestFilestat) == 64);

struct GuestDirent {
  std::uint64_t next;
  std::uint64_t ino;
  std::uint32_t name_size;
  std::uint8_t filetype;
  std::uint8_t pad[3] = {};
};
static_assert(sizeof(GuestDirent) == 24);

struct GuestPrestat {
  std::uint8_t tag = 0;  // a directory, the only kind
  std::uint8_t pad[3] = {};
  std::uint32_t name_size;
};
static_assert(sizeof(GuestPrestat) == 8);

struct GuestSubscription {
  std::uint64_t userdata;
  std::uint8_t tag;  // EventType
  std::uint8_t pad1[7];
  std::uint32_t id;  // a clock, or a descriptor
  std::uint32_t pad2;
  std::uint64_t timeout;
  std::uint64_t precision;
  std::uint16_t flags;
  std::uint8_t pad3[6];
};
static_assert(sizeof(GuestSubscription) == 48);

enum class EventType : std::uint8_t { kClock = 0, kFdRead = 1, kFdWrite = 2 };

struct GuestEvent {
  std::uint64_t userdata;
  std::uint16_t error;
  std::uint8_t type;
  std::uint8_t pad1[5] = {};
  std::uint64_t bytes = 0;
  std::uint16_t flags = 0;
  std::uint8_t pad2[6] = {};
};
static_assert(sizeof(GuestEvent) == 32);

}  // namespace ferry::wasi
