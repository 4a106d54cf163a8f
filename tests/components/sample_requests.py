"""Requests for the sample components, generated from a seed: what each of them is for, and what it has
to refuse."""
import json
import random

LETTERS = "abc äöü\"\\\n\t<>&😀 {}[]:,019#*_`|-"
WORDS = ["bronte", "Brontë", "the", "time", "h", "1847", "verne voyage", "nothing", "%20", "%22", ""]


def text_of(rng, longest=40):
    return "".join(rng.choice(LETTERS) for _ in range(rng.randrange(longest)))


def greetings(rng):
    """Bodies for the functions named hello."""
    yield from [b"", b"null", b"{}", b'{"name":"Ada"}', b'{"name":""}', b'{"name":7}', b"[1]", b"nope",
                b'{"name":"\xc3\xa4\xf0\x9f\x98\x80"}', b"\xef\xbb\xbf{}", b"\xff\xfe\x00",
                json.dumps({"name": "x" * 100_000}).encode()]
    while True:
        text = text_of(rng)
        kind = rng.randrange(4)
        if kind == 0:
            yield text.encode()
        elif kind == 1:
            yield json.dumps({"name": text}).encode()
        elif kind == 2:
            yield json.dumps({"name": text, "more": [text, {"name": 1}]}, ensure_ascii=False).encode()
        else:
            whole = json.dumps({"name": text}).encode()
            yield whole[:rng.randrange(len(whole))]


def hello(rng):
    for body in greetings(rng):
        yield (rng.choice(["POST", "POST", "PUT", "PATCH", "DELETE"]),
               rng.choice(["/", "/a/b?c=d", "/%20x", "//x", "/?", "/a?b=%ff&c"]), body,
               {"Content-Type": rng.choice(["application/json", "text/plain", "no media type", ""]),
                "X-Seed": str(rng.randrange(1000)), "Cookie": "a=1; b=2"})


def catalogue(rng):
    known = ["*", '"x"', '"x", "y"']
    while True:
        path = rng.choice(["/books", "/books", "/books/jane-eyre", "/books/none", "/", "/books/a/b"])
        query = []
        if rng.randrange(3):
            query.append("q=" + rng.choice(WORDS).replace(" ", "+").encode().decode("latin-1"))
        if not rng.randrange(3):
            query.append(f"limit={rng.choice([1, 5, 0, 21, -1, 'x'])}")
        if query:
            path += "?" + "&".join(query)
        fields = {"If-None-Match": rng.choice(known)} if not rng.randrange(4) else {}
        method = rng.choice(["GET", "GET", "GET", "HEAD", "OPTIONS", "POST", "DELETE"])
        yield method, path.encode("utf-8").decode("ascii", "ignore"), None, fields


def markdown(rng):
    while True:
        lines = [rng.choice(["# ", "## ", "* ", "1. ", "> ", "    ", "", "```\n", "a | b\n--|--\n"]) +
                 text_of(rng) for _ in range(rng.randrange(12))]
        text = "\n".join(lines)
        kind = rng.randrange(4)
        if kind == 0:
            yield "POST", "/", json.dumps({"title": text_of(rng), "markdown": text}).encode(), {
                "Content-Type": "application/json"}
        elif kind == 1:
            yield rng.choice(["GET", "POST"]), "/", b"\xff" + text.encode(), {}
        else:
            yield "PUT", "/x", text.encode(), {"Content-Type": "text/markdown; charset=utf-8"}


def orders(rng):
    def line():
        return {"sku": rng.choice(["TEA", "MUG.BLUE", "no good", ""]) if not rng.randrange(5) else "TEA",
                "quantity": rng.choice([0, 1.5, 10_000, "1"]) if not rng.randrange(9)
                else rng.randrange(1, 100),
                "unit_price": rng.choice(["8.90", "12.5", "25", "0.001", "1e3", "9" * 13, "0"]),
                "tax_rate": rng.choice(["0.07", "0.19", "", "1", "1.0001", "0.12345"])}

    while True:
        order = {"id": rng.choice(["A-1", "B.2", "bad id", ""]) if not rng.randrange(4) else "A-1",
                 "currency": rng.choice(["EUR", "JPY", "KWD", "XXX"]),
                 "lines": [line() for _ in range(rng.randrange(6))]}
        body = json.dumps(order).encode()
        if not rng.randrange(8):
            body = body[:rng.randrange(len(body))]
        yield "POST", "/", body, {"Content-Type": "application/json"}


def summary(rng):
    while True:
        columns = rng.randrange(1, 6)
        rows = rng.choice([0, 1, 5, 50, 3000])
        lines = [",".join(text_of(rng, 8).replace(",", "").replace("\n", "") or "n"
                          for _ in range(columns))]
        for _ in range(rows):
            lines.append(",".join(rng.choice([str(rng.randrange(-99, 99)), "1.25", "x", "1e308", ""])
                                  for _ in range(columns if rng.randrange(2000) else columns + 1)))
        body = "\n".join(lines).encode()
        if not rng.randrange(10):
            body += b"\n\xff"
        yield rng.choice(["POST", "PUT", "GET"]), "/?x", body, {"Content-Type": "text/csv"}


def feeds(rng):
    def entry(atom):
        link = f"https://example.com/{rng.randrange(99)}"
        text = "".join(f"&#{ord(c)};" if c in "<&\"" else c for c in text_of(rng))
        when = rng.choice(["2026-11-28T11:00:00+01:00", "Sat, 28 Nov 2026 10:00:00 GMT", "soon", ""])
        if atom:
            return (f"<entry><id>{rng.choice(['', link])}</id><title>{text}</title><link rel='"
                    f"{rng.choice(['alternate', 'self'])}' href='{link}'/><content>{text * 20}</content>"
                    f"<updated>{when}</updated></entry>")
        return (f"<item><title>{text}</title><link>{link}</link><description><![CDATA[{text}]]>"
                f"</description><pubDate>{when}</pubDate></item>")

    while True:
        atom = bool(rng.randrange(2))
        entries = "".join(entry(atom) for _ in range(rng.choice([0, 1, 3, 40, 900])))
        text = f"<feed><title>t</title>{entries}</feed>" if atom else \
            f"<rss version='2.0'><channel><title>t</title>{entries}</channel></rss>"
        body = text.encode()
        if not rng.randrange(8):
            body = body[:rng.randrange(len(body))]
        yield (rng.choice(["POST", "POST", "PUT", "GET"]), "/", body,
               {"Content-Type": "application/xml"})


HTTP = {"hello-rust-http": hello, "hello-go-http": hello, "feed-go-http": feeds, "hello-rust-async": hello, "hello-js": hello, "hello-py": hello,
        "catalogue-js": catalogue, "orders-ts": orders, "markdown-py": markdown,
        "summary-rust-http": summary}


def requests(name, seed, count):
    """(method, path, body, fields) for a component that answers HTTP requests."""
    made = HTTP[name](random.Random(seed))
    for _ in range(count):
        yield next(made)


def bodies(seed, count):
    """Standard input for the commands named hello."""
    made = greetings(random.Random(seed))
    for _ in range(count):
        yield next(made)
