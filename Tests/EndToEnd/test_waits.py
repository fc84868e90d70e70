"""Runs that wait for an event: which one they get, and when they give up."""

import datetime
import time
from collections.abc import Callable
from typing import Any

import inngest
import pytest

from harness.scripted_app import Call, Reply, ScriptedApp
from harness.sdk_app import SdkApp
from harness.server import Server
from harness.waiting import eventually, stays_true

pytestmark = pytest.mark.both_modes

HOUR = datetime.timedelta(hours=1)


def waiting_app(app: SdkApp, *, timeout: Any = HOUR, if_exp: str | None = None) -> SdkApp:
    """An app whose function waits for the app's own `/answered` event and returns its data."""

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        event = await ctx.step.wait_for_event(
            "wait", event=f"{app.id}/answered", timeout=timeout, if_exp=if_exp
        )
        return event and dict(event.data)

    app.deploy()
    return app


def waits(app: SdkApp, run_id: str) -> bool:
    return any(entry["kind"] == "listening" for entry in app.api.journal(run_id))


def start(app: SdkApp, data: dict[str, Any] | None = None) -> str:
    """Sends the app's event and returns its run's id once it waits."""
    run = app.api.wait_for_start(app.send(data))
    eventually(lambda: waits(app, run.id), "the run waits")
    return run.id


def test_a_run_gets_the_event_that_it_waits_for(app: SdkApp) -> None:
    waiting_app(app)
    run = start(app)
    app.send({"n": 1}, name=f"{app.id}/answered")
    assert app.api.wait_for_end(run).output == {"n": 1}


def test_a_wait_is_given_up_when_its_time_has_come(app: SdkApp) -> None:
    waiting_app(app, timeout=datetime.timedelta(seconds=1))
    run = start(app)
    assert app.api.wait_for_end(run, within=10).output is None


def test_an_event_that_came_before_does_not_count(app: SdkApp) -> None:
    waiting_app(app, timeout=datetime.timedelta(seconds=2))
    app.send({"n": 1}, name=f"{app.id}/answered")
    time.sleep(0.1)
    assert app.api.wait_for_end(start(app), within=10).output is None


def test_a_condition_chooses_among_runs_and_events(app: SdkApp) -> None:
    waiting_app(app, if_exp="event.data.id == async.data.id && async.data.n > 1")
    runs = {name: start(app, {"id": name}) for name in ("a", "b", "c")}
    app.send({"id": "b", "n": 1}, name=f"{app.id}/answered")
    app.send({"id": "b", "n": 2}, name=f"{app.id}/answered")
    assert app.api.wait_for_end(runs["b"]).output == {"id": "b", "n": 2}
    stays_true(
        lambda: not any(app.api.run(runs[name]).has_ended for name in ("a", "c")), "the others wait", during=0.5
    )


def test_one_event_wakes_all_who_wait_for_it(app: SdkApp) -> None:
    waiting_app(app)
    runs = [start(app) for _ in range(5)]
    app.send({"n": 1}, name=f"{app.id}/answered")
    assert [app.api.wait_for_end(run).output for run in runs] == [{"n": 1}] * 5


def test_a_wait_survives_restarts(make_app: Callable[..., SdkApp], own_server: Server) -> None:
    app = waiting_app(make_app(own_server), if_exp="event.data.id == async.data.id")
    run = start(app, {"id": "x"})
    own_server.kill9()
    own_server.start()
    app.send({"id": "x", "ok": True}, name=f"{app.id}/answered")
    assert app.api.wait_for_end(run).output == {"id": "x", "ok": True}


def test_two_waits_side_by_side(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        events = await ctx.group.parallel(
            (
                lambda: ctx.step.wait_for_event("a", event=f"{app.id}/a", timeout=HOUR),
                lambda: ctx.step.wait_for_event("b", event=f"{app.id}/b", timeout=HOUR),
            )
        )
        return [event and event.data["n"] for event in events]

    app.deploy()
    run = start(app)
    eventually(
        lambda: sum(entry["kind"] == "listening" for entry in app.api.journal(run)) == 2, "both steps wait"
    )
    app.send({"n": 2}, name=f"{app.id}/b")
    app.send({"n": 1}, name=f"{app.id}/a")
    assert app.api.wait_for_end(run).output == [1, 2]


def test_an_event_that_answers_a_step_of_the_same_run(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        async def send() -> None:
            await app.client.send(inngest.Event(name=f"{app.id}/answered", data={"run": ctx.run_id}))

        events = await ctx.group.parallel(
            (
                lambda: ctx.step.wait_for_event(
                    "wait", event=f"{app.id}/answered", timeout=HOUR, if_exp=f"async.data.run == '{ctx.run_id}'"
                ),
                lambda: ctx.step.run("send", send),
            )
        )
        return events[0].data["run"] == ctx.run_id

    assert app.run().output is True


def test_a_condition_that_is_no_expression_fails_the_run(app: SdkApp) -> None:
    waiting_app(app, if_exp="event.data.id == ")
    run = app.api.wait_for_run(app.send())
    assert run.status == "Failed"
    assert run.output["name"] == "InvalidExpression"
    assert "1:18" in run.output["message"]


def test_a_wait_of_more_than_a_year_fails_the_run(app: SdkApp) -> None:
    waiting_app(app, timeout=datetime.timedelta(days=400))
    run = app.api.wait_for_run(app.send())
    assert run.status == "Failed"
    assert run.output["name"] == "InngestErrTimeoutTooLong"


def test_a_wait_may_look_back(scripted_app: ScriptedApp) -> None:
    """An extension: `opts.lookback` also matches what was received before the wait."""

    def answer(call: Call) -> Reply:
        steps = call.json["steps"]
        if "wait" in steps:
            return Reply(body=steps["wait"] and steps["wait"]["data"])
        options = {"event": f"{scripted_app.id}/answered", "timeout": "10s", "lookback": "1m"}
        return Reply(206, [{"op": "WaitForEvent", "id": "wait", "displayName": "wait", "opts": options}])

    scripted_app.function(answer)
    scripted_app.api.send({"name": f"{scripted_app.id}/answered", "data": {"n": 7}})
    assert scripted_app.run().output == {"n": 7}


def test_the_page_says_what_a_run_waits_for(app: SdkApp) -> None:
    waiting_app(app, if_exp="event.data.id == async.data.id")
    run = start(app, {"id": "u1"})
    timeline = app.api.data(f"/v1/runs/{run}/journal")["timeline"]
    assert f'wait waits for the event {app.id}/answered with "u1" == async.data.id until' in timeline[-1]["what"]


def test_waits_that_have_to_be_compared_one_by_one_are_counted(app: SdkApp) -> None:
    waiting_app(app, if_exp="async.data.n > 1")
    start(app)
    start(app)
    lines = app.api.http.get("/metrics").text.splitlines()
    assert f'apus_listeners_without_key{{event="{app.id}/answered"}} 2' in lines
    assert any(line.startswith('apus_pending_looks{shard="0"} ') for line in lines)
