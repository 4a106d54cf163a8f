// Exchanges events.json with `ferry serve` through the CloudEvents SDK for JavaScript.
//
//   client.mjs URL events.json
//
// The SDK writes each event and reads each reply; the transport is fetch, since the SDK's own
// reads every body as UTF-8. Where the SDK leaves something to its user, it is done here and says
// so: in header values it neither writes nor reads percent-encoding (HTTP binding, 3.1.3.2).
import { readFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { CloudEvent, HTTP } from "cloudevents";

const encode = (value) =>
  String(value).replace(/[^\x21-\x7E]|["%]/gu, (c) => (c === '"' ? "%22" : encodeURIComponent(c)));

function mapAttributes(headers, change) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) =>
      [name, name.startsWith("ce-") ? change(value) : value]));
}

function dataOf(test) {
  if ("json" in test) return test.json;
  if ("text" in test) return test.text;
  return "base64" in test ? new Uint8Array(Buffer.from(test.base64, "base64")) : undefined;
}

const eventOf = (test) => new CloudEvent({ ...test.attributes, data: dataOf(test) });

async function post(url, headers, body) {
  const response = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(30000) });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: Object.fromEntries(response.headers), bytes };
}

// The data in one form: bytes as hexadecimal digits, JSON as values. The SDK gives the bytes of a
// structured event as Uint32Array, and JSON of types it does not know as text.
function normal(data, test) {
  if (data === undefined || data === null) return undefined;
  if ("base64" in test) return Buffer.from(Array.from(data)).toString("hex");
  if ("json" in test && typeof data === "string") return JSON.parse(data);
  return data;
}

// What is different, a line each. In binary mode every attribute is a string.
function compare(test, sent, reply, binary) {
  const problems = [];
  const attributes = (event) => {
    const { data, data_base64, time, ...rest } = event.toJSON();
    for (const name of Object.keys(rest)) {
      if (rest[name] === undefined) delete rest[name];
      else if (binary) rest[name] = String(rest[name]);
    }
    return { ...rest, time: Date.parse(time) };
  };
  const want = attributes(sent);
  const got = attributes(reply);
  want.type += ".echo";
  // The SDK gives each binary message a JSON content type unless it has one; data without a type
  // are JSON in the JSON format.
  const untyped = binary ? "application/json; charset=utf-8" : "application/json";
  if (binary || normal(sent.data, test) !== undefined) want.datacontenttype ??= untyped;
  for (const name of new Set([...Object.keys(want), ...Object.keys(got)])) {
    if (want[name] !== got[name]) {
      problems.push(`${name}: sent ${JSON.stringify(want[name])}, got ${JSON.stringify(got[name])}`);
    }
  }
  const [a, b] = [normal(sent.data, test), normal(reply.data, test)];
  if (!isDeepStrictEqual(a, b)) problems.push(`data: sent ${JSON.stringify(a)}, got ${JSON.stringify(b)}`);
  return problems;
}

// The body as the SDK wants it: text, or bytes where it must not be decoded.
const bodyFor = (headers, bytes) =>
  /^(image\/|application\/octet-stream)/.test(headers["content-type"] ?? "") ? bytes
    : bytes.length === 0 ? undefined : bytes.toString("utf8");

async function single(url, test, mode, accept) {
  const event = eventOf(test);
  const message = HTTP[mode](event);
  const headers = { ...mapAttributes(message.headers, encode), ...(accept && { accept }) };
  const reply = await post(url, headers, message.body);
  if (reply.status !== 200) return [`status ${reply.status}: ${reply.bytes}`];
  const binary = mode === "binary" && !accept;
  if (binary !== "ce-id" in reply.headers) return [`the reply is in the wrong mode: ${JSON.stringify(reply.headers)}`];
  const back = HTTP.toEvent({
    headers: mapAttributes(reply.headers, decodeURIComponent),
    body: bodyFor(reply.headers, reply.bytes),
  });
  back.validate();
  return compare(test, event, back, mode === "binary");
}

async function batch(url, tests) {
  const type = "application/cloudevents-batch+json";
  const events = tests.map(eventOf);
  const reply = await post(url, { "content-type": type }, JSON.stringify(events));
  if (reply.status !== 200 || reply.headers["content-type"] !== type) {
    return [`status ${reply.status}: ${reply.bytes.toString().slice(0, 300)}`];
  }
  const back = HTTP.toEvent({ headers: reply.headers, body: reply.bytes.toString() });
  if (back.length !== events.length) return [`${events.length} events, ${back.length} replies`];
  return events.flatMap((event, i) => compare(tests[i], event, back[i], false));
}

const [url, path] = process.argv.slice(2);
const tests = JSON.parse(await readFile(path, "utf8"));
const results = [];
const record = async (name, exchange) => {
  results.push([name, await exchange.catch((error) => [String(error.stack ?? error)])]);
};
for (const test of tests) {
  await record(`binary, ${test.name}`, single(url, test, "binary"));
  await record(`structured, ${test.name}`, single(url, test, "structured"));
  await record(`binary answered structured, ${test.name}`,
    single(url, test, "binary", "application/cloudevents+json"));
}
await record("batched", batch(url, tests));
const failed = results.filter(([, problems]) => problems.length > 0);
for (const [name, problems] of failed) {
  console.log(`FAILED javascript: ${name}\n  ${problems.join("\n  ")}`);
}
console.log(`javascript: ${results.length - failed.length} of ${results.length} exchanges passed`);
process.exit(failed.length > 0 ? 1 : 0);
