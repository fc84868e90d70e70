"""WebSockets: the handshake, frames, limits, slow readers and the end of the server."""

import asyncio
import base64
import json
import os
import signal
import socket as sockets
import struct
import time
import urllib.parse
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import websockets.asyncio.client
from websockets.frames import Frame, Opcode

from harness.realtime import Events, Socket, accept_key, forged, publish, token_for, topics
from harness.server import Server
from harness.waiting import eventually


@pytest.fixture
def channel() -> str:
    return uuid.uuid4().hex


def test_a_socket_hears_until_it_has_heard_enough(server: Server, channel: str) -> None:
    with Socket(server, token_for(server, channel, "a")) as socket:
        socket.send({"kind": "sub", "data": token_for(server, channel, "a", "b")})
        socket.sync()
        publish(server, channel, "a", b"1")
        publish(server, channel, "b", b"2")
        # A topic that was asked for twice is heard once.
        assert [socket.next()["data"] for _ in range(2)] == [1, 2]
        socket.send({"kind": "unsub", "data": topics(channel, "a", "never")})
        # Another environment's topic is not this one's.
        socket.send({"kind": "unsub", "data": [{**topics(channel, "b")[0], "env_id": str(uuid.uuid4())}]})
        socket.sync()
        publish(server, channel, "a", b"3")
        publish(server, channel, "b", b"4")
        assert socket.next()["data"] == 4
        environment = "00000000-0000-4000-b000-000000000000"
        socket.send({"kind": "unsub", "data": [{**topics(channel, "b")[0], "env_id": environment}]})
        socket.sync()
        publish(server, channel, "b", b"5")
        # Without a topic it stays open.
        socket.send({"kind": "sub", "data": token_for(server, channel, "c")})
        socket.sync()
        publish(server, channel, "c", b"6")
        assert socket.next()["data"] == 6


def test_what_nobody_understands_is_ignored(server: Server, channel: str) -> None:
    with Socket(server, token_for(server, channel, "a")) as socket:
        expired = forged(None, exp=int(time.time()) - 1, topics=topics(channel, "b"))
        for message in [
            "", "nonsense", "[]", "1", "{}", b"\x00\xff", json.dumps({"kind": "sub", "data": "x"}).encode(),
            {"kind": "sub"}, {"kind": "sub", "data": 1}, {"kind": "sub", "data": "x.y.z"}, {"kind": "sub", "data": expired},
            {"kind": "unsub", "data": "a"}, {"kind": "unsub", "data": [1, {}]}, {"kind": "other", "data": []},
        ]:  # fmt: skip
            socket.send(message)
        socket.sync()
        publish(server, channel, "b", b"1")
        publish(server, channel, "a", b"2")
        assert socket.next()["data"] == 2


def test_a_token_may_come_as_bearer_and_more_than_once(server: Server, channel: str) -> None:
    token = token_for(server, channel, "a")
    with Socket(server, token, as_bearer=True) as one, Socket(server, token) as two:
        publish(server, channel, "a", b"1")
        assert one.next()["data"] == two.next()["data"] == 1


def test_a_message_in_many_frames_is_one(server: Server, channel: str) -> None:
    with Socket(server, forged(None)) as socket:
        text = json.dumps({"kind": "sub", "data": token_for(server, channel, "a")})
        socket.connection.send(iter([text[:1], "", text[1:50], text[50:]]))
        socket.sync()
        publish(server, channel, "a", b"1")
        assert socket.next()["data"] == 1


def test_frames_and_messages_have_a_limit(server: Server) -> None:
    for message in ("x" * (64 * 1_024 + 1), iter(["x" * 40_000, "x" * 40_000])):
        with Socket(server, forged(None)) as socket:
            socket.connection.send(message)
            assert socket.closing_code() == 1009
    with Socket(server, forged(None)) as socket:
        socket.send("x" * (64 * 1_024))
        socket.sync()


def test_frames_may_not_come_too_fast(server: Server) -> None:
    with Socket(server, forged(None)) as socket:
        with pytest.raises(websockets.exceptions.ConnectionClosed):
            for _ in range(100_000):
                socket.send("{}")
        assert socket.closing_code() == 1008


def test_one_socket_may_listen_to_so_many_topics(server: Server) -> None:
    with Socket(server, forged(None)) as socket:
        for part in range(21):
            more = [{"kind": "run", "channel": "", "name": f"{part}.{number}"} for number in range(50)]
            socket.send({"kind": "sub", "data": forged(None, topics=more)})
        assert socket.closing_code() == 1008


# The handshake


def ask(server: Server, *lines: str, path: str = "/v1/realtime/connect") -> sockets.socket:
    connection = sockets.create_connection(("127.0.0.1", server.port), timeout=20)
    connection.sendall(request(*lines, path=path))
    return connection


def request(*lines: str, path: str = "/v1/realtime/connect") -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


