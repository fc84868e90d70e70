"""An app whose answers are written by hand, byte for byte: for what no SDK would ever send."""

import json
import socketserver
import threading
import urllib.parse
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .api import Run
from .ports import free_port
from .server import Server

SDK_HEADERS = {"X-Inngest-SDK": "scripted:v1.0.0", "X-Inngest-Req-Version": "2"}
REASONS = {200: "OK", 201: "Created", 206: "Partial Content", 302: "Found", 500: "Internal Server Error"}


@dataclass(frozen=True)
class Call:
    """A request as the app received it; header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.target).query))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """An answer; `sdk=False` leaves out the headers by which the server knows an SDK."""

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    sdk: bool = True

    def encode(self) -> bytes:
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        headers = {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Connection": "close",
            **(SDK_HEADERS if self.sdk else {}),
            **self.headers,
        }
        head = f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Status')}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return head.encode() + b"\r\n" + body


# `None` closes the connection without a word; an iterable is sent piece by piece.
Answer = Reply | bytes | Iterable[bytes] | None


class ScriptedApp:
    """
    An HTTP server on a port of its own. Each function is a Python callable that is given the call
    and returns the bytes of the answer, or a `Reply`.
    """

    def __init__(self, server: Server) -> None:
        self.id = "scripted-" + uuid.uuid4().hex[:8]
        self.event = f"{self.id}/happened"
        self.api = server.api
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/api/inngest"
        self.calls: list[Call] = []
        self._answers: dict[str, Callable[[Call], Answer]] = {}
        self._functions: list[dict[str, Any]] = []
        self._host = _Host(("127.0.0.1", self.port), self)
        threading.Thread(target=self._host.serve_forever, args=(0.05,), daemon=True).start()

    def function(
        self,
        answer: Callable[[Call], Answer],
        name: str = "main",
        *,
        event: str | None = None,
        retries: int = 0,
        **options: Any,
    ) -> str:
        """Declares and registers a function with further fields of its registration; returns its slug."""
        slug = f"{self.id}-{name}"
        self._answers[slug] = answer
        self._functions.append(
            {
                "id": slug,
                "name": name,
                "triggers": [{"event": event or self.event}],
                "steps": {
                    "step": {
                        "id": "step",
                        "name": "step",
                        "runtime": {"type": "http", "url": f"{self.url}?fnId={slug}&stepId=step"},
                        "retries": {"attempts": retries},
                    }
                },
                **options,
            }
        )
        self.api.register(
            {
                "appName": self.id,
                "url": self.url,
                "v": "0.1",
                "deployType": "ping",
                "sdk": "scripted:v1.0.0",
                "framework": "none",
                "functions": self._functions,
            }
        )
        return slug

    def forget(self) -> None:
        """Registers nothing of what was declared before any more."""
        self._functions.clear()

    def run(self, data: dict[str, Any] | None = None, *, within: float = 15.0) -> Run:
        """Sends the app's event and waits for the end of the only run that this starts."""
        [event] = self.api.send({"name": self.event, "data": data or {}})
        return self.api.wait_for_run(event, within=within)

    def run_with(self, answer: Callable[[Call], Answer] | Answer, *, retries: int = 0, within: float = 15.0) -> Run:
        """What becomes of a run whose calls are all answered so."""
        self.function(answer if callable(answer) else lambda call: answer, retries=retries)
        return self.run(within=within)

    def close(self) -> None:
        self._host.shutdown()
        self._host.server_close()

    def answer(self, call: Call) -> Answer:
        self.calls.append(call)
        return self._answers[call.query["fnId"]](call)


class _Host(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], app: ScriptedApp) -> None:
        self.app = app
        super().__init__(address, _Connection)


class _Connection(socketserver.StreamRequestHandler):
    """One request and its answer; then the connection is closed."""

    server: _Host

    def handle(self) -> None:
        request_line = self.rfile.readline().decode("latin-1").split()
        if len(request_line) != 3:
            return
        headers: dict[str, str] = {}
        while (line := self.rfile.readline().decode("latin-1").strip()) != "":
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", "0")))
        answer = self.server.app.answer(Call(request_line[0], request_line[1], headers, body))
        try:
            self.write(answer)
        except (BrokenPipeError, ConnectionResetError):
            pass  # The server has heard enough.

    def write(self, answer: Answer) -> None:
        if answer is None:
            return
        if isinstance(answer, Reply):
            answer = answer.encode()
        for piece in [answer] if isinstance(answer, bytes) else answer:
            self.wfile.write(piece)
