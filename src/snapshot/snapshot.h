// Makes a function start where its start-up ended (snapshot/image.h does the rewriting; this
// runs the module in between, on an engine, with our WASI). Used by `ferry build --snapshot`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/engine.h"
#include "snapshot/frozen.h"
#include "wasi/context.h"
#include "wasm/binary.h"

namespace ferry::snapshot {

// Gives one event to an instance that has started, as the host would, with stdin, stdout and all
// else that the context holds set up for it: how the guest's call ended, or why the event could not
// be given. `by_clock` is for the context's clock, `deadline` for the engine.
using WarmEvent = std::function<Result<engine::End>(
    engine::Instance& instance, wasi::Context& context, Monotonic by_clock, Monotonic deadline)>;

// Of a module whose functions have no names: the same, in which those at these places among the
// functions defined here can be taken off the stack and put back.
using MakeUnwindable =
    std::function<Result<Bytes>(ByteView nameless, const std::vector<std::uint32_t>& functions)>;
// With wasm-opt (its pass asyncify), as a child process.
Result<Bytes> make_unwindable(ByteView nameless, const std::vector<std::uint32_t>& functions);

struct SnapshotOptions {
  std::string name;                           // args[0] while it starts
  std::vector<std::string> args = {};         // behind args[0]
  std::vector<std::string> environ;           // "KEY=value", as at each event
  const wasi::FileTree* files = nullptr;      // borrowed; that travel with the function, or null
  std::chrono::milliseconds timeout{10'000};  // for the start-up
  std::uint64_t memory = 128ull << 20;
  bool network = false;  // connections are granted at each event; the start-up may make none
  Random* random = &system_random();  // what the start-up draws
  // Of a reactor: the first state is the one after these, each event given to what the one before
  // left. They may use neither files nor the network; what they write is dropped.
  std::vector<WarmEvent> warm;
  // A start-up that writes to fewer pages (4 KiB) than this is not worth it: kUnsupported.
  std::size_t least_pages = 0;
  MakeUnwindable unwindable = make_unwindable;
};

// The same start-up made a second time, with another clock and other randomness: put in the place
// of the first state of a new instance of the snapshot, it must do the same with the same event,
// or its behaviour depends on a value captured in the snapshot.
struct SecondStart {
  Bytes memory;
  std::vector<std::uint64_t> globals;  // bits by index
};

struct Snapshot {
  Bytes wasm;                   // runs wherever the original runs
  Frozen frozen;                // what the start-up drew from outside
  SecondStart second_start;     // empty when it drew nothing that could differ
  std::size_t frames = 0;       // functions that were on the stack, and were instrumented
  std::size_t stack_bytes = 0;  // what they take in memory
  std::uint64_t memory = 0;     // bytes of linear memory it starts with
};

// Prepared wasm in, artifact out, as for the store.
using CompilePrepared = std::function<Result<Bytes>(ByteView prepared)>;

// kUnsupported with the reason where there is nothing to gain or it cannot be done: it reads no
// stdin, it wrote before its first read, it opened files, its code writes tables, …
Result<Snapshot> make_snapshot(engine::Engine& engine, const CompilePrepared& compile,
                               ByteView wasm, const wasm::Binary& binary,
                               const SnapshotOptions& options);

}  // namespace ferry::snapshot
