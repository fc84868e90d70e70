"""Steps of a group run at the same time; the code after the group runs once all are done."""

import asyncio
import datetime
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import inngest
import pytest

from harness.sdk_app import SdkApp

pytestmark = pytest.mark.both_modes


class Rendezvous:
    """Bodies that wait for each other: nobody leaves before all have arrived."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._arrived = 0
        self._all = asyncio.Event()

    async def meet(self, value: Any) -> Any:
        self._arrived += 1
        if self._arrived == self._count:
            self._all.set()
        await asyncio.wait_for(self._all.wait(), 10)
        return value


@pytest.mark.parametrize("count", [2, 5])
def test_the_steps_of_a_group_run_at_the_same_time(app: SdkApp, count: int) -> None:
    rendezvous = Rendezvous(count)

    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> list[int]:
        def step(number: int) -> Callable[[], Awaitable[int]]:
            return lambda: ctx.step.run(f"branch {number}", rendezvous.meet, number)

        return list(await ctx.group.parallel(tuple(step(number) for number in range(count))))

    run = app.run()

    assert (run.status, run.output) == ("Completed", list(range(count)))


def test_functions_without_async_run_groups_at_the_same_time(app: SdkApp) -> None:
    barrier = threading.Barrier(2)

    @app.function(retries=0)
    def main(ctx: inngest.ContextSync) -> list[str]:
        def body(name: str) -> str:
            barrier.wait(10)
            return name

        return list(
            ctx.group.parallel(
                (
                    lambda: ctx.step.run("a", body, "a"),
                    lambda: ctx.step.run("b", body, "b"),
                )
            )
        )

    run = app.run()

    assert (run.status, run.output) == ("Completed", ["a", "b"])


def test_each_body_of_a_group_runs_once_and_the_code_after_it_too(app: SdkApp) -> None:
    bodies: list[str] = []

    def body(name: str) -> str:
        bodies.append(name)
        return name

    @app.function()
    async def main(ctx: inngest.Context) -> list[Any]:
        before = await ctx.step.run("before", body, "before")
        pair = await ctx.group.parallel(
            (
                lambda: ctx.step.run("left", body, "left"),
                lambda: ctx.step.run("right", body, "right"),
            )
        )
        after = await ctx.step.run("after", body, "after")
        return [before, list(pair), after]

    run = app.run()

    assert run.output == ["before", ["left", "right"], "after"]
    assert bodies[0] == "before" and sorted(bodies[1:3]) == ["left", "right"] and bodies[3:] == ["after"]


def test_a_group_may_have_one_step(app: SdkApp) -> None:
    bodies = []

    @app.function()
    async def main(ctx: inngest.Context) -> list[Any]:
        alone = await ctx.group.parallel((lambda: ctx.step.run("alone", lambda: bodies.append(1) or "alone"),))
        return [*alone, await ctx.step.run("after", lambda: "after")]

    assert app.run().output == ["alone", "after"]
    assert bodies == [1]


def test_groups_may_follow_each_other(app: SdkApp) -> None:
    bodies = []

    @app.function()
    async def main(ctx: inngest.Context) -> int:
        total = 0
        for round in range(3):
            results = await ctx.group.parallel(
                tuple(
                    lambda number=number: ctx.step.run(
                        f"round {round} number {number}",
                        lambda: bodies.append((round, number)) or 10 * round + number,
                    )
                    for number in range(3)
                )
            )
            total += sum(results)
        return total

    assert app.run().output == sum(10 * round + number for round in range(3) for number in range(3))
    assert sorted(bodies) == [(round, number) for round in range(3) for number in range(3)]


def test_groups_may_be_nested(app: SdkApp) -> None:
    rendezvous = Rendezvous(4)

    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> list[Any]:
        def leaf(name: str) -> Callable[[], Awaitable[Any]]:
            return lambda: ctx.step.run(name, rendezvous.meet, name)

        def group(*names: str) -> Callable[[], Awaitable[Any]]:
            return lambda: ctx.group.parallel(tuple(leaf(name) for name in names))

        outer = await ctx.group.parallel((group("a", "b"), group("c", "d")))
        return [list(inner) for inner in outer]

    assert app.run().output == [["a", "b"], ["c", "d"]]


def test_a_branch_may_have_several_steps(app: SdkApp) -> None:
    bodies: list[str] = []

    @app.function()
    async def main(ctx: inngest.Context) -> list[str]:
        def branch(name: str) -> Callable[[], Awaitable[str]]:
            async def steps() -> str:
                first = await ctx.step.run(f"{name}1", lambda: bodies.append(f"{name}1") or name)
                return await ctx.step.run(f"{name}2", lambda: bodies.append(f"{name}2") or first + first)

            return steps

        return list(await ctx.group.parallel((branch("a"), branch("b"))))

    assert app.run().output == ["aa", "bb"]
    assert sorted(bodies) == ["a1", "a2", "b1", "b2"]


def test_sleeps_and_steps_may_be_in_one_group(app: SdkApp) -> None:
    bodies = []

    @app.function()
    async def main(ctx: inngest.Context) -> list[Any]:
        results = await ctx.group.parallel(
            (
                lambda: ctx.step.sleep("nap", datetime.timedelta(seconds=1)),
                lambda: ctx.step.run("work", lambda: bodies.append("work") or "worked"),
                lambda: ctx.step.sleep("longer", datetime.timedelta(seconds=2)),
            )
        )
        return [*results, await ctx.step.run("after", lambda: bodies.append("after") or "done")]

    assert app.run().output == [None, "worked", None, "done"]
    assert bodies == ["work", "after"]


def test_an_invocation_and_a_step_may_be_in_one_group(app: SdkApp) -> None:
    @app.function("child", event=f"{app.id}/never")
    async def child(ctx: inngest.Context) -> Any:
        return ctx.event.data["n"]

    @app.function()
    async def main(ctx: inngest.Context) -> list[Any]:
        return list(
            await ctx.group.parallel(
                (
                    lambda: ctx.step.invoke("first", function=child, data={"n": 1}),
                    lambda: ctx.step.invoke("second", function=child, data={"n": 2}),
                    lambda: ctx.step.run("third", lambda: 3),
                )
            )
        )

    assert app.run().output == [1, 2, 3]


def test_in_a_race_a_branch_goes_on_while_the_other_is_still_busy(app: SdkApp) -> None:
    """The slow body ends only when the quick branch's second step has run."""
    quick_went_on = asyncio.Event()
    bodies: list[str] = []

    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> list[str]:
        async def slow_body() -> str:
            bodies.append("slow")
            await asyncio.wait_for(quick_went_on.wait(), 10)
            return "slow"

        async def quick_branch() -> str:
            first = await ctx.step.run("quick 1", lambda: bodies.append("quick 1") or "quick")

            def second() -> str:
                bodies.append("quick 2")
                quick_went_on.set()
                return first + "er"

            return await ctx.step.run("quick 2", second)

        return list(
            await ctx.group.parallel(
                (lambda: ctx.step.run("slow", slow_body), quick_branch),
                parallel_mode=inngest.ParallelMode.RACE,
            )
        )

    run = app.run()

    assert (run.status, run.output) == ("Completed", ["slow", "quicker"])
    assert sorted(bodies) == ["quick 1", "quick 2", "slow"]


