"""Limits on the calls, and on the runs, that are under way at a time."""

import datetime
from collections.abc import Callable
from typing import Any

import inngest
import pytest

from harness.in_flight import InFlight
from harness.scripted_app import Call, Reply, ScriptedApp
from harness.sdk_app import SdkApp
from harness.server import Server
from harness.waiting import eventually, stays_true

HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def calls() -> InFlight:
    return InFlight()


def limited(app: SdkApp, calls: InFlight, *limits: inngest.Concurrency, seconds: float = 0.0, **options: Any) -> None:
    """Deploys a function whose only call is a visit under the event's user."""

    @app.function(concurrency=list(limits), **options)
    async def main(ctx: inngest.Context) -> Any:
        return await calls.visit(ctx, key=str(ctx.event.data.get("user", "-")), seconds=seconds)

    app.deploy()


def send(app: SdkApp, n: int, **data: Any) -> str:
    return app.send({"n": n, **data})


def end(app: SdkApp, events: list[str]) -> list[Any]:
    return [app.api.wait_for_run(event).output for event in events]


def test_no_more_calls_are_under_way_than_the_limit(app: SdkApp, calls: InFlight) -> None:
    calls.hold()
    limited(app, calls, inngest.Concurrency(limit=2))
    events = [send(app, n) for n in range(10)]
    calls.wait_for(0, 1)
    for n in range(8):
        calls.stays(list(range(n + 2)), during=0.1)
        calls.let_go(n)
        calls.wait_for(n + 2)
    calls.let_go()
    assert end(app, events) == list(range(10))
    assert calls.most[""] == 2


def test_without_a_limit_all_are_called_at_once(app: SdkApp, calls: InFlight) -> None:
    calls.hold()
    limited(app, calls)
    events = [send(app, n) for n in range(10)]
    calls.wait_for(*range(10))
    calls.let_go()
    end(app, events)


def test_a_limit_of_one_keeps_the_order(app: SdkApp, calls: InFlight) -> None:
    limited(app, calls, inngest.Concurrency(limit=1))
    end(app, [send(app, n) for n in range(10)])
    assert calls.values == list(range(10))
    assert calls.most[""] == 1


def test_each_key_has_slots_of_its_own(app: SdkApp, calls: InFlight) -> None:
    calls.hold()
    limited(app, calls, inngest.Concurrency(limit=2, key="event.data.user"))
    events = [send(app, n, user=user) for n, user in enumerate("aaabbb")]
    calls.wait_for(0, 1, 3, 4)
    calls.stays(calls.values)
    assert sorted(calls.values) == [0, 1, 3, 4]
    calls.let_go()
    end(app, events)
    assert (calls.most["a"], calls.most["b"]) == (2, 2)


def test_runs_whose_key_has_no_value_share_one(app: SdkApp, calls: InFlight) -> None:
    calls.hold()
    limited(app, calls, inngest.Concurrency(limit=1, key="event.data.user"))
    events = [send(app, 0), send(app, 1), send(app, 2, user="a")]
    calls.wait_for(0, 2)
    calls.stays(calls.values)
    assert sorted(calls.values) == [0, 2]
    calls.let_go()
    end(app, events)


def test_two_limits_hold_both(app: SdkApp, calls: InFlight) -> None:
    limited(
        app, calls, inngest.Concurrency(limit=3), inngest.Concurrency(limit=1, key="event.data.user"), seconds=0.05
    )
    end(app, [send(app, n, user=n % 5) for n in range(15)])
    assert calls.most[""] == 3
    assert {calls.most[str(user)] for user in range(5)} == {1}


@pytest.mark.parametrize("scope", ["env", "account"])
def test_functions_share_a_limit_of_a_wider_scope(
    make_app: Callable[..., SdkApp], server: Server, calls: InFlight, scope: Any
) -> None:
    apps = [make_app(server, f"{scope}-{name}") for name in ("one", "two")]
    user = apps[0].id
    calls.hold()
    for app in apps:
        limited(app, calls, inngest.Concurrency(limit=1, key="event.data.user", scope=scope))
    # Counted apart: the same key under another scope.
    other = make_app(server, f"{scope}-other")
    limited(other, calls, inngest.Concurrency(limit=1, key="event.data.user", scope="fn"))
    events = [send(app, n, user=user) for n, app in enumerate([*apps, other])]
    calls.wait_for(0, 2)
    calls.stays(calls.values)
    assert 1 not in calls.values
    calls.let_go()
    for app, event in zip([*apps, other], events, strict=True):
        app.api.wait_for_run(event)


