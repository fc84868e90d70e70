"""Functions that run on a schedule."""

import contextlib
import datetime
import shutil
import sqlite3
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import inngest
import pytest

from harness.api import Api
from harness.commands import apus
from harness.scripted_app import Reply, ScriptedApp
from harness.sdk_app import SdkApp
from harness.server import Server
from harness.waiting import eventually, stays_true


def schedules_of(app: SdkApp) -> list[dict[str, Any]]:
    return [found for found in app.api.data("/v1/schedules") if found.get("function", "").startswith(app.id)]


def send_later(app: SdkApp, seconds: float, **fields: Any) -> str:
    return app.send(ts=int((time.time() + seconds) * 1000), **fields)


def scheduled(app: SdkApp, path: str = "/v1/scheduled-events?limit=1000") -> list[str]:
    """The events of an app that are to start something later, the soonest first."""
    events = app.api.data(path)["events"]
    return [event["event_id"] for event in events if event["function"].startswith(app.id)]


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


# What is planned


def test_schedules_are_listed_with_their_ticks(app: SdkApp, server: Server) -> None:
    @app.function(trigger=inngest.TriggerCron(cron="TZ=Europe/Berlin 0 9 * * mon-fri"))
    async def main(ctx: inngest.Context) -> None: ...

    app.deploy()
    schedule = schedules_of(app)[0]
    assert schedule["function"] == f"{app.id}-main"
    assert schedule["words"] == "every weekday at 09:00, Europe/Berlin"
    assert (schedule["zone"], schedule["last_tick"], schedule["paused"]) == ("Europe/Berlin", None, False)
    assert app.api.data(f"/v1/schedules/{schedule['id']}") == schedule
    times = app.api.data(f"/v1/schedules/{schedule['id']}/next?count=3")["times"]
    assert times[0] == schedule["next_tick"] and times == sorted(set(times)) and len(times) == 3
    app.deploy()
    assert schedules_of(app)[0]["id"] == schedule["id"], "a registration changes no id"

    listed = apus(None, "schedules", "ls", "--url", server.url)
    assert f"{schedule['id']}  {app.id}-main  " in listed.stdout, listed.stderr
    printed = apus(None, "schedules", "next", f"{app.id}-main", "--count", "2", "--url", server.url)
    assert printed.stdout.split() == [f"{app.id}-main", *schedule["expression"].split(), *times[:2]], printed.stderr
    unknown = apus(None, "schedules", "next", "nobody", "--url", server.url)
    assert unknown.returncode == 1 and "nobody" in unknown.stderr


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/v1/schedules/7", 404, "Schedule not found: 7"),
        (f"/v1/schedules/{uuid.UUID(int=1)}", 404, f"Schedule not found: {uuid.UUID(int=1)}"),
        (f"/v1/schedules/{uuid.UUID(int=1)}/next", 404, f"Schedule not found: {uuid.UUID(int=1)}"),
        ("/v1/scheduled-events?limit=0", 400, "limit must be a number from 1 to 1000, not 0"),
        ("/v1/scheduled-events?limit=many", 400, "not many"),
        ("/v1/scheduled-events?cursor=1-2-3", 400, "1-2-3 is no cursor"),
    ],
)
def test_a_question_that_means_nothing_is_told(api: Api, path: str, status: int, told: str) -> None:
    response = api.http.get(path)
    assert response.status_code == status
    assert told in response.json()["error"]


def test_a_count_of_times_is_checked(app: SdkApp) -> None:
    @app.function(trigger=inngest.TriggerCron(cron="0 0 1 1 *"))
    async def main(ctx: inngest.Context) -> None: ...

    app.deploy()
    path = f"/v1/schedules/{schedules_of(app)[0]['id']}/next"
    for count in ["0", "1001", "few"]:
        response = app.api.http.get(f"{path}?count={count}")
        assert response.status_code == 400
        assert f"count must be a number from 1 to 1000, not {count}" in response.json()["error"]


