#!/usr/bin/env python3
"""SIGTERM under load: no request that was accepted may be lost.

    tests/drain.py FERRY FUNCTION.wasm [TIMES]

TIMES times (default 200): starts `ferry serve`, keeps connections busy that stay open and others
that are made for one request each, sends SIGTERM at a moment of chance, and goes on until no new
connection is taken. Every request on a connection that was taken must be answered in full, and
the server must end with exit code 0.
"""
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time

BODY = b'{"name":"Ada"}'
EXPECTED = b'{"message":"Hello, Ada!"}'


def request(close):
    return (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + (b"Connection: close\r\n" if close else b"")
            + b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY))


class Client(threading.Thread):
    """Sends one request after the other until no connection is taken."""

    def __init__(self, address, close):
        super().__init__(daemon=True)
        self.address, self.close = address, close
        self.answered, self.lost = 0, []

    def connect(self):
        try:
            return socket.create_connection(self.address, timeout=30)
        except OSError:
            return None

    def exchange(self, connection):
        """Whether the server goes on with the connection."""
        sent = time.monotonic()
        try:
            connection.sendall(request(self.close))
            answer = b""
            while b"\r\n\r\n" not in answer or not answer.endswith(EXPECTED):
                part = connection.recv(4096)
                if not part:
                    raise ConnectionError(f"ended after {len(answer)} bytes of the answer")
                answer += part
        except OSError as error:
            self.lost.append(f"{error} after {time.monotonic() - sent:.3f} s")
            return False
        if not answer.startswith(b"HTTP/1.1 200 "):
            self.lost.append(repr(answer[:80]))
        self.answered += 1
        return not re.search(rb"(?i)\r\nconnection: close\r\n", answer)

    def run(self):
        connection = None
        while True:
            connection = connection or self.connect()
            if connection is None:
                return
            if not self.exchange(connection):
                connection.close()
                connection = None


def once(ferry, function):
    server = subprocess.Popen([ferry, "serve", function, "--listen", "127.0.0.1:0"],
                              stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    found = None
    while not found:
        line = server.stderr.readline()
        if not line:
            sys.exit(f"drain: the server did not start: exit code {server.wait()}")
        found = re.search(rb"http://127\.0\.0\.1:(\d+)/", line)
    # The functions' log lines must not fill the pipe.
    threading.Thread(target=server.stderr.read, daemon=True).start()
    clients = [Client(("127.0.0.1", int(found.group(1))), close=number % 4 == 3)
               for number in range(16)]
    for client in clients:
        client.start()
    time.sleep(random.uniform(0.02, 0.3))
    server.send_signal(signal.SIGTERM)
    code = server.wait(60)
    for client in clients:
        client.join(60)
    lost = [each for client in clients for each in client.lost]
    return sum(client.answered for client in clients), lost, code


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    times = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    answered = failed = 0
    for number in range(times):
        count, lost, code = once(sys.argv[1], sys.argv[2])
        answered += count
        if lost or code != 0:
            failed += 1
            print(f"drain: round {number}: exit code {code}, {len(lost)} of {count} requests lost: "
                  f"{lost[:3]}")
    print(f"drain: {answered} requests answered in {times} rounds, each ended by SIGTERM")
    print(f"{times - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
