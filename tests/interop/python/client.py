"""Exchanges events.json with `ferry serve` through the CloudEvents SDK for Python.

    client.py URL events.json

The SDK writes each event and reads each reply; only the transport (http.client) is ours. It has
no batched mode: there its JSON format writes and reads the events one by one.
"""

import base64
import http.client
import json
import sys
import urllib.parse
from datetime import datetime

from cloudevents.core.bindings import http as binding
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from dateutil.parser import isoparse

FORMAT = JSONFormat()


def post(url, headers, body):
    """The reply's status, headers and body."""
    where = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=30)
    connection.request("POST", where.path or "/", body=body, headers=headers)
    response = connection.getresponse()
    answer = response.status, dict(response.getheaders()), response.read()
    connection.close()
    return answer


def data_of(case):
    if "json" in case:
        return case["json"]
    if "text" in case:
        return case["text"]
    return base64.b64decode(case["base64"]) if "base64" in case else None


def event_of(case):
    attributes = dict(case["attributes"])
    if "time" in attributes:
        attributes["time"] = isoparse(attributes["time"])
    return CloudEvent(attributes, data_of(case))


def text_of(value):
    """An attribute's string form; the SDK writes booleans into headers the way Python does."""
    if isinstance(value, datetime):
        return value.timestamp()
    return str(value).lower() if isinstance(value, bool) else str(value)


def compare(sent, reply, binary):
    """What is different, in one line each. In binary mode every attribute is a string."""
    want, got = dict(sent.get_attributes()), dict(reply.get_attributes())
    want["type"] += ".echo"
    if sent.get_data() is not None:
        # Data without a type are JSON in the JSON format (3.1.2); the reply says so.
        want.setdefault("datacontenttype", "application/json")
    if binary:
        booleans = {k for k, v in want.items() if isinstance(v, bool)}
        want = {k: text_of(v) for k, v in want.items()}
        got = {k: text_of(v).lower() if k in booleans else text_of(v) for k, v in got.items()}
    for name in sorted(want.keys() | got.keys()):
        if want.get(name) != got.get(name):
            yield f"{name}: sent {want.get(name)!r}, got {got.get(name)!r}"
    if sent.get_data() != reply.get_data():
        yield f"data: sent {sent.get_data()!r}, got {reply.get_data()!r}"


def single(url, event, write, accept=None):
    message = write(event)
    headers = {**message.headers, **({"accept": accept} if accept else {})}
    status, headers, body = post(url, headers, message.body)
    if status != 200:
        return [f"status {status}: {body.decode(errors='replace')}"]
    headers = {k.lower(): v for k, v in headers.items()}
    is_binary = write is binding.to_binary_event and not accept
    if is_binary != ("ce-id" in headers):
        return [f"the reply is in the wrong mode: {headers}"]
    reply = binding.from_http_event(binding.HTTPMessage(headers, body))
    return list(compare(event, reply, write is binding.to_binary_event))


def batch(url, events):
    body = b"[" + b",".join(FORMAT.write(event) for event in events) + b"]"
    status, headers, body = post(url, {"content-type": "application/cloudevents-batch+json"}, body)
    kind = {k.lower(): v for k, v in headers.items()}.get("content-type")
    if status != 200 or kind != "application/cloudevents-batch+json":
        return [f"status {status}, {kind}: {body.decode(errors='replace')[:300]}"]
    replies = [FORMAT.read(None, json.dumps(one)) for one in json.loads(body)]
    if len(replies) != len(events):
        return [f"{len(events)} events, {len(replies)} replies"]
    return [problem for pair in zip(events, replies) for problem in compare(*pair, False)]


def main():
    url, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        cases = json.load(file)
    results = []
    for case in cases:
        event = event_of(case)
        results += [
            (f"binary, {case['name']}", single(url, event, binding.to_binary_event)),
            (f"structured, {case['name']}", single(url, event, binding.to_structured_event)),
            (f"binary answered structured, {case['name']}",
             single(url, event, binding.to_binary_event, FORMAT.get_content_type())),
        ]
    results.append(("batched", batch(url, [event_of(case) for case in cases])))
    failed = [result for result in results if result[1]]
    for name, problems in failed:
        print(f"FAILED python: {name}")
        for problem in problems:
            print(f"  {problem}")
    print(f"python: {len(results) - len(failed)} of {len(results)} exchanges passed")
    sys.exit(1 if failed else 0)


main()
