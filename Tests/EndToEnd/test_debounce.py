"""One run for a series of events, with the last of them."""

import datetime
import time
from collections.abc import Callable
from typing import Any

import inngest
import pytest

from harness.in_flight import InFlight
from harness.lateness import Lateness
from harness.sdk_app import SdkApp
from harness.server import Server
from harness.waiting import eventually

SECOND = datetime.timedelta(seconds=1)


@pytest.fixture
def starts() -> InFlight:
    return InFlight()


def debounced(
    app: SdkApp, starts: InFlight, *, period: Any = SECOND, timeout: Any = None, key: str | None = None, **options: Any
) -> None:
    @app.function(debounce=inngest.Debounce(period=period, timeout=timeout, key=key), **options)
    async def main(ctx: inngest.Context) -> Any:
        assert [event.id for event in ctx.events] == [ctx.event.id]
        return await starts.visit(ctx)

    app.deploy()


def send(app: SdkApp, n: int, **fields: Any) -> tuple[str, float]:
    """The event, and when it was sent, which is before the server has it."""
    sent = time.time()
    return app.send({"n": n, **fields.pop("data", {})}, **fields), sent


def test_only_the_last_event_of_a_series_starts_a_run(app: SdkApp, starts: InFlight, lateness: Lateness) -> None:
    debounced(app, starts)
    first, _ = send(app, 0)
    time.sleep(0.5)
    second, _ = send(app, 1)
    time.sleep(0.5)
    third, sent = send(app, 2)
    run = app.api.wait_for_run(third)
    starts.stays([2])
    assert run.output == 2
    assert 0.95 <= starts.visits[0].at - sent <= 1 + lateness.seconds
    # Those that were replaced name the run that took their place.
    assert [app.api.outcomes(event)[0]["run_id"] for event in (first, second, third)] == [run.id] * 3


def test_the_next_series_starts_another_run(app: SdkApp, starts: InFlight) -> None:
    debounced(app, starts)
    for n in range(2):
        assert app.api.wait_for_run(send(app, n)[0]).output == n
    assert starts.values == [0, 1]


def test_each_key_has_its_own_series(app: SdkApp, starts: InFlight) -> None:
    debounced(app, starts, key="event.data.user")
    events = [send(app, n, data={"user": user})[0] for n, user in enumerate(["a", "b", "a", "b"])]
    for event in events[2:]:
        app.api.wait_for_run(event)
    assert sorted(starts.values) == [2, 3]


def test_events_without_a_key_form_one_series(app: SdkApp, starts: InFlight) -> None:
    debounced(app, starts, key="event.data.user")
    events = [send(app, n)[0] for n in range(3)]
    app.api.wait_for_run(events[-1])
    starts.stays([2])


def test_a_series_lasts_no_longer_than_its_timeout(app: SdkApp, starts: InFlight, lateness: Lateness) -> None:
    debounced(app, starts, timeout=datetime.timedelta(seconds=2))
    begun = time.time()
    n = 0
    while not starts.visits:
        assert time.time() - begun < 4 + lateness.seconds, "nothing has started"
        send(app, n)
        n += 1
        time.sleep(0.2)
    seen = starts.visits[0]
    assert 1.95 <= seen.at - begun <= 2 + lateness.seconds
    # The last one that had come by then; two more can have been sent meanwhile.
    assert n - 3 - lateness.seconds / 0.2 <= seen.value <= n


def test_an_older_event_changes_nothing(app: SdkApp, starts: InFlight, lateness: Lateness) -> None:
    debounced(app, starts)
    now = int(time.time() * 1000)
    newer, sent = send(app, 0, ts=now)
    time.sleep(0.5)
    older, _ = send(app, 1, ts=now - 1)
    run = app.api.wait_for_run(newer)
    assert run.output == 0
    starts.stays([0])
    assert starts.visits[0].at - sent <= 1 + lateness.seconds
    assert app.api.outcome(older)["run_id"] == run.id