def test_a_schedule_is_paused_set_and_run_by_hand(make_app: Callable[..., SdkApp], own_server: Server) -> None:
    app = make_app(own_server)
    ticks: list[str] = []

    @app.function(trigger=inngest.TriggerCron(cron="0 0 1 1 *"))
    async def main(ctx: inngest.Context) -> None:
        ticks.append(str(ctx.event.data["cron"]))

    app.deploy()
    path = f"/v1/schedules/{schedules_of(app)[0]['id']}"
    url = ("--url", own_server.url)
    assert apus(None, "schedules", "pause", f"{app.id}-main", *url).stdout == f"{app.id}-main  0 0 1 1 * is paused.\n"
    answer = app.api.http.patch(path, json={"catch_up": "latest"}, headers={"X-Apus-Actor": "ann"})
    assert (answer.status_code, answer.json()["data"]["catch_up"]) == (200, "latest")
    own_server.kill9()
    own_server.start()
    app.deploy()
    schedule = app.api.data(path)
    assert (schedule["paused"], schedule["catch_up"], schedule["next_tick"]) == (True, "latest", None)
    assert "has started it" in apus(None, "schedules", "run", f"{app.id}-main", *url).stdout
    eventually(lambda: ticks == ["0 0 1 1 *"], "the function has run")
    assert "goes on" in apus(None, "schedules", "resume", schedule["id"], *url).stdout
    assert apus(None, "schedules", "set", schedule["id"], "--catch-up", "default", *url).returncode == 0
    schedule = app.api.data(path)
    assert (schedule["paused"], schedule["catch_up"]) == (False, None)
    assert schedule["next_tick"].endswith("-01-01T00:00:00.000Z")
    assert apus(None, "schedules", "set", schedule["id"], "--catch-up", "some", *url).returncode == 1
    audit = [(entry["action"], entry["actor"]) for entry in app.api.data("/v1/audit")]
    assert [action for action, _ in reversed(audit)] == [
        "schedule.paused", "schedule.set", "schedule.run", "schedule.resumed", "schedule.set",
    ]  # fmt: skip
    assert audit[3] == ("schedule.set", "ann")


@pytest.mark.timeout(200)
def test_a_tick_that_overlaps_is_skipped_and_says_so(make_app: Callable[..., SdkApp], own_server: Server) -> None:
    app = make_app(own_server)

    @app.function(trigger=inngest.TriggerCron(cron="* * * * *"))
    async def main(ctx: inngest.Context) -> None:
        await ctx.step.wait_for_event("end", event=f"{app.id}/end", timeout=datetime.timedelta(hours=1))

    app.deploy()
    path = f"/v1/schedules/{schedules_of(app)[0]['id']}"
    assert app.api.http.patch(path, json={"overlap": "skip"}).json()["data"]["overlap"] == "skip"
    run = eventually(lambda: app.api.data(path)["run_id"], "a tick starts a run", within=75)
    own_server.kill9()
    own_server.start()
    skipped, started = eventually(
        lambda: len(ticks := app.api.data(f"{path}/ticks")) == 2 and ticks, "a tick is skipped", within=75
    )
    assert (started["result"]["run_id"], started["run_status"]) == (run, "Running")
    assert skipped["result"]["rule"] == "overlap"
    assert skipped["result"]["reason"] == (
        f"{app.id}-main has not started: the run of an earlier tick of its schedule was living ({run})."
    )
    assert apus(None, "why", skipped["event_id"], "--url", own_server.url).stdout.strip() == skipped["result"]["reason"]
    printed = apus(None, "schedules", "ticks", f"{app.id}-main", "--url", own_server.url).stdout
    assert skipped["result"]["reason"] in printed
    app.send(name=f"{app.id}/end")
    eventually(lambda: app.api.data(path)["run_id"] is None, "the run ends")


def test_a_wish_for_a_schedule_is_checked(app: SdkApp) -> None:
    @app.function(trigger=inngest.TriggerCron(cron="0 0 1 1 *"))
    async def main(ctx: inngest.Context) -> None: ...

    app.deploy()
    path = f"/v1/schedules/{schedules_of(app)[0]['id']}"
    response = app.api.http.patch(path, json={"catch_up": "some"})
    assert (response.status_code, response.json()["error"]) == (400, "catch_up must be skip, latest, all or null")
    response = app.api.http.patch(path, json={"overlap": 1})
    assert response.status_code == 400
    assert response.json()["error"] == "overlap must be allow, skip, cancel_previous, buffer_one or null"
    assert app.api.http.patch(path, content=b"{").status_code == 400
    unknown = f"/v1/schedules/{uuid.UUID(int=1)}"
    for response in [app.api.http.patch(unknown, json={}), app.api.http.post(f"{unknown}/run")]:
        assert (response.status_code, response.json()["error"]) == (404, f"Schedule not found: {uuid.UUID(int=1)}")
    app.api.http.post(f"/v1/functions/{app.id}-main/pause")
    response = app.api.http.post(f"{path}/run")
    assert (response.status_code, response.json()["error"]) == (409, f"{app.id}-main is paused and starts nothing")


