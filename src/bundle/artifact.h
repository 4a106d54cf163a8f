// What a bundle holds for its engine: the first bytes of a file, proven to be the maker's. Of
// native code so far only the hashes may be proven, page by page; a page is proven against its
// hash before anything of it is used (code_guard.h), or all of them at once (proven()).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"

namespace ferry::bundle {

// What is hashed on its own: as little as can be closed on its own.
inline constexpr std::uint64_t kCodePage = 4096;
inline constexpr std::uint64_t kPageMask = kCodePage - 1;
// What is opened at a fault: big enough that the fault costs little beside the hashes, small enough
// that a start hashes little that it does not use.
inline constexpr std::uint64_t kCodePiece = 64u << 10;

using Hash = std::array<std::uint8_t, 32>;

// Pages of the code that follow each other, the code's own first page being 0.
struct PageRun {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  bool operator==(const PageRun&) const = default;
};

// Where the artifact's native code lies, in whole pages, and what they must hash to (BLAKE3).
// `size` 0: everything is proven as one.
struct CodeProof {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::vector<Hash> pages;
  std::vector<PageRun> early;  // what a first event was seen to use; rising, apart, in the code
};

// Brings part of what is mapped into the address space in one go, where the kernel can.
void bring_in(ByteView mapped, std::uint64_t offset, std::uint64_t size);

// A whole file in memory, read-only, for as long as this lives.
class FileMap {
 public:
  FileMap(int fd, std::size_t size);
  ~FileMap();
  FileMap(const FileMap&) = delete;
  FileMap& operator=(const FileMap&) = delete;
  bool ok() const;
  ByteView view() const { return {static_cast<const std::uint8_t*>(base_), size_}; }
  void touch(std::uint64_t offset, std::uint64_t size) const { bring_in(view(), offset, size); }

 private:
  std::size_t size_;
  void* base_;
};

// Thread-safe. Shared by those who opened it and the module that runs it.
class Artifact {
 public:
  // `source` valid: `file` has zeros where the code is, which is still to be read from there, at
  // the same offset. Such a `source` may change at any time.
  Artifact(std::string name, Fd file, std::unique_ptr<FileMap> map, std::uint64_t size,
           CodeProof code, Fd source = {});

  std::uint64_t size() const { return size_; }
  const std::string& name() const { return name_; }

  // A sealed file whose first size() bytes are the artifact, with every byte of it proven: reads
  // and hashes the code first where that has not been done. kDenied: it was changed.
  Result<int> proven() const;
  bool is_proven() const;  // that it has been done
  // Reads what of the code has not been read: from then on this needs no other file than its own.
  Status read_rest() const;
  bool is_read() const { return all_read_.load(std::memory_order_acquire); }
  Result<Bytes> bytes() const;  // a copy of it, proven

  // For code_guard.h, which proves each page before it is used. Null: all is proven as it is.
  const CodeProof* code() const { return code_.size != 0 ? &code_ : nullptr; }
  int file() const { return file_.get(); }
  // Whether file() lacks the code: then read() is where it comes from.
  bool reads_code() const { return source_.valid(); }
  // Reads these pages to `to`, where the code's first page would lie, for check() to look at;
  // false: they cannot be read. Async-signal-safe.
  bool read(PageRun pages, std::uint8_t* to) const;
  // Whether these pages of the code are what they must be, in file(). Async-signal-safe.
  bool check(PageRun pages) const;
  // The same of several, with the code's first page at `mapped`.
  bool check(const std::uint8_t* mapped, std::span<const PageRun> runs) const;
  PageRun all_code() const;
  // Where an engine has mapped the code from file(): makes `runs` of it (rising, apart) what they
  // must be. Nobody may use the mapping yet. kDenied: it was changed; it is then of no use.
  Status bring_code(const std::uint8_t* mapping, std::span<const PageRun> runs) const;
  Error changed() const;  // what to say of code that is not

 private:
  Result<Fd> make_whole() const;

  std::string name_;
  Fd file_;
  Fd source_;
  std::unique_ptr<FileMap> map_;  // only where code of file_ is still to be checked
  std::uint64_t size_;
  CodeProof code_;
  mutable std::mutex mutex_;
  mutable bool all_proven_ = false;
  mutable Fd whole_;  // file_ and the code; not valid: not made yet
  mutable std::atomic<int> code_from_;
  mutable std::atomic<bool> all_read_;
};

// Code that was written as data, in whole pages: for reading and execution. False: see errno.
bool make_runnable(void* code, std::size_t size);

// The pages' hashes of `code`, which is whole pages.
std::vector<Hash> hash_pages(ByteView code);

}  // namespace ferry::bundle
