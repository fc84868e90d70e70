"""Events start functions: which, how often, when, and what of the event they see."""

import base64
import json
import time
from typing import Any

import inngest
import pytest

from harness.api import Api
from harness.sdk_app import SdkApp

# Entropy 00 01 … 09 at a fixed time: the first event of the request gets the first of these ids.
SEED = "1700000000000,AAECAwQFBgcICQ=="
SEEDED_IDS = ["01HF7YAT00000G40R40M30E20A", "01HF7YAT00000G40R40M30E20B"]


def random_seed(entropy: bytes) -> str:
    return f"{int(time.time() * 1000)},{base64.b64encode(entropy).decode()}"


def test_an_event_starts_the_function_that_listens_to_it(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> str:
        return f"Hello {ctx.event.data['name']}"

    run = app.run({"name": "Ada"})

    assert (run.status, run.output) == ("Completed", "Hello Ada")


def test_an_event_starts_every_function_that_listens_to_it(app: SdkApp) -> None:
    for number in range(3):

        @app.function(f"listener-{number}")
        async def listener(ctx: inngest.Context, number: int = number) -> int:
            return number

    app.deploy()
    runs = app.api.wait_for_runs(app.send(), 3)

    assert sorted(run.output for run in runs) == [0, 1, 2]
    slugs = {function["id"]: slug for slug, function in app.api.functions().items()}
    assert {slugs[run.function_id] for run in runs} == {f"{app.id}-listener-{number}" for number in range(3)}


def test_an_event_that_nobody_listens_to_is_stored_and_starts_nothing(app: SdkApp) -> None:
    [event] = app.api.send({"name": f"{app.id}/ignored", "data": {"x": 1}})

    assert app.api.data(f"/v1/events/{event}")["data"] == {"x": 1}
    assert app.api.runs_of(event) == []


@pytest.mark.parametrize(
    ("suffix", "listeners"),
    [
        ("user.created", ["everything", "users"]),
        ("user.renamed", ["everything", "users"]),
        ("user.address.changed", ["everything", "users"]),
        ("userland", ["everything"]),
        ("order.created", ["everything"]),
    ],
)
def test_a_trigger_may_end_in_a_wildcard(app: SdkApp, suffix: str, listeners: list[str]) -> None:
    for name, pattern in {
        "everything": f"{app.id}/*",
        "users": f"{app.id}/user.*",
        "no-wildcard-inside-a-word": f"{app.id}/us*",
        "no-wildcard-in-the-middle": f"{app.id}/*.created",
    }.items():

        @app.function(name, event=pattern)
        async def listener(ctx: inngest.Context, name: str = name) -> str:
            return name

    app.deploy()
    runs = app.api.wait_for_runs(app.send(name=f"{app.id}/{suffix}"), len(listeners))

    assert sorted(run.output for run in runs) == listeners


def test_a_function_may_have_several_triggers_and_runs_once_for_an_event(app: SdkApp) -> None:
    names = [f"{app.id}/created", f"{app.id}/updated", f"{app.id}/*"]

    @app.function(trigger=[inngest.TriggerEvent(event=name) for name in names])
    async def main(ctx: inngest.Context) -> str:
        return ctx.event.name

    app.deploy()
    for name in names[:2]:
        assert app.api.wait_for_run(app.send(name=name)).output == name


def test_a_batch_of_events_is_answered_with_one_id_each_in_their_order(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        return ctx.event.data["number"]

    app.deploy()
    ids = app.client.send_sync([inngest.Event(name=app.event, data={"number": number}) for number in range(20)])

    assert len(set(ids)) == 20
    assert [app.api.wait_for_run(event).output for event in ids] == list(range(20))


@pytest.mark.parametrize(
    "value",
    [
        pytest.param('Grüße, 世界 👩‍👩‍👧 \u0000 \u2028 " \\ /', id="unicode"),
        pytest.param(2**53 + 1, id="an integer beyond 2^53"),
        pytest.param([2**63 - 1, -(2**63), 2**64, 10**30], id="integers beyond 64 bits"),
        pytest.param([0.1, 1e-7, 1.5e300, -2.5], id="fractions"),
        pytest.param({"a": None, "b": [None, {"c": None}]}, id="nested null"),
        pytest.param([{}, [], "", 0, False], id="empty values"),
        pytest.param({"": 1, "a.b": 2, "ключ": 3, "A": 4, "a": 5}, id="keys"),
        pytest.param(json.loads("[" * 100 + "]" * 100), id="100 levels"),
    ],
)
def test_event_data_arrives_as_it_was_sent(app: SdkApp, value: Any) -> None:
    seen = []

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        seen.append(ctx.event.data["value"])
        return ctx.event.data["value"]

    run = app.run({"value": value})

    assert seen == [value]
    assert run.output == value
    assert app.api.data(f"/v1/events/{run.raw['event_id']}")["data"] == {"value": value}


def test_a_function_sees_the_events_name_id_and_time(app: SdkApp) -> None:
    sent_at = int(time.time() * 1000) - 60_000

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        return [ctx.event.model_dump(), [event.model_dump() for event in ctx.events]]

    run = app.run({"x": 1}, id=f"{app.id}-order-7", ts=sent_at)

    event = {"name": app.event, "id": f"{app.id}-order-7", "ts": sent_at, "data": {"x": 1}}
    assert run.output == [event, [event]]


def test_an_event_without_id_is_seen_with_the_id_of_the_answer(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> str:
        return ctx.event.id

    run = app.run()

    assert run.output == run.raw["event_id"]


# Idempotency


def test_a_senders_id_starts_a_function_once_however_often_it_is_sent(app: SdkApp) -> None:
    calls = []

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        calls.append(ctx.run_id)

    app.deploy()
    first = app.send({"n": 1}, id=f"{app.id}-1")
    run = app.api.wait_for_run(first)
    repeats = [app.send({"n": 2}, id=f"{app.id}-1"), app.send({"n": 3}, id=f"{app.id}-1")]
    # The repeats went the same way as this one, which did start a run.
    app.api.wait_for_run(app.send({"n": 4}, id=f"{app.id}-2"))

    assert len(calls) == 2 and calls[0] == run.id
    assert [app.api.runs_of(repeat) for repeat in repeats] == [[], []]


def test_a_senders_id_twice_in_one_request_starts_a_function_once(app: SdkApp) -> None:
    calls = []

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        calls.append(ctx.event.data)

    app.deploy()
    ids = app.client.send_sync([inngest.Event(name=app.event, id=f"{app.id}-1", data={"n": n}) for n in (1, 2)])
    app.api.wait_for_run(ids[0])
    app.run({"n": 3})

    assert calls == [{"n": 1}, {"n": 3}]


def test_a_repeated_request_with_its_seed_has_the_same_ids_and_starts_nothing_new(app: SdkApp) -> None:
    """What an SDK does when the answer to its first request was lost."""
    calls = []

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        calls.append(ctx.event.data["n"])

    app.deploy()
    events = [{"name": app.event, "data": {"n": n}} for n in (1, 2)]
    headers = {"x-inngest-event-id-seed": random_seed(app.id.encode()[-8:] + b"\x00\x01")}
    first = app.api.send(events, headers=headers)
    second = app.api.send(events, headers=headers)
    for event in first:
        app.api.wait_for_run(event)
    app.run({"n": 3})

    assert second == first
    assert sorted(calls) == [1, 2, 3]


def test_ids_follow_from_the_seed_as_the_protocol_says(api: Api) -> None:
    events = [{"name": "seeded/event"}, {"name": "seeded/event"}]

    assert api.send(events, headers={"x-inngest-event-id-seed": SEED}) == SEEDED_IDS


# Time


def test_an_event_of_the_future_starts_its_functions_then(app: SdkApp) -> None:
    started = []

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        started.append(time.time() * 1000)

    app.deploy()
    due = int(time.time() * 1000) + 1_500
    run = app.api.wait_for_run(app.send(ts=due))

    assert run.status == "Completed"
    assert len(started) == 1 and 0 <= started[0] - due < 5_000


def test_an_event_of_the_past_starts_its_functions_at_once(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> int:
        return ctx.event.ts

    assert app.run(ts=1_000_000_000_000).output == 1_000_000_000_000
