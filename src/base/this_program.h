// Where the running program lies, also where there is no /proc.
#pragma once

#include <string>

namespace ferry {

// A path to start this program again by: what is running, whatever has been put in its place since;
// without /proc, what the kernel was asked to execute.
std::string this_program();

// The folder that it lies in, without a slash at the end.
std::string program_folder();

}  // namespace ferry
