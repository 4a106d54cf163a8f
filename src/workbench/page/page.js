// The script of the page of `ferry dev`. It asks the program that served it (src/workbench/page.cc)
// for its state and for new events, and shows them. Everything from a function is put into the page
// as text, never as HTML.
"use strict";

const at = (id) => document.getElementById(id);
const events = new Map(); // by number: what the list shows of each
let chosen = 0; // the number of the event that is shown
let shown = null; // its capsule
let last = 0; // the newest number that was fetched
let state = null;

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((each) => each !== null));
  return made;
}

async function ask(path, body) {
  const how = body === undefined ? {} : {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  const response = await fetch(path, how);
  const text = await response.text();
  let answer = null;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Error(text.trim());
  }
  if (!response.ok) throw new Error(answer.error || response.statusText);
  return answer;
}

// --- words and figures

const marks = { ok: "✓", refused: "–", busy: "…" };
function outcome(status) {
  const kind = status === "ok" ? "good" : "bad";
  return element("span", { className: kind }, `${marks[status] || "✗"} ${status}`);
}

function time(us) {
  if (us >= 1e6) return `${(us / 1e6).toFixed(2)} s`;
  if (us >= 1e4) return `${Math.round(us / 1e3)} ms`;
  if (us >= 1e3) return `${(us / 1e3).toFixed(1)} ms`;
  return `${us.toFixed(us < 10 ? 1 : 0)} µs`;
}

function size(bytes) {
  if (bytes >= 1 << 20) return `${(bytes / (1 << 20)).toFixed(1)} MiB`;
  if (bytes >= 1 << 10) return `${(bytes / (1 << 10)).toFixed(1)} KiB`;
  return `${bytes} B`;
}

const total = (one) => one.queue_us + one.instantiate_us + one.run_us + one.teardown_us;
const clock = (stamp) => new Date(stamp).toLocaleTimeString();

function readable(capsule, key = "data") {
  if (key in capsule) {
    try {
      return JSON.stringify(JSON.parse(capsule[key]), null, 2);
    } catch {
      return capsule[key];
    }
  }
  return `${key}_base64` in capsule ? `(base64) ${capsule[`${key}_base64`]}` : "";
}

// --- the build

function showState(now) {
  const before = state;
  state = now;
  const build = now.build;
  const words = {
    building: `… building (${(build.running_ms / 1000).toFixed(1)} s)`,
    starting: "… starting",
    failed: "✗ the build failed",
    serving: `✓ serving build ${build.number}, ${build.save_to_served_ms} ms after the save`,
  };
  const status = at("status");
  const text = words[build.state] || build.state;
  if (status.textContent !== text) status.textContent = text;
  status.className = { failed: "bad", serving: "good" }[build.state] || "busy";
  at("broken").hidden = build.state !== "failed" || build.output === "";
  at("output").textContent = build.output;
  const facts = [["at", `http://${now.address}/`]];
  if (now.function) {
    at("name").textContent = now.function.name;
    document.title = `${now.function.name} - ferry dev`;
    facts.push(["digest", now.function.digest.slice(0, 19)], ["ABI", now.function.abi],
      ["engine", now.function.engine], ["timeout", `${now.function.timeout_ms} ms`],
      ["memory at most", size(now.function.memory_limit)]);
    if (now.function.grants.length > 0) facts.push(["granted", now.function.grants.join("; ")]);
  }
  at("facts").replaceChildren(...facts.map(([name, value]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, value))));
  if (before === null) fillChoices(now);
}

function fillChoices(now) {
  at("platform").replaceChildren(...now.platforms.map((name) => new Option(name, name)));
  if (now.platforms.includes("http")) at("platform").value = "http";
  at("engine").replaceChildren(...now.engines.map((name) => new Option(name, name)));
  for (const platform of new Set(now.samples.map((sample) => sample.platform))) {
    const group = element("optgroup", { label: platform });
    group.append(...now.samples.filter((sample) => sample.platform === platform)
      .map((sample) => new Option(sample.name, sample.name)));
    at("sample").append(group);
  }
}

// --- the list

function item(one) {
  const what = one.method ? `${one.method} ${one.subject}` : `${one.type} ${one.subject}`;
  const more = [clock(one.time), `through ${one.via}`, size(one.memory_bytes)];
  if (one.message) more.push(one.message);
  if (one.denied) more.push(`denied: ${one.denied}`);
  const made = element("li", { id: `event-${one.number}`, role: "option" },
    outcome(one.status), element("span", { className: "what" }, what),
    element("span", { className: "number" }, time(total(one))),
    element("span", { className: "more" }, more.join(" · ")));
  made.setAttribute("aria-selected", one.number === chosen);
  made.addEventListener("click", () => choose(one.number));
  return made;
}

function take(answer) {
  const list = at("events");
  for (const one of answer.events) {
    events.set(one.number, one);
    list.prepend(item(one));
    last = Math.max(last, one.number);
  }
  for (const number of events.keys()) {
    if (number >= answer.first) break;
    events.delete(number);
    at(`event-${number}`)?.remove();
  }
  if (answer.events.length === 0) return;
  const failed = [...events.values()].filter((one) => one.status !== "ok").length;
  at("count").textContent = `${events.size}, ${failed} not ok`;
  at("empty").hidden = true;
  plot();
}

