"""Apps that go away, are slow, or answer nonsense for a while: their runs end all the same."""

import asyncio
import threading

import inngest
import pytest

from harness.scripted_app import Answer, Call, Reply, ScriptedApp
from harness.sdk_app import SdkApp
from harness.waiting import eventually, stays_true


def test_a_run_waits_for_an_app_that_restarts(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> int:
        return ctx.attempt

    app.deploy()
    app.close()
    event = app.send()
    run = app.api.wait_for_start(event)
    eventually(
        lambda: any(entry["kind"] == "attemptFailed" for entry in app.api.journal(run.id)),
        "an attempt has failed",
    )
    app.listen()

    run = app.api.wait_for_run(event)
    assert run.status == "Completed"
    assert run.output >= 1


def test_runs_wait_for_an_app_however_long_it_is_away(app: SdkApp) -> None:
    """Twenty runs, an outage longer than their attempts would last, and none of them fails."""

    @app.function(retries=2)
    async def main(ctx: inngest.Context) -> int:
        return ctx.event.data["number"]

    app.deploy()
    app.close()
    ids = app.client.send_sync([inngest.Event(name=app.event, data={"number": number}) for number in range(20)])
    stays_true(
        lambda: all(run.status == "Running" for event in ids for run in app.api.runs_of(event)),
        "no run is given up",
        during=6,
    )
    app.listen()

    # Within the longest pause between two looks at an app, ten seconds.
    runs = [app.api.wait_for_run(event, within=15) for event in ids]
    assert [run.output for run in runs] == list(range(20))


def test_an_app_that_dies_in_the_middle_of_a_step_is_called_again(app: SdkApp) -> None:
    attempts: list[int] = []

    @app.function()
    async def main(ctx: inngest.Context) -> str:
        async def body() -> str:
            attempts.append(ctx.attempt)
            if len(attempts) == 1:
                await asyncio.Event().wait()
            return "second execution"

        return await ctx.step.run("step", body)

    app.deploy()
    event = app.send()
    eventually(lambda: attempts, "the step runs")
    app.close()
    app.listen()

    assert app.api.wait_for_run(event).output == "second execution"
    assert attempts == [0, 1]


def test_a_slow_app_gets_the_time_that_it_needs(app: SdkApp) -> None:
    release = threading.Event()

    @app.function(retries=0)
    def main(ctx: inngest.ContextSync) -> str:
        return ctx.step.run("slow", lambda: "done" if release.wait(30) else "gave up")

    app.deploy()
    event = app.send()
    run = app.api.wait_for_start(event)
    stays_true(lambda: app.api.run(run.id).status == "Running", "the run goes on", during=3)
    release.set()

    assert app.api.wait_for_run(event).output == "done"


def test_a_slow_app_does_not_hold_up_another_one(app: SdkApp, scripted_app: ScriptedApp) -> None:
    release = threading.Event()

    def never(call: Call) -> Answer:
        release.wait(30)
        return Reply(body="late")

    scripted_app.function(never)
    for _ in range(50):
        scripted_app.api.send({"name": scripted_app.event})

    @app.function()
    async def main(ctx: inngest.Context) -> str:
        return "quick"

    assert app.run(within=5).output == "quick"
    release.set()


NONSENSE: dict[str, Answer] = {
    "an HTML page with status 500": Reply(500, b"<html>oops</html>", {"Content-Type": "text/html"}, sdk=False),
    "an HTML page with status 200": Reply(200, b"<html>hi</html>", {"Content-Type": "text/html"}, sdk=False),
    "JSON from something that is no SDK": Reply(200, {"ok": True}, sdk=False),
    "a 502 from a proxy": Reply(502, b"Bad Gateway", {"Content-Type": "text/plain"}, sdk=False),
    "a 401 from something that is no SDK": Reply(401, {"message": "Unauthorized"}, sdk=False),
    "steps that are no JSON": Reply(206, b"[{]"),
    "steps that are no list": Reply(206, b'"StepRun"'),
    "an unknown kind of step": Reply(206, [{"op": "Bogus", "id": "a"}]),
    "no steps at all where some must be": Reply(206, b""),
    "a connection that closes at once": None,
    "something that is not HTTP": b"220 mail.example.com ESMTP\r\n",
    "an answer that breaks off": b"HTTP/1.1 200 OK\r\nX-Inngest-SDK: x:v1\r\nContent-Length: 100\r\n\r\n{",
}


@pytest.mark.parametrize("nonsense", NONSENSE.values(), ids=NONSENSE.keys())
def test_a_call_that_is_answered_with_nonsense_is_repeated(scripted_app: ScriptedApp, nonsense: Answer) -> None:
    answers = iter([nonsense, Reply(200, "recovered")])
    scripted_app.function(lambda call: next(answers), retries=1)

    run = scripted_app.run()

    assert (run.status, run.output) == ("Completed", "recovered")
    assert [call.json["ctx"]["attempt"] for call in scripted_app.calls] == [0, 1]


def test_the_call_to_an_app_has_everything_that_sdks_read(scripted_app: ScriptedApp) -> None:
    slug = scripted_app.function(lambda call: Reply(200, None))
    run = scripted_app.run({"x": 1})
    [call] = scripted_app.calls
    body = call.json
    event = {"name": scripted_app.event, "data": {"x": 1}, "user": {}, "id": run.raw["event_id"]}

    assert call.method == "POST"
    assert call.query == {"fnId": slug, "stepId": "step"}
    assert call.headers["content-type"] == "application/json"
    assert call.headers["x-run-id"] == run.id
    assert call.headers["x-inngest-req-version"] == "-1"
    assert call.headers["x-inngest-generation-id"] == "1"
    assert call.headers["x-inngest-step-id"] == "step"
    assert call.headers["x-request-id"] == body["ctx"]["request_id"]
    assert call.headers["x-inngest-job-id"] == body["ctx"]["job_id"]
    assert "x-inngest-signature" not in call.headers
    assert {key: value for key, value in body["event"].items() if key != "ts"} == event
    assert body["events"] == [body["event"]]
    assert (body["steps"], body["use_api"], body["version"]) == ({}, False, -1)
    assert {
        key: value for key, value in body["ctx"].items() if key not in ("fn_id", "qi_id", "request_id", "job_id")
    } == {
        "run_id": run.id,
        "env": "",
        "step_id": "step",
        "attempt": 0,
        "max_attempts": 1,
        "generation_id": 1,
        "stack": {"current": 0, "stack": []},
        "disable_immediate_execution": False,
        "use_api": False,
    }
    assert body["ctx"]["fn_id"] == run.function_id
