// hello in AssemblyScript: {"name":"Ada"} on standard input is answered {"message":"Hello, Ada!"}.
// The contract is in ../README.md; wasi-shim's `process` is standard input, output and error.
import { escapeInto, findString, Status } from "./json";

function append(text: string, to: u8[]): void {
  const bytes = Uint8Array.wrap(String.UTF8.encode(text));
  for (let i = 0; i < bytes.length; i++) to.push(bytes[i]);
}

function bufferOf(bytes: u8[]): ArrayBuffer {
  const whole = new Uint8Array(bytes.length);
  whole.set(bytes);
  return whole.buffer;
}

// All of standard input.
function readAll(): Uint8Array {
  let room = new ArrayBuffer(4096);
  let size = 0;
  while (true) {
    const got = process.stdin.read(room, size);
    if (got <= 0) return Uint8Array.wrap(room, 0, size);
    size += got;
    if (size == room.byteLength) {
      const more = new Uint8Array(2 * size);
      more.set(Uint8Array.wrap(room));
      room = more.buffer;
    }
  }
}

function reason(status: Status): string {
  switch (status) {
    case Status.NotObject:
      return "the event is not a JSON object";
    case Status.NotString:
      return "the event's name is not a string";
    default:
      return "the event is not valid JSON";
  }
}

function greet(name: u8[]): void {
  // The name comes from a stranger: escaped, it cannot forge a second log line.
  const log: u8[] = [];
  append("hello: greeting ", log);
  escapeInto(name, log);
  append("\n", log);
  process.stderr.write(bufferOf(log));

  const reply: u8[] = [];
  append('{"message":"Hello, ', reply);
  escapeInto(name, reply);
  append('!"}', reply);
  process.stdout.write(bufferOf(reply));
}

const data = readAll();
const name: u8[] = [];
const status = data.length > 0 ? findString(data, "name", name) : Status.Ok;
if (status == Status.Ok) {
  if (name.length == 0) append("world", name);
  greet(name);
} else {
  process.stderr.write("hello: refusing: " + reason(status) + "\n");
  process.exit(1);
}
