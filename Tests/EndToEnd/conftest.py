"""Fixtures: the server, apps, and what a failing test shows."""

import fcntl
import functools
import os
import signal
import ssl
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.api import Api
from harness.lateness import Lateness
from harness.ports import USUAL_PORTS, serves_an_app
from harness.scripted_app import ScriptedApp
from harness.sdk_app import SdkApp
from harness.server import Server
from harness.signatures import Keys
from harness.swift_app import SwiftApp

# Apps and server talk over loopback; a proxy in the environment has no business there.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
# Nothing here is encrypted, but each client of httpx loads all the world's certificates: once is enough.
ssl.create_default_context = functools.cache(ssl.create_default_context)
# A developer's own settings must not reach the SDK.
for variable in [name for name in os.environ if name.startswith("INNGEST_")]:
    del os.environ[variable]

# A shell that starts something in the background lets it ignore Ctrl-C, and with it every process that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Quick retries; apps are synced by the tests themselves.
SHARED_FLAGS = ("--retry-interval", "1", "--no-discovery", "--no-poll", "--log-format", "json")
# A server with keys neither looks for apps nor asks those that are registered.
SIGNED_FLAGS = ("--retry-interval", "1", "--poll-interval", "1", "--log-format", "json")


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    """Starts the server of each mode when the first test asks for it."""
    started: dict[str, Server] = {}

    def get(mode: str) -> Server:
        if mode not in started:
            is_signed = mode == "signed"
            flags, keys = (SIGNED_FLAGS, Keys()) if is_signed else (SHARED_FLAGS, None)
            started[mode] = Server(tmp_path_factory.mktemp("apus"), *flags, keys=keys).start()
        return started[mode]

    yield get
    for server in started.values():
        server.stop()


@pytest.fixture
def server(request: pytest.FixtureRequest, shared_server: Callable[[str], Server]) -> Server:
    """The server that all tests share which do not restart it or need flags of their own."""
    return shared_server(getattr(request, "param", "dev"))


@pytest.fixture
def api(server: Server) -> Api:
    return server.api


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of modules that are marked so run on a server in development and on one with keys."""
    if metafunc.definition.get_closest_marker("both_modes") and "server" in metafunc.fixturenames:
        metafunc.parametrize("server", ["dev", "signed"], indirect=True)


@pytest.fixture
def prepare_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Makes a server for one test alone, which has an address already but is not started."""
    prepared: list[Server] = []

    def prepare(*flags: str, keys: Keys | None = None) -> Server:
        usual = SIGNED_FLAGS if keys else SHARED_FLAGS
        server = Server(tmp_path_factory.mktemp("apus"), *(flags or usual), keys=keys)
        prepared.append(server)
        return server

    yield prepare
    for server in prepared:
        server.stop()


@pytest.fixture
def start_server(prepare_server: Callable[..., Server]) -> Callable[..., Server]:
    """Starts a server for one test alone: `start_server("--poll-interval", "1")`."""
    return lambda *flags, **options: prepare_server(*flags, **options).start()


@pytest.fixture
def own_server(start_server: Callable[..., Server]) -> Server:
    """A server for one test alone, with the usual flags: for tests that restart it."""
    return start_server()


@pytest.fixture
def make_app(request: pytest.FixtureRequest) -> Iterator[Callable[..., SdkApp]]:
    """Makes an app with the official SDK for a server; the test's name is part of the app's."""
    made: list[SdkApp] = []

    def make(server: Server, name: str | None = None, **options: Any) -> SdkApp:
        name = name or request.node.originalname.removeprefix("test_")[:40]
        app = SdkApp(server, name, **options)
        made.append(app)
        return app

    yield make
    for app in made:
        app.close(wait=False)


@pytest.fixture
def usual_ports() -> Iterator[None]:
    """
    For tests of a server that looks for apps by itself: only one at a time on this machine, and none
    while an app that is not ours would be found.
    """
    with open(Path(tempfile.gettempdir()) / "apus-usual-ports.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for port in USUAL_PORTS:
            if serves_an_app(port):
                pytest.skip(f"an app that is not part of the tests is on port {port}")
        yield


@pytest.fixture
def app(make_app: Callable[..., SdkApp], server: Server) -> SdkApp:
    """An app on the shared server."""
    return make_app(server)


@pytest.fixture
def lateness(server: Server) -> Iterator[Lateness]:
    """How late things may be, for tests that look at the clock; an event is stored for each look."""
    # A connection of its own: that of the test may be waiting for an answer.
    probe = Api(server.url, server.keys)
    lateness = Lateness(lambda: probe.send({"name": "lateness/asked"}))
    yield lateness
    lateness.stop()


@pytest.fixture
def scripted_app(server: Server) -> Iterator[ScriptedApp]:
    """An app on the shared server whose answers are written by hand."""
    app = ScriptedApp(server)
    yield app
    app.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest test first, so that it does not keep one worker busy when the others have finished."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_runtest_setup() -> None:
    for server in Server.known:
        server.mark_log()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """A failure shows what the servers wrote while the test ran, and what Swift apps wrote."""
    report = (yield).get_result()
    if not report.failed:
        return
    for server in Server.known:
        if text := server.log_since_mark():
            state = "running" if server.is_running else "not running"
            report.sections.append((f"log of the server on port {server.port}, {state}", text[-20_000:]))
    for app in SwiftApp.known:
        report.sections.append((f"log of the Swift app {app.id}", app.log()[-5_000:]))
