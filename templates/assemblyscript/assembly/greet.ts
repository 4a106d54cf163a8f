// What the function does, without where the event comes from: test/greet.test.js runs it as it is.

// The value of "name" in a JSON object whose strings have no escapes; null where there is none. For
// more than this, add the package assemblyscript-json.
export function findName(json: string): string | null {
  const key = json.indexOf('"name"');
  if (key < 0) return null;
  let at = skipSpace(json, key + 6);
  if (json.charAt(at) != ":") return null;
  at = skipSpace(json, at + 1);
  if (json.charAt(at) != '"') return null;
  const end = json.indexOf('"', at + 1);
  if (end < 0) return null;
  const name = json.substring(at + 1, end);
  return name.includes("\\") ? null : name;
}

function skipSpace(text: string, at: i32): i32 {
  while (at < text.length && " \t\r\n".includes(text.charAt(at))) at++;
  return at;
}
