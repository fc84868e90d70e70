"""Schedules that people make, which send an event at each tick."""

import datetime
import time
import uuid
from collections.abc import Callable
from typing import Any

import inngest
import pytest

from harness.api import Api
from harness.commands import apus
from harness.sdk_app import SdkApp
from harness.server import Server
from harness.waiting import eventually, stays_true

YEARLY = "0 0 1 1 *"


def in_seconds(seconds: float) -> int:
    return int((time.time() + seconds) * 1000)


@pytest.fixture
def name() -> str:
    return f"plan {uuid.uuid4().hex} ü/%"


def path_of(name: str) -> str:
    return "/v1/schedules/" + "".join(f"%{byte:02X}" for byte in name.encode())


def make(api: Api, name: str | None, event: str = "plan/due", **fields: Any) -> dict[str, Any]:
    body = {"event": {"name": event, "data": {"n": 1}}, **fields} | ({"name": name} if name else {})
    response = api.http.post("/v1/schedules", json=body)
    assert response.status_code == 201, response.text
    found = response.json()["data"]
    assert isinstance(found, dict)
    return found


def events(api: Api, name: str) -> list[dict[str, Any]]:
    return list(api.data(f"/v1/events?name={name}&limit=100"))


def test_an_event_is_sent_once_at_its_time(app: SdkApp, name: str) -> None:
    ticks: list[inngest.Event] = []

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        ticks.append(ctx.event)

    app.deploy()
    at = in_seconds(1.5)
    schedule = make(app.api, name, event=app.event, at=at)
    assert (schedule["kind"], schedule["name"], schedule["expression"]) == ("event", name, None)
    assert datetime.datetime.fromisoformat(schedule["next_tick"]).timestamp() * 1000 == at
    assert not ticks
    eventually(lambda: ticks, "the event is sent")
    assert ticks[0].data == {"n": 1} and ticks[0].ts == at
    assert ticks[0].id.startswith(f"{name}@2")
    assert app.api.http.get(path_of(name)).status_code == 404, "it is gone"
    make(app.api, name, event=app.event, at="2001-01-01T00:00:00Z")
    eventually(lambda: len(ticks) == 2, "a time that has passed means at once")


