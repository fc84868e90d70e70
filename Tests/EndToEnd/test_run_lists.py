"""Finding runs by what they are, and the commands that do it."""

import datetime
import json
import time
from typing import Any
from urllib.parse import quote

import httpx
import inngest
import pytest

from harness.commands import apus, said
from harness.sdk_app import SdkApp
from harness.server import Server
from harness.waiting import eventually

UNKNOWN = "01HF7YAT00000G40R40M30E209"


def runs(server: Server, query: str = "") -> list[dict[str, Any]]:
    return page(server, query)["runs"]


def page(server: Server, query: str = "") -> dict[str, Any]:
    answer = httpx.get(f"{server.url}/v1/runs?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


@pytest.fixture
def sample(app: SdkApp) -> list[str]:
    """Runs that completed, failed and sleep, oldest first."""

    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> Any:
        kind = ctx.event.data["kind"]
        if kind == "fail":
            raise inngest.NonRetriableError("no")
        if kind == "sleep":
            await ctx.step.sleep("nap", datetime.timedelta(hours=1))
        return {"kind": kind}

    app.deploy()
    found = []
    for number, kind in enumerate(["ok", "fail", "ok", "sleep"]):
        event = app.send({"kind": kind, "n": number})
        found.append(app.api.wait_for_start(event).id)
        if kind != "sleep":
            app.api.wait_for_run(event)
    return found


def test_runs_are_found_by_state_function_and_event(app: SdkApp, server: Server, sample: list[str]) -> None:
    mine = f"function={app.id}-main"
    assert [run["run_id"] for run in runs(server, mine)] == sample[::-1]
    assert [run["run_id"] for run in runs(server, f"{mine}&order=asc")] == sample
    assert [run["run_id"] for run in runs(server, f"{mine}&status=failed")] == [sample[1]]
    assert [run["run_id"] for run in runs(server, f"{mine}&status=failed,running")] == [sample[3], sample[1]]
    assert [run["run_id"] for run in runs(server, f"app={app.id}&status=completed")] == [sample[2], sample[0]]
    condition = quote("event.data.n >= 2 && event.data.kind == 'ok'")
    assert [run["run_id"] for run in runs(server, f"{mine}&if={condition}")] == [sample[2]]

    shown = runs(server, f"{mine}&status=failed&output=true")[0]
    assert shown["state"] == "failed" and shown["function"] == f"{app.id}-main"
    assert shown["event_name"] == app.event and shown["output"]["message"] == "no"


def test_pages_follow_each_other_without_gap_or_repeat(app: SdkApp, server: Server, sample: list[str]) -> None:
    for order in ["desc", "asc"]:
        found, cursor = [], ""
        while True:
            part = page(server, f"function={app.id}-main&limit=1&order={order}{cursor}")
            found += [run["run_id"] for run in part["runs"]]
            if part["cursor"] is None:
                break
            cursor = f"&cursor={part['cursor']}"
        assert found == (sample if order == "asc" else sample[::-1])


def test_runs_are_counted_by_the_minute(app: SdkApp, server: Server, sample: list[str]) -> None:
    answer = httpx.get(f"{server.url}/v1/runs/counts?function={app.id}-main&buckets=30").json()["data"]
    sums = {state: sum(bucket[state] for bucket in answer["buckets"]) for state in ["queued", "completed", "failed"]}
    assert sums == {"queued": 4, "completed": 2, "failed": 1}
    assert answer["bucket_minutes"] >= 2 and len(answer["buckets"]) <= 31


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("status=done", "status must be queued, running, completed, failed, cancelled, not done"),
        ("function=nobody", "there is no function nobody"),
        ("app=nobody", "there is no app nobody"),
        ("from=yesterday", "from must be a date such as"),
        ("from=2026-01-02&until=2026-01-01", "from must be before until"),
        ("time=never", "time must be created, started or ended"),
        ("order=up", "order must be asc or desc"),
        ("cursor=x", "cursor x is none that a list has given"),
        ("limit=0", "limit must be a number from 1 to 200"),
        ("if=event.data.n%20%3E", "if: "),
    ],
)
def test_a_wrong_query_is_explained(server: Server, query: str, complaint: str) -> None:
    answer = httpx.get(f"{server.url}/v1/runs?{query}")
    assert answer.status_code == 400
    assert complaint in answer.json()["error"]


def test_runs_are_listed_shown_and_cancelled_by_command(app: SdkApp, server: Server, sample: list[str]) -> None:
    lines = said(server, "runs", "ls", "--function", f"{app.id}-main", "--status", "failed,running").splitlines()
    assert lines[0].split() == ["RUN", "STATE", "FUNCTION", "EVENT", "CREATED", "ENDED"]
    assert [line.split()[:3] for line in lines[1:]] == [
        [sample[3], "running", f"{app.id}-main"], [sample[1], "failed", f"{app.id}-main"],
    ]  # fmt: skip
    part = said(server, "runs", "ls", "--function", f"{app.id}-main", "--limit", "1")
    assert sample[3] in part and "go on with --cursor" in part
    assert said(server, "runs", "ls", "--app", app.id, "--if", "event.data.n > 100").startswith("There are no such runs.")
    listed = json.loads(said(server, "runs", "ls", "--function", f"{app.id}-main", "--json"))
    assert [run["run_id"] for run in listed["runs"]] == sample[::-1]

    assert "it waits" not in said(server, "runs", "show", sample[0])
    shown = said(server, "runs", "show", sample[0])
    assert "Completed" in shown and '{"kind":"ok"}' in shown
    assert "waiting" in said(server, "runs", "show", sample[3])

    assert said(server, "runs", "cancel", sample[3]) == f"{sample[3]} is cancelled, if it had not ended.\n"
    eventually(lambda: app.api.run(sample[3]).status == "Cancelled", "the run is cancelled")
    wrong = apus(server, "runs", "show", UNKNOWN)
    assert (wrong.returncode, wrong.stderr) == (1, f"apus: There is no run {UNKNOWN}.\n")


def test_an_event_is_sent_by_command(app: SdkApp, server: Server) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        return ctx.event.data

    app.deploy()
    id = said(server, "send", app.event, "--data", '{"n": 1}').strip()
    assert app.api.wait_for_run(id).output == {"n": 1}
    later = datetime.datetime.fromtimestamp(time.time() + 3_600, datetime.timezone.utc).isoformat()
    id = said(server, "send", app.event, "--at", later).strip()
    assert [run.status for run in app.api.runs_of(id)] == ["Running"]
    wrong = apus(server, "send", app.event, "--data", "[1]")
    assert wrong.returncode == 1 and "--data must be a JSON object" in wrong.stderr
    wrong = apus(server, "send", app.event, "--at", "soon")
    assert wrong.returncode == 1 and "--at must be a date" in wrong.stderr
