"""An HTTP request and its response, as app.handle() has them."""

from dataclasses import dataclass, field


@dataclass
class Request:
    method: str = "POST"
    path: str = "/"  # with the query
    headers: dict[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""


@dataclass
class Response:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
