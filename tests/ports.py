"""A port for a program that has to be told one, and cannot be given port 0."""

import random
import socket

# Below those that the kernel hands out by itself (net.ipv4.ip_local_port_range), to connections and
# to servers on port 0: until the program listens, nobody is given this one by chance.
FIRST, LAST = 20000, 32000


def free_port():
    while True:
        port = random.SystemRandom().randrange(FIRST, LAST)
        with socket.socket() as probe:
            try:
                probe.bind(("", port))
            except OSError:
                continue
        return port
