"""Starts that are spread over time; none is lost."""

import datetime
from collections.abc import Callable
from typing import Any

import inngest
import pytest

from harness.in_flight import InFlight
from harness.lateness import Lateness
from harness.sdk_app import SdkApp
from harness.server import Server
from harness.waiting import eventually

HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def starts() -> InFlight:
    return InFlight()


def seconds(count: float) -> datetime.timedelta:
    return datetime.timedelta(seconds=count)


def throttled(app: SdkApp, starts: InFlight, throttle: inngest.Throttle | None, **options: Any) -> None:
    @app.function(throttle=throttle, **options)
    async def main(ctx: inngest.Context) -> Any:
        return await starts.visit(ctx, key=str(ctx.event.data.get("user")))

    app.deploy()


def send(app: SdkApp, count: int, **data: Any) -> list[str]:
    return app.api.send([{"name": app.event, "data": {"n": n, **data}} for n in range(count)])


def assert_spread(app: SdkApp, runs: list[str], planned: list[float], lateness: Lateness) -> None:
    """Never before the time that is planned, and after it only by what the machine is late."""
    times = [app.api.called_at(run) for run in runs]
    delays = [at - times[0] for at in times]
    for seen, plan in zip(delays, planned, strict=True):
        # The server's times are whole milliseconds.
        assert plan - 0.002 <= seen <= plan + lateness.seconds, f"started after {delays} instead of {planned}"


@pytest.mark.parametrize(
    ("throttle", "planned"),
    [
        pytest.param(inngest.Throttle(limit=1, period=seconds(1)), [0, 0, 1, 2], id="1 a second, burst 1"),
        pytest.param(inngest.Throttle(limit=1, period=seconds(1), burst=0), [0, 1, 2], id="1 a second"),
        pytest.param(inngest.Throttle(limit=3, period=seconds(3), burst=0), [0, 0, 0, 1, 2], id="3 in 3 seconds"),
        pytest.param(inngest.Throttle(limit=4, period=seconds(2), burst=2), [0] * 6 + [0.5, 1.0], id="4 and 2 more"),
    ],
)
def test_starts_are_spread(
    app: SdkApp, starts: InFlight, lateness: Lateness, throttle: inngest.Throttle, planned: list[float]
) -> None:
    throttled(app, starts, throttle)
    runs = [app.api.wait_for_run(event) for event in send(app, len(planned))]
    assert [run.output for run in runs] == list(range(len(planned)))
    assert starts.values == list(range(len(planned)))
    assert_spread(app, [run.id for run in runs], planned, lateness)


def test_each_key_has_its_own_pace(app: SdkApp, starts: InFlight) -> None:
    throttled(app, starts, inngest.Throttle(limit=1, period=HOUR, burst=0, key="event.data.user"))
    full = send(app, 3, user="a")
    events = [full[0], *send(app, 1, user="b"), *send(app, 1, user=1), send(app, 1, user="1")[0]]
    for event in events[:3]:
        app.api.wait_for_run(event)
    # The number 1 and the text have the same key.
    waiting = [app.api.wait_for_start(event).id for event in (full[1], full[2], events[3])]
    assert [app.api.wait_for_waiting(run, "throttle")["key"] for run in waiting] == ["a", "a", "1"]
    assert [visit.key for visit in starts.visits] == ["a", "b", "1"]


def test_runs_whose_key_has_no_value_share_one(app: SdkApp, starts: InFlight) -> None:
    throttled(app, starts, inngest.Throttle(limit=1, period=HOUR, burst=0, key="event.data.user"))
    first, second = send(app, 2)
    app.api.wait_for_run(first)
    app.api.wait_for_waiting(app.api.wait_for_start(second).id, "throttle")
    assert starts.values == [0]


