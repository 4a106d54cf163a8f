#include "wasm/not_wasm.h"

#include <fmt/format.h>

namespace ferry::wasm {
namespace {

struct Mark {
  std::string_view begins;
  std::string_view is;
  std::string_view hint;
};

constexpr Mark kMarks[] = {
    {"MZ", "a Windows program", "give the .wasm file"},
    {"\xCF\xFA\xED\xFE", "a macOS program", "give the .wasm file"},
    {"wasmer", "a file precompiled by wasmer", "give the .wasm file that it was made from"},
    {"BC\xC0\xDE", "LLVM bitcode", "link it: clang --target=wasm32-wasi -o f.wasm f.bc"},
    {"!<arch>", "a static library", "link it into a program first"},
    {"\x1F\x8B", "gzip-compressed", "unpack it first: gunzip"},
    {"\x28\xB5\x2F\xFD", "zstd-compressed", "unpack it first: unzstd"},
    {"PK\x03\x04", "a zip archive", "unpack it first, and give the .wasm file inside"},
    {"(module", "WebAssembly text", "translate it first: wat2wasm f.wat -o f.wasm"},
    {"(component", "WebAssembly text", "translate it first: wasm-tools parse f.wat -o f.wasm"},
    {";;", "WebAssembly text", "translate it first: wat2wasm f.wat -o f.wasm"},
    {"#!", "a script", "give the .wasm file"},
    {"<!", "a web page", "the download gave an answer in HTML; look at it"},
    {"<htm", "a web page", "the download gave an answer in HTML; look at it"},
    {"version https://git-lfs", "a Git LFS pointer", "fetch the file itself: git lfs pull"},
    {"package ", "Go source", "build it first: GOOS=wasip1 GOARCH=wasm go build -o f.wasm"},
};

struct Machine {
  unsigned number;
  const char* name;
};
// e_machine of the ELF specification, of what engines compile for.
constexpr Machine kMachines[] = {{62, " for x86-64"},
                                 {183, " for arm64"},
                                 {243, " for RISC-V, which no platform's package of ferry is for"},
                                 {22, " for s390x, which no platform's package of ferry is for"}};

// Little-endian unless byte 5 says otherwise.
const char* machine_of(ByteView elf) {
  if (elf.size() < 20) {
    return "";
  }
  const bool big = elf[5] == 2;
  const unsigned number = big ? elf[18] * 256u + elf[19] : elf[19] * 256u + elf[18];
  for (const Machine& machine : kMachines) {
    if (machine.number == number) {
      return machine.name;
    }
  }
  return "";
}

}  // namespace

Error explain_not_wasm(ByteView bytes) {
  if (bytes.empty()) {
    return Error{Code::kInvalid, "at offset 0: the file is empty",
                 "was the build or the copy interrupted?"};
  }
  std::string_view text = as_text(bytes);
  if (text.starts_with("\x7F"
                       "ELF")) {
    return Error{Code::kInvalid,
                 fmt::format("at offset 0: no wasm; this is an ELF file: native code{}, perhaps "
                             "precompiled wasm (.cwasm, .so)",
                             machine_of(bytes)),
                 "precompiled code fits one engine version and CPU and cannot be checked; give the "
                 ".wasm file that it was made from"};
  }
  for (const Mark& mark : kMarks) {
    if (text.starts_with(mark.begins)) {
      return Error{Code::kInvalid, fmt::format("at offset 0: no wasm; this is {}", mark.is),
                   std::string(mark.hint)};
    }
  }
  static constexpr std::string_view kMagic("\0asm", 4);
  if (text.starts_with(kMagic.substr(0, std::min<std::size_t>(4, text.size())))) {
    return Error{Code::kInvalid, fmt::format("at offset {}: truncated in the header", bytes.size()),
                 "was the build or the copy interrupted?"};
  }
  return Error{Code::kInvalid, "at offset 0: no wasm: the file does not begin with \\0asm",
               "give a .wasm file"};
}

}  // namespace ferry::wasm
