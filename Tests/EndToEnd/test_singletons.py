"""One living run for a key."""

import datetime
from collections.abc import Callable
from typing import Any

import inngest
import pytest

from harness.in_flight import InFlight
from harness.sdk_app import SdkApp
from harness.server import Server

HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def calls() -> InFlight:
    calls = InFlight()
    calls.hold()
    return calls


def single(app: SdkApp, calls: InFlight, mode: Any, key: str | None = None, **options: Any) -> None:
    @app.function(singleton=inngest.Singleton(mode=mode, key=key), **options)
    async def main(ctx: inngest.Context) -> Any:
        await calls.visit(ctx)
        match ctx.event.data.get("then"):
            case "sleep":
                await ctx.step.sleep("nap", HOUR)
            case "fail":
                raise inngest.NonRetriableError("on purpose")
        return ctx.event.data["n"]

    app.deploy()


def send(app: SdkApp, n: int, **data: Any) -> str:
    return app.send({"n": n, **data})


def assert_skipped(app: SdkApp, event: str, holder: str) -> None:
    """The event has started nothing, because of this run."""
    outcome = app.api.outcome(event)
    assert (outcome["outcome"], outcome["rule"], outcome.get("run_id")) == ("skipped", "singleton", holder)
    assert app.api.runs_of(event) == []


def test_a_second_event_starts_nothing_while_the_first_run_lives(app: SdkApp, calls: InFlight) -> None:
    single(app, calls, "skip")
    first = send(app, 0)
    calls.wait_for(0)
    run = app.api.wait_for_start(first)
    assert_skipped(app, send(app, 1), run.id)
    calls.let_go()
    app.api.wait_for_run(first)
    assert app.api.wait_for_run(send(app, 2)).output == 2
    assert calls.values == [0, 2]


def test_a_second_event_takes_the_place_of_the_first_run(app: SdkApp, calls: InFlight) -> None:
    single(app, calls, "cancel")
    first = send(app, 0)
    calls.wait_for(0)
    second = send(app, 1)
    calls.wait_for(1)
    assert app.api.wait_for_run(first).status == "Cancelled"
    calls.let_go()
    run = app.api.wait_for_run(second)
    assert (run.status, run.output) == ("Completed", 1)
    cause = app.api.data(f"/v1/runs/{app.api.wait_for_run(first).id}/journal")["timeline"][-1]["what"]
    assert run.id in cause


def test_each_key_has_a_run_of_its_own(app: SdkApp, calls: InFlight) -> None:
    single(app, calls, "skip", "event.data.user")
    first = send(app, 0, user="a")
    send(app, 1, user="b")
    calls.wait_for(0, 1)
    assert_skipped(app, send(app, 2, user="a"), app.api.wait_for_start(first).id)
    assert app.api.outcome(send(app, 3, user="a"))["key"] == "a"


@pytest.mark.parametrize("data", [{}, {"user": False}])
def test_runs_without_a_key_live_side_by_side(app: SdkApp, calls: InFlight, data: dict[str, Any]) -> None:
    single(app, calls, "skip", "event.data.user")
    for n in range(3):
        send(app, n, **data)
    calls.wait_for(0, 1, 2)


@pytest.mark.parametrize("mode", ["skip", "cancel"])
@pytest.mark.parametrize("crashes", [False, True], ids=["", "after a crash"])
def test_a_run_that_sleeps_lives(
    make_app: Callable[..., SdkApp], own_server: Server, calls: InFlight, mode: Any, crashes: bool
) -> None:
    app = make_app(own_server)
    single(app, calls, mode, "event.data.user")
    calls.let_go()
    sleeping = app.api.wait_for_start(send(app, 0, user="a", then="sleep")).id
    app.api.wait_for_waiting(sleeping, "sleep")
    if crashes:
        own_server.kill9()
        own_server.start()
    second = send(app, 1, user="a")
    if mode == "skip":
        assert_skipped(app, second, sleeping)
        app.api.http.delete(f"/v1/runs/{sleeping}").raise_for_status()
        second = send(app, 1, user="a")
    assert app.api.wait_for_run(second).output == 1
    assert app.api.wait_for_end(sleeping).status == "Cancelled"


def test_a_run_that_waits_for_its_turn_lives(app: SdkApp, calls: InFlight) -> None:
    single(app, calls, "skip", "event.data.user", concurrency=[inngest.Concurrency(limit=1)])
    events = [send(app, 0, user="a")]
    calls.wait_for(0)
    events.append(send(app, 1, user="b"))
    waiting = app.api.wait_for_start(events[1]).id
    assert_skipped(app, send(app, 2, user="b"), waiting)
    app.api.http.delete(f"/v1/runs/{waiting}").raise_for_status()
    app.api.wait_for_end(waiting)
    events.append(send(app, 3, user="b"))
    calls.let_go()
    assert app.api.wait_for_run(events[2]).output == 3
    assert calls.values == [0, 3]


def test_a_run_that_failed_lives_no_more(app: SdkApp, calls: InFlight) -> None:
    single(app, calls, "skip")
    calls.let_go()
    assert app.api.wait_for_run(send(app, 0, then="fail")).status == "Failed"
    assert app.api.wait_for_run(send(app, 1)).output == 1


def test_an_invoked_singleton_that_runs_already_answers_with_an_error_at_once(app: SdkApp, calls: InFlight) -> None:
    @app.function("child", event=f"{app.id}/child", singleton=inngest.Singleton(mode="skip"))
    async def child(ctx: inngest.Context) -> Any:
        return await calls.visit(ctx)

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        try:
            return await ctx.step.invoke("call", function=child, data={"n": "from the parent"})
        except inngest.StepError as error:
            return error.message

    app.deploy()
    app.send({"n": 0}, name=f"{app.id}/child")
    calls.wait_for(0)
    assert app.api.wait_for_run(app.send()).output == "invoked function is a singleton and runs already"
