"""Functions that run on a schedule."""

import datetime

import inngest

from harness.scripted_app import Reply, ScriptedApp
from harness.sdk_app import SdkApp
from harness.waiting import eventually


def test_a_function_runs_at_every_minute(app: SdkApp) -> None:
    ticks: list[inngest.Event] = []
    unbatched: list[int] = []

    @app.function(trigger=inngest.TriggerCron(cron="* * * * *"))
    async def main(ctx: inngest.Context) -> None:
        ticks.append(ctx.event)

    # Ticks are not collected.
    @app.function(
        "batching",
        trigger=[inngest.TriggerCron(cron="* * * * *"), inngest.TriggerEvent(event=app.event)],
        batch_events=inngest.Batch(max_size=10, timeout=datetime.timedelta(hours=1)),
    )
    async def batching(ctx: inngest.Context) -> None:
        unbatched.append(len(ctx.events))

    before = datetime.datetime.now(datetime.timezone.utc)
    app.deploy()
    eventually(lambda: ticks, "the function runs", within=75)
    tick = datetime.datetime.fromisoformat(str(ticks[0].data["scheduledAt"]))
    assert ticks[0].name == "inngest/scheduled.timer"
    assert ticks[0].data["cron"] == "* * * * *"
    assert ticks[0].id == ticks[0].data["scheduledAt"]
    assert tick.second == 0
    assert before < tick < before + datetime.timedelta(seconds=61)
    eventually(lambda: unbatched == [1], "a function that batches runs too")


def test_a_schedule_that_is_none_is_told(scripted_app: ScriptedApp) -> None:
    step = {"name": "step", "runtime": {"type": "http", "url": scripted_app.url}}
    scripted_app.function(lambda call: Reply(body=1))
    function = {
        "id": f"{scripted_app.id}-bad", "name": "bad", "triggers": [{"cron": "0 25 * * *"}], "steps": {"step": step},
    }  # fmt: skip
    response = scripted_app.api.http.post(
        "/fn/register",
        json={"appName": scripted_app.id, "url": scripted_app.url, "sdk": "scripted:v1", "functions": [function]},
    )
    assert response.status_code == 400
    error = response.json()["error"]
    assert f"function {scripted_app.id}-bad: trigger 1: '0 25 * * *' isn't a valid cron schedule" in error
    assert "hour, column 3: `25` is out of range" in error
