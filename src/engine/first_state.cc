#include "engine/first_state.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <sys/mman.h>

namespace ferry::engine {
namespace {

// Copying a page back costs a fraction of catching the write to it; a page becomes hot the
// second time it is seen. More hot pages than this cost more than a new instance would.
constexpr std::uint8_t kHotAfter = 2;
constexpr std::size_t kMaxHot = 1024;

bool is_zero(const std::uint8_t* page) {
  return page[0] == 0 && std::memcmp(page, page + 1, kPage - 1) == 0;
}

}  // namespace

Result<std::shared_ptr<FirstState>> FirstState::take(Instance& fresh,
                                                     const std::vector<std::string>& globals) {
  wasi::Memory memory = fresh.memory();
  if (memory.base == nullptr || memory.size == 0 || memory.size > kMaxImage) {
    return Error{Code::kUnsupported,
                 fmt::format("a memory of {} bytes is not kept (1 byte to {} MiB)", memory.size,
                             kMaxImage >> 20),
                 ""};
  }
  std::shared_ptr<FirstState> state(new FirstState());
  for (const std::string& name : globals) {
    auto handle = fresh.find_global(name);
    if (!handle) {
      return Error{Code::kUnsupported, fmt::format("global {} cannot be reached", name), ""};
    }
    state->global_names_.push_back(name);
    state->global_values_.push_back(fresh.get_global(*handle));
  }
  void* image = ::mmap(nullptr, memory.size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (image == MAP_FAILED) {
    return errno_error("map the image of an instance", errno);
  }
  state->image_ = static_cast<std::uint8_t*>(image);
  state->size_ = memory.size;
  state->seen_.resize(memory.size / kPage);
  for (std::size_t at = 0; at < memory.size; at += kPage) {
    if (!is_zero(memory.base + at)) {
      std::memcpy(state->image_ + at, memory.base + at, kPage);
    }
  }
  ::mprotect(image, memory.size, PROT_READ);
  return state;
}

FirstState::~FirstState() {
  if (image_ != nullptr) {
    ::munmap(image_, size_);
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

}  // namespace ferry::engine
