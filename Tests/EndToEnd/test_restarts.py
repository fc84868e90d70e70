"""Nothing that was accepted or done is lost or repeated when the server ends, however it ends."""

import asyncio
import contextlib
import datetime
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import inngest
import pytest

from harness.lateness import Lateness
from harness.sdk_app import SdkApp
from harness.server import Server
from harness.waiting import eventually, stays_true

# How a server may end: asked to, and not asked.
ENDINGS = pytest.mark.parametrize("end", [Server.terminate, Server.kill9], ids=["SIGTERM", "SIGKILL"])
End = Callable[[Server], Any]


@pytest.fixture
def app(make_app: Callable[..., SdkApp], own_server: Server) -> SdkApp:
    """An app on a server that the test may end."""
    return make_app(own_server)


@ENDINGS
def test_a_sleep_goes_on_after_a_restart(app: SdkApp, own_server: Server, end: End) -> None:
    bodies: list[str] = []
    times: list[float] = []

    @app.function()
    async def main(ctx: inngest.Context) -> list[str]:
        before = await ctx.step.run("before", lambda: bodies.append("before") or times.append(time.time()) or "kept")
        await ctx.step.sleep("nap", datetime.timedelta(seconds=3))
        after = await ctx.step.run("after", lambda: bodies.append("after") or times.append(time.time()) or "new")
        return [before, after]

    app.deploy()
    event = app.send()
    run = app.api.wait_for_start(event)
    wait_until_sleeping(app, run.id)

    end(own_server)
    own_server.start()
    run = app.api.wait_for_run(event)

    assert (run.status, run.output) == ("Completed", ["kept", "new"])
    assert bodies == ["before", "after"]
    assert 2.4 <= times[1] - times[0]


@ENDINGS
def test_a_sleep_that_ended_while_the_server_was_away_ends_at_once(app: SdkApp, own_server: Server, end: End) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> str:
        await ctx.step.sleep("nap", datetime.timedelta(seconds=1))
        return "awake"

    app.deploy()
    event = app.send()
    run = app.api.wait_for_start(event)
    wait_until_sleeping(app, run.id)
    due = time.time() + 1.5
    end(own_server)
    eventually(lambda: time.time() > due, "the sleep is over")
    own_server.start()

    assert app.api.wait_for_run(event, within=5).output == "awake"


def test_a_server_that_is_asked_to_end_waits_for_the_step_that_runs(app: SdkApp, own_server: Server) -> None:
    bodies: list[str] = []
    running, release = threading.Event(), threading.Event()

    @app.function()
    def main(ctx: inngest.ContextSync) -> str:
        def slow() -> str:
            bodies.append("slow")
            running.set()
            assert release.wait(20)
            return "kept"

        return ctx.step.run("slow", slow)

    app.deploy()
    event = app.send()
    assert running.wait(10)
    own_server.process.send_signal(signal.SIGTERM)
    stays_true(lambda: own_server.is_running, "the server waits for the step", during=1)
    release.set()

    assert own_server.process.wait(20) == 0
    own_server.start()
    run = app.api.wait_for_run(event)
    assert (run.status, run.output) == ("Completed", "kept")
    assert bodies == ["slow"]


def test_an_event_that_is_accepted_while_the_server_ends_is_not_lost(app: SdkApp, own_server: Server) -> None:
    executions: list[int] = []
    running, release = threading.Event(), threading.Event()

    @app.function()
    def main(ctx: inngest.ContextSync) -> int:
        executions.append(ctx.event.data["number"])
        if ctx.event.data["number"] == 0:
            running.set()
            assert release.wait(20)
        return ctx.event.data["number"]

    app.deploy()
    events = [app.send({"number": 0})]
    assert running.wait(10)
    own_server.process.send_signal(signal.SIGTERM)
    for number in range(1, 200):
        if id := accept(app, {"name": app.event, "data": {"number": number}}):
            events.append(id)
    release.set()
    assert own_server.process.wait(20) == 0
    own_server.start()

    outputs = [app.api.wait_for_run(event).output for event in events]
    assert sorted(executions) == sorted(outputs)
    assert len(set(outputs)) == len(events)


