#include "reset/first_state.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>
#include <sys/mman.h>

namespace ferry::reset {
namespace {

// Copying a page back costs a fraction of catching the write to it; a page becomes hot the
// second time it is seen. More hot pages than this cost more than a new instance would.
constexpr std::uint8_t kHotAfter = 2;
constexpr std::size_t kMaxHot = 1024;

constexpr std::size_t kLine = 64;
constexpr unsigned kLines = kPage / kLine;
static_assert(kLines == 64, "a page's lines are the bits of a word");
// Fewer zeros in a row than this are copied with what is around them: to begin anew costs more.
constexpr unsigned kFewestZeros = 8;

bool is_zero(const std::uint8_t* bytes, std::size_t size) {
  return bytes[0] == 0 && std::memcmp(bytes, bytes + 1, size - 1) == 0;
}

std::uint64_t find_lines(const std::uint8_t* page) {
  std::uint64_t lines = 0;
  unsigned zeros = 0;  // lines in a row up to this one
  for (unsigned i = 0; i < kLines; ++i) {
    if (is_zero(page + i * kLine, kLine)) {
      ++zeros;
      continue;
    }
    lines |= std::uint64_t{1} << i;
    for (; zeros > 0 && zeros < kFewestZeros; --zeros) lines |= std::uint64_t{1} << (i - zeros);
    zeros = 0;
  }
  return lines;
}

// Calls of the C library: knowing that a size is some lines, the compiler would put string
// instructions in their place, which are slow to begin.
[[gnu::noinline]] void write_zeros(std::uint8_t* to, std::size_t size) { std::memset(to, 0, size); }
[[gnu::noinline]] void copy(std::uint8_t* to, const std::uint8_t* from, std::size_t size) {
  std::memcpy(to, from, size);
}

Status check_size(const wasi::Memory& memory) {
  if (memory.base != nullptr && memory.size != 0 && memory.size <= FirstState::kMaxImage) {
    return Done{};
  }
  return Error{Code::kUnsupported,
               fmt::format("a memory of {} bytes is not kept (1 byte to {} MiB)", memory.size,
                           FirstState::kMaxImage >> 20),
               ""};
}

}  // namespace

Status FirstState::read_globals(engine::Instance& fresh, const std::vector<std::string>& globals) {
  for (const std::string& name : globals) {
    auto handle = fresh.find_global(name);
    if (!handle) {
      return Error{Code::kUnsupported, fmt::format("global {} cannot be reached", name), ""};
    }
    global_names_.push_back(name);
    global_values_.push_back(fresh.get_global(*handle));
  }
  return Done{};
}

Result<std::shared_ptr<FirstState>> FirstState::take(engine::Instance& fresh,
                                                     const std::vector<std::string>& globals,
                                                     const MemoryTotal& total) {
  const wasi::Memory memory = fresh.memory();
  FERRY_CHECK_OK(check_size(memory));
  std::shared_ptr<FirstState> state(new FirstState(total));
  FERRY_CHECK_OK(state->read_globals(fresh, globals));
  void* image = ::mmap(nullptr, memory.size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (image == MAP_FAILED) {
    return errno_error("map the image of an instance", errno);
  }
  state->image_ = static_cast<std::uint8_t*>(image);
  state->size_ = memory.size;
  state->seen_.resize(memory.size / kPage);
  state->lines_ = std::vector<Lines>(memory.size / kPage);
  std::size_t copied = 0;
  for (std::size_t at = 0; at < memory.size; at += kPage) {
    if (!is_zero(memory.base + at, kPage)) {
      std::memcpy(state->image_ + at, memory.base + at, kPage);
      copied += kPage;
    }
  }
  state->use_.set(copied);
  ::mprotect(image, memory.size, PROT_READ);
  return state;
}

Result<std::shared_ptr<FirstState>> FirstState::hold(std::unique_ptr<engine::Instance> fresh,
                                                     const std::vector<std::string>& globals) {
  const wasi::Memory memory = fresh->memory();
  FERRY_CHECK_OK(check_size(memory));
  std::shared_ptr<FirstState> state(new FirstState(nullptr));
  FERRY_CHECK_OK(state->read_globals(*fresh, globals));
  if (::mprotect(memory.base, memory.size, PROT_READ) != 0) {
    return errno_error("protect the image of an instance", errno);
  }
  state->held_ = std::move(fresh);
  state->image_ = memory.base;
  state->size_ = memory.size;
  state->seen_.resize(memory.size / kPage);
  state->lines_ = std::vector<Lines>(memory.size / kPage);
  return state;
}

FirstState::~FirstState() {
  if (held_ != nullptr) {
    // The engine may write there, to make it what the next instance begins with.
    ::mprotect(image_, size_, PROT_READ | PROT_WRITE);
  } else if (image_ != nullptr) {
    ::munmap(image_, size_);
  }
}

// By several threads at once: all find the same.
std::uint64_t FirstState::learn_lines(PageIndex page) const {
  const std::uint64_t found = find_lines(image_ + std::size_t{page} * kPage);
  lines_[page].bits.store(found, std::memory_order_relaxed);
  lines_[page].known.store(true, std::memory_order_release);
  return found;
}

void FirstState::put_back(std::uint8_t* memory, PageIndex page) const {
  const Lines& of_page = lines_[page];
  const std::uint64_t lines = of_page.known.load(std::memory_order_acquire)
                                  ? of_page.bits.load(std::memory_order_relaxed)
                                  : learn_lines(page);
  std::uint8_t* to = memory + std::size_t{page} * kPage;
  const std::uint8_t* from = image_ + std::size_t{page} * kPage;
  for (unsigned at = 0; at < kLines;) {
    const std::uint64_t rest = lines >> at;
    const unsigned left = kLines - at;
    const unsigned zeros = std::min(static_cast<unsigned>(std::countr_zero(rest)), left);
    const unsigned run = zeros > 0 ? zeros : static_cast<unsigned>(std::countr_one(rest));
    if (zeros > 0) {
      write_zeros(to + at * kLine, run * kLine);
    } else {
      copy(to + at * kLine, from + at * kLine, run * kLine);
    }
    at += run;
  }
}

void FirstState::learn(std::span<const PageIndex> written) {
  std::lock_guard lock(mutex_);
  bool grew = false;
  for (PageIndex page : written) {
    if (seen_[page] < kHotAfter && ++seen_[page] == kHotAfter && hot_.size() < kMaxHot) {
      hot_.push_back(page);
      grew = true;
    }
  }
  if (grew) {
    std::ranges::sort(hot_);
  }
}

std::vector<PageIndex> FirstState::hot() const {
  std::lock_guard lock(mutex_);
  return hot_;
}

}  // namespace ferry::reset
