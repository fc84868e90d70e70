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


def start(app: SdkApp, data: dict[str, Any] | None = None) -> str:
    return app.api.wait_for_start(app.send(data)).id


def test_an_event_cancels_the_run_that_it_concerns(app: SdkApp) -> None:
    sleeping(
        app, cancel=[inngest.Cancel(event=f"{app.id}/stop", if_exp="event.data.id == async.data.id", timeout=HOUR)]
    )
    first, second = start(app, {"id": 1}), start(app, {"id": 2})
    time.sleep(0.01)
    app.send({"id": 1}, name=f"{app.id}/stop")
    assert app.api.wait_for_end(first).status == "Cancelled"
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
    assert app.api.wait_for_end(run).status == "Cancelled"
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
        assert app.api.wait_for_end(run).status == "Cancelled"


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
    assert app.api.wait_for_end(start(app)).status == "Cancelled"
    assert app.api.wait_for_run(app.send({"seconds": 0})).status == "Completed"


def test_a_run_that_does_not_start_in_time_is_cancelled(scripted_app: ScriptedApp) -> None:
    scripted_app.function(lambda call: Reply(body="done"), timeouts={"start": "1s"})
    later = int((time.time() + 3600) * 1000)
    [event] = scripted_app.api.send({"name": scripted_app.event, "ts": later})
    assert scripted_app.api.wait_for_run(event).status == "Cancelled"
    [event] = scripted_app.api.send({"name": scripted_app.event})
    assert scripted_app.api.wait_for_run(event).status == "Completed"


def test_a_paused_function_starts_nothing_and_goes_on_later(app: SdkApp) -> None:
    sleeping(app)
    run = start(app, {"seconds": 1})
    slug = f"{app.id}-main"
    paused = app.api.http.post(f"/v1/functions/{slug}/pause").json()["data"]
    assert paused["slug"] == slug and paused["paused_at"]
    skipped = app.send({"seconds": 0})
    time.sleep(1.5)
    assert app.api.run(run).status == "Running"
    assert app.api.runs_of(skipped) == []
    resumed = app.api.http.post(f"/v1/functions/{slug}/resume").json()["data"]
    assert resumed["paused_at"] is None
    assert app.api.wait_for_end(run).output == "woke up"
    assert app.api.wait_for_run(app.send({"seconds": 0})).status == "Completed"
    assert app.api.http.post("/v1/functions/nonsense/pause").status_code == 404


def test_all_runs_of_a_stretch_of_time_are_cancelled(app: SdkApp) -> None:
    sleeping(app)
    runs = {n: start(app, {"n": n}) for n in range(4)}
    time.sleep(0.01)
    between = datetime.datetime.now(datetime.timezone.utc).isoformat()
    time.sleep(0.01)
    later = start(app, {"n": 2})
    order = {"app_id": app.id, "function_id": "main", "started_before": between, "if": "event.data.n >= 2"}
    response = app.api.http.post("/v1/cancellations", json=order)
    assert response.status_code == 200
    made = response.json()["data"]
    assert made["function_id"] == f"{app.id}-main" and made["if"] == "event.data.n >= 2"
    assert {n: app.api.wait_for_end(runs[n]).status for n in (2, 3)} == {2: "Cancelled", 3: "Cancelled"}
    eventually(
        lambda: [c for c in app.api.data("/v1/cancellations") if c["id"] == made["id"] and c["cancelled"] == 2],
        "the order is finished",
    )
    assert [app.api.run(run).status for run in (runs[0], runs[1], later)] == ["Running"] * 3
    assert app.api.http.delete(f"/v1/cancellations/{made['id']}").json()["data"] == {"ok": True}
    assert app.api.http.delete(f"/v1/cancellations/{made['id']}").status_code == 404
    assert app.api.http.delete("/v1/cancellations/x").json()["error"] == "Invalid cancellation ID"


@pytest.mark.parametrize(
    ("order", "status", "error"),
    [
        ([], 400, "Invalid cancellation request"),
        ({}, 400, "app_id is required\nfunction_id is required\nstarted_before is required"),
        ({"started_before": "2999-01-01T00:00:00Z"}, 400, "started_before must be in the past"),
        ({"started_before": "soon"}, 400, "started_before must be an RFC 3339 time"),
        (
            {"started_before": "2020-01-01T00:00:00Z", "started_after": "2021-01-01T00:00:00Z"},
            400,
            "started_after must be before started_before",
        ),
        ({"started_before": "2020-01-01T00:00:00Z", "if": "event.data.x =="}, 400, "invalid expression: ERROR"),
        ({"started_before": "2020-01-01T00:00:00Z", "function_id": "nothing"}, 404, "function not found"),
    ],
)
def test_an_order_that_cannot_be_carried_out(app: SdkApp, order: Any, status: int, error: str) -> None:
    sleeping(app)
    if order:
        order = {"app_id": app.id, "function_id": f"{app.id}-main", **order}
    response = app.api.http.post("/v1/cancellations", json=order)
    assert response.status_code == status
    assert error in response.json()["error"]
