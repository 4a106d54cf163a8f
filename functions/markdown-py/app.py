"""Makes an HTML page of a Markdown document, with the package `markdown` from PyPI.

POST the document as text/markdown or text/plain, or as JSON {"title": …, "markdown": …}. The contract
is in ../README.md."""

import html
import json
import sys

import markdown
from markdown.extensions.fenced_code import FencedCodeExtension
from markdown.extensions.tables import TableExtension
from markdown.extensions.toc import TocExtension

from web import Request, Response


def handle(request: Request) -> Response:
    if request.method not in ("POST", "PUT"):
        return failed(405, "send a document with POST", {"allow": "POST, PUT"})
    try:
        title, text = document_in(request)
    except ValueError as error:
        return failed(400, str(error))
    converter = markdown.Markdown(
        extensions=[TableExtension(), TocExtension(), FencedCodeExtension()])
    body = converter.convert(text)
    headings = sum(1 for _ in all_of(converter.toc_tokens))
    print(f"markdown: {len(text)} characters, {headings} headings", file=sys.stderr)
    page = (f'<!doctype html>\n<html><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
            f"</head>\n<body>\n{converter.toc if headings > 2 else ''}{body}\n</body></html>\n")
    return Response(200, {"content-type": "text/html; charset=utf-8"}, page.encode())


def document_in(request: Request) -> tuple[str, str]:
    try:
        text = request.body.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"the document is not UTF-8 at byte {error.start}") from error
    if not request.headers.get("content-type", "").startswith("application/json"):
        first = text.lstrip().split("\n", 1)[0]
        return first.lstrip("# ").strip() or "Document", text
    try:
        event = json.loads(text)
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(event, dict) or not isinstance(event.get("markdown"), str):
        raise ValueError('JSON is {"title": …, "markdown": …}')
    return str(event.get("title", "Document")), event["markdown"]


def all_of(tokens):
    for token in tokens:
        yield token
        yield from all_of(token["children"])


def failed(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    print(f"markdown: refusing: {detail}", file=sys.stderr)
    body = json.dumps({"status": status, "detail": detail}, ensure_ascii=False).encode()
    return Response(status, {"content-type": "application/problem+json", **(headers or {})}, body)
