"""What nobody should send gets a precise answer, and the server goes on."""

import base64
import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from harness.api import Api
from harness.server import Server
from harness.waiting import eventually

MEGABYTE = 1 << 20
MOST = 3 * MEGABYTE  # The largest event.


def post(api: Api, body: Any, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return api.http.post("/e/test", content=content, headers=headers)


def refused(response: httpx.Response) -> str:
    """Asserts that an event was refused in the form that SDKs understand; returns why."""
    answer = response.json()
    assert response.status_code == 400, answer
    assert answer["status"] == 400
    assert isinstance(answer["ids"], list) and all(isinstance(id, str) for id in answer["ids"])
    assert isinstance(answer["error"], str) and answer["error"]
    return answer["error"]


# Events


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"data": {}}, "event name is empty"),
        ({"name": ""}, "event name is empty"),
        ({"name": None}, "event name is empty"),
        ({"name": "inngest/function.finished"}, "event name is reserved for internal use: inngest/function.finished"),
        ({"name": "INNGEST/x"}, "event name is reserved for internal use: INNGEST/x"),
        ({"name": "a", "ts": 315_532_799_999}, "timestamp is before Jan 1, 1980"),
        ({"name": "a", "ts": -1}, "timestamp is before Jan 1, 1980"),
        ({"name": "a", "ts": 4_102_444_800_001}, "timestamp is after Jan 1, 2100"),
        ({"name": "a", "meta": {"sessions": {"": "x"}}}, "event session keys cannot be empty"),
        ({"name": "a", "meta": {"sessions": {"k": ""}}}, 'event session "k" cannot have an empty ID'),
        ({"name": "a", "meta": {"sessions": {"k": True}}}, 'event session "k" must be a string, number, or null'),
        ({"name": "a", "meta": {"sessions": {"k": "x" * 513}}}, 'event session "k" exceeds 512 bytes'),
        (
            {"name": "a", "meta": {"sessions": {str(n): "x" for n in range(6)}}},
            "event sessions can include at most 5 entries",
        ),
    ],
)
def test_an_event_that_breaks_a_rule_is_refused_with_the_rule(api: Api, event: Any, message: str) -> None:
    assert refused(post(api, event)) == message
    assert refused(post(api, [event])) == message


@pytest.mark.parametrize(
    "event",
    [
        {"name": 1},
        {"name": ["a"]},
        {"name": "a", "data": "text"},
        {"name": "a", "data": [1]},
        {"name": "a", "data": 1},
        {"name": "a", "id": 7},
        {"name": "a", "ts": "1732170000000"},
        {"name": "a", "ts": 1.5},
        {"name": "a", "ts": True},
        {"name": "a", "v": 1},
        {"name": "a", "user": "text"},
        {"name": "a", "meta": []},
    ],
    ids=json.dumps,
)
def test_an_event_with_a_field_of_the_wrong_type_is_refused(api: Api, event: Any) -> None:
    refused(post(api, event))


@pytest.mark.parametrize(
    "body",
    [b'{"name":"a","ts":1e12}', b'{"name":"a","ts":1732170000000.0}', b'{"name":"a","ts":99999999999999999999}'],
)
def test_a_time_that_is_no_plain_integer_is_refused(api: Api, body: bytes) -> None:
    refused(post(api, body))


@pytest.mark.parametrize("body", [b"7", b"null", b"true", b'"text"', b"name=a&data=b", b"<event/>", b"\xff\xfe\x00"])
def test_what_is_neither_an_object_nor_an_array_is_refused(api: Api, body: bytes) -> None:
    assert refused(post(api, body)) == "Request body must contain an event object or an array of event objects"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"name"',
        b'{"name":"a"',
        b'{"name":"a",}',
        b"{'name':'a'}",
        b'{"name":"a"} {"name":"b"}',
        b'{"name":"a","data":{"x":01}}',
        b'{"name":"a","data":{"x":NaN}}',
        b'{"name":"a","data":{"x":"\x01"}}',
        b'{"name":"a","data":{"x":"\\x"}}',
        b'{"name":"a","data":{"x":"\xff"}}',
        b'{"name":"a\xc0\xaf"}',
        b'[{"name":"a"',
        b"[",
        b"[1]",
        b'["a"]',
        b"[[]]",
    ],
)
def test_what_is_no_json_is_refused(api: Api, body: bytes) -> None:
    refused(post(api, body))


@pytest.mark.parametrize("opening", [b'{"a":', b"["])
def test_nesting_without_end_is_refused(api: Api, opening: bytes) -> None:
    refused(post(api, b'{"name":"a","data":' + b'{"a":' + opening * 200_000))