def test_a_schedule_is_made_shown_changed_and_deleted(api: Api, name: str) -> None:
    made = make(api, name, cron=f"TZ=Europe/Berlin {YEARLY}", catch_up="skip")
    path = path_of(name)
    assert made["words"].endswith("Europe/Berlin") and made["catch_up"] == "skip"
    assert api.data(path) == made == api.data(f"/v1/schedules/{made['id']}")
    assert made["event"] == {"name": "plan/due", "data": {"n": 1}, "user": {}}
    body = {"name": name, "cron": f"TZ=Europe/Berlin {YEARLY}", "catch_up": "skip", "event": made["event"]}

    again = api.http.post("/v1/schedules", json=body)
    assert (again.status_code, again.json()["data"]) == (200, made)
    other = api.http.post("/v1/schedules", json=body | {"cron": YEARLY})
    assert other.status_code == 409 and "PUT" in other.json()["error"]
    replaced = api.http.put(path, json={"cron": YEARLY, "event": {"name": "plan/other"}})
    assert (replaced.status_code, replaced.json()["data"]["event_name"]) == (200, "plan/other")
    by_id = api.http.put(f"/v1/schedules/{made['id']}", json={"cron": YEARLY, "event": {"name": "plan/third"}})
    assert (by_id.status_code, by_id.json()["data"]["name"]) == (200, name)

    times = api.data(f"{path}/next?count=3")
    assert times["name"] == name and times["times"][0] == api.data(path)["next_tick"] and len(times["times"]) == 3
    paused = api.http.patch(path, json={"paused": True, "catch_up": "all"}, headers={"X-Apus-Actor": "ann"})
    assert paused.status_code == 200
    shown = paused.json()["data"]
    assert (shown["paused"], shown["catch_up"], shown["next_tick"]) == (True, "all", None)
    assert api.http.patch(path, json={"paused": False}).json()["data"]["next_tick"] == times["times"][0]

    assert api.http.delete(path).status_code == 204
    for method, place in [("GET", path), ("DELETE", path), ("PATCH", path), ("POST", f"{path}/run")]:
        answer = api.http.request(method, place, json={})
        assert (answer.status_code, answer.json()["error"]) == (404, f"Schedule not found: {name}")
    audit = [entry for entry in api.data("/v1/audit?limit=1000") if entry["subject"] == name]
    assert [entry["action"] for entry in reversed(audit)] == [
        "schedule.created", "schedule.replaced", "schedule.replaced", "schedule.set", "schedule.paused",
        "schedule.resumed", "schedule.deleted",
    ]  # fmt: skip
    assert audit[2]["actor"] == "ann"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "told"),
    [
        ("POST", "", b"{", 400, "byte 1"),
        ("POST", "", {"cron": "* * *", "event": {"name": "x"}}, 400, "cron: "),
        ("POST", "", {"event": {"name": "x"}}, 400, "cron or at is missing"),
        ("POST", "", {"cron": YEARLY, "event": {"name": "inngest/x"}}, 400, "reserved"),
        ("PUT", "/a", {"name": "b", "cron": YEARLY, "event": {"name": "x"}}, 400, "name is b in the body and a in"),
        ("PUT", f"/{uuid.UUID(int=1)}", {"cron": YEARLY, "event": {"name": "x"}}, 404, "Schedule not found"),
        ("PUT", "/%ff", {"cron": YEARLY, "event": {"name": "x"}}, 400, "percent-encoded"),
        ("PUT", "/" + "a" * 256, {"cron": YEARLY, "event": {"name": "x"}}, 400, "name has 256 bytes"),
        ("PATCH", "/unknown", {"paused": True}, 404, "Schedule not found: unknown"),
        ("GET", "?kind=both", None, 400, "kind must be trigger or event, not both"),
        ("GET", "?cursor=7", None, 400, "7 is no cursor"),
        ("GET", "?limit=1001", None, 400, "limit must be a number from 1 to 1000"),
    ],
)
def test_what_is_wrong_is_told(api: Api, method: str, path: str, body: Any, status: int, told: str) -> None:
    content = {"content": body} if isinstance(body, bytes) else {"json": body}
    response = api.http.request(method, f"/v1/schedules{path}", **content)
    assert (response.status_code, told in response.json()["error"]) == (status, True), response.text


def test_a_change_that_means_nothing_is_told(api: Api, app: SdkApp, name: str) -> None:
    make(api, name, at=in_seconds(3600))
    for change, told in [
        ({"overlap": "skip"}, "overlap is of cron triggers"),
        ({"catch_up": "all"}, "catch_up is of schedules with cron"),
        ({"at": 7}, "at is no field"),
    ]:
        response = api.http.patch(path_of(name), json=change)
        assert response.status_code == 400 and told in response.json()["error"]
    assert "only cron triggers list their ticks" in api.http.get(f"{path_of(name)}/ticks").json()["error"]

    @app.function(trigger=inngest.TriggerCron(cron=YEARLY))
    async def main(ctx: inngest.Context) -> None: ...

    app.deploy()
    trigger = next(found for found in api.data("/v1/schedules?kind=trigger") if found["function"] == f"{app.id}-main")
    assert trigger["kind"] == "trigger"
    body = {"cron": YEARLY, "event": {"name": "x"}}
    for method in ["PUT", "DELETE"]:
        response = api.http.request(method, f"/v1/schedules/{trigger['id']}", json=body)
        assert response.status_code == 409 and "is a cron trigger" in response.json()["error"]


def test_the_list_comes_in_pages(make_app: Callable[..., SdkApp], start_server: Callable[..., Server]) -> None:
    server = start_server("--no-discovery", "--no-poll", "--max-schedules", "7")
    app = make_app(server)

    @app.function(trigger=[inngest.TriggerCron(cron="0 0 1 1 *"), inngest.TriggerCron(cron="0 0 2 1 *")])
    async def main(ctx: inngest.Context) -> None: ...

    app.deploy()
    names = {make(app.api, f"s{number}", cron=YEARLY)["name"] for number in range(7)}
    full = app.api.http.post("/v1/schedules", json={"cron": YEARLY, "event": {"name": "x"}})
    assert (full.status_code, "there are 7 schedules" in full.json()["error"]) == (429, True)
    for limit in [1, 2, 3, 9, 100]:
        for kind in [None, "trigger", "event"]:
            found: list[dict[str, Any]] = []
            query = f"?limit={limit}" + (f"&kind={kind}" if kind else "")
            cursor = ""
            while cursor is not None:
                page = app.api.get(f"/v1/schedules{query}" + (f"&cursor={cursor}" if cursor else ""))
                assert len(page["data"]) <= limit
                found += page["data"]
                cursor = page["metadata"]["cursor"]
            kinds = [schedule["kind"] for schedule in found]
            triggers = 0 if kind == "event" else 2
            assert kinds == ["trigger"] * triggers + ["event"] * (0 if kind == "trigger" else 7)
            assert kind == "trigger" or {schedule["name"] for schedule in found[triggers:]} == names
            assert all("event" not in schedule for schedule in found)


