"""hello in Python, as a component: {"name":"Ada"} in a request's body is answered
{"message":"Hello, Ada!"}; what hello refuses gets status 400. The contract is in ../README.md."""

import json
import sys

from componentize_py_types import Err, Ok
from wit_world import exports
from wit_world.imports.streams import StreamError_Closed
from wit_world.imports.types import (
    Fields,
    IncomingRequest,
    OutgoingBody,
    OutgoingResponse,
    ResponseOutparam,
)

LARGEST_WRITE = 4096  # what blocking-write-and-flush takes at once


class IncomingHandler(exports.IncomingHandler):
    def handle(self, request: IncomingRequest, out: ResponseOutparam) -> None:
        try:
            who = name_in(read_all(request))
            print("hello: greeting " + escaped(who), file=sys.stderr)
            status, reply = 200, '{"message":"Hello, ' + escaped(who) + '!"}'
        except ValueError as error:
            print(f"hello: refusing: {error}", file=sys.stderr)
            status, reply = 400, json.dumps({"error": str(error)}, separators=(",", ":"))
        response = OutgoingResponse(Fields.from_list([("content-type", b"application/json")]))
        response.set_status_code(status)
        body = response.body()
        ResponseOutparam.set(out, Ok(response))
        data = reply.encode()
        with body.write() as stream:
            for at in range(0, len(data), LARGEST_WRITE):
                stream.blocking_write_and_flush(data[at:at + LARGEST_WRITE])
        OutgoingBody.finish(body, None)


def escaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def read_all(request: IncomingRequest) -> bytes:
    data = b""
    with request.consume() as body, body.stream() as stream:
        while True:
            try:
                data += stream.blocking_read(65536)
            except Err as error:
                if isinstance(error.value, StreamError_Closed):
                    return data
                raise


def name_in(data: bytes) -> str:
    if not data:
        return "world"
    try:
        event = json.loads(data.decode())  # of bytes, it would import a codec when it is used
    except ValueError as error:
        raise ValueError("the event is not valid JSON") from error
    if event is None:
        return "world"
    if not isinstance(event, dict):
        raise ValueError("the event is not a JSON object")
    name = event.get("name") or ""
    if not isinstance(name, str):
        raise ValueError("the event's name is not a string")
    return name or "world"
