"""One run for several events."""

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
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def starts() -> InFlight:
    return InFlight()


def batched(app: SdkApp, starts: InFlight, size: int, timeout: Any = HOUR, *, key: str | None = None,
            if_exp: str | None = None, **options: Any) -> None:  # fmt: skip
    """Deploys a function that returns the numbers of its events; they are also the values in `starts`."""

    @app.function(batch_events=inngest.Batch(max_size=size, timeout=timeout, key=key, if_exp=if_exp), **options)
    async def main(ctx: inngest.Context) -> Any:
        assert ctx.event.id == ctx.events[0].id
        numbers = [event.data["n"] for event in ctx.events]
        await starts.visit(ctx, tuple(numbers), key=str(ctx.event.data.get("user")))
        return numbers

    app.deploy()


def send(app: SdkApp, *numbers: int, **data: Any) -> list[str]:
    """One request for each event."""
    return [app.send({"n": n, **data}) for n in numbers]


def only_run(app: SdkApp, events: list[str]) -> Any:
    """The one run of all these events, once it has ended."""
    runs = {app.api.wait_for_run(event).id for event in events}
    assert len(runs) == 1, f"{len(runs)} runs: {runs}"
    return app.api.run(runs.pop())


def test_a_full_batch_starts_at_once(app: SdkApp, starts: InFlight) -> None:
    batched(app, starts, 3)
    events = send(app, 1, 2)
    assert [app.api.runs_of(event) for event in events] == [[], []]
    events += send(app, 3)
    assert only_run(app, events).output == [1, 2, 3]


def test_a_batch_that_does_not_fill_starts_at_its_timeout(
    app: SdkApp, starts: InFlight, lateness: Lateness
) -> None:
    batched(app, starts, 100, SECOND)
    begun = time.time()
    events = send(app, 1)
    time.sleep(0.5)
    events += send(app, 2)
    assert only_run(app, events).output == [1, 2]
    assert 0.95 <= starts.visits[0].at - begun <= 1 + lateness.seconds


def test_one_request_can_fill_several_batches(app: SdkApp, starts: InFlight) -> None:
    batched(app, starts, 3, SECOND)
    events = app.api.send([{"name": app.event, "data": {"n": n}} for n in range(8)])
    assert [only_run(app, events[n : n + 3]).output for n in (0, 3, 6)] == [[0, 1, 2], [3, 4, 5], [6, 7]]


def test_a_rate_limit_does_not_concern_what_is_batched(app: SdkApp, starts: InFlight) -> None:
    batched(app, starts, 3, SECOND, rate_limit=inngest.RateLimit(limit=1, period=HOUR))
    events = send(app, 1, 2, 3, 4)
    assert only_run(app, events[:3]).output == [1, 2, 3]
    assert only_run(app, events[3:]).output == [4]


def test_each_key_has_a_batch_of_its_own(app: SdkApp, starts: InFlight) -> None:
    batched(app, starts, 2, key="event.data.user")
    events = {user: send(app, n, user=user) for n, user in enumerate("abc")}
    for n, user in enumerate("abc"):
        events[user] += send(app, n + 10, user=user)
    outputs = {user: only_run(app, of_user).output for user, of_user in events.items()}
    assert outputs == {"a": [0, 10], "b": [1, 11], "c": [2, 12]}


def test_only_events_that_meet_the_condition_are_collected(app: SdkApp, starts: InFlight) -> None:
    batched(
        app, starts, 2, if_exp="event.data.patient == true", rate_limit=inngest.RateLimit(limit=1, period=HOUR)
    )
    patient = send(app, 1, patient=True)
    hasty, dropped = send(app, 2, 3, patient=False)
    assert app.api.wait_for_run(hasty).output == [2]
    assert app.api.outcome(dropped)["rule"] == "rateLimit"
    patient += send(app, 4, patient=True)
    assert only_run(app, patient).output == [1, 4]


def test_an_event_is_in_a_batch_once(app: SdkApp, starts: InFlight) -> None:
    batched(app, starts, 3)
    first = app.send({"n": 1}, id=f"{app.id}-1")
    again = app.send({"n": 1}, id=f"{app.id}-1")
    others = send(app, 2, 3)
    assert only_run(app, [first, *others]).output == [1, 2, 3]
    assert app.api.runs_of(again) == []


def test_a_failed_attempt_is_repeated_with_the_same_events(app: SdkApp, starts: InFlight) -> None:
    @app.function(batch_events=inngest.Batch(max_size=2, timeout=HOUR))
    async def main(ctx: inngest.Context) -> Any:
        seen = await ctx.step.run("look", lambda: [event.data["n"] for event in ctx.events])
        if ctx.attempt == 0:
            raise ValueError("once more")
        return [seen, [event.data["n"] for event in ctx.events]]

    app.deploy()
    assert only_run(app, send(app, 1, 2)).output == [[1, 2], [1, 2]]


