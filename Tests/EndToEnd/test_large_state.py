"""Runs whose state is too large for a call, and results that are too large for a run."""

from typing import Any

import inngest
import pytest

from harness.sdk_app import SdkApp

pytestmark = pytest.mark.both_modes

MEGABYTE = 1 << 20


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "without async"])
def test_an_app_fetches_state_that_is_too_large_for_a_call(app: SdkApp, is_async: bool) -> None:
    """More than 4 MiB of results: the SDK gets them from /v0/runs/{id}/actions and /batch."""
    bodies = []
    event_data: list[Any] = []

    def make(number: int) -> str:
        bodies.append(number)
        return chr(ord("a") + number) * (MEGABYTE + 512 * 1024)

    if is_async:

        @app.function(retries=0)
        async def main(ctx: inngest.Context) -> list[Any]:
            results = [await ctx.step.run(f"large {number}", make, number) for number in range(4)]
            event_data.append([event.data for event in ctx.events])
            return [[len(result), result[0], result[-1]] for result in results]
    else:

        @app.function(retries=0)
        def main_sync(ctx: inngest.ContextSync) -> list[Any]:
            results = [ctx.step.run(f"large {number}", make, number) for number in range(4)]
            event_data.append([event.data for event in ctx.events])
            return [[len(result), result[0], result[-1]] for result in results]

    run = app.run({"x": "ü"}, within=30)

    assert run.status == "Completed", run.output
    assert run.output == [[MEGABYTE + 512 * 1024, letter, letter] for letter in "abcd"]
    assert bodies == [0, 1, 2, 3]
    assert event_data == [[{"x": "ü"}]]


def test_actions_and_batch_show_what_the_app_would_fetch(app: SdkApp) -> None:
    shown: list[Any] = []

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        await ctx.step.run("number", lambda: 1)
        await ctx.step.run("nothing", lambda: None)

        def look() -> None:
            shown.append(app.api.get(f"/v0/runs/{ctx.run_id}/actions"))
            shown.append(app.api.get(f"/v0/runs/{ctx.run_id}/batch"))

        await ctx.step.run("look", look)

    run = app.run({"x": 1})
    actions, batch = shown

    assert list(actions.values()) == [{"data": 1}, {"data": None}]
    assert [(event["name"], event["data"]) for event in batch] == [(app.event, {"x": 1})]
    gone = app.api.http.get(f"/v0/runs/{run.id}/actions")
    assert gone.status_code == 410
    assert gone.json() == {
        "error": f"runtime state is no longer available for runID: {run.id}",
        "data": None,
        "status": 410,
    }


def test_a_result_of_nearly_four_megabytes_is_kept(app: SdkApp) -> None:
    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> int:
        return len(await ctx.step.run("large", lambda: "x" * (4 * MEGABYTE - 1024)))

    assert app.run(within=30).output == 4 * MEGABYTE - 1024


def test_a_result_of_more_than_four_megabytes_is_an_error_that_says_so(app: SdkApp) -> None:
    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> None:
        await ctx.step.run("too large", lambda: "x" * (4 * MEGABYTE + 1))

    run = app.run(within=30)

    assert run.status == "Failed"
    assert "step output size is greater than the limit" in run.output["message"]


def test_a_run_may_not_hold_more_than_32_megabytes(app: SdkApp) -> None:
    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> None:
        for number in range(12):
            await ctx.step.run(f"large {number}", lambda: "x" * (3 * MEGABYTE))

    run = app.run(within=45)

    assert run.status == "Failed"
    assert run.output["name"] == "InngestErrStateOverflowed"
    assert "33554432" in run.output["message"]
