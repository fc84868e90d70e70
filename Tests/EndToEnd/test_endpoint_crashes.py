"""Runs that live in an app, when the server or the app dies."""

import threading
from collections.abc import Callable, Iterator

import httpx
import pytest

from harness.endpoint_app import TypeScriptEndpoint, hashed
from harness.server import Server
from harness.signatures import Keys
from harness.waiting import eventually

FLAGS = ("--retry-interval", "1", "--no-discovery", "--no-poll", "--log-format", "json")


@pytest.fixture
def make(start_server: Callable[..., Server]) -> Iterator[Callable[..., TypeScriptEndpoint]]:
    made: list[TypeScriptEndpoint] = []

    def make(*flags: str, keys: Keys | None = None) -> TypeScriptEndpoint:
        usual = FLAGS if keys is None else ("--retry-interval", "1", "--log-format", "json")
        made.append(TypeScriptEndpoint(start_server(*usual, *flags, keys=keys)))
        return made[-1]

    yield make
    for app in made:
        app.close()


@pytest.mark.parametrize("keys", [None, Keys()], ids=["dev", "signed"])
def test_the_server_dies_between_start_and_end(
    make: Callable[..., TypeScriptEndpoint], keys: Keys | None
) -> None:
    app = make(keys=keys)
    app.reenter = lambda call: app.finish(",".join(sorted(app.actions(call))))
    assert app.start(app.ran("a", 1)).status_code == 200
    app.server.kill9()
    app.server.start()
    # The app goes on as if nothing had happened, and so does a repeated start.
    assert app.report(app.ran("b", 2)).status_code == 200
    token = app.began["token"]
    assert app.start(app.ran("a", 1)).status_code == 200
    app.server.kill9()
    app.server.start()
    assert app.report(app.sleep("zz", "1s")).status_code == 200
    app.server.kill9()
    app.server.start()

    assert app.api.wait_for_end(app.run, within=30).status == "Completed"
    # A token from before the crash opens the result.
    assert app.output(token).json() == ",".join(sorted([hashed("a"), hashed("b"), hashed("zz")]))


def test_an_app_that_dies_is_entered_again_with_what_it_had_done(make: Callable[..., TypeScriptEndpoint]) -> None:
    app = make("--endpoint-patience", "1")
    app.reenter = lambda call: app.finish(",".join(sorted(app.actions(call))))
    app.start(app.ran("a", 1))
    app.report(app.ran("b", 2))

    assert app.api.wait_for_end(app.run).status == "Completed"
    assert app.output().json() == ",".join(sorted([hashed("a"), hashed("b")]))
    assert len(app.calls) == 1


def test_an_app_that_was_given_up_too_early_may_still_end_its_run(make: Callable[..., TypeScriptEndpoint]) -> None:
    app = make("--endpoint-patience", "1")
    app.reenter = lambda call: None
    app.start(app.ran("a", 1), retries=20)
    app.wait_for_call()
    assert app.report(app.ran("b", 2)).status_code == 409
    assert app.report(app.complete("after all")).status_code == 200
    assert app.api.wait_for_end(app.run).status == "Completed"
    assert app.output().text == "after all"


def test_an_app_that_is_heard_of_keeps_its_run(make: Callable[..., TypeScriptEndpoint]) -> None:
    app = make("--endpoint-patience", "600")
    app.start(app.ran("a", 1))
    first = app.api.waiting(app.run)
    app.report(app.ran("b", 2))
    eventually(lambda: app.api.waiting(app.run)["until"] > first["until"], "it has more time")
    assert app.calls == []


def test_a_server_that_ends_keeps_nobody_waiting(make: Callable[..., TypeScriptEndpoint]) -> None:
    app = make()
    app.start(app.ran("a", 1))
    answers: list[httpx.Response] = []
    waiter = threading.Thread(target=lambda: answers.append(app.output()))
    waiter.start()
    streamed: list[int] = []

    def listen() -> None:
        url = f"{app.server.url}/v1/realtime/sse"
        with httpx.stream("GET", url, params={"token": app.began["realtime_token"]}, timeout=60, trust_env=False) as answer:
            streamed.append(answer.status_code)
            for _ in answer.iter_bytes():
                streamed.append(0)

    listener = threading.Thread(target=listen)
    listener.start()
    eventually(lambda: len(streamed) > 1, "the stream has begun")
    assert app.server.terminate(within=20) == 0
    for thread in (waiter, listener):
        thread.join(10)
        assert not thread.is_alive()
    assert answers[0].status_code == 503
