"""Realtime: tokens, publishing, and listening by server-sent events."""

import json
import time
import uuid
from typing import Any

import httpx
import inngest
import pytest
from inngest.experimental import realtime

from harness.endpoint_app import claims_of, new_ulid
from harness.realtime import (
    ENVIRONMENT,
    Events,
    Feed,
    GoClient,
    Socket,
    TypeScriptClient,
    forged,
    publish,
    tee,
    token_for,
    topics,
)
from harness.sdk_app import SdkApp
from harness.server import Server
from harness.signatures import hash_of
from harness.waiting import eventually

pytestmark = pytest.mark.both_modes


@pytest.fixture
def channel() -> str:
    """Nobody else's; with characters that a URL has to escape."""
    return f"user: {uuid.uuid4().hex}+&é"


def listen(server: Server, path: str, token: str | None, **headers: str) -> httpx.Response:
    parameters = {} if token is None else {"token": token}
    return httpx.get(f"{server.url}/v1/realtime/{path}", params=parameters, headers=headers, trust_env=False)


# Tokens


def test_a_token_has_the_claims_that_are_known(server: Server, channel: str) -> None:
    asked = [{**topic, "env_id": "somebody else's"} for topic in topics(channel, "a", "b")]
    answer = server.api.http.post("/v1/realtime/token", json=asked)
    assert (answer.status_code, list(answer.json())) == (201, ["jwt"])
    claims = claims_of(answer.json()["jwt"])
    assert sorted(claims) == ["env", "exp", "iat", "iss", "jti", "publish", "sub", "topics"]
    assert (claims["iss"], claims["env"], claims["publish"]) == ("rt.inngest.com", ENVIRONMENT, False)
    assert abs(claims["iat"] - time.time()) < 30 and claims["exp"] - claims["iat"] == 60
    assert claims["topics"] == [
        {"kind": "run", "env_id": ENVIRONMENT, "channel": channel, "name": name} for name in ("a", "b")
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "Invalid request: must provide a list of topics"),
        (b"{}", "Invalid request: must provide a list of topics"),
        (b"[", "Invalid request: must provide a list of topics"),
        (b"[1]", "Invalid request: topics[0] must be an object with the strings channel and name"),
        (b'[{"channel":"c","name":"t"},{"channel":1}]', "Invalid request: topics[1] must be an object with the strings channel and name"),
        (b'[{"channel":"c","name":"t","kind":"step"}]', 'Invalid request: topics[0] has a kind other than "run", under which nothing is published'),
    ],
)  # fmt: skip
def test_a_token_for_nothing_is_refused(server: Server, body: bytes, message: str) -> None:
    answer = server.api.http.post("/v1/realtime/token", content=body)
    assert (answer.status_code, answer.json()) == (400, {"error": message, "data": None, "status": 400})


def test_a_token_that_no_url_could_hold_is_refused(server: Server, channel: str) -> None:
    answer = server.api.http.post("/v1/realtime/token", json=topics(channel, *map(str, range(300))))
    assert answer.status_code == 400 and "the limit is 16384" in answer.json()["error"]


@pytest.mark.parametrize("path", ["sse", "connect"])
def test_listening_takes_a_token_even_in_development(server: Server, channel: str, path: str) -> None:
    good = token_for(server, channel, "t")
    now = int(time.time())
    run_claim = claims_of(good)
    wrong = [
        None, "", "x", good[:-3], good + "A", ".".join(good.split(".")[:2]),
        forged(server.keys, exp=now - 1, iat=now - 61), forged(server.keys, exp=None),
        forged(server.keys, iss="api.inngest.com", topics=run_claim["topics"]),
        forged(server.keys, iat=now + 600, exp=now + 700),
    ]  # fmt: skip
    for token in wrong:
        answer = listen(server, path, token)
        assert (answer.status_code, answer.json()) == (401, {"error": "Not authenticated", "data": None, "status": 401})
        assert answer.headers["content-type"] == "application/json"
    if server.keys:
        assert listen(server, path, None, **server.keys.authorization).status_code == 401
        assert listen(server, path, forged(None, topics=run_claim["topics"])).status_code == 401