def test_a_server_that_is_asked_to_end_waits_no_longer_than_it_may(
    make_app: Callable[..., SdkApp], start_server: Callable[..., Server]
) -> None:
    server = start_server("--retry-interval", "1", "--no-discovery", "--no-poll", "--drain-timeout", "1")
    app = make_app(server)
    bodies = Interrupted()

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        return await ctx.step.run("endless", bodies.body, ctx)

    app.deploy()
    event = app.send()
    eventually(lambda: bodies.attempts, "the step runs")
    began = time.monotonic()
    assert server.terminate() == 0
    assert time.monotonic() - began < 10
    server.start()

    assert app.api.wait_for_run(event).output == "second execution"
    assert bodies.attempts == [0, 0]


def test_a_step_whose_reply_was_cut_off_is_called_once_more(app: SdkApp, own_server: Server) -> None:
    before: list[str] = []
    bodies = Interrupted()

    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> Any:
        await ctx.step.run("before", lambda: before.append("before"))
        return await ctx.step.run("interrupted", bodies.body, ctx)

    app.deploy()
    event = app.send()
    eventually(lambda: bodies.attempts, "the step runs")
    own_server.kill9()
    own_server.start()
    run = app.api.wait_for_run(event)

    assert (run.status, run.output) == ("Completed", "second execution")
    assert before == ["before"]
    # The server's end is not the app's fault: it costs no attempt.
    assert bodies.attempts == [0, 0]


def test_of_a_group_only_the_step_whose_reply_was_cut_off_is_called_again(app: SdkApp, own_server: Server) -> None:
    quick: list[str] = []
    bodies = Interrupted()

    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> Any:
        pair = await ctx.group.parallel(
            (
                lambda: ctx.step.run("quick", lambda: quick.append("quick") or "quick"),
                lambda: ctx.step.run("interrupted", bodies.body, ctx),
            )
        )
        return list(pair)

    app.deploy()
    event = app.send()
    run = app.api.wait_for_start(event)
    eventually(lambda: bodies.attempts, "the slow step runs")
    wait_for_journal(app, run.id, "stepFinished", 1)
    own_server.kill9()
    own_server.start()

    assert app.api.wait_for_run(event).output == ["quick", "second execution"]
    assert quick == ["quick"]
    assert bodies.attempts == [0, 0]


@ENDINGS
def test_a_retry_happens_after_a_restart(app: SdkApp, own_server: Server, end: End) -> None:
    attempts: list[int] = []

    @app.function()
    async def main(ctx: inngest.Context) -> str:
        attempts.append(ctx.attempt)
        if ctx.attempt == 0:
            raise inngest.RetryAfterError("later", datetime.timedelta(seconds=2))
        return "done"

    app.deploy()
    event = app.send()
    run = app.api.wait_for_start(event)
    wait_for_journal(app, run.id, "attemptFailed", 1)
    end(own_server)
    own_server.start()

    assert app.api.wait_for_run(event).output == "done"
    assert attempts == [0, 1]


@ENDINGS
def test_an_invocation_is_answered_after_a_restart(app: SdkApp, own_server: Server, end: End) -> None:
    @app.function("child", event=f"{app.id}/never")
    async def child(ctx: inngest.Context) -> str:
        await ctx.step.sleep("nap", datetime.timedelta(seconds=2))
        return "from the child"

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        return await ctx.step.invoke("ask", function=child)

    app.deploy()
    event = app.send()
    run = app.api.wait_for_start(event)
    wait_for_journal(app, run.id, "invoked", 1)
    end(own_server)
    own_server.start()

    assert app.api.wait_for_run(event).output == "from the child"


@ENDINGS
def test_an_event_of_the_future_starts_its_functions_after_a_restart(app: SdkApp, own_server: Server, end: End) -> None:
    started: list[float] = []

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        started.append(time.time() * 1000)

    app.deploy()
    due = int(time.time() * 1000) + 2_500
    event = app.send(ts=due)
    end(own_server)
    own_server.start()
    app.api.wait_for_run(event)

    assert len(started) == 1 and started[0] >= due