def test_a_compressed_body_is_refused(api: Api) -> None:
    body = gzip.compress(b'{"name":"a"}')
    refused(post(api, body, **{"Content-Encoding": "gzip"}))


def test_a_null_among_events_is_an_event_without_a_name(api: Api) -> None:
    assert refused(post(api, [None])) == "event name is empty"


def test_events_before_the_bad_one_are_accepted(api: Api) -> None:
    response = post(api, [{"name": "before/bad"}, {"name": ""}, {"name": "after/bad"}])

    assert refused(response) == "event name is empty"
    [accepted] = response.json()["ids"]
    assert api.data(f"/v1/events/{accepted}")["name"] == "before/bad"


def test_events_before_a_syntax_error_are_accepted(api: Api) -> None:
    response = post(api, b'[{"name":"before/error"},{"name":')

    refused(response)
    [accepted] = response.json()["ids"]
    assert api.data(f"/v1/events/{accepted}")["name"] == "before/error"


def test_what_follows_an_array_is_ignored(api: Api) -> None:
    response = post(api, b'[{"name":"a"}] and more')

    assert response.status_code == 200
    assert len(response.json()["ids"]) == 1


@pytest.mark.parametrize("body", [b"[]", b" [ ] "])
def test_no_events_are_no_error(api: Api, body: bytes) -> None:
    response = post(api, body)

    assert (response.status_code, response.json()) == (200, {"ids": [], "status": 200})


def test_keys_of_an_event_may_be_written_in_any_case(api: Api) -> None:
    [id] = api.send({"NAME": "a", "Data": {"Key": 1}, "TS": 1_732_170_000_000})

    shown = api.data(f"/v1/events/{id}")
    assert (shown["name"], shown["data"], shown["ts"]) == ("a", {"Key": 1}, 1_732_170_000_000)


def test_senders_cannot_forge_an_invocation(api: Api) -> None:
    [id] = api.send({"name": "a", "data": {"x": 1, "_inngest": {"fn_id": "someone-elses"}}})

    assert api.data(f"/v1/events/{id}")["data"] == {"x": 1}


@pytest.mark.parametrize(
    "seed",
    [
        "",
        "nonsense",
        "1700000000000",
        "1700000000000,",
        "1700000000000,AAEC",
        "1700000000000,AAECAwQFBgcICQ",
        "1700000000000,AAECAwQFBgcICQ==,1",
        "-1,AAECAwQFBgcICQ==",
        "0,AAECAwQFBgcICQ==",
        "x,AAECAwQFBgcICQ==",
        "1700000000000,!!!!!!!!!!!!!!==",
        "99999999999999999999,AAECAwQFBgcICQ==",
    ],
)
def test_a_bad_seed_is_ignored(api: Api, seed: str) -> None:
    events = [{"name": "badly/seeded"}]
    first, second = (api.send(events, headers={"x-inngest-event-id-seed": seed}) for _ in range(2))

    assert first != second
    # Made now, and not at the time that the seed names.
    assert all(id[:3] == api.send(events)[0][:3] for [id] in (first, second))


# Sizes


def event_of(size: int, name: str = "large/event") -> bytes:
    """One event whose JSON has exactly that many bytes."""
    frame = json.dumps({"name": name, "data": {"x": ""}}, separators=(",", ":")).encode()
    return frame.replace(b'""', b'"' + b"x" * (size - len(frame)) + b'"')


def test_the_largest_event_is_accepted(api: Api) -> None:
    assert post(api, event_of(MOST)).status_code == 200
    assert post(api, b"[" + event_of(MOST) + b"," + event_of(MOST) + b"]").status_code == 200


@pytest.mark.parametrize("size", [MOST + 1, 10 * MEGABYTE])
def test_a_larger_event_is_refused(api: Api, size: int) -> None:
    message = f"Event is over the max size: Max 3145728 bytes / Size {size} bytes"

    assert refused(post(api, event_of(size))) == message
    response = post(api, b'[{"name":"small/event"},' + event_of(size) + b"]")
    assert refused(response) == message
    assert len(response.json()["ids"]) == 1


def test_many_large_events_are_accepted_in_one_request(api: Api) -> None:
    """Ten megabytes; the bound on a whole body is far above what SDKs send."""
    ids = json.loads(post(api, b"[" + b",".join([event_of(2 * MEGABYTE)] * 5) + b"]").content)["ids"]

    assert len(ids) == 5


def test_a_body_of_a_hundred_megabytes_is_too_much(api: Api) -> None:
    response = post(api, b"[" + b" " * (100 * MEGABYTE) + b"]")

    assert response.status_code == 413
    answer = response.json()
    assert (answer["status"], answer["ids"]) == (413, []) and answer["error"]


