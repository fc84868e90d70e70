"""Apps that stream: they answer 201 at once, send spaces while they work, and an envelope at the end."""

import asyncio
import datetime
from collections.abc import Callable
from typing import Any

import inngest
import pytest

from harness.sdk_app import SdkApp
from harness.server import Server

pytestmark = pytest.mark.both_modes


@pytest.fixture
def app(make_app: Callable[..., SdkApp], server: Server) -> SdkApp:
    return make_app(server, streaming=inngest.Streaming.FORCE)


def test_steps_groups_and_results_are_streamed(app: SdkApp) -> None:
    bodies: list[str] = []

    @app.function()
    async def main(ctx: inngest.Context) -> list[Any]:
        first = await ctx.step.run("first", lambda: bodies.append("first") or "ü")
        await ctx.step.sleep("nap", datetime.timedelta(seconds=1))
        pair = await ctx.group.parallel(
            (
                lambda: ctx.step.run("left", lambda: bodies.append("left") or 1),
                lambda: ctx.step.run("right", lambda: bodies.append("right") or None),
            )
        )
        return [first, *pair]

    run = app.run()

    assert (run.status, run.output) == ("Completed", ["ü", 1, None])
    assert bodies[0] == "first" and sorted(bodies[1:]) == ["left", "right"]


def test_a_body_that_takes_longer_than_the_keep_alive(app: SdkApp) -> None:
    """The SDK sends a space every three seconds."""

    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> str:
        async def slow() -> str:
            await asyncio.sleep(3.3)
            return "slow"

        return await ctx.step.run("slow", slow)

    assert app.run().output == "slow"


def test_errors_are_streamed_and_retried(app: SdkApp) -> None:
    attempts: list[int] = []

    @app.function()
    async def main(ctx: inngest.Context) -> str:
        attempts.append(ctx.attempt)
        if ctx.attempt == 0:
            raise ValueError("not yet")
        return "recovered"

    assert app.run().output == "recovered"
    assert attempts == [0, 1]


def test_the_envelope_says_that_there_is_to_be_no_retry(app: SdkApp) -> None:
    attempts: list[int] = []

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        attempts.append(ctx.attempt)
        raise inngest.NonRetriableError("hopeless")

    run = app.run()

    assert run.status == "Failed"
    assert (run.output["name"], run.output["message"]) == ("NonRetriableError", "hopeless")
    assert attempts == [0]
