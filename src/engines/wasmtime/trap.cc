#include "engines/wasmtime/trap.h"

#include "base/demangle.h"

namespace ferry::engine::wasmtime {

std::string message_of(const wasmtime_error_t& error) {
  wasm_name_t name{};
  wasmtime_error_message(&error, &name);
  std::string out;
  // The engine writes its causes below each other, numbered and indented.
  bool space = false;
  for (const char c : view(name)) {
    if (c == '\n' || c == ' ') {
      space = true;
      continue;
    }
    if (space && !out.empty()) out += ' ';
    space = false;
    out += c;
  }
  wasm_byte_vec_delete(&name);
  return out;
}

std::string trap_text(const wasm_trap_t& trap, wasmtime_trap_code_t code) {
  switch (code) {
    case WASMTIME_TRAP_CODE_STACK_OVERFLOW:
      return "call stack exhausted";
    case WASMTIME_TRAP_CODE_MEMORY_OUT_OF_BOUNDS:
      return "out of bounds memory access";
    case WASMTIME_TRAP_CODE_TABLE_OUT_OF_BOUNDS:
      return "undefined element";
    case WASMTIME_TRAP_CODE_INDIRECT_CALL_TO_NULL:
      return "uninitialized element";
    case WASMTIME_TRAP_CODE_BAD_SIGNATURE:
      return "indirect call type mismatch";
    case WASMTIME_TRAP_CODE_INTEGER_OVERFLOW:
      return "integer overflow";
    case WASMTIME_TRAP_CODE_INTEGER_DIVISION_BY_ZERO:
      return "integer divide by zero";
    case WASMTIME_TRAP_CODE_BAD_CONVERSION_TO_INTEGER:
      return "invalid conversion to integer";
    case WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED:
      return "unreachable";
    default:
      break;
  }
  wasm_message_t message{};
  wasm_trap_message(&trap, &message);
  std::string out(view(message));
  wasm_byte_vec_delete(&message);
  while (!out.empty() && out.back() == '\0') out.pop_back();
  return out;
}

std::string backtrace_text(wasm_frame_vec_t& frames, std::size_t skipped) {
  std::string out;
  for (std::size_t i = skipped; i < frames.size; ++i) {
    const std::string number = std::to_string(i + 1 - skipped);
    out.append(number.size() < 3 ? 3 - number.size() : 0, ' ').append(number).append(": ");
    const wasm_name_t* name = wasmtime_frame_func_name(frames.data[i]);
    if (name != nullptr && name->size != 0) {
      out += demangle(view(*name));
    } else {
      out += "function " + std::to_string(wasm_frame_func_index(frames.data[i]));
    }
    out += '\n';
  }
  wasm_frame_vec_delete(&frames);
  return out;
}

}  // namespace ferry::engine::wasmtime