def test_publishing_takes_the_key_or_a_token_to_publish(server: Server, channel: str) -> None:
    with Socket(server, token_for(server, channel, "t")) as socket:
        to_listen = publish(server, channel, "t", b"1", authorization="Bearer " + token_for(server, channel, "t"))
        assert to_listen.status_code == 401
        assert to_listen.json() == {"error": "Not authenticated for publishing", "data": None, "status": 401}
        to_publish = forged(server.keys, publish=True, topics=None)
        for number, authorization in enumerate(authorizations(server) + [f"Bearer {to_publish}"]):
            answer = publish(server, channel, "t", str(number).encode(), authorization=authorization)
            assert (answer.status_code, answer.content) == (200, b""), authorization
            assert socket.next()["data"] == number
        if server.keys:
            for authorization in ("", "Bearer", "Bearer 00", "Bearer " + forged(None, publish=True)):
                answer = publish(server, channel, "t", b"1", authorization=authorization)
                assert (answer.status_code, answer.json()["error"]) == (401, "Authentication failed")
            assert httpx.post(f"{server.url}/v1/realtime/token", json=[], trust_env=False).status_code == 401


def authorizations(server: Server) -> list[str]:
    """As SDKs show the key: TypeScript and Python its hash, Go the key itself; in development nothing."""
    if server.keys is None:
        return ["Bearer", "Bearer undefined", ""]
    key = server.keys.signing
    return [f"Bearer {hash_of(key)}", f"Bearer signkey-prod-{hash_of(key)}", f"Bearer {key}"]


# Messages


def test_a_message_has_what_sdks_read(server: Server, channel: str) -> None:
    run = new_ulid()
    with Socket(server, token_for(server, channel, "status")) as socket:
        publish(server, channel, "status", b'{"pct": 40}')
        message = socket.next()
        assert sorted(message) == ["channel", "created_at", "data", "env_id", "kind", "topic"]
        assert message["kind"] == "data" and message["data"] == {"pct": 40}
        assert (message["channel"], message["topic"], message["env_id"]) == (channel, "status", ENVIRONMENT)
        publish(server, channel, "status", b"1", run_id=run, metadata='{"a": [1]}')
        message = socket.next()
        assert (message["run_id"], message["metadata"]) == (run, {"a": [1]})
        publish(server, channel, "status", b"2", run_id="nonsense")
        message = socket.next()
        assert "run_id" not in message and message["data"] == 2


@pytest.mark.parametrize(
    ("content", "data"),
    [
        (b"", ""), (b"hello", "hello"), (b'"hello"', "hello"), (b"[1, 2.50]", [1, 2.5]), (b"null", None),
        (b'{"torn":', '{"torn":'), ("ünï\n\u2028".encode(), "ünï\n\u2028"), (b"a\xffb", "a�b"),
        (b' {\r\n "b": 1,\n "a": "x\\ny" } ', {"a": "x\ny", "b": 1}),
        (b'{"big": 12345678901234567890}', {"big": 12345678901234567890}),
    ],
)  # fmt: skip
def test_json_stays_what_it_is_and_anything_else_is_a_text(server: Server, channel: str, content: bytes, data: Any) -> None:
    events = Events(server, token_for(server, channel, "t"))
    with Socket(server, token_for(server, channel, "t")) as socket:
        answer = publish(server, channel, "t", content, type="text/plain")
        assert (answer.status_code, answer.content) == (200, b"")
        assert socket.next()["data"] == data
    eventually(lambda: events.events.endswith("\n\n"), "the event")
    [line] = events.events.removesuffix("\n\n").split("\n")
    assert json.loads(line.removeprefix("data: "))["data"] == data


def test_a_message_needs_neither_channel_nor_topic(server: Server) -> None:
    with Socket(server, forged(server.keys, topics=[{"kind": "run", "channel": "", "name": ""}])) as socket:
        assert publish(server, None, None, b"1").status_code == 200
        message = socket.next()
        assert "channel" not in message and message["topic"] == ""


def test_what_cannot_be_passed_on_is_refused(server: Server, channel: str) -> None:
    with Socket(server, token_for(server, channel, "t")) as socket:
        metadata = publish(server, channel, "t", b"1", metadata="{")
        assert metadata.status_code == 400 and "metadata" in metadata.json()["error"]
        deep = publish(server, channel, "t", b"[" * 300 + b"]" * 300)
        assert deep.status_code == 400 and "nested too deeply" in deep.json()["error"]
        large = publish(server, channel, "t", json.dumps("x" * (512 << 10)).encode())
        assert large.status_code == 413 and "524288" in large.json()["error"]
        most = json.dumps("x" * ((512 << 10) - 2)).encode()
        assert publish(server, channel, "t", most).status_code == 200
        assert len(socket.next()["data"]) == (512 << 10) - 2