@ENDINGS
def test_what_was_sent_before_a_restart_is_not_run_again_after_it(app: SdkApp, own_server: Server, end: End) -> None:
    calls: list[int] = []

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        calls.append(ctx.event.data["n"])

    app.deploy()
    seeded = {"x-inngest-event-id-seed": f"{int(time.time() * 1000)},AAECAwQFBgcICQ=="}
    named = {"name": app.event, "id": f"{app.id}-1", "data": {"n": 1}}
    [first] = app.api.send(named)
    [second] = app.api.send([{"name": app.event, "data": {"n": 2}}], headers=seeded)
    runs = [app.api.wait_for_run(event) for event in (first, second)]
    end(own_server)
    own_server.start()

    app.api.send(named)
    assert app.api.send([{"name": app.event, "data": {"n": 2}}], headers=seeded) == [second]
    app.run({"n": 3})
    assert sorted(calls) == [1, 2, 3]
    assert [app.api.run(run.id) for run in runs] == runs


def test_a_server_in_memory_forgets_everything(
    make_app: Callable[..., SdkApp], start_server: Callable[..., Server]
) -> None:
    server = start_server("--in-memory", "--no-discovery", "--no-poll")
    app = make_app(server)

    @app.function()
    async def main(ctx: inngest.Context) -> str:
        return "done"

    run = app.run()
    assert run.output == "done"
    server.restart()

    assert app.api.functions() == {}
    assert app.api.http.get(f"/v1/runs/{run.id}").status_code == 404


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_ends_an_idle_server_at_once_and_without_error(
    own_server: Server, lateness: Lateness, number: signal.Signals
) -> None:
    began = time.monotonic()
    own_server.process.send_signal(number)

    assert own_server.process.wait(10) == 0
    assert time.monotonic() - began < 2 + lateness.seconds


class Interrupted:
    """A step's body that never returns the first time, and at once the second time."""

    def __init__(self) -> None:
        self.attempts: list[int] = []

    async def body(self, ctx: inngest.Context) -> str:
        self.attempts.append(ctx.attempt)
        if len(self.attempts) == 1:
            await asyncio.Event().wait()
        return "second execution"


def accept(app: SdkApp, event: dict[str, Any]) -> str | None:
    """The event's internal id when a server that is about to end still takes it."""
    try:
        response = app.api.http.post("/e/test", json=event)
    except httpx.TransportError:
        return None
    return response.json()["ids"][0] if response.status_code == 200 else None


def wait_for_journal(app: SdkApp, run_id: str, kind: str, count: int) -> None:
    eventually(
        lambda: sum(entry["kind"] == kind for entry in app.api.journal(run_id)) >= count,
        f"the journal of {run_id} has {count} × {kind}",
    )


def wait_until_sleeping(app: SdkApp, run_id: str) -> None:
    """Waits until the app's reply that reports the sleep is recorded: nothing is under way then."""
    eventually(
        lambda: any(entry.get("job_kind") == "sleep" for entry in app.api.journal(run_id)),
        f"run {run_id} sleeps",
    )


def test_a_copy_made_while_the_server_runs_can_be_started(
    prepare_server: Callable[..., Server], make_app: Callable[..., SdkApp]
) -> None:
    """The way of making backups that the documentation names."""
    server, other = prepare_server(), prepare_server()
    server.start()
    app = make_app(server)

    @app.function()
    async def main(ctx: inngest.Context) -> str:
        return "done"

    run = app.run()
    other.data.mkdir()
    with (
        contextlib.closing(sqlite3.connect(server.data / "apus.db")) as source,
        contextlib.closing(sqlite3.connect(other.data / "apus.db")) as copy,
    ):
        source.backup(copy)
    other.start()

    assert other.api.run(run.id).output == "done"
    assert f"{app.id}-main" in other.api.functions()
