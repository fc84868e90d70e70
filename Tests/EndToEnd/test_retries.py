"""What fails is tried again, as often and as soon as it should be, and nothing else is."""

import datetime
import itertools
import time
from typing import Any

import inngest
import pytest

from harness.sdk_app import SdkApp

pytestmark = pytest.mark.both_modes


def test_a_step_that_fails_twice_and_then_works(app: SdkApp) -> None:
    attempts = []

    @app.function()
    async def main(ctx: inngest.Context) -> list[Any]:
        def flaky() -> str:
            attempts.append(ctx.attempt)
            if len(attempts) < 3:
                raise ValueError("not yet")
            return "at last"

        return [await ctx.step.run("flaky", flaky), await ctx.step.run("next", lambda: "next")]

    run = app.run()

    assert (run.status, run.output) == ("Completed", ["at last", "next"])
    assert attempts == [0, 1, 2]


def test_a_function_that_fails_and_then_works(app: SdkApp) -> None:
    attempts = []

    @app.function()
    async def main(ctx: inngest.Context) -> str:
        attempts.append(ctx.attempt)
        if ctx.attempt < 2:
            raise ValueError("not yet")
        return "at last"

    run = app.run()

    assert (run.status, run.output) == ("Completed", "at last")
    assert attempts == [0, 1, 2]


def test_functions_without_async_are_retried_too(app: SdkApp) -> None:
    @app.function()
    def main(ctx: inngest.ContextSync) -> int:
        def flaky() -> int:
            if ctx.attempt == 0:
                raise ValueError("not yet")
            return ctx.attempt

        return ctx.step.run("flaky", flaky)

    assert app.run().output == 1


def test_finished_steps_do_not_run_again_when_the_function_fails(app: SdkApp) -> None:
    bodies, attempts = [], []

    @app.function()
    async def main(ctx: inngest.Context) -> str:
        await ctx.step.run("once", lambda: bodies.append("once"))
        attempts.append(ctx.attempt)
        if ctx.attempt == 0:
            raise ValueError("after the step")
        return "done"

    assert app.run().output == "done"
    assert bodies == ["once"]
    assert attempts == [0, 1]


def test_each_step_has_all_attempts_to_itself(app: SdkApp) -> None:
    """Two steps that fail twice each, with two retries: the second begins to count at 0 again."""
    attempts: list[tuple[str, int]] = []

    @app.function(retries=2)
    async def main(ctx: inngest.Context) -> None:
        def flaky(name: str) -> None:
            attempts.append((name, ctx.attempt))
            if ctx.attempt < 2:
                raise ValueError("not yet")

        await ctx.step.run("first", flaky, "first")
        await ctx.step.run("second", flaky, "second")

    run = app.run()

    assert run.status == "Completed"
    assert attempts == [(name, attempt) for name in ("first", "second") for attempt in (0, 1, 2)]


@pytest.mark.parametrize("retries", [0, 1, 2])
def test_a_function_is_given_up_after_its_retries(app: SdkApp, retries: int) -> None:
    attempts = []

    @app.function(retries=retries)
    async def main(ctx: inngest.Context) -> None:
        attempts.append(ctx.attempt)
        raise ValueError(f"attempt {ctx.attempt}")

    run = app.run()

    assert run.status == "Failed"
    assert run.output["message"] == f"attempt {retries}"
    assert attempts == list(range(retries + 1))


def test_a_step_is_given_up_after_the_functions_retries(app: SdkApp) -> None:
    attempts = []

    @app.function(retries=1)
    async def main(ctx: inngest.Context) -> None:
        def fail() -> None:
            attempts.append(ctx.attempt)
            raise ValueError(f"attempt {ctx.attempt}")

        await ctx.step.run("fails", fail)

    run = app.run()

    assert run.status == "Failed"
    assert (run.output["name"], run.output["message"]) == ("ValueError", "attempt 1")
    assert attempts == [0, 1]


def test_without_a_number_there_are_four_retries(app: SdkApp) -> None:
    attempts = []

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        attempts.append(ctx.attempt)
        raise ValueError("never")

    assert app.run(within=20).status == "Failed"
    assert attempts == [0, 1, 2, 3, 4]


def test_attempts_are_the_servers_interval_apart(app: SdkApp) -> None:
    """The server of these tests runs with `--retry-interval 1`."""
    times = []

    @app.function(retries=2)
    async def main(ctx: inngest.Context) -> None:
        times.append(time.monotonic())
        raise ValueError("never")

    app.run()
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]

    assert len(pauses) == 2
    assert all(0.9 <= pause < 3 for pause in pauses), pauses


def test_a_non_retriable_error_of_the_function_is_final(app: SdkApp) -> None:
    attempts = []

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        attempts.append(ctx.attempt)
        raise inngest.NonRetriableError("hopeless")

    run = app.run()

    assert run.status == "Failed"
    assert (run.output["name"], run.output["message"]) == ("NonRetriableError", "hopeless")
    assert attempts == [0]


def test_a_non_retriable_error_in_a_step_is_final(app: SdkApp) -> None:
    attempts = []

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        def fail() -> None:
            attempts.append(ctx.attempt)
            raise inngest.NonRetriableError("hopeless")

        await ctx.step.run("fails", fail)

    run = app.run()

    assert run.status == "Failed"
    assert run.output["message"] == "hopeless"
    assert attempts == [0]


@pytest.mark.parametrize("place", ["function", "step"])
def test_a_retry_after_error_says_when_to_try_again(app: SdkApp, place: str) -> None:
    """Three seconds, where the server on its own would have waited for one."""
    times = []

    @app.function()
    async def main(ctx: inngest.Context) -> str:
        def busy() -> str:
            times.append(time.monotonic())
            if ctx.attempt == 0:
                raise inngest.RetryAfterError("busy", datetime.timedelta(seconds=3))
            return "done"

        return await ctx.step.run("busy", busy) if place == "step" else busy()

    assert app.run().output == "done"
    assert len(times) == 2
    assert 2.4 <= times[1] - times[0] < 6
