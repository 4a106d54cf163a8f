// On x86-64 alone: CPU_FEATURE_ACTIVE(NAME): what this CPU can and the kernel lets programs use.
// The C library knows it already; __builtin_cpu_supports would have each program ask the CPU again
// as it starts, and a virtual machine stops for every such question.
#pragma once

#if defined(__x86_64__)
// glibc 2.33 or newer. Its header is written in C; clang knows that type in C alone.
#ifdef __clang__
#define _Bool bool  // NOLINT(bugprone-reserved-identifier)
#include <sys/platform/x86.h>
#undef _Bool
#else
#include <sys/platform/x86.h>
#endif
#endif
