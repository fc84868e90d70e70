"""Runs that end before their time: by an event, by a request, by their age."""

import datetime
import time
from typing import Any

import inngest
import pytest

from harness.scripted_app import Reply, ScriptedApp
from harness.sdk_app import SdkApp
from harness.waiting import eventually, stays_true

HOUR = datetime.timedelta(hours=1)


def sleeping(app: SdkApp, **options: Any) -> None:
    @app.function(**options)
    async def main(ctx: inngest.Context) -> str:
        await ctx.step.sleep("nap", datetime.timedelta(seconds=ctx.event.data.get("seconds", 3600)))
        return "woke up"

    app.deploy()


def ended(app: SdkApp, run_id: str) -> Any:
    return eventually(lambda: (run := app.api.run(run_id)).has_ended and run, "the run has ended")


def start(app: SdkApp, data: dict[str, Any] | None = None) -> str:
    return app.api.wait_for_start(app.send(data)).id


def test_an_event_cancels_the_run_that_it_concerns(app: SdkApp) -> None:
    sleeping(
        app, cancel=[inngest.Cancel(event=f"{app.id}/stop", if_exp="event.data.id == async.data.id", timeout=HOUR)]
    )
    first, second = start(app, {"id": 1}), start(app, {"id": 2})
    time.sleep(0.01)
    app.send({"id": 1}, name=f"{app.id}/stop")
    assert ended(app, first).status == "Cancelled"
    stays_true(lambda: app.api.run(second).status == "Running", "the other run goes on", during=0.5)
    timeline = app.api.data(f"/v1/runs/{first}/journal")["timeline"]
    assert timeline[-1]["what"] == f"run cancelled: cancelled by the event {app.id}/stop"


def test_a_call_under_way_is_not_waited_for(app: SdkApp) -> None:
    ran = []

    @app.function(cancel=[inngest.Cancel(event=f"{app.id}/stop")])
    async def main(ctx: inngest.Context) -> None:
        def slow() -> None:
            ran.append("begun")
            time.sleep(1)
            ran.append("ended")

        await ctx.step.run("slow", slow)
        await ctx.step.run("after", lambda: ran.append("after"))

    app.deploy()
    run = start(app)
    eventually(lambda: ran, "the step runs")
    app.send(name=f"{app.id}/stop")
    assert ended(app, run).status == "Cancelled"
    eventually(lambda: "ended" in ran, "the step's code ends")
    time.sleep(0.3)
    assert ran == ["begun", "ended"]


def test_a_cancelled_run_tells_its_listeners_and_no_failure_handler(app: SdkApp) -> None:
    seen: list[Any] = []

    @app.function("watch", event="inngest/function.cancelled")
    async def watch(ctx: inngest.Context) -> None:
        if ctx.event.data["function_id"].startswith(app.id):
            seen.append(ctx.event.data)

    async def on_failure(ctx: inngest.Context) -> None:
        seen.append("failed")

    sleeping(app, cancel=[inngest.Cancel(event=f"{app.id}/stop")], on_failure=on_failure)
    run = start(app)
    app.send(name=f"{app.id}/stop")
    eventually(lambda: seen, "the cancellation is told")
    time.sleep(0.3)
    assert len(seen) == 1
    assert seen[0]["run_id"] == run
    assert seen[0]["_inngest"] == {"status": "Cancelled"}


def test_a_run_is_cancelled_on_request(app: SdkApp) -> None:
    sleeping(app)
    run = start(app)
    for _ in range(2):
        response = app.api.http.delete(f"/v1/runs/{run}")
        assert (response.status_code, response.content) == (200, b"")
        assert ended(app, run).status == "Cancelled"


def test_cancelling_an_ended_run_changes_nothing(app: SdkApp) -> None:
    sleeping(app)
    run = app.api.wait_for_run(app.send({"seconds": 0}))
    assert app.api.http.delete(f"/v1/runs/{run.id}").status_code == 200
    assert app.api.run(run.id).status == "Completed"


@pytest.mark.parametrize(
    ("run", "status", "error"),
    [
        ("nonsense", 400, "Invalid run ID: nonsense"),
        ("01HF7YAT00000G40R40M30E209", 404, "Unable to load function run: 01HF7YAT00000G40R40M30E209"),
    ],
)
def test_a_run_that_does_not_exist_cannot_be_cancelled(app: SdkApp, run: str, status: int, error: str) -> None:
    response = app.api.http.delete(f"/v1/runs/{run}")
    assert response.status_code == status
    assert response.json()["error"] == error


def test_the_parent_of_a_cancelled_run_gets_an_error(app: SdkApp) -> None:
    @app.function("child", event=f"{app.id}/child", cancel=[inngest.Cancel(event=f"{app.id}/stop")])
    async def child(ctx: inngest.Context) -> None:
        await ctx.step.sleep("nap", HOUR)

    @app.function()
    async def main(ctx: inngest.Context) -> str:
        try:
            await ctx.step.invoke("call", function=child)
        except inngest.StepError as error:
            return error.message
        return "no error"

    app.deploy()
    sent = app.send()
    eventually(
        lambda: any(entry["kind"] == "invoked" for entry in app.api.journal(app.api.wait_for_start(sent).id)),
        "the child runs",
    )
    app.send(name=f"{app.id}/stop")
    assert app.api.wait_for_run(sent).output == "Function cancelled"


def test_a_run_that_takes_too_long_is_cancelled(app: SdkApp) -> None:
    sleeping(app, timeouts=inngest.Timeouts(finish=datetime.timedelta(seconds=1)))
    assert ended(app, start(app)).status == "Cancelled"
    assert app.api.wait_for_run(app.send({"seconds": 0})).status == "Completed"


def test_a_run_that_does_not_start_in_time_is_cancelled(scripted_app: ScriptedApp) -> None:
    scripted_app.function(lambda call: Reply(body="done"), timeouts={"start": "1s"})
    later = int((time.time() + 3600) * 1000)
    [event] = scripted_app.api.send({"name": scripted_app.event, "ts": later})
    assert scripted_app.api.wait_for_run(event).status == "Cancelled"
    [event] = scripted_app.api.send({"name": scripted_app.event})
    assert scripted_app.api.wait_for_run(event).status == "Completed"
