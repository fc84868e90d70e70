"""An app built with the official SDK, served over real HTTP from a thread of the test process."""

import contextlib
import os
import re
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import fastapi
import httpx
import inngest
import inngest.fast_api
import uvicorn

from .api import Run
from .ports import free_port
from .server import Server
from .signatures import Keys
from .waiting import eventually


@contextlib.contextmanager
def development(url: str) -> Iterator[None]:
    """Inside, SDK clients are made in development mode for the server at `url`, as users make them."""
    previous = os.environ.get("INNGEST_DEV")
    os.environ["INNGEST_DEV"] = url
    try:
        yield
    finally:
        if previous is None:
            del os.environ["INNGEST_DEV"]
        else:
            os.environ["INNGEST_DEV"] = previous


class SdkApp:
    """
    Functions and the HTTP server that serves them.

    A test declares functions with `function`, and then `run` deploys the app, sends its event and
    waits for the end of the run. Each app has an id and an event name that nobody else uses, so
    that tests can share one server. With keys, its own or the server's, it is in production mode.
    """

    def __init__(
        self,
        server: Server,
        name: str = "app",
        *,
        port: int | None = None,
        streaming: inngest.Streaming | None = None,
        keys: Keys | None = None,
    ) -> None:
        self.id = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") + "-" + uuid.uuid4().hex[:8]
        self.event = f"{self.id}/happened"
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}/api/inngest"
        self.api = server.api
        self.is_signed = keys is not None or server.keys is not None
        keys = keys or server.keys
        if keys:
            self.client = inngest.Inngest(
                app_id=self.id,
                is_production=True,
                signing_key=keys.signing,
                event_key=keys.event,
                api_base_url=server.url,
                event_api_base_url=server.url,
            )
        else:
            with development(server.url):
                self.client = inngest.Inngest(app_id=self.id)
        self.functions: list[inngest.Function[Any]] = []
        self._streaming = streaming
        self._deployed: fastapi.FastAPI | None = None
        self._host: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def function(
        self,
        fn_id: str = "main",
        *,
        event: str | None = None,
        trigger: Any = None,
        **options: Any,
    ) -> Callable[[Any], inngest.Function[Any]]:
        """Declares a function; without a trigger it listens to the app's own event."""
        create = self.client.create_function(
            fn_id=fn_id,
            trigger=trigger or inngest.TriggerEvent(event=event or self.event),
            **options,
        )

        def declare(handler: Any) -> inngest.Function[Any]:
            function = create(handler)
            self.functions.append(function)
            return function

        return declare

    # Serving

    def deploy(self) -> dict[str, Any]:
        """Serves the functions as they are declared now and syncs them; returns the server's answer."""
        self.serve()
        return self.sync()

    def serve(self) -> None:
        """Serves the functions as they are declared now, without telling the server."""
        with contextlib.nullcontext() if self.is_signed else development(self.api.url):
            application = fastapi.FastAPI()
            inngest.fast_api.serve(application, self.client, list(self.functions), streaming=self._streaming)
        self._deployed = application
        if self._host is None:
            self.listen()

    def sync(self) -> dict[str, Any]:
        """What `curl -X PUT` on the app's address does."""
        response = httpx.put(self.url, timeout=30, trust_env=False)
        assert response.status_code == 200, f"PUT {self.url}: {response.status_code} {response.text}"
        answer = response.json()
        assert "error" not in answer, f"the app was not registered: {answer}"
        return answer

    def listen(self) -> None:
        """Opens the app's port and answers on it."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        self._host = uvicorn.Server(
            uvicorn.Config(
                self._answer,
                log_level="critical",
                interface="asgi3",
                lifespan="off",
                ws="none",
                timeout_keep_alive=30,
                timeout_graceful_shutdown=0,
            )
        )
        self._thread = threading.Thread(target=self._host.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        host = self._host
        eventually(lambda: host.started, "the app listens", every=0.005)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        """Hands every request to the newest deployment, so that a deployment needs no new port."""
        assert self._deployed is not None
        await self._deployed(scope, receive, send)

    def close(self, *, wait: bool = True) -> None:
        """Stops answering: connections break and the port is closed, as if the app had crashed."""
        if self._host is None or self._thread is None:
            return
        self._host.should_exit = True
        self._host.force_exit = True
        if wait:
            self._thread.join(10)
            assert not self._thread.is_alive(), "the app did not stop"
        self._host = None

    # Running

    def send(self, data: dict[str, Any] | None = None, **fields: Any) -> str:
        """Sends one event with the SDK; returns its internal id."""
        event = inngest.Event(name=fields.pop("name", self.event), data=data or {}, **fields)
        return self.client.send_sync(event)[0]

    def run(self, data: dict[str, Any] | None = None, *, within: float = 15.0, **fields: Any) -> Run:
        """Deploys the app, sends its event, and waits for the end of the only run that this starts."""
        if self._host is None:
            self.deploy()
        return self.api.wait_for_run(self.send(data, **fields), within=within)