def test_a_key_that_is_full_holds_up_no_other(app: SdkApp, calls: InFlight) -> None:
    calls.hold()
    limited(app, calls, inngest.Concurrency(limit=1, key="event.data.user"))
    events = [send(app, n, user="a") for n in range(5)]
    events.append(send(app, 5, user="b"))
    calls.wait_for(5)
    assert calls.values == [0, 5]
    calls.let_go()
    end(app, events)


def test_keys_take_turns(app: SdkApp, calls: InFlight) -> None:
    """One user's hundred runs do not make another wait for all of them."""
    calls.hold()
    limited(app, calls, inngest.Concurrency(limit=1), inngest.Concurrency(limit=1, key="event.data.user"))
    many = app.api.send([{"name": app.event, "data": {"n": n, "user": "many"}} for n in range(20)])
    calls.wait_for(0)
    few = app.api.send([{"name": app.event, "data": {"n": n, "user": "few"}} for n in (100, 101)])
    calls.let_go()
    end(app, many + few)
    assert calls.values.index(100) <= 2
    assert calls.values.index(101) <= 4
    assert [n for n in calls.values if n < 100] == list(range(20))


def test_a_run_that_has_begun_goes_before_those_that_have_not(app: SdkApp, calls: InFlight) -> None:
    @app.function(concurrency=[inngest.Concurrency(limit=1)])
    async def main(ctx: inngest.Context) -> None:
        n = ctx.event.data["n"]
        for step in ("a", "b", "c"):
            await ctx.step.run(step, calls.visit, ctx, f"{n}{step}")

    app.deploy()
    calls.hold()
    events = [send(app, n) for n in range(3)]
    calls.wait_for("0a")
    calls.let_go()
    end(app, events)
    assert calls.values == [f"{n}{step}" for n in range(3) for step in "abc"]
    assert calls.most[""] == 1


def test_steps_side_by_side_take_a_slot_each(app: SdkApp, calls: InFlight) -> None:
    @app.function(concurrency=[inngest.Concurrency(limit=2)])
    async def main(ctx: inngest.Context) -> list[Any]:
        def step(n: int) -> Callable[[], Any]:
            return lambda: ctx.step.run(f"step-{n}", lambda: calls.visit(ctx, n + 1, seconds=0.05))

        return list(await ctx.group.parallel(tuple(step(n) for n in range(5))))

    assert app.run().output == [1, 2, 3, 4, 5]
    assert sorted(calls.values) == [1, 2, 3, 4, 5]
    assert calls.most[""] == 2


def test_a_run_that_sleeps_or_waits_takes_no_slot(app: SdkApp, calls: InFlight) -> None:
    @app.function(concurrency=[inngest.Concurrency(limit=1)])
    async def main(ctx: inngest.Context) -> None:
        match ctx.event.data["does"]:
            case "sleep":
                await ctx.step.sleep("nap", HOUR)
            case "wait":
                await ctx.step.wait_for_event("wait", event=f"{app.id}/never", timeout=HOUR)
        await calls.visit(ctx)

    app.deploy()
    idle = [app.api.wait_for_start(send(app, n, does=does)).id for n, does in enumerate(("sleep", "wait"))]
    app.api.wait_for_run(send(app, 2, does="nothing"))
    assert calls.values == [2]
    assert [app.api.waiting(run)["rule"] for run in idle] == ["sleep", "event"]


def test_a_run_that_waits_for_one_it_has_invoked_takes_no_slot(app: SdkApp) -> None:
    """A function of one slot can invoke itself."""

    @app.function(concurrency=[inngest.Concurrency(limit=1)])
    async def main(ctx: inngest.Context) -> int:
        depth = int(str(ctx.event.data["depth"]))
        if depth == 0:
            return 0
        return 1 + int(str(await ctx.step.invoke("deeper", function=main, data={"depth": depth - 1})))

    assert app.run({"depth": 3}).output == 3


