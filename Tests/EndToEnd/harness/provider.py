"""A server that apps ask for something through Apus: a model provider, or anything with a URL."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .ports import free_port


@dataclass(frozen=True)
class Request:
    """As it arrived; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


# Status, body (an iterator is sent piece by piece) and further headers.
Response = tuple[int, Any, dict[str, str]]


def openai(request: Request) -> Response:
    """What a provider with OpenAI's API says to a right and to a wrong key."""
    if request.headers.get("authorization") != "Bearer right-key":
        return 401, {"error": {"message": f"Incorrect API key: {request.headers.get('authorization')}"}}, {}
    if request.json.get("stream"):
        return 200, b'data: {"delta":"Hi"}\n\ndata: [DONE]\n\n', {"Content-Type": "text/event-stream"}
    message = {"role": "assistant", "content": "Hi " + request.json["messages"][-1]["content"]}
    return 200, {"id": "chatcmpl-1", "choices": [{"index": 0, "message": message}], "usage": {"total_tokens": 7}}, {}


def anthropic(request: Request) -> Response:
    """The same with Anthropic's."""
    if request.headers.get("x-api-key") != "right-key" or "anthropic-version" not in request.headers:
        return 401, {"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}}, {}
    return 200, {"type": "message", "content": [{"type": "text", "text": "Hi"}], "stop_reason": "end_turn"}, {}


class Provider:
    """Answers each request by the function of its path; `/openai` and `/anthropic` are there from the beginning."""

    def __init__(self) -> None:
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.host}"
        self.requests: list[Request] = []
        # How many requests the other side has left without waiting for the answer.
        self.abandoned = 0
        self.answers: dict[str, Callable[[Request], Response]] = {"/openai": openai, "/anthropic": anthropic}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                length = int(self.headers.get("content-length", "0"))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.command, self.path, headers, self.rfile.read(length))
                provider.requests.append(request)
                status, body, more = provider.answers[self.path.partition("?")[0]](request)
                if isinstance(body, Iterator):
                    return self.stream(status, body, more)
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                try:
                    self.send_response(status)
                    for name, value in {"Content-Type": "application/json", **more}.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except (BrokenPipeError, ConnectionResetError):
                    provider.abandoned += 1

            def stream(self, status: int, pieces: Iterator[bytes], more: dict[str, str]) -> None:
                try:
                    self.send_response(status)
                    for name, value in {"Transfer-Encoding": "chunked", **more}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    for piece in pieces:
                        self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                        self.wfile.flush()
                    self.wfile.write(b"0\r\n\r\n")
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True
                    provider.abandoned += 1

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path.partition("?")[0] == path]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
