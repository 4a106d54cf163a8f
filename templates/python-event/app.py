"""@NAME@ answers @WHAT@: `handle` gets its data as the body of a request and
returns the response. What is printed to standard error is the log. Plain Python: test_app.py runs
it without WebAssembly."""

import json
import sys

from web import Request, Response


def handle(request: Request) -> Response:
    try:
        event = json.loads(request.body.decode() or "{}")
    except ValueError as error:
        print(f"@NAME@: the event is not valid JSON: {error}", file=sys.stderr)
        return reply({"error": "the event is not valid JSON"}, 400)
    found = {
@PYTHON_VALUES@    }
    if not found["@FIRST@"]:
        print("@NAME@: the event is not @WHAT@", file=sys.stderr)
        return reply({"error": "the event is not @WHAT@"}, 400)
    print(f"@NAME@: @WHAT@: {found}", file=sys.stderr)
    return reply(found)


def at(value: object, *path: str) -> str:
    """The string at a path of names in a JSON document, or an empty one."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def reply(data: object, status: int = 200) -> Response:
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, {"content-type": "application/json"}, body)
