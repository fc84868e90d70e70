"""Runs that go ahead of others of their function."""

import time
from collections.abc import Callable
from typing import Any

import inngest
import pytest

from harness.in_flight import InFlight
from harness.lateness import Lateness
from harness.sdk_app import SdkApp
from harness.server import Server


@pytest.fixture
def calls() -> InFlight:
    return InFlight()


def prioritised(app: SdkApp, calls: InFlight, run: str, **options: Any) -> None:
    """A function with one slot, which is taken by the run of the first event."""

    @app.function(priority=inngest.Priority(run=run), concurrency=[inngest.Concurrency(limit=1)], **options)
    async def main(ctx: inngest.Context) -> Any:
        return await calls.visit(ctx)

    app.deploy()
    calls.hold()
    app.send({"n": "first", "p": 0})
    calls.wait_for("first")


def order(app: SdkApp, calls: InFlight, priorities: list[Any]) -> list[int]:
    """The order in which runs of these priorities are called that wait at the same time."""
    events = [app.send({"n": n, "p": priority}) for n, priority in enumerate(priorities)]
    calls.let_go()
    for event in events:
        app.api.wait_for_run(event)
    return calls.values[1:]


def test_runs_of_a_higher_priority_go_first(app: SdkApp, calls: InFlight) -> None:
    prioritised(app, calls, "int(event.data.p)")
    assert order(app, calls, [0, 0, 100, 50, 100]) == [2, 4, 3, 0, 1]


def test_a_priority_is_a_head_start_in_seconds(app: SdkApp, calls: InFlight) -> None:
    """No run is passed for ever: an older one is only so far behind."""
    prioritised(app, calls, "int(event.data.p)")
    app.send({"n": "old", "p": 0})
    time.sleep(2)
    assert order(app, calls, [1, 3]) == [1, "old", 0]


def test_a_condition_can_choose_the_priority(app: SdkApp, calls: InFlight) -> None:
    prioritised(app, calls, "event.data.p == 'pro' ? 120 : 0")
    assert order(app, calls, ["free", "pro", "free", "pro"]) == [1, 3, 0, 2]


@pytest.mark.parametrize("value", [None, "high", [], {"a": 1}], ids=repr)
def test_what_is_no_integer_is_0(app: SdkApp, calls: InFlight, value: Any) -> None:
    prioritised(app, calls, "int(event.data.p)")
    assert order(app, calls, [-0.5, value, 1]) == [2, 0, 1]


def test_numbers_of_events_are_no_integers(app: SdkApp, calls: InFlight) -> None:
    prioritised(app, calls, "event.data.p")
    assert order(app, calls, [0, 10, 5]) == [0, 1, 2]


def test_a_priority_below_0_delays_a_run_even_when_nothing_else_waits(
    app: SdkApp, calls: InFlight, lateness: Lateness
) -> None:
    prioritised(app, calls, "int(event.data.p)")
    calls.let_go()
    sent = time.time()
    late = app.api.wait_for_start(app.send({"n": 0, "p": -1}))
    assert late.status == "Running"
    app.api.wait_for_run(app.send({"n": 1, "p": 0}))
    assert app.api.wait_for_end(late.id).output == 0
    assert calls.values == ["first", 1, 0]
    assert 0.95 <= calls.visits[2].at - sent <= 1 + lateness.seconds


def test_priorities_survive_a_crash(make_app: Callable[..., SdkApp], own_server: Server, calls: InFlight) -> None:
    app = make_app(own_server)
    prioritised(app, calls, "int(event.data.p)")
    events = [app.send({"n": n, "p": p}) for n, p in enumerate([0, 10, 20])]
    for event in events:
        app.api.wait_for_waiting(app.api.wait_for_start(event).id, "concurrency")
    own_server.kill9()
    own_server.start()
    events.append(app.send({"n": 3, "p": 15}))
    calls.let_go()
    for event in events:
        app.api.wait_for_run(event)
    assert [n for n in calls.values if n != "first"] == [2, 3, 1, 0]
