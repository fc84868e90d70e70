"""Sleeps end on time, and what was done before them is kept."""

import datetime
import time

import inngest
import pytest

from harness.sdk_app import SdkApp

pytestmark = pytest.mark.both_modes

# Dates are rounded to whole seconds by the protocol.
ROUNDING = 0.55


def test_a_sleep_lasts_as_long_as_it_says(app: SdkApp) -> None:
    times = []

    @app.function()
    async def main(ctx: inngest.Context) -> str:
        before = await ctx.step.run("before", lambda: times.append(time.time()) or "kept")
        await ctx.step.sleep("nap", datetime.timedelta(seconds=2))
        await ctx.step.run("after", lambda: times.append(time.time()))
        return before

    run = app.run()

    assert run.output == "kept"
    assert len(times) == 2
    assert 2 - ROUNDING <= times[1] - times[0] < 5


def test_a_run_that_sleeps_is_running(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> None:
        await ctx.step.sleep("long", datetime.timedelta(hours=1))

    app.deploy()
    run = app.api.wait_for_start(app.send())

    assert app.api.run(run.id).status == "Running"
    assert app.api.run(run.id).raw["ended_at"] is None


def test_sleep_until_wakes_at_that_time(app: SdkApp) -> None:
    woken = []

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        due = await ctx.step.run("due", lambda: time.time() + 2)
        await ctx.step.sleep_until("nap", datetime.datetime.fromtimestamp(due, datetime.timezone.utc))
        woken.append(time.time() - due)

    assert app.run().status == "Completed"
    assert len(woken) == 1 and -ROUNDING <= woken[0] < 3


@pytest.mark.parametrize("age", [datetime.timedelta(seconds=5), datetime.timedelta(days=400)])
def test_a_sleep_until_the_past_does_not_wait(app: SdkApp, age: datetime.timedelta) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> str:
        await ctx.step.sleep_until("nap", datetime.datetime.now(datetime.timezone.utc) - age)
        return "awake"

    assert app.run(within=5).output == "awake"


def test_a_sleep_of_less_than_half_a_second_does_not_wait(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> str:
        await ctx.step.sleep("nap", 100)
        return "awake"

    assert app.run(within=5).output == "awake"


def test_a_sleep_of_more_than_a_year_fails_the_run(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> None:
        await ctx.step.sleep("hibernate", datetime.timedelta(days=400))

    run = app.run()

    assert run.status == "Failed"
    assert run.output["name"] == "InngestErrTimeoutTooLong"
    assert "sleeps may last at most one year" in run.output["message"]


def test_sleeps_with_one_id_in_a_loop_all_wait(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> int:
        for _ in range(2):
            await ctx.step.sleep("nap", datetime.timedelta(seconds=1))
        return 2

    began = time.time()

    assert app.run().output == 2
    assert time.time() - began >= 2 - 2 * ROUNDING


def test_functions_without_async_sleep_too(app: SdkApp) -> None:
    @app.function()
    def main(ctx: inngest.ContextSync) -> str:
        value = ctx.step.run("before", lambda: "kept")
        ctx.step.sleep("nap", 1_000)
        return value

    assert app.run().output == "kept"
