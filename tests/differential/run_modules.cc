// One engine's side of the differential test: runs a stream of generated modules through the
// engine interface and prints what each call did, a line a call, for compare.py to hold against
// the other engines'. One engine a process, as everywhere.
//
//   run_modules ENGINE FILE [FIRST]   FILE: per module its size (32 bits, little-endian) and its
//                                     bytes; FIRST: the number of the first to run
//
// Each module is announced before it is run: an engine whose compiler ends the process (ferry
// compiles in a child) is then gone on with behind it.

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/loader.h"
#include "engine/lower.h"
#include "wasi/context.h"
#include "wasm/binary.h"

namespace ferry {
namespace {

constexpr std::uint64_t kMemoryLimit = 16ull << 20;
constexpr std::chrono::seconds kPatience{2};

// FNV-1a, 64 bits: enough to tell two memories apart.
std::uint64_t hash(const std::uint8_t* bytes, std::size_t size) {
  std::uint64_t h = 0xcbf29ce484222325ull;
  for (std::size_t i = 0; i < size; ++i) h = (h ^ bytes[i]) * 0x100000001b3ull;
  return h;
}

std::string describe(const engine::End& end) {
  switch (end.kind) {
    case engine::End::Kind::kReturned:
      return "returned " + std::to_string(end.value);
    case engine::End::Kind::kStopped:
      return "stopped";
    case engine::End::Kind::kTrapped:
      return "trapped: " + end.message;
    case engine::End::Kind::kDeadline:
      return "deadline";
    case engine::End::Kind::kInstructions:
      return "instructions";
    case engine::End::Kind::kFailed:
      return "failed: " + end.message;
  }
  return "?";
}

Result<std::unique_ptr<engine::Module>> load(engine::Engine& on, ByteView artifact) {
  Fd fd(::memfd_create("artifact", MFD_CLOEXEC));
  if (fd.get() < 0) return errno_error("memfd_create", errno);
  std::size_t done = 0;
  while (done < artifact.size()) {
    const ssize_t n = ::write(fd.get(), artifact.data() + done, artifact.size() - done);
    if (n < 0) return errno_error("write", errno);
    done += static_cast<std::size_t>(n);
  }
  return on.load(fd.get(), 0, artifact.size());
}

// What a caller can see of an instance: its memory and its globals.
std::string state(engine::Instance& instance, const wasm::Binary& binary) {
  const wasi::Memory memory = instance.memory();
  std::string text = " memory " + std::to_string(memory.size) + " " +
                     std::to_string(hash(memory.base, memory.size));
  for (const wasm::Export& item : binary.exports) {
    if (item.kind != wasm::ExternKind::kGlobal || item.name.starts_with("ferry:")) continue;
    const auto global = instance.find_global(item.name);
    text += " " + (global ? std::to_string(instance.get_global(*global)) : std::string("-"));
  }
  return text;
}

// An instance with an input of its own in memory.
Result<std::unique_ptr<engine::Instance>> fresh(engine::Module& module, std::size_t number) {
  FERRY_TRY(auto instance, module.instantiate({kMemoryLimit, std::nullopt}));
  const wasi::Memory memory = instance->memory();
  for (std::size_t i = 0; i < memory.size && i < 256; ++i) {
    memory.base[i] = static_cast<std::uint8_t>(number * 31 + i * 7);
  }
  return instance;
}

Status run_module(engine::Engine& on, ByteView wasm, std::size_t number) {
  FERRY_TRY(const wasm::Binary binary, wasm::read_binary(wasm));
  FERRY_TRY(const engine::Ready ready, engine::ready_for(wasm, binary, on.info()));
  FERRY_TRY(const Bytes artifact, on.compile(ready.prepared.wasm));
  FERRY_TRY(const auto module, load(on, artifact));
  FERRY_TRY(auto instance, fresh(*module, number));
  wasi::Context context(system_clock(), system_random());
  for (const wasm::Export& item : binary.exports) {
    if (item.kind != wasm::ExternKind::kFunc) continue;
    const wasm::FuncType* type = binary.function_type(item.index);
    if (type == nullptr || !type->params.empty() || type->results.size() > 1) continue;
    if (!type->results.empty() && type->results[0] != wasm::ValType::kI32) continue;
    context.reset({});
    const Monotonic deadline = system_clock().monotonic() + kPatience;
    const engine::End end = instance->call(item.name, context, deadline);
    std::printf("%zu %s %s;%s\n", number, item.name.c_str(), describe(end).c_str(),
                state(*instance, binary).c_str());
    if (end.kind != engine::End::Kind::kReturned) {
      FERRY_TRY(instance, fresh(*module, number));
    }
  }
  return Done{};
}

int run(const char* name, const char* file, std::size_t first) {
  auto engine = engine::load_engine(name, {});
  if (!engine.ok()) {
    std::fprintf(stderr, "run_modules: %s\n", engine.error().text().c_str());
    return 1;
  }
  std::ifstream in(file, std::ios::binary);
  std::array<unsigned char, 4> head{};
  std::size_t number = 0;
  while (in.read(reinterpret_cast<char*>(head.data()), head.size())) {
    const std::uint32_t size =
        head[0] | head[1] << 8 | head[2] << 16 | static_cast<std::uint32_t>(head[3]) << 24;
    Bytes wasm(size);
    if (!in.read(reinterpret_cast<char*>(wasm.data()), size)) {
      std::fprintf(stderr, "run_modules: %s is cut short\n", file);
      return 1;
    }
    if (number < first) {
      ++number;
      continue;
    }
    std::printf("%zu begun: .\n", number);
    std::fflush(stdout);
    const Status status = run_module(**engine, wasm, number);
    if (!status.ok()) std::printf("%zu refused: %s\n", number, status.error().text().c_str());
    std::fflush(stdout);
    ++number;
  }
  return number == 0 ? 1 : 0;
}

}  // namespace
}  // namespace ferry

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::fprintf(stderr, "usage: run_modules ENGINE FILE [FIRST]\n");
    return 2;
  }
  return ferry::run(argv[1], argv[2], argc == 4 ? std::strtoul(argv[3], nullptr, 10) : 0);
}