def test_a_failing_branch_is_retried_alone(app: SdkApp) -> None:
    bodies: list[str] = []

    @app.function()
    async def main(ctx: inngest.Context) -> list[str]:
        def flaky() -> str:
            bodies.append("flaky")
            if bodies.count("flaky") < 3:
                raise ValueError("not yet")
            return "at last"

        return list(
            await ctx.group.parallel(
                (
                    lambda: ctx.step.run("flaky", flaky),
                    lambda: ctx.step.run("steady", lambda: bodies.append("steady") or "steady"),
                )
            )
        )

    assert app.run().output == ["at last", "steady"]
    assert bodies.count("flaky") == 3
    assert bodies.count("steady") == 1


def test_the_error_of_a_branch_can_be_caught_in_the_branch(app: SdkApp) -> None:
    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> list[str]:
        async def caught() -> str:
            try:
                return await ctx.step.run("fails", fail)
            except inngest.StepError as error:
                return f"caught {error.message}"

        return list(await ctx.group.parallel((caught, lambda: ctx.step.run("works", lambda: "worked"))))

    def fail() -> str:
        raise ValueError("it")

    assert app.run().output == ["caught it", "worked"]


def test_the_error_of_a_branch_fails_the_run_when_nobody_catches_it(app: SdkApp) -> None:
    def fail() -> str:
        raise ValueError("a branch broke")

    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> None:
        await ctx.group.parallel(
            (
                lambda: ctx.step.run("fails", fail),
                lambda: ctx.step.run("works", lambda: "worked"),
            )
        )

    run = app.run()

    assert run.status == "Failed"
    assert (run.output["name"], run.output["message"]) == ("ValueError", "a branch broke")