def test_a_body_without_end_is_cut_off(server: Server, api: Api) -> None:
    """The server answers or hangs up long before it has read a gigabyte."""
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield b'[{"name":"a"}'
        for _ in range(1024):
            sent += MEGABYTE
            yield b" " * MEGABYTE

    try:
        status = httpx.post(f"{server.url}/e/test", content=endless(), trust_env=False, timeout=30).status_code
    except httpx.TransportError:
        status = 413  # Hung up while we were still sending.

    assert status == 413
    assert sent < 200 * MEGABYTE
    assert api.get("/health")["status"] == 200


def test_the_5001st_event_of_a_request_is_refused_and_the_others_are_not(api: Api) -> None:
    response = post(api, [{"name": "many/events"}] * 5_001)

    assert refused(response) == "Cannot have more than 5000 events in a batch"
    assert len(set(response.json()["ids"])) == 5_000


# Connections


@pytest.mark.parametrize(
    "request_text",
    [
        pytest.param(b"GARBAGE\r\n\r\n", id="no HTTP"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="a TLS handshake"),
        pytest.param(b"POST /e/test HTTP/1.1\r\nHost: a\r\nContent-Length: abc\r\n\r\n", id="no length"),
        pytest.param(b"POST /e/test HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", id="a negative length"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 200_000 + b"\r\n\r\n", id="a huge header"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 50_000 + b"\r\n", id="very many headers"),
        pytest.param(
            b"POST /e/test HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
            id="two lengths",
        ),
        pytest.param(
            b"POST /e/test HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="no chunk size"
        ),
    ],
)
def test_a_request_that_is_no_http_is_refused_or_hung_up_on(server: Server, api: Api, request_text: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        try:
            connection.sendall(request_text)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(4096)
        except (ConnectionResetError, BrokenPipeError):
            answer = b""

    assert answer == b"" or answer.split()[1][:1] == b"4", answer
    assert api.get("/health")["status"] == 200


def test_requests_that_never_end_hold_nobody_up(server: Server, api: Api) -> None:
    """Two hundred senders that stop in the middle of a request line, of a header, or of a body."""
    beginnings = [
        b"POS",
        b"POST /e/test HTTP/1.1\r\nHost: a\r\nX-Sl",
        b"POST /e/test HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{",
        b"POST /e/test HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[{",
    ]
    slow = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(200)]
    try:
        for number, connection in enumerate(slow):
            connection.sendall(beginnings[number % len(beginnings)])
        began = time.monotonic()
        for _ in range(20):
            api.send({"name": "quick/event"})
        assert time.monotonic() - began < 5
    finally:
        for connection in slow:
            connection.close()


def test_large_bodies_that_never_end_do_not_use_up_the_memory(server: Server, api: Api) -> None:
    """Twenty senders of 30 MB each, which stop one byte before the end."""
    size = 30 * MEGABYTE
    beginning = b"POST /e/test HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n[" % (size + 1)
    senders = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(20)]

    def send(connection: socket.socket) -> None:
        try:
            connection.sendall(beginning + b" " * (size - 1))
        except OSError:
            pass  # Refused, or hung up on.

    threads = [threading.Thread(target=send, args=(connection,)) for connection in senders]
    most = 0.0
    try:
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            most = max(most, server.resident_megabytes)
        most = max(most, server.resident_megabytes)
        assert api.get("/health")["status"] == 200
    finally:
        for connection in senders:
            connection.close()

    assert most < 300


def test_a_body_may_come_in_pieces(server: Server) -> None:
    def pieces() -> Iterator[bytes]:
        for byte in b'{"name":"in/pieces"}':
            yield bytes([byte])

    response = httpx.post(f"{server.url}/e/test", content=pieces(), trust_env=False)

    assert response.status_code == 200
    assert response.json()["status"] == 200


# Memory


def test_memory_stays_bounded_whatever_is_sent(server: Server, api: Api) -> None:
    """After everything above, and after a hundred megabytes of the worst of it at once."""
    process = server.pid
    worst = [
        event_of(10 * MEGABYTE),
        b"[" + b",".join([event_of(2 * MEGABYTE)] * 5) + b"]",
        b'{"name":"a","data":' + b"[" * (5 * MEGABYTE),
        b'{"name":"a","data":{"x":"' + b"\\u0001" * MEGABYTE,
        base64.b64encode(bytes(5 * MEGABYTE)),
    ]
    for _ in range(3):
        for body in worst:
            post(api, body)

    assert server.is_running and server.pid == process
    eventually(
        lambda: server.resident_megabytes < 300,
        f"the server needs less than 300 MB; it has {server.resident_megabytes:.0f} MB",
    )
