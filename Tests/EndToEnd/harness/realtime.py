"""Listening to and publishing topics of realtime, as SDKs do it and apart from their code."""

import base64
import contextlib
import hashlib
import hmac
import json
import queue
import re
import threading
import time
import urllib.parse
from collections.abc import Callable
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from .server import Server
from .signatures import Keys, secret_of
from .waiting import eventually

ENVIRONMENT = "00000000-0000-4000-b000-000000000000"
ISSUER = "rt.inngest.com"


def topics(channel: str, *names: str) -> list[dict[str, str]]:
    return [{"channel": channel, "name": name, "kind": "run"} for name in names]


def token_for(server: Server, channel: str, *names: str) -> str:
    """A token to listen to topics."""
    answer = server.api.http.post("/v1/realtime/token", json=topics(channel, *names))
    assert answer.status_code == 201, answer.text
    return answer.json()["jwt"]


def forged(keys: Keys | None, **claims: Any) -> str:
    """A token with any claims, signed as the server would sign it."""
    purpose = b"apus realtime token"
    own = hmac.digest(secret_of(keys.signing).encode() if keys else b"apus development", purpose, "sha256")
    now = int(time.time())
    body = {
        "env": ENVIRONMENT, "exp": now + 60, "iat": now, "iss": ISSUER, "jti": "x", "publish": False, "sub": "x",
        "topics": [], **claims,
    }  # fmt: skip
    parts = [{"alg": "HS256", "typ": "JWT"}, {name: value for name, value in body.items() if value is not None}]
    signed = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    code = base64.urlsafe_b64encode(hmac.digest(own, signed, "sha256")).rstrip(b"=")
    return (signed + b"." + code).decode()


def publish(
    server: Server, channel: str | None, topic: str | None, content: Any, *, type: str = "application/json",
    authorization: str | None = None, **query: str,
) -> httpx.Response:  # fmt: skip
    """Publishes as SDKs do: with the key's hash, or in development with nothing."""
    parameters = {"channel": channel, "topic": topic, **query}
    headers = dict(server.keys.authorization) if server.keys else {"Authorization": "Bearer"}
    if authorization is not None:
        headers["Authorization"] = authorization
    return httpx.post(
        f"{server.url}/v1/realtime/publish", content=content, headers={**headers, "Content-Type": type}, timeout=30,
        params={name: value for name, value in parameters.items() if value is not None}, trust_env=False,
    )  # fmt: skip


def tee(server: Server, channel: str, content: Any) -> httpx.Response:
    headers = dict(server.keys.authorization) if server.keys else {}
    return httpx.post(
        f"{server.url}/v1/realtime/publish/tee", params={"channel": channel}, content=content,
        headers={**headers, "Content-Type": "application/octet-stream"}, timeout=30, trust_env=False,
    )  # fmt: skip