def test_nothing_is_kept_for_who_comes_later(server: Server, channel: str) -> None:
    publish(server, channel, "t", b'"early"')
    with Socket(server, token_for(server, channel, "t")) as socket:
        publish(server, channel, "t", b'"late"')
        assert socket.next()["data"] == "late"


def test_topics_are_told_apart_by_channel_and_name(server: Server, channel: str) -> None:
    with Socket(server, token_for(server, channel, "a", "b")) as socket:
        publish(server, channel, "c", b"1")
        publish(server, "other", "a", b"2")
        publish(server, channel, "b", b"3")
        publish(server, channel, "a", b"4")
        assert [(m["topic"], m["data"]) for m in (socket.next(), socket.next())] == [("b", 3), ("a", 4)]


# Streams of text


def chunked(server: Server, channel: str) -> Feed:
    return Feed(lambda pieces: publish(server, channel, "t", pieces, type="text/stream"))


def test_a_stream_comes_in_chunks_while_it_is_sent(server: Server, channel: str) -> None:
    with Socket(server, token_for(server, channel, "t")) as socket:
        feed = chunked(server, channel)
        start = socket.next()
        assert start["kind"] == "datastream-start" and ":" not in start["data"]
        euro = "€".encode()
        for piece, data in [(b"one", "one"), (b"a" + euro[:1], "a"), (euro[1:] + b"b", "€b")]:
            feed.write(piece)
            chunk = socket.next()
            assert chunk == {
                "kind": "chunk", "stream_id": start["data"], "data": data, "channel": channel, "topic": "t",
            }  # fmt: skip
        feed.write(euro[:2])
        answer = feed.end()
        assert (answer.status_code, answer.content) == (200, b"")
        assert socket.next()["data"] == "\ufffd"
        end = socket.next()
        assert (end["kind"], end["data"]) == ("datastream-end", start["data"])
        assert (end["channel"], end["topic"]) == (channel, "t")


def test_a_stream_that_breaks_off_has_an_end(server: Server, channel: str) -> None:
    with Socket(server, token_for(server, channel, "t")) as socket:
        def pieces() -> Any:
            yield b"one"
            assert socket.next()["kind"] == "datastream-start"
            assert socket.next()["data"] == "one"
            raise ValueError("the sender dies")

        with pytest.raises(ValueError):
            publish(server, channel, "t", pieces(), type="text/stream")
        assert socket.next()["kind"] == "datastream-end"


def test_a_stream_has_a_limit_and_an_end_at_it(server: Server, channel: str) -> None:
    with Socket(server, token_for(server, channel, "t")) as socket:
        large = publish(server, channel, "t", b"x" * (1_000 * 1_024 + 1), type="text/stream")
        assert large.status_code == 413 and "1024000" in large.json()["error"]
        received = 0
        while (message := socket.next())["kind"] != "datastream-end":
            received += len(message["data"]) if message["kind"] == "chunk" else 0
        assert received == 1_000 * 1_024


# Raw bytes


def test_raw_bytes_reach_events_as_they_are_and_sockets_as_text(server: Server, channel: str) -> None:
    token = token_for(server, channel, "$stream", "t")
    events = Events(server, token)
    with Socket(server, token) as socket:
        feed = Feed(lambda pieces: tee(server, channel, pieces))
        feed.write("event: a\ndata: é".encode()[:-1])
        assert socket.next_text() == "event: a\ndata: "
        eventually(lambda: events.events == "event: a\ndata: ", "the first bytes")
        # In the middle of an event no message may tear it.
        publish(server, channel, "t", b"1")
        assert socket.next()["data"] == 1
        feed.write("é".encode()[-1:] + b" \xff\n\n")
        assert socket.next_text() == "é �\n\n"
        eventually(lambda: events.events.startswith("event: a\ndata: é �\n\ndata: {"), "the message behind the event")
        assert feed.end().status_code == 200
    # Who comes later gets the bytes, and no messages.
    late = Events(server, token)
    eventually(lambda: late.events == "event: a\ndata: é �\n\n", "the replay")