def test_a_run_that_waits_for_its_next_attempt_takes_no_slot(app: SdkApp, calls: InFlight) -> None:
    @app.function(concurrency=[inngest.Concurrency(limit=1)])
    async def main(ctx: inngest.Context) -> None:
        await calls.visit(ctx)
        if ctx.event.data["n"] == 0 and ctx.attempt == 0:
            raise ValueError("the first attempt fails")

    app.deploy()
    end(app, [send(app, 0), send(app, 1)])
    assert calls.values == [0, 1, 0]
    assert calls.most[""] == 1


def test_a_cancelled_run_gives_its_slot_back_when_its_call_has_ended(app: SdkApp, calls: InFlight) -> None:
    calls.hold()
    limited(app, calls, inngest.Concurrency(limit=1))
    first, second, third = (app.api.wait_for_start(send(app, n)).id for n in range(3))
    calls.wait_for(0)
    app.api.http.delete(f"/v1/runs/{second}").raise_for_status()
    assert app.api.wait_for_end(second).status == "Cancelled"
    app.api.http.delete(f"/v1/runs/{first}").raise_for_status()
    assert app.api.wait_for_end(first).status == "Cancelled"
    calls.stays([0])
    calls.let_go()
    assert app.api.wait_for_end(third).output == 2
    assert calls.values == [0, 2]
    assert calls.most[""] == 1


def test_a_new_limit_holds_for_the_runs_that_exist(app: SdkApp, calls: InFlight) -> None:
    calls.hold()
    limited(app, calls, inngest.Concurrency(limit=1, key="event.data.user"))
    events = [send(app, n, user="a") for n in range(4)]
    calls.wait_for(0)
    app.functions.clear()
    limited(app, calls, inngest.Concurrency(limit=3, key="event.data.user"))
    calls.wait_for(1, 2)
    calls.stays([0, 1, 2])
    app.functions.clear()
    limited(app, calls)
    calls.wait_for(3)
    calls.let_go()
    end(app, events)


def test_a_limit_on_runs_counts_those_that_sleep(scripted_app: ScriptedApp) -> None:
    """SDKs for Go can say so: `concurrency.fn`."""
    called: list[int] = []

    def answer(call: Call) -> Reply:
        n = call.json["event"]["data"]["n"]
        if "nap" in call.json["steps"]:
            return Reply(body=n)
        called.append(n)
        return Reply(206, [{"op": "Sleep", "id": "nap", "name": "1s", "displayName": "nap"}])

    scripted_app.function(answer, concurrency={"fn": [{"limit": 1, "key": "event.data.user"}], "step": []})
    names = [(0, "a"), (1, "a"), (2, "b")]
    events = scripted_app.api.send([{"name": scripted_app.event, "data": {"n": n, "user": u}} for n, u in names])
    waiting = scripted_app.api.wait_for_start(events[1])
    report = scripted_app.api.wait_for_waiting(waiting.id, "concurrency.fn")
    assert report["key"] == "a" and "(1)" in report["reason"]
    stays_true(lambda: sorted(called) == [0, 2], "one run of each user sleeps", during=0.6)
    assert [scripted_app.api.wait_for_run(event).output for event in events] == [0, 1, 2]


@pytest.mark.parametrize("end_server", [Server.terminate, Server.kill9], ids=["SIGTERM", "SIGKILL"])
def test_slots_and_those_who_wait_for_them_survive_a_restart(
    make_app: Callable[..., SdkApp], start_server: Callable[..., Server], calls: InFlight, end_server: Any
) -> None:
    server = start_server("--retry-interval", "1", "--no-discovery", "--no-poll", "--drain-timeout", "1")
    app = make_app(server)
    calls.hold()
    limited(app, calls, inngest.Concurrency(limit=1, key="event.data.user"))
    events = [send(app, n, user=user) for n, user in enumerate("aaab")]
    calls.wait_for(0, 3)
    end_server(server)
    server.start()

    # Those whose answers were lost are called again, under the slots that they had.
    eventually(lambda: sorted(calls.values) == [0, 0, 3, 3], "both calls are repeated")
    calls.stays(calls.values)
    events.append(send(app, 4, user="b"))
    calls.stays(calls.values, during=0.2)
    calls.let_go()
    assert end(app, events) == [0, 1, 2, 3, 4]
    assert [n for n in calls.values if n not in (0, 3)] in ([1, 2, 4], [1, 4, 2], [4, 1, 2])
    assert (calls.most["a"], calls.most["b"]) == (1, 1)
