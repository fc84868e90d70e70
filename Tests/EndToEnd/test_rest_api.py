"""What the v1 API and a run's journal tell about events and runs."""

import datetime
import re
import time
from typing import Any

import inngest

from harness.api import Api
from harness.sdk_app import SdkApp
from harness.waiting import eventually

ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def parse_time(text: str) -> float:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def test_a_run_tells_when_it_ran_of_what_function_and_why(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        return {"ok": True}

    app.deploy()
    before = time.time()
    event = app.send()
    run = app.api.wait_for_run(event).raw

    assert ULID.fullmatch(run["run_id"])
    assert run["event_id"] == event
    assert run["function_id"] == app.api.functions()[f"{app.id}-main"]["id"]
    assert UUID.fullmatch(run["environment_id"])
    assert run["status"] == "Completed"
    assert run["output"] == {"ok": True}
    assert before - 1 <= parse_time(run["run_started_at"]) <= parse_time(run["ended_at"]) <= time.time() + 1
    assert "batch_id" not in run and "cron" not in run


def test_the_run_of_an_event_is_listed_as_it_is_shown_alone(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> str:
        return "done"

    run = app.run()

    assert app.api.runs_of(run.raw["event_id"]) == [run]


def test_an_event_is_shown_as_it_was_sent(api: Api) -> None:
    sent = {
        "name": "shown/event",
        "data": {"n": 1},
        "user": {"u": 2},
        "id": "my-id-1",
        "ts": 1_795_245_525_907,
        "v": "1",
    }
    [internal_id] = api.send(sent)
    shown = api.data(f"/v1/events/{internal_id}")

    assert shown["internal_id"] == internal_id
    assert {key: shown[key] for key in sent} == sent
    assert abs(parse_time(shown["received_at"]) - time.time()) < 60


def test_events_are_listed_newest_first_and_in_pages(app: SdkApp) -> None:
    sent = [app.api.send({"name": app.event, "data": {"n": n}})[0] for n in range(5)]
    path = f"/v1/events?name={app.event}"

    assert [event["internal_id"] for event in app.api.data(path)] == sent[::-1]
    first = app.api.data(f"{path}&limit=2")
    assert [event["data"]["n"] for event in first] == [4, 3]
    second = app.api.data(f"{path}&limit=2&cursor={first[-1]['internal_id']}")
    assert [event["data"]["n"] for event in second] == [2, 1]
    assert app.api.data(f"{path}&cursor=01HF7YAT00000G40R40M30E209") == [], "an unknown event of long ago"


def test_events_are_listed_for_a_period(app: SdkApp) -> None:
    app.api.send({"name": app.event})
    path = f"/v1/events?name={app.event}"
    now = datetime.datetime.now(datetime.timezone.utc)

    def listed(**period: datetime.timedelta) -> int:
        query = "".join(f"&{key}={(now + offset).strftime('%Y-%m-%dT%H:%M:%SZ')}" for key, offset in period.items())
        return len(app.api.data(path + query))

    minute = datetime.timedelta(minutes=1)
    assert listed(received_after=-minute) == 1
    assert listed(received_after=minute) == 0
    assert listed(received_after=-2 * minute, received_before=-minute) == 0


def test_an_event_that_was_sent_twice_with_one_seed_is_listed_twice(app: SdkApp) -> None:
    headers = {"x-inngest-event-id-seed": f"{int(time.time() * 1000)},CQgHBgUEAwIBAA=="}
    for _ in range(2):
        app.api.send([{"name": app.event}, {"name": app.event}], headers=headers)

    listed = [event["internal_id"] for event in app.api.data(f"/v1/events?name={app.event}")]

    assert len(listed) == 4
    assert len(set(listed)) == 2


def test_the_servers_own_events_are_not_listed(app: SdkApp) -> None:
    failures = []

    async def on_failure(ctx: inngest.Context) -> None:
        failures.append(ctx.event.id)

    @app.function(retries=0, on_failure=on_failure)
    async def main(ctx: inngest.Context) -> None:
        raise ValueError("broken")

    app.run()

    assert not [event for event in app.api.data("/v1/events?limit=51") if event["name"].startswith("inngest/")]


# The journal


def test_the_journal_tells_the_life_of_a_run_in_order(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> str:
        await ctx.step.run("first", lambda: 1)
        await ctx.step.sleep("nap", datetime.timedelta(seconds=1))
        await ctx.step.run("second", lambda: 2)
        return "done"

    run = app.run()
    entries = app.api.journal(run.id)
    kinds = [entry["kind"] for entry in entries]
    times = [entry["at"] for entry in entries]

    assert kinds[0] == "started" and kinds[-1] == "finished"
    assert times == sorted(times)
    assert kinds.count("stepFinished") == 3
    assert kinds.count("called") == 4
    assert names_of_finished_steps(entries) == ["first", "nap", "second"]


def test_the_journal_tells_of_failed_attempts(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> str:
        def flaky() -> str:
            if ctx.attempt < 2:
                raise ValueError("not yet")
            return "done"

        return await ctx.step.run("flaky", flaky)

    run = app.run()
    kinds = [entry["kind"] for entry in app.api.journal(run.id)]

    assert kinds.count("attemptFailed") == 2
    assert kinds.count("stepFinished") == 1
    assert kinds.index("attemptFailed") < kinds.index("stepFinished")


def names_of_finished_steps(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["name"] for entry in entries if entry["kind"] == "stepFinished"]


# Rows of the v1 API


def test_the_jobs_of_a_run_are_what_it_will_do(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> None:
        await ctx.step.sleep("nap", datetime.timedelta(hours=1))

    app.deploy()
    run = app.api.wait_for_start(app.send()).id
    jobs = eventually(
        lambda: (found := app.api.data(f"/v1/runs/{run}/jobs")) and found[0]["kind"] == "sleep" and found, "it sleeps"
    )
    [job] = jobs
    assert job["JobID"] and job["attempt"] == 0 and job["position"] == 0 and job["Raw"] is None
    assert parse_time(job["at"]) > time.time() + 3_000

    assert app.api.http.delete(f"/v0/runs/{run}").status_code == 204
    app.api.wait_for_end(run)
    assert app.api.data(f"/v1/runs/{run}/jobs") == []
    again = app.api.http.delete(f"/v0/runs/{run}")
    assert again.status_code == 404 and "could not be found" in again.json()["error"]
    assert app.api.http.delete("/v0/runs/x").status_code == 400


def test_the_functions_of_an_app_are_a_bare_list(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> None:
        pass

    app.deploy()
    function = app.api.functions()[f"{app.id}-main"]
    [found] = app.api.get(f"/v1/apps/{app.id}/functions")
    assert found["internal_id"] == function["id"] and found["id"] == f"{app.id}-main" and found["config"] == function
    assert app.api.get(f"/v1/apps/{found['app_id']}/functions") == [found]
    assert app.api.get("/v1/apps/nobody/functions") == []
    assert app.api.http.get("/v1/prom/production").status_code == 501


def test_a_run_tells_of_its_batch_and_its_schedule(app: SdkApp) -> None:
    @app.function(batch_events=inngest.Batch(max_size=2, timeout=datetime.timedelta(seconds=30)))
    async def main(ctx: inngest.Context) -> int:
        return len(ctx.events)

    @app.function("clock", trigger=inngest.TriggerCron(cron="0 0 1 1 *"))
    async def clock(ctx: inngest.Context) -> None:
        pass

    app.deploy()
    events = [app.send({"n": n}) for n in range(2)]
    run = app.api.wait_for_run(events[0])
    assert ULID.fullmatch(run.raw["batch_id"]) and "cron" not in run.raw

    clock_id = app.api.functions()[f"{app.id}-clock"]["id"]
    [schedule] = [one for one in app.api.data("/v1/schedules?limit=1000") if one.get("function_id") == clock_id]
    event = app.api.http.post(f"/v1/schedules/{schedule['id']}/run").json()["data"]["event_id"]
    tick = app.api.wait_for_run(event).raw
    assert tick["cron"] == "0 0 1 1 *" and "batch_id" not in tick
    query = "query ($r: String!) { run(runID: $r) { cronSchedule isBatch } runTrigger(runID: $r) { cron batchID } }"
    found = app.api.http.post("/v0/gql", json={"query": query, "variables": {"r": tick["run_id"]}}).json()["data"]
    assert found == {
        "run": {"cronSchedule": "0 0 1 1 *", "isBatch": False}, "runTrigger": {"cron": "0 0 1 1 *", "batchID": None},
    }  # fmt: skip