class Socket:
    """Listens through a WebSocket."""

    def __init__(self, server: Server, token: str, *, as_bearer: bool = False, **options: Any) -> None:
        url = server.url.replace("http", "ws", 1) + "/v1/realtime/connect"
        if as_bearer:
            options["additional_headers"] = {"Authorization": f"Bearer {token}"}
        else:
            url += "?" + urllib.parse.urlencode({"token": token})
        self.connection: ClientConnection = connect(url, proxy=None, open_timeout=20, **options)

    def next_text(self, timeout: float = 15) -> str:
        message = self.connection.recv(timeout=timeout)
        assert isinstance(message, str)
        return message

    def next(self, timeout: float = 15) -> dict[str, Any]:
        return json.loads(self.next_text(timeout))

    def send(self, message: Any) -> None:
        self.connection.send(message if isinstance(message, (str, bytes)) else json.dumps(message))

    def sync(self) -> None:
        """Returns when the server has dealt with everything that was sent: it answers pings in their order."""
        assert self.connection.ping().wait(15)

    def closing_code(self, timeout: float = 15) -> int:
        """Reads until the server closes."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.connection.recv(timeout=max(deadline - time.monotonic(), 0.01))
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 1006

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> "Socket":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class TypeScriptClient:
    """
    What `subscribe` of the TypeScript SDK and of `@inngest/realtime` makes of what arrives: each message is checked
    with a schema and dropped when it does not fit, or is not of the channel and topics.
    """

    KINDS = {
        "closing", "data", "datastream-end", "datastream-start", "event", "ping", "run", "step", "sub", "unsub", "pong",
        "chunk",
    }  # fmt: skip
    STRINGS = ("channel", "topic", "run_id", "fn_id", "created_at", "env_id", "stream_id")

    def __init__(self, server: Server, channel: str, *names: str) -> None:
        self.channel, self.names = channel, names
        self.socket = Socket(server, token_for(server, channel, *names))
        self._chunks: dict[str, list[str]] = {}

    def next(self) -> tuple[str, str, Any]:
        """The kind, topic and data of the next message that reaches the program; of a stream its whole text."""
        while True:
            message = self.socket.next()
            self.check(message)
            if message.get("channel") != self.channel or message.get("topic") not in self.names:
                continue
            match message["kind"]:
                case "data" | "run":
                    return message["kind"], message["topic"], message["data"]
                case "datastream-start":
                    self._chunks[message["data"]] = []
                case "chunk":
                    self._chunks[message["stream_id"]].append(message["data"])
                case "datastream-end":
                    return "stream", message["topic"], "".join(self._chunks.pop(message["data"]))

    def check(self, message: Any) -> None:
        assert isinstance(message, dict) and message["kind"] in self.KINDS
        assert "data" in message
        for name in self.STRINGS:
            assert name not in message or isinstance(message[name], str), f"{name}: {message}"
        if "created_at" in message:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", message["created_at"])


class GoClient:
    """What the Go SDK's `SubscribeWithURL` makes of what arrives: structs with ids that must be ids."""

    def __init__(self, server: Server, token: str) -> None:
        self.socket = Socket(server, token, as_bearer=True)

    def next(self) -> dict[str, Any]:
        message = self.socket.next()
        if "run_id" in message:
            assert re.fullmatch(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", message["run_id"])
        if message["kind"] == "chunk":
            assert isinstance(message["stream_id"], str) and isinstance(message["data"], str)
        else:
            assert message.get("env_id", ENVIRONMENT) == ENVIRONMENT
            assert isinstance(message["topic"], str) and isinstance(message["created_at"], str)
        return message


class Events:
    """Listens by server-sent events; the text grows as it comes."""

    def __init__(self, server: Server, token: str) -> None:
        self.text = ""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.has_ended = False
        self._url = f"{server.url}/v1/realtime/sse"
        self._token = token
        threading.Thread(target=self._listen, daemon=True).start()
        eventually(lambda: self.status and self.text, "the stream has begun")

    def _listen(self) -> None:
        with contextlib.suppress(httpx.HTTPError):
            with httpx.stream("GET", self._url, params={"token": self._token}, timeout=60, trust_env=False) as answer:
                self.headers = dict(answer.headers)
                self.status = answer.status_code
                for part in answer.iter_text():
                    self.text += part
        self.has_ended = True

    @property
    def events(self) -> str:
        return self.text.replace(":\n\n", "")


class Feed:
    """The body of a request that is written piece by piece while the test goes on."""

    def __init__(self, send: Callable[[Any], httpx.Response]) -> None:
        self._pieces: queue.Queue[bytes | None] = queue.Queue()
        self.answer: httpx.Response | None = None

        def run() -> None:
            self.answer = send(iter(self._pieces.get, None))

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def write(self, piece: bytes) -> None:
        self._pieces.put(piece)

    def end(self) -> httpx.Response:
        self._pieces.put(None)
        self._thread.join(20)
        assert self.answer is not None
        return self.answer


def accept_key(key: str) -> str:
    """What a server must answer to a key (RFC 6455, section 4.2.2)."""
    return base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