def test_the_keys_of_a_batch_are_those_of_its_first_event(app: SdkApp, starts: InFlight) -> None:
    starts.hold()
    batched(app, starts, 2, concurrency=[inngest.Concurrency(limit=1, key="event.data.user")])
    events = [*send(app, 1, user="a"), *send(app, 2, user="b"), *send(app, 3, user="a"), *send(app, 4, user="c")]
    events += [*send(app, 5, user="b"), *send(app, 6, user="a")]
    starts.wait_for((1, 2), (5, 6))
    starts.stays(starts.values)
    waiting = app.api.wait_for_waiting(app.api.wait_for_start(events[2]).id, "concurrency")
    assert waiting["key"] == "a"
    starts.let_go()
    assert only_run(app, events[2:4]).output == [3, 4]


def test_a_batch_of_much_data_starts_before_it_is_full(app: SdkApp, starts: InFlight) -> None:
    """At 10 MiB; the app fetches what is too much for a call."""

    @app.function(batch_events=inngest.Batch(max_size=100, timeout=HOUR))
    async def main(ctx: inngest.Context) -> Any:
        return [[event.data["n"], len(str(event.data["text"]))] for event in ctx.events]

    app.deploy()
    size = 2_800_000
    events = [app.api.send({"name": app.event, "data": {"n": n, "text": "x" * size}})[0] for n in range(4)]
    assert only_run(app, events).output == [[n, size] for n in range(4)]


def test_all_who_invoke_get_the_result_of_their_batch(app: SdkApp, starts: InFlight) -> None:
    @app.function("child", event=f"{app.id}/child", batch_events=inngest.Batch(max_size=2, timeout=HOUR))
    async def child(ctx: inngest.Context) -> Any:
        return sorted(int(str(event.data["n"])) for event in ctx.events)

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        return await ctx.step.invoke("call", function=child, data={"n": ctx.event.data["n"]})

    app.deploy()
    assert [app.api.wait_for_run(event).output for event in send(app, 1, 2)] == [[1, 2], [1, 2]]


def test_a_batch_that_fills_while_its_function_is_paused_starts_nothing(app: SdkApp, starts: InFlight) -> None:
    batched(app, starts, 2)
    events = send(app, 1)
    app.api.http.post(f"/v1/functions/{app.id}-main/pause").raise_for_status()
    events += send(app, 2)
    for event in events:
        eventually(lambda event=event: app.api.outcome(event)["rule"] == "paused", "the batch is dropped")
    app.api.http.post(f"/v1/functions/{app.id}-main/resume").raise_for_status()
    assert only_run(app, send(app, 3, 4)).output == [3, 4]
    assert starts.values == [(3, 4)]


def test_an_open_batch_is_filled_after_a_crash(
    make_app: Callable[..., SdkApp], own_server: Server, starts: InFlight
) -> None:
    app = make_app(own_server)
    batched(app, starts, 3, key="event.data.user")
    events = send(app, 1, 2, user="a")
    own_server.kill9()
    own_server.start()
    starts.stays([])
    other = send(app, 9, user="b")
    events += send(app, 3, user="a")
    assert only_run(app, events).output == [1, 2, 3]
    assert [app.api.runs_of(event) for event in other] == [[]]
    assert app.api.outcome(other[0])["rule"] == "batchEvents"


def test_a_batch_whose_time_came_while_the_server_was_away_starts_at_once(
    make_app: Callable[..., SdkApp], own_server: Server, starts: InFlight, lateness: Lateness
) -> None:
    app = make_app(own_server)
    batched(app, starts, 3, SECOND)
    events = send(app, 1, 2)
    own_server.kill9()
    time.sleep(1.1)
    own_server.start()
    begun = time.time()
    assert only_run(app, events).output == [1, 2]
    assert starts.visits[0].at - begun < lateness.seconds


def test_a_run_of_a_batch_goes_on_after_a_crash(
    make_app: Callable[..., SdkApp], own_server: Server, starts: InFlight
) -> None:
    app = make_app(own_server)
    starts.hold()
    batched(app, starts, 3)
    events = send(app, 1, 2, 3)
    starts.wait_for((1, 2, 3))
    own_server.kill9()
    own_server.start()
    eventually(lambda: starts.values == [(1, 2, 3)] * 2, "the call is repeated")
    starts.let_go()
    assert only_run(app, events).output == [1, 2, 3]


def test_a_batch_that_is_open_when_batching_ends_starts_in_its_time(app: SdkApp, starts: InFlight) -> None:
    batched(app, starts, 3, SECOND)
    events = send(app, 1, 2)
    app.functions.clear()

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        numbers = [event.data["n"] for event in ctx.events]
        await starts.visit(ctx, tuple(numbers))
        return numbers

    app.deploy()
    [alone] = send(app, 3)
    assert app.api.wait_for_run(alone).output == [3]
    assert only_run(app, events).output == [1, 2]
