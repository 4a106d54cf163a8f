// The calls as text, and the errnos' names in it.
#include "wasi/trace.h"

#include <array>
#include <cstring>
#include <map>

#include <gmock/gmock.h>

#include "wasi/guest_fixture.h"

namespace ferry::wasi {
namespace {

using testing::HasSubstr;

class Trace : public GuestTest {
 protected:
  std::string printed(std::string_view name, std::vector<std::uint64_t> args, Errno error,
                      bool stop = false) {
    const Call* found = find_call(name);
    args.resize(std::max(args.size(), found->params.size()));
    testing::internal::CaptureStderr();
    CallResult result;
    result.value = static_cast<std::uint32_t>(error);
    result.stop = stop;
    print_call(*found, {memory.data(), memory.size()}, args.data(), result);
    return testing::internal::GetCapturedStderr();
  }
};

TEST_F(Trace, ShowsArgumentsTheErrorAndWhatWasWritten) {
  put(kResult, std::uint32_t{12});
  EXPECT_EQ(printed("fd_write", {1, 64, 1, kResult}, Errno::kSuccess),
            "wasi: fd_write(1, 64, 1, 16) = success, 12 bytes\n");
  EXPECT_EQ(printed("fd_write", {1, 64, 1, kOutside}, Errno::kSuccess),
            "wasi: fd_write(1, 64, 1, 262142) = success\n");
  EXPECT_EQ(printed("fd_write", {1, 64, 1, kResult}, Errno::kBadf),
            "wasi: fd_write(1, 64, 1, 16) = badf\n");
  EXPECT_EQ(printed("proc_exit", {0xffff'ffff'0000'0003}, Errno::kSuccess, true),
            "wasi: proc_exit(3) ended the function\n");
}

TEST_F(Trace, ShowsSixtyFourBitsWhereTheyAre) {
  put(kResult, std::uint64_t{1} << 40);
  EXPECT_EQ(printed("clock_time_get", {1, std::uint64_t{1} << 33, kResult}, Errno::kSuccess),
            "wasi: clock_time_get(1, 8589934592, 16) = success, 1099511627776 ns\n");
  EXPECT_EQ(printed("clock_time_get", {1, 0, kOutside}, Errno::kSuccess),
            "wasi: clock_time_get(1, 0, 262142) = success\n");
}

// A path is the guest's: what could move the terminal is not printed.
TEST_F(Trace, ShowsPathsWithoutControlCharacters) {
  const std::uint64_t size = put_text(kPath, "a\x1b[2Jb\xff");
  EXPECT_THAT(printed("path_open", {3, 0, kPath, size}, Errno::kNoent),
              HasSubstr("\"a?[2Jb?\" = noent"));
  EXPECT_THAT(printed("path_remove_directory", {3, kPath, size}, Errno::kNotdir),
              HasSubstr("\"a?[2Jb?\" = notdir"));
  EXPECT_THAT(printed("path_symlink", {kPath, size}, Errno::kPerm),
              HasSubstr("\"a?[2Jb?\" = perm"));
  EXPECT_THAT(printed("path_unlink_file", {3, kOutside, 100}, Errno::kFault),
              HasSubstr(") = fault"));  // without the path, which is not there
}

TEST_F(Trace, AnErrnoThatIsNoneIsANumber) {
  EXPECT_THAT(printed("fd_close", {3}, static_cast<Errno>(200)), HasSubstr("= 200\n"));
}

// POSIX names the errnos of the host, WASI those of the guest, and both mean the same by a name.
TEST_F(Trace, TheHostsErrnosAreTheGuestsOfTheSameName) {
  const std::map<std::string, std::string> others{{"EACCES", "acces"}, {"EOPNOTSUPP", "notsup"}};
  int known = 0;
  for (int error = 1; error < 134; ++error) {
    const char* const name = strerrorname_np(error);
    const Errno guests = errno_from_host(error);
    if (name == nullptr || guests == Errno::kIo) continue;
    ++known;
    std::string expected = name + 1;
    for (char& c : expected) c = static_cast<char>(std::tolower(c));
    if (const auto other = others.find(name); other != others.end()) expected = other->second;
    EXPECT_THAT(printed("fd_close", {3}, guests), HasSubstr("= " + expected + "\n")) << name;
  }
  EXPECT_GE(known, 55);
  EXPECT_EQ(errno_from_host(0), Errno::kSuccess);
  // Ours: the kernel is given no pointer of a guest.
  EXPECT_EQ(errno_from_host(EFAULT), Errno::kIo);
}

}  // namespace
}  // namespace ferry::wasi
