"""Events above a rate are dropped; idempotency keys are such a rate."""

import datetime
from collections.abc import Callable
from typing import Any

import inngest
import pytest

from harness.in_flight import InFlight
from harness.sdk_app import SdkApp
from harness.server import Server
from harness.waiting import eventually

HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def starts() -> InFlight:
    return InFlight()


def limited(app: SdkApp, starts: InFlight, limit: int, seconds: float, key: str | None = None, **options: Any) -> None:
    period = datetime.timedelta(seconds=seconds)
    declare(app, starts, rate_limit=inngest.RateLimit(limit=limit, period=period, key=key), **options)


def declare(app: SdkApp, starts: InFlight, **options: Any) -> None:
    @app.function(**options)
    async def main(ctx: inngest.Context) -> Any:
        return await starts.visit(ctx)

    app.deploy()


def became(app: SdkApp, events: list[str]) -> list[str]:
    """What the function made of each event, once the runs that it started have ended: a rule, or `started`."""
    found = [app.api.outcome(event) for event in events]
    for event, outcome in zip(events, found, strict=True):
        if outcome["outcome"] == "started":
            app.api.wait_for_run(event)
        else:
            assert outcome["outcome"] == "skipped"
            assert app.api.runs_of(event) == []
    return [outcome.get("rule", outcome["outcome"]) for outcome in found]


def send(app: SdkApp, *data: Any) -> list[str]:
    return app.api.send([{"name": app.event, "data": {"n": n, **fields}} for n, fields in enumerate(data)])


@pytest.mark.parametrize(
    ("limit", "seconds", "at_once"), [(1, 10, 1), (2, 10, 1), (9, 10, 1), (10, 100, 2), (100, 3600, 11)]
)
def test_a_tenth_of_the_limit_may_come_at_once_beyond_the_first(
    app: SdkApp, starts: InFlight, limit: int, seconds: float, at_once: int
) -> None:
    limited(app, starts, limit, seconds)
    events = send(app, *[{}] * (at_once + 2))
    assert became(app, events) == ["started"] * at_once + ["rateLimit"] * 2
    assert sorted(starts.values) == list(range(at_once))


def test_the_rate_is_even(app: SdkApp, starts: InFlight) -> None:
    """4 in 4 seconds are one a second, however few came before."""
    limited(app, starts, 4, 4)
    taken: list[float] = []

    def sends_until_three_were_taken() -> bool:
        [event] = send(app, {})
        if became(app, [event]) == ["started"]:
            taken.append(starts.visits[-1].at)
        return len(taken) == 3

    eventually(sends_until_three_were_taken, "three events were taken", every=0.1)
    assert 0.85 <= taken[1] - taken[0] <= 1.6
    assert 1.85 <= taken[2] - taken[0] <= 2.9


def test_each_key_has_its_own_rate(app: SdkApp, starts: InFlight) -> None:
    limited(app, starts, 1, 3600, "event.data.user")
    events = send(app, {"user": "a"}, {"user": "b"}, {"user": "a"}, {"user": 1}, {"user": "1"})
    assert became(app, events) == ["started", "started", "rateLimit", "started", "rateLimit"]


@pytest.mark.parametrize("data", [{}, {"user": False}])
def test_events_whose_key_is_missing_or_false_are_not_limited(
    app: SdkApp, starts: InFlight, data: dict[str, Any]
) -> None:
    limited(app, starts, 1, 3600, "event.data.user")
    assert became(app, send(app, data, data, data)) == ["started"] * 3


def test_an_invoked_function_that_is_rate_limited_answers_with_an_error_at_once(
    app: SdkApp, starts: InFlight
) -> None:
    @app.function(
        "child", event=f"{app.id}/child", rate_limit=inngest.RateLimit(limit=1, period=HOUR)
    )
    async def child(ctx: inngest.Context) -> str:
        return "done"

    @app.function()
    async def main(ctx: inngest.Context) -> list[Any]:
        answers: list[Any] = []
        for step in ("first", "second"):
            try:
                answers.append(await ctx.step.invoke(step, function=child))
            except inngest.StepError as error:
                answers.append(error.message)
        return answers

    assert app.run().output == ["done", "invoked function is rate limited"]


def test_events_are_counted_before_they_are_debounced(app: SdkApp, starts: InFlight) -> None:
    limited(app, starts, 1, 3600, debounce=inngest.Debounce(period=datetime.timedelta(seconds=1)))
    first, second = send(app, {}, {})
    assert app.api.outcome(second)["rule"] == "rateLimit"
    assert app.api.wait_for_run(first).output == 0


def test_the_rate_survives_a_crash(make_app: Callable[..., SdkApp], own_server: Server, starts: InFlight) -> None:
    app = make_app(own_server)
    limited(app, starts, 1, 3600, "event.data.user")
    events = send(app, {"user": "a"})
    own_server.kill9()
    own_server.start()
    events += send(app, {"user": "a"}, {"user": "b"})
    assert became(app, events) == ["started", "rateLimit", "started"]


def test_a_new_registration_changes_the_rate_at_once(app: SdkApp, starts: InFlight) -> None:
    limited(app, starts, 1, 3600)
    assert became(app, send(app, {}, {})) == ["started", "rateLimit"]
    app.functions.clear()
    declare(app, starts)
    assert became(app, send(app, {}, {})) == ["started"] * 2


# Idempotency


def test_a_function_runs_once_for_an_idempotency_key(app: SdkApp, starts: InFlight) -> None:
    declare(app, starts, idempotency="event.data.k")
    events = send(app, {"k": 1}, {"k": "1"}, {}, {}, {"k": 1})
    assert became(app, events) == ["started", "idempotency", "started", "started", "idempotency"]


def test_an_idempotency_key_may_have_several_parts(app: SdkApp, starts: InFlight) -> None:
    declare(app, starts, idempotency='event.data.a + "-" + event.data.b')
    events = send(app, {"a": "x", "b": "y"}, {"a": "x", "b": "z"}, {"a": "x", "b": "y"})
    assert became(app, events) == ["started", "started", "idempotency"]


def test_an_idempotency_key_takes_the_place_of_a_rate_limit(app: SdkApp, starts: InFlight) -> None:
    limited(app, starts, 1, 3600, idempotency="event.data.k")
    assert became(app, send(app, {"k": 1}, {"k": 2}, {"k": 2})) == ["started", "started", "idempotency"]


def test_an_idempotency_key_holds_also_after_a_failure_and_a_crash(
    make_app: Callable[..., SdkApp], own_server: Server
) -> None:
    app = make_app(own_server)

    @app.function(idempotency="event.data.k", retries=0)
    async def main(ctx: inngest.Context) -> None:
        raise ValueError("it fails")

    app.deploy()
    events = send(app, {"k": "x"})
    assert app.api.wait_for_run(events[0]).status == "Failed"
    own_server.kill9()
    own_server.start()
    assert became(app, send(app, {"k": "x"}, {"k": "y"})) == ["idempotency", "started"]


def test_the_id_of_an_event_and_a_rate_limit_protect_apart(app: SdkApp, starts: InFlight) -> None:
    """A repeat of an event does not use up the rate."""
    limited(app, starts, 10, 3600)
    first = app.send({"n": 0}, id=f"{app.id}-1")
    again = [app.send({"n": 0}, id=f"{app.id}-1") for _ in range(3)]
    assert became(app, [first]) == ["started"]
    assert [app.api.runs_of(event) for event in again] == [[]] * 3
    assert became(app, send(app, {}, {})) == ["started", "rateLimit"]