def head_of(connection: sockets.socket) -> tuple[int, dict[str, str]]:
    """Status and headers of an answer; its body is read as well."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(1)
        assert part, f"closed after {data!r}"
        data += part
    first, *lines = data.decode().strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    length = int(headers.get("content-length", "0"))
    while length > 0:
        length -= len(connection.recv(length))
    return int(first.split()[1]), headers


KEY = base64.b64encode(bytes(range(16))).decode()
UPGRADE = ("Upgrade: websocket", "Connection: keep-alive, Upgrade", f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13")


def path_with(token: str) -> str:
    return "/v1/realtime/connect?" + urllib.parse.urlencode({"token": token})


def test_the_handshake_is_that_of_the_standard(server: Server) -> None:
    extensions = ("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits", "Sec-WebSocket-Protocol: chat")
    connection = ask(server, *UPGRADE, *extensions, path=path_with(forged(None)))
    status, headers = head_of(connection)
    assert status == 101
    assert headers["upgrade"].lower() == "websocket" and headers["connection"].lower() == "upgrade"
    assert headers["sec-websocket-accept"] == accept_key(KEY)
    assert not {"sec-websocket-extensions", "sec-websocket-protocol", "content-length", "transfer-encoding"} & set(headers)
    # An empty ping, at once.
    assert connection.recv(2) == b"\x89\x00"
    connection.close()


def test_a_request_for_no_websocket_is_told_so(server: Server) -> None:
    plain = httpx.get(server.url + path_with(forged(None)), trust_env=False)
    assert plain.status_code == 426
    assert plain.headers["upgrade"] == "websocket" and plain.headers["sec-websocket-version"] == "13"
    assert plain.json()["status"] == 426
    assert httpx.get(f"{server.url}/v1/realtime/connect", trust_env=False).status_code == 401
    for wrong, status in [
        ((*UPGRADE[:3], "Sec-WebSocket-Version: 8"), 426), (UPGRADE[:3], 426), (("Upgrade: h2c", *UPGRADE[1:]), 426),
        ((UPGRADE[0], *UPGRADE[2:]), 426), ((*UPGRADE[:2], UPGRADE[3]), 400),
        ((*UPGRADE[:2], "Sec-WebSocket-Key: short", UPGRADE[3]), 400), ((*UPGRADE, "Content-Length: 4"), 400),
    ]:  # fmt: skip
        connection = ask(server, *wrong, path=path_with(forged(None)))
        assert head_of(connection)[0] == status, wrong
        connection.close()
    refused = ask(server, *UPGRADE, path=path_with("wrong"))
    assert head_of(refused)[0] == 401
    # The parser cannot go on behind a request for another protocol.
    assert refused.recv(1) == b""


def test_a_socket_may_begin_with_a_later_request_of_a_connection(server: Server, channel: str) -> None:
    connection = ask(server, path="/health")
    assert head_of(connection)[0] == 200
    connection.sendall(request(*UPGRADE, path=path_with(token_for(server, channel, "a"))))
    assert head_of(connection)[0] == 101
    assert connection.recv(2) == b"\x89\x00"
    publish(server, channel, "a", b"1")
    assert connection.recv(2)[0] == 0x81
    connection.close()


def test_a_request_that_would_like_another_protocol_is_answered(server: Server) -> None:
    """As some HTTP clients send it with their first request."""
    lines = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA")
    connection = ask(server, *lines, path="/health")
    assert head_of(connection)[0] == 200
    assert connection.recv(1) == b""


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\x81\x01a", 1002),  # Not masked.
        (Frame(Opcode.TEXT, b"\xff").serialize(mask=True), 1007),
        (b"\xc1\x80\x00\x00\x00\x00", 1002),  # Compressed, which nobody has agreed on.
        (Frame(Opcode.CONT, b"a").serialize(mask=True), 1002),
        (b"\x83\x80\x00\x00\x00\x00", 1002),  # An opcode that there is not.
        (b"\x09\x80\x00\x00\x00\x00", 1002),  # A ping in parts.
        (b"\x81\xff" + struct.pack("!Q", 1 << 40) + b"\x00\x00\x00\x00", 1009),
        (Frame(Opcode.CLOSE, struct.pack("!H", 4_321) + b"bye").serialize(mask=True), 4_321),
        (Frame(Opcode.CLOSE, b"\x03").serialize(mask=True), 1002),
    ],
    # Not the frames themselves: their masks are different in each process.
    ids=[
        "unmasked", "text-not-utf8", "reserved-bits", "lone-continuation", "unknown-opcode", "split-ping", "too-long",
        "close", "close-malformed",
    ],
)  # fmt: skip
def test_frames_that_break_the_rules(server: Server, frame: bytes, code: int) -> None:
    connection = ask(server, *UPGRADE, path=path_with(forged(None)))
    assert head_of(connection)[0] == 101
    assert connection.recv(2) == b"\x89\x00"
    connection.sendall(frame)
    answer = connection.recv(200)
    assert answer[0] == 0x88 and struct.unpack("!H", answer[2:4])[0] == code
    # Who has begun to close has nothing more to say; the connection may be gone already.
    if code != 4_321:
        connection.sendall(Frame(Opcode.CLOSE, answer[2:4]).serialize(mask=True))
    assert connection.recv(1) == b""


# Many and slow


def test_everybody_gets_everything_in_its_order(server: Server, channel: str) -> None:
    token = token_for(server, channel, "a")
    url = server.url.replace("http", "ws", 1) + path_with(token)

    async def listen(ready: asyncio.Event) -> list[int]:
        async with websockets.asyncio.client.connect(url, proxy=None, ping_timeout=None) as connection:
            ready.set()
            return [json.loads(await connection.recv())["data"] for _ in range(1_000)]

    async def run() -> list[list[int]]:
        ready = [asyncio.Event() for _ in range(10)]
        listeners = [asyncio.create_task(listen(event)) for event in ready]
        for event in ready:
            await event.wait()
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            for number in range(1_000):
                query = {"channel": channel, "topic": "a"}
                answer = await client.post(f"{server.url}/v1/realtime/publish", params=query, content=str(number))
                assert answer.status_code == 200
        return await asyncio.gather(*listeners)

    assert asyncio.run(run()) == [list(range(1_000))] * 10


def figure(server: Server, name: str) -> int:
    lines = server.api.http.get("/metrics").text.splitlines()
    [value] = [line.split()[1] for line in lines if line.startswith(name + " ")]
    return int(value)


def slow_reader(server: Server, path: str, token: str) -> sockets.socket:
    """A client that never reads."""
    slow = sockets.socket()
    slow.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4_096)
    slow.connect(("127.0.0.1", server.port))
    slow.sendall(request(*(UPGRADE if path == "connect" else ()), path=path_with(token).replace("connect", path)))
    return slow


@pytest.mark.parametrize("path", ["connect", "sse"])
def test_who_does_not_read_is_cut_off_and_holds_up_nobody(own_server: Server, channel: str, path: str) -> None:
    server = own_server
    slow = slow_reader(server, path, token_for(server, channel, "a"))
    eventually(lambda: figure(server, "apus_realtime_subscribers") == 1, "the slow one listens")
    with Socket(server, token_for(server, channel, "a"), max_size=None) as quick:
        data = json.dumps("x" * (400 << 10)).encode()
        sent = 0
        while figure(server, "apus_realtime_dropped_total") == 0:
            assert sent < 200, "the slow one is never cut off"
            assert publish(server, channel, "a", data).status_code == 200
            assert len(quick.next()["data"]) == 400 << 10
            sent += 1
        # Its last bytes may take two seconds.
        eventually(lambda: figure(server, "apus_realtime_subscribers") == 1, "only the quick one listens")
        assert figure(server, "apus_realtime_messages_total") == sent
        assert figure(server, "apus_realtime_topics") == 1
    slow.settimeout(20)
    with pytest.raises((ConnectionError, AssertionError)):
        while True:
            assert slow.recv(1 << 20), "closed"
    eventually(lambda: figure(server, "apus_realtime_subscribers") == 0, "nobody listens any more")


@pytest.mark.parametrize("path", ["connect", "sse"])
def test_who_does_not_read_does_not_hold_up_the_end(own_server: Server, channel: str, path: str) -> None:
    slow = slow_reader(own_server, path, token_for(own_server, channel, "a"))
    eventually(lambda: figure(own_server, "apus_realtime_subscribers") == 1, "the slow one listens")
    for _ in range(10):
        assert publish(own_server, channel, "a", json.dumps("x" * (400 << 10)).encode()).status_code == 200
    own_server.process.send_signal(signal.SIGTERM)
    assert own_server.process.wait(30) == 0
    slow.close()


# The end


def test_the_end_of_the_server_is_told(own_server: Server, channel: str) -> None:
    token = token_for(own_server, channel, "a")
    events = Events(own_server, token)
    socket = Socket(own_server, token)
    own_server.process.send_signal(signal.SIGTERM)
    closing = socket.next()
    assert {**closing, "created_at": ""} == {"kind": "closing", "data": "", "created_at": "", "topic": ""}
    assert socket.closing_code() == 1001
    assert own_server.process.wait(20) == 0
    eventually(lambda: events.has_ended, "the stream of events has ended too")


def test_a_socket_that_does_not_answer_does_not_hold_up_the_end(own_server: Server) -> None:
    connection = ask(own_server, *UPGRADE, path=path_with(forged(None)))
    assert head_of(connection)[0] == 101
    own_server.process.send_signal(signal.SIGTERM)
    assert own_server.process.wait(20) == 0
    connection.close()
