#include "base/fault_kind.h"

#include <cstring>

#include <signal.h>
#include <ucontext.h>

namespace ferry {

bool writes_memory(std::uint32_t a64_instruction) {
  const std::uint32_t i = a64_instruction;
  const auto bit = [i](unsigned n) { return (i >> n & 1) != 0; };
  // Zeroing a block is a system instruction: DC ZVA.
  if ((i & 0xffffffe0) == 0xd50b7420) return true;
  // Loads and stores: bit 27 set, bit 25 clear.
  if (!bit(27) || bit(25)) return false;
  const bool load = bit(22);  // in most classes
  const bool vector = bit(26);
  switch (i >> 28 & 3) {
    case 0:  // exclusive and ordered, compare and swap; structures of vectors
      // CAS and CASP read and write, and have both bits: size 0010001 L 1, 0 sz 0010000 L 1.
      if (!vector && !bit(24) && bit(21) && (bit(23) || !bit(31))) return true;
      return !load;
    case 1:  // literals, which are only read; ordered at an offset
      if (!bit(24)) return false;
      return (i >> 22 & 3) == 0;
    case 2:  // pairs
      return !load;
    default:
      break;
  }
  // One register. With bit 21: an atomic operation, a register's offset, an authenticated load.
  if (!bit(24) && bit(21)) {
    const unsigned form = i >> 10 & 3;
    if (form == 0) {
      const bool ordered_load = bit(15) && (i >> 12 & 7) == 4;  // LDAPR
      return !ordered_load;
    }
    if ((form & 1) != 0) return false;
  }
  return vector ? !load : (i >> 22 & 3) == 0;
}

#if defined(__x86_64__)

FaultKind fault_kind(const void* context, std::uintptr_t /*address*/) {
  constexpr greg_t kWriteBit = 2;  // of the page fault's error code (Intel SDM 3A, 4.7)
  const auto* state = static_cast<const ucontext_t*>(context);
  return (state->uc_mcontext.gregs[REG_ERR] & kWriteBit) != 0 ? FaultKind::kWrite
                                                              : FaultKind::kRead;
}

#elif defined(__aarch64__)

FaultKind fault_kind(const void* context, std::uintptr_t address) {
  const auto kind = [](bool write) { return write ? FaultKind::kWrite : FaultKind::kRead; };
  // The frame has a list of records. That of the syndrome register is there for a data abort
  // (Linux, arch/arm64/include/uapi/asm/sigcontext.h), on Linux itself.
  constexpr std::uint64_t kWriteBit = 1u << 6;  // WnR of a data abort's syndrome
  const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
  const auto& records = machine.__reserved;
  for (std::size_t at = 0; at + sizeof(esr_context) <= sizeof records;) {
    _aarch64_ctx head{};
    std::memcpy(&head, records + at, sizeof head);
    if (head.magic == ESR_MAGIC) {
      esr_context record{};
      std::memcpy(&record, records + at, sizeof record);
      return kind((record.esr & kWriteBit) != 0);
    }
    if (head.magic == 0 || head.size < sizeof head) break;
    at += head.size;
  }
  // What only looks like Linux (QEMU's emulation of processes) leaves the record out: then the
  // instruction says it. It can be read, since it was executed, unless it is itself what is
  // missing.
  const std::uintptr_t at = machine.pc;
  if (address >= at && address < at + sizeof(std::uint32_t)) return FaultKind::kRead;
  std::uint32_t instruction = 0;
  std::memcpy(&instruction, reinterpret_cast<const void*>(at), sizeof instruction);
  return kind(writes_memory(instruction));
}

#endif

}  // namespace ferry
