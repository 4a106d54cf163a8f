import unittest

from app import handle
from web import Request


class Handle(unittest.TestCase):
    def test_answers(self):
        response = handle(Request(body=b'@EXAMPLE@'))
        self.assertEqual(response.status, 200)
        self.assertEqual(response.body, b'@REPLY@')

    def test_refuses_all_else(self):
        for body in (b"not JSON", b"\xff", b"{}", b"[]", b"7"):
            self.assertEqual(handle(Request(body=body)).status, 400)
