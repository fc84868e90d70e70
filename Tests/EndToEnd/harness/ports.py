"""Ports: free ones for tests, and those at which a server looks for apps."""

import random
import socket

import httpx

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


# Where a server looks for apps by itself.
USUAL_PORTS = [80, 443, *range(3000, 3011), 4321, 5000, 5173, 8000, 8080, 8081, 8787, 8888, *range(8910, 8916)]


def free_usual_port() -> int | None:
    for port in USUAL_PORTS[2:]:
        with socket.socket() as candidate:
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    return None


def is_listening(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def serves_an_app(port: int) -> bool:
    """Whether an SDK answers there."""
    try:
        response = httpx.get(f"http://127.0.0.1:{port}/api/inngest", timeout=1, trust_env=False)
    except httpx.HTTPError:
        return False
    return "x-inngest-sdk" in response.headers