# Server-sent events


def test_events_have_the_headers_of_a_stream(server: Server, channel: str) -> None:
    events = Events(server, token_for(server, channel, "t"))
    assert events.status == 200
    assert events.headers["content-type"] == "text/event-stream"
    assert events.headers["cache-control"] == "no-cache"
    assert events.headers["access-control-allow-origin"] == "*"
    assert events.text == ":\n\n"
    publish(server, channel, "t", b"1")
    publish(server, channel, "t", b"2")
    eventually(lambda: events.events.count("\n\n") == 2, "both messages")
    data = [json.loads(line.removeprefix("data: ")) for line in events.events.split("\n") if line]
    assert [message["data"] for message in data] == [1, 2]


# Browsers


@pytest.mark.parametrize(
    ("path", "method"),
    [("token", "POST"), ("publish", "POST"), ("publish/tee", "POST"), ("sse", "GET"), ("connect", "GET")],
)
def test_pages_of_any_origin_may_ask(server: Server, path: str, method: str) -> None:
    url = f"{server.url}/v1/realtime/{path}"
    question = {
        "Origin": "https://app.example.com", "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization, content-type, x-own",
    }  # fmt: skip
    answer = httpx.options(url, headers=question, trust_env=False)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://app.example.com"
    assert answer.headers["access-control-allow-methods"] == method
    assert answer.headers["access-control-allow-headers"] == "Authorization, Content-Type, X-Own"
    assert answer.headers["access-control-max-age"] == "3600"
    assert "access-control-allow-credentials" not in answer.headers
    refused = httpx.request(method, url, headers={"Origin": "https://app.example.com"}, trust_env=False)
    assert refused.headers["access-control-allow-origin"] == "https://app.example.com"


# SDKs


def test_the_python_sdk_publishes_and_makes_tokens(server: Server, app: SdkApp, channel: str) -> None:
    made: list[Any] = []

    @app.function()
    async def main(ctx: inngest.Context) -> str:
        made.append(await realtime.get_subscription_token(app.client, channel, ["status", "more"]))
        await realtime.publish(app.client, channel, "status", {"pct": 40})
        return "done"

    with Socket(server, token_for(server, channel, "status", "more")) as socket:
        assert app.run().output == "done"
        assert socket.next()["data"] == {"pct": 40}
        realtime.publish_sync(app.client, channel, "more", {"n": [1, "ä"]})
        message = socket.next()
        assert (message["topic"], message["data"]) == ("more", {"n": [1, "ä"]})
    made.append(realtime.get_subscription_token_sync(app.client, channel, ["status"]))
    for token in made:
        assert token["channel"] == channel
        with Socket(server, token["key"]) as socket:
            realtime.publish_sync(app.client, channel, "status", {"again": True})
            assert socket.next()["data"] == {"again": True}
    with pytest.raises(Exception, match="413|too large"):
        realtime.publish_sync(app.client, channel, "status", {"text": "x" * (512 << 10)})


def test_a_typescript_program_gets_messages_and_streams(server: Server, channel: str) -> None:
    client = TypeScriptClient(server, channel, "status", "$run")
    publish(server, channel, "status", b'{"pct":1}', run_id=new_ulid())
    publish(server, channel, "other", b"1")
    publish(server, channel, "status", iter([b"a", "bé".encode()]), type="text/stream")
    publish(server, channel, "$run", b'{"status":"completed"}', metadata="null")
    assert client.next() == ("data", "status", {"pct": 1})
    assert client.next() == ("stream", "status", "abé")
    assert client.next() == ("data", "$run", {"status": "completed"})
    client.socket.close()


def test_a_go_program_gets_messages_and_chunks(server: Server, channel: str) -> None:
    client = GoClient(server, token_for(server, channel, "t"))
    key = f"Bearer {server.keys.signing}" if server.keys else "Bearer"
    answer = publish(server, channel, "t", b'{"n":1}', authorization=key, run_id=new_ulid())
    assert answer.status_code == 200
    assert client.next()["data"] == {"n": 1}
    publish(server, channel, "t", b"text", type="text/stream", authorization=key)
    kinds = [client.next()["kind"] for _ in range(3)]
    assert kinds == ["datastream-start", "chunk", "datastream-end"]
    client.socket.close()
