"""Steps run once; their results are handed to the code after them, whatever they are."""

import logging
from typing import Any

import inngest
import pytest

from harness.sdk_app import SdkApp

pytestmark = pytest.mark.both_modes


def test_a_step_runs_once_and_its_result_is_handed_on(app: SdkApp) -> None:
    bodies = []

    def body(name: str, value: int) -> int:
        bodies.append(name)
        return value

    @app.function()
    async def main(ctx: inngest.Context) -> int:
        first = await ctx.step.run("first", body, "first", 1)
        second = await ctx.step.run("second", body, "second", first + 1)
        return await ctx.step.run("third", body, "third", second + 1)

    run = app.run()

    assert (run.status, run.output) == ("Completed", 3)
    assert bodies == ["first", "second", "third"]


def test_functions_without_async_have_steps_too(app: SdkApp) -> None:
    bodies = []

    @app.function()
    def main(ctx: inngest.ContextSync) -> list[str]:
        def body(name: str) -> str:
            bodies.append(name)
            return name.upper()

        return [ctx.step.run("first", body, "a"), ctx.step.run("second", body, "b")]

    run = app.run()

    assert (run.status, run.output) == ("Completed", ["A", "B"])
    assert bodies == ["a", "b"]


def test_step_bodies_may_be_coroutines(app: SdkApp) -> None:
    async def body() -> str:
        return "awaited"

    @app.function()
    async def main(ctx: inngest.Context) -> str:
        return await ctx.step.run("only", body)

    assert app.run().output == "awaited"


def test_code_between_steps_runs_in_every_call(app: SdkApp) -> None:
    """The first call runs step 1, the second step 2, the third returns: no call is made in vain."""
    calls = []

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        calls.append(ctx.request_id)
        await ctx.step.run("1", lambda: None)
        await ctx.step.run("2", lambda: None)

    app.run()

    assert len(calls) == len(set(calls)) == 3


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="None"),
        pytest.param(True, id="True"),
        pytest.param(False, id="False"),
        pytest.param(0, id="0"),
        pytest.param(2**53 + 1, id="an integer beyond 2^53"),
        pytest.param(-1.5e-7, id="a fraction"),
        pytest.param("", id="the empty string"),
        pytest.param("Grüße, 世界 👩‍👩‍👧 \u0000 \u2028", id="unicode"),
        pytest.param([], id="the empty list"),
        pytest.param([1, [2, [3, []]], None], id="a nested list"),
        pytest.param({}, id="the empty object"),
        pytest.param({"a": {"b": [{"c": None}]}, "ü": True}, id="a nested object"),
        # These look like the shapes in which results travel.
        pytest.param({"data": 1}, id="an object with data"),
        pytest.param({"error": {"name": "E", "message": "m"}}, id="an object with an error"),
        pytest.param({"data": None, "error": None}, id="an object with data and error"),
    ],
)
def test_a_steps_result_comes_back_as_it_was(app: SdkApp, value: Any) -> None:
    seen = []

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        result = await ctx.step.run("make", lambda: value)
        seen.append(result)
        return await ctx.step.run("again", lambda: result)

    run = app.run()

    assert run.status == "Completed"
    # Signed calls have numbers as doubles: that is the form which signatures are made over.
    told = int(float(value)) if app.is_signed and type(value) is int else value
    # Seen by the call that ran the second step and by the last one.
    assert seen == [told, told]
    assert run.output == told


def test_a_result_of_a_megabyte_comes_back_as_it_was(app: SdkApp) -> None:
    text = "0123456789abcdeé" * (1 << 16)

    @app.function()
    async def main(ctx: inngest.Context) -> list[Any]:
        result = await ctx.step.run("large", lambda: text)
        return [len(result), result == text]

    assert app.run().output == [1 << 20, True]


def test_a_step_id_in_a_loop_names_a_new_step_each_time(app: SdkApp) -> None:
    bodies = []

    @app.function()
    async def main(ctx: inngest.Context) -> list[int]:
        def body(number: int) -> int:
            bodies.append(number)
            return number * number

        return [await ctx.step.run("square", body, number) for number in range(5)]

    run = app.run()

    assert run.output == [0, 1, 4, 9, 16]
    assert bodies == [0, 1, 2, 3, 4]


def test_a_hundred_steps_run_in_their_order_and_once_each(app: SdkApp) -> None:
    bodies = []

    @app.function()
    async def main(ctx: inngest.Context) -> int:
        total = 0
        for number in range(100):
            total += await ctx.step.run(f"step {number}", lambda number=number: bodies.append(number) or number)
        return total

    run = app.run(within=45)

    assert run.output == sum(range(100))
    assert bodies == list(range(100))


def test_the_context_names_the_run_the_attempt_and_the_request(app: SdkApp) -> None:
    contexts: list[dict[str, Any]] = []

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        contexts.append({"run": ctx.run_id, "attempt": ctx.attempt, "request": ctx.request_id, "job": ctx.job_id})
        await ctx.step.run("one", lambda: None)

    run = app.run()

    assert [context["run"] for context in contexts] == [run.id, run.id]
    assert [context["attempt"] for context in contexts] == [0, 0]
    assert len({context["request"] for context in contexts}) == 2
    assert len({context["job"] for context in contexts}) == 2
    assert all(context["request"] and context["job"] for context in contexts)


def test_the_contexts_logger_writes_each_line_once(app: SdkApp, caplog: pytest.LogCaptureFixture) -> None:
    """The SDK is silent while it replays finished steps: it must be told exactly those."""
    caplog.set_level(logging.INFO)
    app.client.logger.setLevel(logging.INFO)

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        ctx.logger.info("%s before", app.id)
        await ctx.step.run("one", lambda: None)
        ctx.logger.info("%s between", app.id)
        await ctx.step.run("two", lambda: None)
        ctx.logger.info("%s after", app.id)

    app.run()

    lines = [record.getMessage() for record in caplog.records if app.id in record.getMessage()]
    assert lines == [f"{app.id} {when}" for when in ("before", "between", "after")]


def test_a_step_sends_events_once(app: SdkApp) -> None:
    received = []

    @app.function("sender")
    async def sender(ctx: inngest.Context) -> list[str]:
        events = [inngest.Event(name=f"{app.id}/sent", data={"number": number}) for number in (1, 2)]
        ids = await ctx.step.send_event("send", events)
        await ctx.step.run("after", lambda: None)
        return ids

    @app.function("receiver", event=f"{app.id}/sent")
    async def receiver(ctx: inngest.Context) -> Any:
        received.append(ctx.event.data["number"])
        return ctx.event.data["number"]

    run = app.run()
    outputs = [app.api.wait_for_run(event).output for event in run.output]

    assert outputs == [1, 2]
    assert sorted(received) == [1, 2]


def test_a_step_inside_a_step_is_an_error_that_says_so(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> None:
        async def outer() -> None:
            await ctx.step.run("inner", lambda: None)

        await ctx.step.run("outer", outer)

    run = app.run()

    assert run.status == "Failed"
    assert run.output["message"] == "Nested steps are not supported."


def test_a_result_that_is_no_json_fails_the_run(app: SdkApp) -> None:
    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> None:
        await ctx.step.run("set", lambda: {1, 2})

    run = app.run()

    assert run.status == "Failed"
    assert run.output["code"] == "output_unserializable"
