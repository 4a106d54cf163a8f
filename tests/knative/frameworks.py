#!/usr/bin/env python3
"""Google's older events, by us and by Google's own functions framework for Node.js.

    FERRY_BUILD=build FRAMEWORK=DIR [VECTORS=DIR] tests/knative/frameworks.py

DIR of FRAMEWORK is where `npm install @google-cloud/functions-framework` was run; that of VECTORS is
events/generate/data of GoogleCloudPlatform/functions-framework-conformance.
Exit status 77: FRAMEWORK is no such folder.
"""

import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "serve"))
from server import FERRY, PATIENCE, Answer, environment, make_guest  # noqa: E402

FRAMEWORK = pathlib.Path(os.environ.get("FRAMEWORK", "/nowhere"))
MIDDLEWARE = (FRAMEWORK / "node_modules/@google-cloud/functions-framework/build/src/middleware/"
              "background_event_to_cloud_event.js")
ASK = """
const {backgroundEventToCloudEventMiddleware: convert} = require(process.argv[1]);
const out = JSON.parse(require('fs').readFileSync(0, 'utf8')).map(body => {
  const req = {body, header: () => undefined, headers: {}, path: '/'};
  try { convert(req, {}, () => {}); } catch (error) { return null; }
  return req.body;
});
console.log(JSON.stringify(out));
"""
TIME = "2026-01-02T03:04:05Z"
NAMES = {"pubsub": "projects/p/topics/t", "storage": "projects/_/buckets/b/objects/o/p",
         "firestore": "projects/p/databases/(default)/documents/d/e", "auth": "projects/p",
         "analytics": "projects/p/events/e", "database": "projects/_/instances/i/refs/r/s"}


def samples():
    tables = (pathlib.Path(__file__).resolve().parent.parent.parent /
              "src/platforms/knative/google_tables.h").read_text()
    types = re.findall(r'\{"((?:google|providers)[^"]*[^/"])",\s*"google\.', tables)
    for kind in types:
        name = next(value for key, value in NAMES.items() if key in kind)
        context = {"eventId": "1", "timestamp": TIME, "eventType": kind, "resource": name}
        data = {"uid": "u", "metadata": {"createdAt": "a", "lastSignedInAt": "b"}, "n": 1}
        yield {**context, "data": data, "domain": "firebaseio.com"}
        yield {**context, "data": data, "domain": "europe-west1.firebasedatabase.app"}
        yield {"context": context, "data": data, "domain": "firebaseio.com"}
        yield {**context, "data": data, "domain": "firebaseio.com", "resource": "elsewhere/x"}


def ask(port, body):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("POST", "/", json.dumps(body), {
            "Content-Type": "application/json", "Accept": "application/cloudevents+json"})
        return json.loads(Answer(connection.getresponse()).body)
    finally:
        connection.close()


def vectors():
    folder = pathlib.Path(os.environ.get("VECTORS", "/nowhere"))
    for path in sorted(folder.glob("*-legacy-input.json")):
        output = folder / path.name.replace("-legacy-input", "-cloudevent-output")
        yield json.loads(path.read_text()), json.loads(output.read_text())


def main():
    bodies = list(samples())
    told = json.loads(subprocess.run(["node", "-e", ASK, MIDDLEWARE], input=json.dumps(bodies),
                                     capture_output=True, text=True, check=True).stdout)
    cases = list(zip(bodies, told, strict=True)) + list(vectors())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ferry-frameworks-"))
    make_guest("echo", folder)
    (folder / "ferry.toml").write_text(
        '[function]\nwasm = "echo.wasm"\ninput = "cloudevent"\nreply = "cloudevent"\n')
    server = subprocess.Popen([FERRY, "serve", folder / "ferry.toml", "--platform", "knative",
                               "--listen", "127.0.0.1:0", "--workers", "1"],
                              stderr=subprocess.PIPE, text=True, env=environment(folder))
    wrong = 0
    try:
        line = ""
        while "serving" not in line:
            line = server.stderr.readline()
        port = int(re.search(r":(\d+)/", line)[1])
        for body, theirs in cases:
            ours = ask(port, body)
            # What they refuse, or leave as it is, is a plain request here.
            same = ours["type"] == "http.request" if theirs is None or "specversion" not in theirs \
                else ours == theirs
            if not same:
                wrong += 1
                print(f"differs: {json.dumps(body)}\n  ours   {ours}\n  theirs {theirs}")
    finally:
        server.terminate()
        server.wait()
    print(f"{len(cases)} events, {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    if not MIDDLEWARE.exists():
        print("skipped: FRAMEWORK names no folder with @google-cloud/functions-framework")
        sys.exit(77)
    sys.exit(main())