# Ticks of the past


def ticks_ago(hours: int) -> str:
    now = datetime.datetime.now(datetime.timezone.utc).replace(minute=30, second=0, microsecond=0)
    return (now - datetime.timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


def test_a_backfill_is_previewed_carried_out_and_not_repeated(app: SdkApp, server: Server) -> None:
    ticks: list[str] = []

    @app.function(trigger=inngest.TriggerCron(cron="0 * * * *"))
    async def main(ctx: inngest.Context) -> None:
        ticks.append(str(ctx.event.data["scheduledAt"]))

    app.deploy()
    path = f"/v1/schedules/{schedules_of(app)[0]['id']}"
    assert app.api.data(f"{path}/backfills") == []
    wish = {"from": ticks_ago(7), "to": ticks_ago(2)}
    preview = app.api.http.post(f"{path}/backfill", json={**wish, "preview": True}).json()["data"]
    assert (preview["id"], preview["preview"], preview["ticks"], preview["already_run"]) == (None, True, 5, 0)
    assert (preview["first"], preview["last"]) == (preview["times"][0], preview["times"][4])
    function, url = f"{app.id}-main", ("--url", server.url)
    printed = apus(None, "schedules", "backfill", function, "--from", wish["from"], "--to", wish["to"], "--preview", *url)
    summary = f"{function}  0 * * * *: 5 ticks from {preview['first']} to {preview['last']}.\n"
    assert printed.stdout == "\n".join(preview["times"]) + f"\n{summary}", printed.stderr
    stays_true(lambda: ticks == [], "a preview starts nothing", during=0.3)

    shorter = {**wish, "from": ticks_ago(4)}
    first = app.api.http.post(f"{path}/backfill", json=shorter, headers={"X-Apus-Actor": "ann"}).json()["data"]
    assert first["times"] == preview["times"][3:]
    eventually(lambda: len(ticks) == 2, "the ticks run")
    printed = apus(None, "schedules", "backfill", function, "--from", wish["from"], "--to", wish["to"], "--wait", *url)
    assert ": 3 ticks from " in printed.stdout and ", 2 left out that have run already.\n" in printed.stdout
    assert printed.stdout.endswith("\nfinished: 3 of 3 ticks have started.\n")
    eventually(lambda: len(ticks) == 5, "the others run")
    expected = [time.replace(".000Z", "Z") for time in preview["times"]]
    assert sorted(ticks) == expected
    nothing = app.api.http.post(f"{path}/backfill", json=wish).json()["data"]
    assert (nothing["id"], nothing["ticks"], nothing["already_run"], nothing["first"]) == (None, 0, 5, None)
    again = app.api.http.post(f"{path}/backfill", json={**wish, "again": True}).json()["data"]
    assert again["ticks"] == 5
    eventually(lambda: sorted(ticks) == sorted(expected * 2), "all run again")

    listed = app.api.data(f"{path}/backfills")
    assert [(found["ticks"], found["started"], found["state"]) for found in listed] == [
        (5, 5, "finished"), (3, 3, "finished"), (2, 2, "finished"),
    ]  # fmt: skip
    assert (listed[2]["id"], listed[2]["by"]) == (first["id"], "ann")
    printed = apus(None, "schedules", "backfills", function, *url)
    assert [line.split()[0] for line in printed.stdout.splitlines()] == [found["id"] for found in listed]
    # What has ended stays as it is.
    stopped = app.api.http.delete(f"{path}/backfills/{first['id']}")
    assert (stopped.status_code, stopped.json()["data"]) == (200, listed[2])


def test_a_backfill_of_a_paused_function_is_held_and_can_be_stopped(app: SdkApp, server: Server) -> None:
    ticks: list[str] = []

    @app.function(trigger=inngest.TriggerCron(cron="0 * * * *"))
    async def main(ctx: inngest.Context) -> None:
        ticks.append(str(ctx.event.data["scheduledAt"]))

    app.deploy()
    path = f"/v1/schedules/{schedules_of(app)[0]['id']}"
    app.api.http.post(f"/v1/functions/{app.id}-main/pause")
    wish = {"from": ticks_ago(4), "to": ticks_ago(2)}
    order = app.api.http.post(f"{path}/backfill", json=wish).json()["data"]
    assert app.api.data(f"{path}/backfills")[0]["state"] == "held"
    # What waits for one backfill is left out of the next.
    assert app.api.http.post(f"{path}/backfill", json=wish).json()["data"]["already_run"] == 2
    printed = apus(None, "schedules", "backfills", "stop", order["id"], "--url", server.url)
    assert printed.stdout == "stopped: 0 of 2 ticks have started.\n", printed.stderr
    app.api.http.post(f"/v1/functions/{app.id}-main/resume")
    stays_true(lambda: ticks == [], "nothing starts", during=0.5)
    assert app.api.http.post(f"{path}/backfill", json=wish).json()["data"]["ticks"] == 2
    eventually(lambda: len(ticks) == 2, "the ticks run")
    subjects = [(entry["action"], entry["subject"]) for entry in app.api.data("/v1/audit")]
    for action in ["schedule.backfilled", "schedule.backfill.stopped"]:
        assert (action, f"{app.id}-main") in subjects


def stored_starts(server: Server, room: Path) -> int:
    """How many ticks of the only backfill have started, by a copy of the files of a server that does not run."""
    for file in server.data.glob("apus.db*"):
        shutil.copy(file, room)
    with contextlib.closing(sqlite3.connect(room / "apus.db")) as store:
        [(started,)] = store.execute("SELECT started FROM backfills")
    return int(started)


@pytest.mark.timeout(200)
def test_a_backfill_that_is_killed_runs_each_tick_once(
    make_app: Callable[..., SdkApp], own_server: Server, tmp_path: Path
) -> None:
    app = make_app(own_server)
    runs: dict[str, set[str]] = {}

    @app.function(trigger=inngest.TriggerCron(cron="0 * * * *"))
    async def main(ctx: inngest.Context) -> None:
        runs.setdefault(str(ctx.event.data["scheduledAt"]), set()).add(ctx.run_id)

    app.deploy()
    path = f"/v1/schedules/{schedules_of(app)[0]['id']}"
    wish = {"from": ticks_ago(1502), "to": ticks_ago(2)}
    order = app.api.http.post(f"{path}/backfill", json=wish).json()["data"]
    assert (order["ticks"], len(order["times"])) == (1500, 1000)
    # At once: to start all of them takes a fraction of a second, and asking how far it is takes as long.
    own_server.kill9()
    assert stored_starts(own_server, tmp_path) < 1500, "the kill is in the middle"
    own_server.start()
    own_server.kill9()
    own_server.start()
    eventually(lambda: app.api.data(f"{path}/backfills")[0]["state"] == "finished", "it ends", within=60)
    eventually(lambda: len(runs) == 1500, "every tick runs", within=120)
    assert all(len(found) == 1 for found in runs.values()), "a tick has one run"
    again = app.api.http.post(f"{path}/backfill", json={**wish, "preview": True}).json()["data"]
    assert (again["ticks"], again["already_run"]) == (0, 1500)


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ([], "the body must be a JSON object"),
        ({}, "from must be an RFC 3339 time"),
        ({"from": "2026-01-01T00:00:00Z"}, "to must be an RFC 3339 time"),
        ({"from": "2026-01-01T00:00:00Z", "to": 5}, "to must be an RFC 3339 time"),
        ({"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "from must be before to"),
        ({"from": "2025-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z", "preview": 1}, "preview must be true or false"),
        ({"from": "2025-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z", "force": True},
         "force is no field; the fields are from, to, preview, again"),
        ({"from": "2025-01-01T00:00:00Z", "to": "2025-01-07T22:41:00Z"},
         "there are 10001 ticks from 2025-01-01T00:00:00.000Z to 2025-01-07T22:41:00.000Z; one backfill may have 10000"),
        ({"from": "0001-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "there are more than 100000 ticks"),
    ],
)  # fmt: skip
def test_a_backfill_is_checked(app: SdkApp, wish: Any, told: str) -> None:
    @app.function(trigger=inngest.TriggerCron(cron="* * * * *"))
    async def main(ctx: inngest.Context) -> None: ...

    app.deploy()
    path = f"/v1/schedules/{schedules_of(app)[0]['id']}"
    response = app.api.http.post(f"{path}/backfill", json=wish)
    assert response.status_code == 400
    assert told in response.json()["error"]
    assert app.api.data(f"{path}/backfills") == []


def test_what_is_no_backfill_is_told(app: SdkApp) -> None:
    @app.function(trigger=inngest.TriggerCron(cron="0 0 1 1 *"))
    async def main(ctx: inngest.Context) -> None: ...

    app.deploy()
    path = f"/v1/schedules/{schedules_of(app)[0]['id']}/backfills"
    unknown = f"/v1/schedules/{uuid.UUID(int=1)}"
    wish = {"from": ticks_ago(7), "to": ticks_ago(2)}
    for response in [app.api.http.get(f"{unknown}/backfills"), app.api.http.post(f"{unknown}/backfill", json=wish)]:
        assert (response.status_code, response.json()["error"]) == (404, f"Schedule not found: {uuid.UUID(int=1)}")
    assert app.api.http.delete(f"{path}/7").status_code == 400
    assert app.api.http.delete(f"{path}/01HF7YAT00000G40R40M30E209").status_code == 404


# Events of a time that has not come


@pytest.mark.parametrize("end", [Server.terminate, Server.kill9], ids=["SIGTERM", "SIGKILL"])
def test_events_in_the_future_survive_a_restart_and_a_cancelled_one_never_starts(
    make_app: Callable[..., SdkApp], own_server: Server, end: Callable[[Server], Any]
) -> None:
    app = make_app(own_server)
    started: list[str] = []

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        started.append(ctx.event.data["name"])

    app.deploy()
    far = send_later(app, 3600, data={"name": "far"})
    near = send_later(app, 5, data={"name": "near"})
    cancelled = send_later(app, 4, data={"name": "cancelled"})
    assert scheduled(app) == [cancelled, near, far]
    answer = app.api.http.delete(f"/v1/scheduled-events/{cancelled}")
    assert (answer.status_code, answer.json()["data"]) == (200, {"event_id": cancelled, "cancelled": 1})
    assert app.api.wait_for_run(cancelled).status == "Cancelled"
    assert app.api.data("/v1/audit")[0]["subject"] == cancelled

    end(own_server)
    own_server.start()
    assert scheduled(app) == [near, far]
    app.api.wait_for_run(near)
    assert scheduled(app) == [far]
    stays_true(lambda: started == ["near"], "only the near one starts", during=0.5)
    assert app.api.http.delete(f"/v1/scheduled-events/{near}").json()["data"]["cancelled"] == 0

    listed = apus(None, "events", "scheduled", "--url", own_server.url)
    assert far in listed.stdout, listed.stderr
    assert apus(None, "events", "cancel", far, "--url", own_server.url).stdout == "1 run is cancelled.\n"
    assert scheduled(app) == []


def test_scheduled_events_are_listed_in_pages(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> None: ...

    app.deploy()
    events = [send_later(app, 7200 + 60 * number) for number in [2, 0, 1]]
    found: list[str] = []
    cursor = ""
    while True:
        page = app.api.data(f"/v1/scheduled-events?limit=1{cursor}")
        found += [event["event_id"] for event in page["events"] if event["name"] == app.event]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    assert found == [events[1], events[2], events[0]]
    for event in events:
        app.api.http.delete(f"/v1/scheduled-events/{event}")


def test_an_unknown_event_is_not_cancelled(api: Api) -> None:
    response = api.http.delete("/v1/scheduled-events/01HF7YAT00000G40R40M30E209")
    assert response.status_code == 404
    assert response.json()["error"] == "Event not found: 01HF7YAT00000G40R40M30E209"
    assert api.http.delete("/v1/scheduled-events/x").status_code == 400
