// Runs a function for its snapshot in a process of its own, so that one that breaks out of its
// engine finds nothing there:
//
//   this process ──fork──▶ one that runs the function, and starts no program
//        ▲   compile, make unwindable   │
//        └───── the snapshot ───────────┘
//
// The other process shuts itself in before the function runs (host/sandbox.h). What comes from it
// is untrusted: modules, which are compiled and read here as any function's, and words.
#pragma once

#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "snapshot/snapshot.h"

namespace ferry::builder {

// What takes other programs.
struct SnapshotTools {
  snapshot::CompilePrepared compile;
  snapshot::MakeUnwindable unwindable;
};

struct TriedSnapshot {
  Bytes wasm;
  std::string compared_on;  // in words
};

// Makes the snapshot with these tools, which ask the process of before. Its standard input and
// output lead nowhere, its standard error where this one's does (an engine's last words); of other
// descriptors it has files for reading.
using Trial = std::function<Result<TriedSnapshot>(const SnapshotTools& asking)>;

// By a process that has one thread; blocks until the other has ended. An error of the trial's comes
// back as it is; kLimit where it asks without end, kInternal where its process was ended.
Result<TriedSnapshot> try_apart(const SnapshotTools& tools, const Trial& trial);

}  // namespace ferry::builder