def test_an_event_of_the_same_time_takes_the_place(app: SdkApp, starts: InFlight) -> None:
    debounced(app, starts)
    now = int(time.time() * 1000)
    send(app, 0, ts=now)
    assert app.api.wait_for_run(send(app, 1, ts=now)[0]).output == 1
    assert starts.values == [1]


def test_an_event_of_the_future_starts_at_its_time(app: SdkApp, starts: InFlight, lateness: Lateness) -> None:
    debounced(app, starts)
    due = time.time() + 2
    event, _ = send(app, 0, ts=int(due * 1000))
    assert app.api.wait_for_run(event).output == 0
    assert due - 0.05 <= starts.visits[0].at <= due + lateness.seconds


def test_the_id_of_an_event_protects_also_after_its_series(app: SdkApp, starts: InFlight) -> None:
    debounced(app, starts)
    event, _ = send(app, 0, id=f"{app.id}-1")
    send(app, 0, id=f"{app.id}-1")
    assert app.api.wait_for_run(event).output == 0
    repeat, _ = send(app, 0, id=f"{app.id}-1")
    starts.stays([0], during=1.3)
    assert app.api.runs_of(repeat) == []


@pytest.mark.parametrize("away", [0.2, 1.5], ids=["before its time", "after its time"])
def test_a_series_survives_a_crash(
    make_app: Callable[..., SdkApp], own_server: Server, starts: InFlight, away: float
) -> None:
    app = make_app(own_server)
    debounced(app, starts, period=datetime.timedelta(seconds=2 if away < 1 else 1), key="event.data.user")
    _, begun = send(app, 0, data={"user": "a"})
    event, sent = send(app, 1, data={"user": "a"})
    own_server.kill9()
    time.sleep(max(begun + away - time.time(), 0))
    own_server.start()
    if away < 1:
        event, sent = send(app, 2, data={"user": "a"})
    run = app.api.wait_for_run(event)
    starts.stays([run.output])
    assert run.output == (2 if away < 1 else 1)
    assert starts.visits[0].at - sent >= (1.95 if away < 1 else 0.95)


def test_only_the_last_who_invokes_gets_the_result(app: SdkApp, starts: InFlight, lateness: Lateness) -> None:
    @app.function("child", event=f"{app.id}/child", debounce=inngest.Debounce(period=SECOND))
    async def child(ctx: inngest.Context) -> Any:
        return ctx.event.data["n"]

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        try:
            return await ctx.step.invoke("call", function=child, data={"n": ctx.event.data["n"]})
        except inngest.StepError as error:
            return error.message

    app.deploy()
    first, sent = send(app, 0)
    eventually(lambda: invokes(app, first), "the first run has invoked")
    second, _ = send(app, 1)
    assert app.api.wait_for_run(first).output == (
        "invoked function is debounced: a later event took the place of this one"
    )
    assert time.time() - sent < 1 + lateness.seconds
    assert app.api.wait_for_run(second).output == 1


def invokes(app: SdkApp, event: str) -> bool:
    return any(entry["kind"] == "invoked" for run in app.api.runs_of(event) for entry in app.api.journal(run.id))


def test_a_function_that_is_removed_meanwhile_starts_nothing(app: SdkApp, starts: InFlight) -> None:
    debounced(app, starts)
    event, _ = send(app, 0)
    app.functions.clear()

    @app.function("other", event=f"{app.id}/other")
    async def other(ctx: inngest.Context) -> None:
        return

    app.deploy()
    eventually(lambda: app.api.outcome(event)["rule"] == "removed", "the series has ended")
    starts.stays([])
    assert app.api.runs_of(event) == []


def test_without_its_debounce_a_function_starts_at_once_and_the_open_series_in_its_time(
    app: SdkApp, starts: InFlight, lateness: Lateness
) -> None:
    debounced(app, starts)
    open_series, sent = send(app, 0)
    app.functions.clear()

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        return await starts.visit(ctx)

    app.deploy()
    at_once, _ = send(app, 1)
    app.api.wait_for_run(at_once)
    assert app.api.wait_for_run(open_series).output == 0
    assert starts.values == [1, 0]
    assert 0.95 <= starts.visits[1].at - sent <= 1 + lateness.seconds