def test_commands(own_server: Server) -> None:
    url = ("--url", own_server.url)
    api = Api(own_server.url)
    made = apus(None, "schedules", "create", "night run", "--cron", YEARLY, "--event", "plan/due", "--data", '{"n":1}', *url)
    assert made.stdout.startswith("night run  0 0 1 1 *  next 2"), made.stderr
    once = apus(None, "schedules", "create", "once", "--at", "2099-01-31T09:00:00Z", "--event", "plan/due", *url)
    assert once.stdout == "once  2099-01-31T09:00:00.000Z  next 2099-01-31T09:00:00.000Z\n", once.stderr
    taken = apus(None, "schedules", "create", "once", "--at", "2098-01-31T09:00:00Z", "--event", "plan/due", *url)
    assert taken.returncode == 1 and "PUT" in taken.stderr
    moved = apus(None, "schedules", "create", "once", "--at", "4000000000000", "--event", "plan/due", "--replace", *url)
    assert "next 2096-" in moved.stdout, moved.stderr
    listed = apus(None, "schedules", "ls", *url).stdout.splitlines()
    assert len(listed) == 2 and any("night run  0 0 1 1 *  (" in line for line in listed)
    assert apus(None, "schedules", "next", "once", *url).stdout.splitlines()[1:] == ["  2096-10-02T07:06:40.000Z"]
    assert apus(None, "schedules", "pause", "night run", *url).stdout == "night run  0 0 1 1 * is paused.\n"
    assert api.data("/v1/schedules/night%20run")["paused"]
    assert apus(None, "schedules", "resume", "night run", *url).returncode == 0
    assert apus(None, "schedules", "set", "night run", "--catch-up", "all", *url).returncode == 0
    assert api.data("/v1/schedules/night%20run")["catch_up"] == "all"
    assert apus(None, "schedules", "run", "night run", *url).returncode == 0
    assert [event["data"] for event in events(api, "plan/due")] == [{"n": 1}]
    assert apus(None, "schedules", "delete", "night run", *url).stdout == "night run is deleted.\n"
    gone = apus(None, "schedules", "delete", "night run", *url)
    assert gone.returncode == 1 and "Schedule not found: night run" in gone.stderr


def test_each_tick_is_sent_once_through_kill_minus_9(own_server: Server) -> None:
    api = Api(own_server.url)
    begin = time.time()
    wanted = {f"s{number}": in_seconds(3 + number * 0.02) for number in range(300)}
    for name, at in wanted.items():
        make(api, name, event=f"plan/{name[-1]}", at=at)
    assert time.time() - begin < 60
    while api.data("/v1/schedules?kind=event&limit=1"):
        own_server.kill9()
        own_server.start()
        time.sleep(0.3)

    def sent() -> list[str]:
        return [event["id"] for digit in range(10) for event in events(api, f"plan/{digit}")]

    assert sorted(event.split("@")[0] for event in sent()) == sorted(wanted)
    stays_true(lambda: len(sent()) == 300, "nothing is sent again", during=1)


@pytest.mark.timeout(200)
def test_a_tick_that_was_missed_is_made_up_for(own_server: Server) -> None:
    api = Api(own_server.url)
    make(api, "latest", cron="* * * * *")
    make(api, "once", at=in_seconds(2), event="plan/once")
    own_server.kill9()
    time.sleep(61 - time.time() % 60)
    own_server.start()
    eventually(lambda: [event["id"][:7] for event in events(api, "plan/due")] == ["latest@"], "the minute is made up for")
    eventually(lambda: len(events(api, "plan/once")) == 1, "and the one time")
