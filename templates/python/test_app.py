import json
import unittest

from app import handle
from web import Request


class Handle(unittest.TestCase):
    def test_greets(self):
        for data, name in (({"name": "Ada"}, "Ada"), ({}, "world"), ({"name": 7}, "world")):
            response = handle(Request(body=json.dumps(data).encode()))
            self.assertEqual(response.status, 200)
            self.assertEqual(json.loads(response.body), {"message": f"Hello, {name}!"})

    def test_refuses_what_is_not_json(self):
        for body in (b"not JSON", b"\xff", b"\xef\xbb\xbf{}"):
            self.assertEqual(handle(Request(body=body)).status, 400)