function plot() {
  const all = [...events.values()].slice(-100);
  const line = (title, value, show) => {
    const values = all.map(value);
    const most = Math.max(...values, 1e-9);
    const place = (v, i) => [all.length < 2 ? 50 : (100 * i) / (all.length - 1), 28 - (26 * v) / most];
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 100 30");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", `${title}: at most ${show(most)}`);
    const path = document.createElementNS(svg.namespaceURI, "polyline");
    path.setAttribute("points", values.map((v, i) => place(v, i).join(",")).join(" "));
    svg.append(path);
    const caption = `${title}: last ${show(values.at(-1))}, most ${show(most)}`;
    return element("figure", {}, element("figcaption", {}, caption), svg);
  };
  at("plots").replaceChildren(line("time", total, time), line("memory", (one) => one.memory_bytes, size));
}

async function choose(number) {
  if (!events.has(number)) return;
  at(`event-${chosen}`)?.setAttribute("aria-selected", "false");
  chosen = number;
  const row = at(`event-${number}`);
  row.setAttribute("aria-selected", "true");
  row.scrollIntoView({ block: "nearest" });
  at("events").setAttribute("aria-activedescendant", row.id);
  at("report").hidden = true;
  at("naming").hidden = true;
  at("result").textContent = "";
  try {
    shown = await ask(`event?number=${number}`);
  } catch (error) {
    at("result").textContent = error.message;
    return;
  }
  if (chosen === number) showEvent(events.get(number), shown);
}

// --- one event

function block(title, text) {
  return text === "" ? null : element("div", {}, element("h3", {}, title),
    element("pre", { tabIndex: 0 }, text));
}

function phases(one) {
  const parts = [["waiting", one.queue_us], ["instance", one.instantiate_us], ["run", one.run_us],
    ["clean-up", one.teardown_us]];
  const bar = element("div", { className: "phases", role: "img" });
  bar.setAttribute("aria-label", parts.map(([name, us]) => `${name} ${time(us)}`).join(", "));
  for (const [name, us] of parts) {
    const part = element("span", { title: `${name} ${time(us)}` });
    part.style.flexGrow = us;
    bar.append(part);
  }
  return element("div", {}, element("h3", {}, "Time"), bar,
    element("p", { className: "quiet" }, parts.map(([name, us]) => `${name} ${time(us)}`).join(" · ")));
}

function showEvent(one, capsule) {
  at("one").hidden = false;
  at("one-title").replaceChildren("Event ", String(one.number), " ", outcome(one.status));
  const result = capsule.outcome;
  const rows = [["invocation", capsule.invocation], ["engine", `${capsule.engine.name} ${capsule.engine.version}`],
    ["memory", size(one.memory_bytes)],
    ["instructions", one.instructions === null ? "not counted by this engine" : String(one.instructions)],
    ["denied", capsule.denied || "nothing"]];
  if (result.exit_code) rows.push(["exit code", String(result.exit_code)]);
  if (result.reply.http) rows.push(["HTTP status", String(result.reply.http.status)]);
  const error = [result.message, result.hint].filter(Boolean).join("\n");
  const logs = (result.logs || []).map((line) =>
    element("li", {}, element("time", {}, clock(line.time)), element("span", {}, line.text)));
  const attributes = Object.entries(capsule.event).filter(([name]) => name !== "specversion")
    .map(([name, value]) => `${name}: ${value}`).join("\n");
  at("detail").replaceChildren(...[
    block("What happened", error), block("Where", result.backtrace || ""),
    block(`Reply${result.reply.content_type ? ` (${result.reply.content_type})` : ""}`, readable(result.reply)),
    element("div", {}, element("h3", {}, "Log"), logs.length > 0 ? element("ul", { className: "log" }, ...logs)
      : element("p", { className: "quiet" }, "nothing was logged")),
    block("Input", readable(capsule)), block("Attributes", attributes), phases(one),
    element("table", {}, ...rows.map(([name, value]) =>
      element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, value)))),
  ].filter((each) => each !== null));
}

// --- what takes time

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function finish(begun) {
  for (;;) {
    const job = await ask(`job?number=${begun.job}`);
    if (job.done) return job;
    await pause(150);
  }
}

// Runs one action with its button disabled, and says in `place` what went wrong.
async function act(button, place, action) {
  if (button.disabled) return;
  button.disabled = true;
  place.className = "busy";
  place.textContent = "… under way";
  try {
    await action();
  } catch (error) {
    place.className = "bad";
    place.textContent = `✗ ${error.message}`;
  } finally {
    button.disabled = false;
  }
}

function say(place, good, text) {
  place.className = good ? "good" : "bad";
  place.textContent = `${good ? "✓" : "✗"} ${text}`;
}

