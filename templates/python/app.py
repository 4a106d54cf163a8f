"""@NAME@ answers HTTP requests: `handle` gets one and returns the response. What is printed to
standard error is the log. Plain Python: test_app.py runs it without WebAssembly."""

import json
import sys

from web import Request, Response


def handle(request: Request) -> Response:
    try:
        event = json.loads(request.body.decode() or "{}")
    except ValueError as error:
        print(f"@NAME@: the event is not valid JSON: {error}", file=sys.stderr)
        return reply({"error": "the event is not valid JSON"}, 400)
    name = event.get("name") if isinstance(event, dict) else None
    name = name if isinstance(name, str) and name else "world"
    print(f"@NAME@: greeting {name}", file=sys.stderr)
    return reply({"message": f"Hello, {name}!"})


def reply(data: object, status: int = 200) -> Response:
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, {"content-type": "application/json"}, body)