def test_only_starts_are_throttled(app: SdkApp, starts: InFlight) -> None:
    @app.function(throttle=inngest.Throttle(limit=1, period=HOUR, burst=0))
    async def main(ctx: inngest.Context) -> str:
        await ctx.step.run("first", lambda: 1)
        if ctx.attempt == 0:
            raise ValueError("the next attempt is no start either")
        await ctx.step.run("second", lambda: 2)
        return "done"

    assert app.run().output == "done"


def test_a_cancelled_run_uses_up_nothing(app: SdkApp, starts: InFlight, lateness: Lateness) -> None:
    throttled(app, starts, inngest.Throttle(limit=1, period=seconds(1), burst=0))
    first, second, third = send(app, 3)
    runs = [app.api.wait_for_run(first).id]
    run = app.api.wait_for_start(second).id
    app.api.http.delete(f"/v1/runs/{run}").raise_for_status()
    runs.append(app.api.wait_for_run(third).id)
    assert app.api.run(run).status == "Cancelled"
    assert starts.values == [0, 2]
    assert_spread(app, runs, [0, 1], lateness)


def test_a_run_that_waits_for_too_long_is_cancelled(app: SdkApp, starts: InFlight) -> None:
    throttled(
        app, starts, inngest.Throttle(limit=1, period=HOUR, burst=0), timeouts=inngest.Timeouts(start=seconds(1))
    )
    first, second = send(app, 2)
    assert app.api.wait_for_run(first).status == "Completed"
    assert app.api.wait_for_run(second).status == "Cancelled"
    assert starts.values == [0]


def test_throttle_and_concurrency_hold_both(app: SdkApp, starts: InFlight) -> None:
    """A run that waits for a slot has not used up its start."""
    starts.hold()
    throttled(
        app, starts, inngest.Throttle(limit=2, period=HOUR, burst=0), concurrency=[inngest.Concurrency(limit=1)]
    )
    events = send(app, 3)
    starts.wait_for(0)
    runs = [app.api.wait_for_start(event).id for event in events]
    app.api.wait_for_waiting(runs[1], "concurrency")
    app.api.http.delete(f"/v1/runs/{runs[1]}").raise_for_status()
    starts.let_go()
    starts.wait_for(2)
    assert app.api.wait_for_end(runs[2]).output == 2
    assert starts.values == [0, 2]


def test_without_its_throttle_a_function_starts_what_waits(app: SdkApp, starts: InFlight) -> None:
    throttled(app, starts, inngest.Throttle(limit=1, period=HOUR, burst=0))
    events = send(app, 4)
    starts.wait_for(0)
    starts.stays([0])
    app.functions.clear()
    throttled(app, starts, inngest.Throttle(limit=10, period=HOUR, burst=20))
    starts.wait_for(1, 2, 3)
    app.functions.clear()
    throttled(app, starts, inngest.Throttle(limit=1, period=HOUR, burst=0))
    events += send(app, 1)
    app.api.wait_for_waiting(app.api.wait_for_start(events[-1]).id, "throttle")
    app.functions.clear()
    throttled(app, starts, None)
    for event in events:
        app.api.wait_for_run(event)


def test_the_pace_survives_a_crash(
    make_app: Callable[..., SdkApp], own_server: Server, starts: InFlight, lateness: Lateness
) -> None:
    app = make_app(own_server)
    throttled(app, starts, inngest.Throttle(limit=1, period=seconds(2), burst=0, key="event.data.user"))
    events = send(app, 2, user="a")
    first = app.api.wait_for_run(events[0]).id
    waiting = app.api.wait_for_start(events[1]).id
    app.api.wait_for_waiting(waiting, "throttle")
    own_server.kill9()
    own_server.start()
    report = eventually(lambda: app.api.waiting(waiting), "the run waits again")
    assert report["rule"] == "throttle" and report["key"] == "a"
    [other] = send(app, 1, user="b")
    assert app.api.wait_for_run(other).output == 0
    assert app.api.wait_for_run(events[1]).output == 1
    assert_spread(app, [first, waiting], [0, 2], lateness)
