"""What componentize-py compiles: wasi:http's incoming-handler, in terms of app.handle(). The modules
componentize_py_types and wit_world are made by it of wit/."""

from componentize_py_types import Err, Ok
from wit_world import exports
from wit_world.imports.streams import StreamError_Closed
from wit_world.imports.types import (
    Fields,
    IncomingRequest,
    Method_Other,
    OutgoingBody,
    OutgoingResponse,
    ResponseOutparam,
)

import app
from web import Request

LARGEST_WRITE = 4096  # what blocking-write-and-flush takes at once


class IncomingHandler(exports.IncomingHandler):
    def handle(self, request: IncomingRequest, out: ResponseOutparam) -> None:
        answer = app.handle(read(request))
        fields = [(name, value.encode("latin-1")) for name, value in answer.headers.items()]
        response = OutgoingResponse(Fields.from_list(fields))
        response.set_status_code(answer.status)
        body = response.body()
        ResponseOutparam.set(out, Ok(response))
        with body.write() as stream:
            for at in range(0, len(answer.body), LARGEST_WRITE):
                stream.blocking_write_and_flush(answer.body[at:at + LARGEST_WRITE])
        OutgoingBody.finish(body, None)


def read(request: IncomingRequest) -> Request:
    method = request.method()
    if isinstance(method, Method_Other):
        name = method.value
    else:
        name = type(method).__name__.removeprefix("Method_").upper()
    with request.headers() as fields:
        headers: dict[str, str] = {}
        for key, value in fields.entries():
            text = value.decode("latin-1")
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return Request(name, request.path_with_query() or "/", headers, read_body(request))


def read_body(request: IncomingRequest) -> bytes:
    data = bytearray()
    with request.consume() as body, body.stream() as stream:
        while True:
            try:
                data += stream.blocking_read(65536)
            except Err as error:
                if isinstance(error.value, StreamError_Closed):
                    return bytes(data)
                raise
