// Whether a function's code is valid WebAssembly, which the sections alone do not show.
#pragma once

#include "base/result.h"
#include "function/function.h"

namespace ferry::builder {

// By the quick engine, which finds it out in milliseconds; where that lacks what the code uses, by
// the first engine that has it, which compiles the function and keeps the result for the next
// start. kInvalid: no engine takes it. Ok as well where none of these engines is built.
Status check_code(const function::Function& function);

}  // namespace ferry::builder
