"""The same in Python, in the project that `ferry new python` makes: by `socket`, through http.client."""

import encodings.idna  # noqa: F401  socket looks for it at run time, where there are no files
import http.client

from web import Request, Response


def handle(request: Request) -> Response:
    place, _, path = request.body.decode().partition("/")
    service = http.client.HTTPConnection(place)
    service.request("GET", "/" + path)
    return Response(200, {"content-type": "application/json"}, service.getresponse().read())
