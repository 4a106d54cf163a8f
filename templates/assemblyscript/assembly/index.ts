// @NAME@ answers one event: its data comes on standard input, the reply goes to standard output,
// the log to standard error. An exit status other than 0 is a failed event. `process` is wasi-shim's.
import { findName } from "./greet";

// All of standard input.
function readAll(): string {
  let room = new ArrayBuffer(65536);
  let size = 0;
  while (true) {
    const got = process.stdin.read(room, size);
    if (got <= 0) return String.UTF8.decode(room.slice(0, size));
    size += got;
    if (size == room.byteLength) {
      const more = new Uint8Array(2 * size);
      more.set(Uint8Array.wrap(room));
      room = more.buffer;
    }
  }
}

const name = findName(readAll());
if (name === null) {
  process.stderr.write("@NAME@: the event has no name\n");
  process.exit(1);
} else {
  process.stderr.write(`@NAME@: greeting ${name}\n`);
  process.stdout.write(`{"message":"Hello, ${name}!"}`);
}
