// The kinds of CPU that native code is made for.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace ferry {

enum class Architecture : unsigned char { kAmd64, kArm64 };

inline constexpr std::array kArchitectures = {Architecture::kAmd64, Architecture::kArm64};

#if defined(__x86_64__)
inline constexpr Architecture kThisArchitecture = Architecture::kAmd64;
#elif defined(__aarch64__)
inline constexpr Architecture kThisArchitecture = Architecture::kArm64;
#else
#error "ferry runs on x86-64 and on 64-bit Arm"
#endif

// As Debian and the OCI image specification call it: "amd64", "arm64".
std::string_view name_of(Architecture architecture);

// As uname and compilers call it: "x86_64", "aarch64".
std::string_view machine_of(Architecture architecture);

std::optional<Architecture> find_architecture(std::string_view name);

// The one whose machine is a word of this text, such as an engine's fingerprint.
std::optional<Architecture> architecture_in(std::string_view text);

}  // namespace ferry
