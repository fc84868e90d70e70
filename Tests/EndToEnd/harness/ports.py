"""Ports that nothing listens on."""

import random
import socket

# Below the range from which systems draw the ports of outgoing connections, so that none of the
# thousands that a test run opens can take a port between its choice and its use.
_RANGE = range(20_000, 32_000)
_random = random.Random()


def free_port() -> int:
    for _ in range(1_000):
        port = _random.choice(_RANGE)
        with socket.socket() as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no free port in {_RANGE}")