async function send() {
  const body = { platform: at("platform").value, [at("kind").value]: at("text").value };
  const before = last;
  at("answer").hidden = true;
  const job = await finish(await ask("send", body));
  if (job.exit_code !== 0) throw new Error(job.errors.trim() || `ended with ${job.exit_code}`);
  say(at("sent"), true, `answered with ${job.output.split("\n", 1)[0]}`);
  at("answer").textContent = job.output;
  at("answer").hidden = false;
  for (let tries = 0; tries < 40 && last === before; ++tries) {
    await poll();
    if (last === before) await pause(50);
  }
  choose(last);
}

async function replay() {
  const engine = at("engine").value;
  const job = await finish(await ask("replay", { number: chosen, engine }));
  if (job.output === "") throw new Error(job.errors.trim());
  const answer = JSON.parse(job.output);
  say(at("result"), answer.same, answer.same ? `the same outcome on ${engine}: ${answer.status}`
    : `another outcome on ${engine}: ${answer.status}`);
  report(["field", "recorded", "now"], answer.differences.map((one) => [one.field, one.recorded, one.now]));
  if (answer.notes.length > 0) at("result").textContent += ` (${answer.notes.join("; ")})`;
}

async function verify() {
  const job = await finish(await ask("verify", { number: chosen }));
  if (job.output === "") throw new Error(job.errors.trim());
  const answer = JSON.parse(job.output);
  say(at("result"), answer.differences === 0, answer.differences === 0
    ? "the same on every engine and platform" : `${answer.differences} differences`);
  const side = (engine, platform) => {
    const found = engine.cases?.[0]?.platforms[platform];
    if (!found) return engine.error || "not run";
    const why = found.why || (found.difference ? found.difference.field : "");
    return found.state === "same" ? "✓ same" : `${found.state}${why ? `: ${why}` : ""}`;
  };
  report(["", ...answer.engines.map((engine) => engine.engine)], answer.platforms.map((platform) =>
    [platform, ...answer.engines.map((engine) => side(engine, platform))]));
}

function report(heads, rows) {
  const table = at("report");
  table.hidden = rows.length === 0;
  table.replaceChildren(
    element("tr", {}, ...heads.map((text) => element("th", { scope: "col" }, text))),
    ...rows.map((row) => element("tr", {}, ...row.map((text) => element("td", {}, String(text))))));
}

async function save() {
  const name = at("case").value;
  const answer = await ask("save", { number: chosen, name });
  at("naming").hidden = true;
  say(at("result"), true, `saved as ${answer.saved}: ferry verify . cases`);
}

function edit() {
  if (shown === null) return;
  at("kind").value = "data";
  at("sample").value = "";
  at("text").value = shown.data ?? "";
  at("text").focus();
}

// --- wiring

at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  act(event.submitter || at("form").querySelector("button.main"), at("sent"), send);
});
at("sample").addEventListener("change", async () => {
  const name = at("sample").value;
  if (name === "") return;
  const sample = await ask(`sample/${name}`);
  at("platform").value = sample.platform;
  at("kind").value = "native";
  at("text").value = sample.input;
});
at("file").addEventListener("change", async () => {
  const file = at("file").files[0];
  if (file) at("text").value = await file.text();
});
at("replay").addEventListener("click", () => act(at("replay"), at("result"), replay));
at("verify").addEventListener("click", () => act(at("verify"), at("result"), verify));
at("save").addEventListener("click", () => {
  at("naming").hidden = false;
  at("case").focus();
});
at("naming").addEventListener("submit", (event) => {
  event.preventDefault();
  act(at("naming").querySelector("button"), at("result"), save);
});
at("again").addEventListener("click", edit);
at("rebuild").addEventListener("click", () => ask("rebuild", {}));

const step = (by) => {
  const numbers = [...events.keys()];
  const place = numbers.indexOf(chosen);
  choose(place < 0 ? numbers.at(-1) : numbers[Math.min(Math.max(place - by, 0), numbers.length - 1)]);
};
const keys = { j: () => step(1), k: () => step(-1), r: () => at("replay").click(),
  v: () => at("verify").click(), s: () => at("save").click(), e: edit,
  b: () => at("rebuild").click(), n: () => at("text").focus() };
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    at("form").requestSubmit();
    return;
  }
  const typing = event.target.matches("input, select, textarea");
  if (event.key === "Escape" && typing) event.target.blur();
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const arrows = { ArrowDown: "j", ArrowUp: "k" };
  const inList = event.target === at("events") && arrows[event.key];
  const action = keys[inList || event.key];
  if (!action || (chosen === 0 && "rvse".includes(event.key))) return;
  event.preventDefault();
  action();
});

let polling = null;
async function poll() {
  if (polling) return polling;
  polling = (async () => {
    showState(await ask("state"));
    take(await ask(`events?after=${last}`));
  })();
  try {
    await polling;
  } catch (error) {
    at("status").className = "bad";
    at("status").textContent = `✗ ferry dev does not answer (${error.message})`;
  } finally {
    polling = null;
  }
}

(async () => {
  for (;;) {
    await poll();
    await pause(document.hidden ? 5000 : 600);
  }
})();
