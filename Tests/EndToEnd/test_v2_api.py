"""The v2 API: camel case, zero values left out, errors with codes."""

import datetime
from typing import Any

import httpx
import inngest
import pytest

from harness.sdk_app import SdkApp
from harness.server import Server
from harness.waiting import eventually

UNKNOWN = "01HF7YAT00000G40R40M30E209"


class V2:
    def __init__(self, server: Server) -> None:
        self.http = httpx.Client(base_url=server.url + "/v2", timeout=30, trust_env=False)

    def get(self, path: str) -> Any:
        response = self.http.get(path)
        assert response.status_code == 200, f"GET {path}: {response.status_code} {response.text}"
        return response.json()

    def data(self, path: str) -> Any:
        return self.get(path)["data"]

    def post(self, path: str, body: Any = None) -> httpx.Response:
        return self.http.post(path, json=body)


@pytest.fixture
def v2(server: Server) -> V2:
    return V2(server)


def problem(response: httpx.Response) -> tuple[int, str, str]:
    [error] = response.json()["errors"]
    return response.status_code, error["code"], error["message"]


def test_the_account_and_environment_are_the_only_ones(v2: V2, server: Server) -> None:
    assert v2.data("/health") == {"status": "ok"}
    assert v2.data("/account")["id"] == "00000000-0000-4000-a000-000000000000"
    envs = v2.get("/envs")
    assert [env["name"] for env in envs["data"]] == ["dev"] and envs["page"] == {"limit": 20}
    assert v2.data("/keys/events") == [] and v2.data("/keys/signing") == []
    again = httpx.get(server.url + "/api/v2/envs")
    assert again.json()["data"] == envs["data"]


@pytest.mark.parametrize(
    ("method", "path", "feature"),
    [("POST", "/envs", "Environments"), ("GET", "/env/webhooks", "Webhooks"), ("GET", "/sessions", "Sessions")],
)
def test_what_only_the_hosted_service_has_is_said(v2: V2, method: str, path: str, feature: str) -> None:
    response = v2.http.request(method, path)
    assert problem(response) == (501, "not_implemented", f"{feature} not implemented in OSS")


def test_an_unknown_path_answers_in_the_dialect(v2: V2, server: Server) -> None:
    assert problem(v2.http.get("/nothing")) == (404, "api_error", "Not Found")
    assert problem(httpx.get(server.url + "/api/v2/nothing/here")) == (404, "api_error", "Not Found")
    assert v2.http.delete("/health").status_code == 405


def test_an_event_is_sent_and_its_runs_are_found(app: SdkApp, v2: V2) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        return ctx.event.data["n"]

    @app.function("other")
    async def other(ctx: inngest.Context) -> Any:
        return {"n": ctx.event.data["n"]}

    app.deploy()
    event = v2.post("/events", {"name": app.event, "data": {"n": 7}, "user": {"u": 1}}).json()["data"]["eventId"]
    app.api.wait_for_runs(event, 2)

    runs = v2.data(f"/events/{event}/runs?includeOutput=true")
    assert {run["function"]["id"]: run["output"] for run in runs} == {"main": {"data": 7}, "other": {"n": 7}}
    assert {run["app"]["id"] for run in runs} == {app.id} and {run["status"] for run in runs} == {"COMPLETED"}
    assert all(run["trigger"] == {"eventIds": [event]} and run["endedAt"] for run in runs)
    assert "output" not in v2.data(f"/events/{event}/runs")[0]
    first = v2.get(f"/events/{event}/runs?limit=1")
    assert first["page"]["hasMore"] and len(first["data"]) == 1
    second = v2.get(f"/events/{event}/runs?limit=1&cursor={first['page']['cursor']}")
    assert second["page"] == {"limit": 1} and second["data"] == runs[1:] or second["data"][0]["id"] == runs[1]["id"]
    assert problem(v2.http.get(f"/events/{UNKNOWN}/runs")) == (404, "not_found", "Event not found")


@pytest.mark.parametrize(
    ("body", "status", "code", "message"),
    [
        ({}, 400, "missing_field", "Event name is required"),
        ({"name": "x" * 513}, 400, "invalid_field_format", "Event name cannot exceed 512 bytes"),
        ({"name": "inngest/x"}, 400, "invalid_field_format", "event name is reserved for internal use: inngest/x"),
        ({"name": "x", "extra": 1}, 400, "api_error", "extra is no field"),
        ({"name": 3}, 400, "api_error", "name must be a string"),
        ([], 400, "api_error", "The body must be a JSON object"),
    ],
)
def test_a_wrong_event_is_explained(v2: V2, body: Any, status: int, code: str, message: str) -> None:
    found = problem(v2.post("/events", body))
    assert found[:2] == (status, code)
    assert found[2].startswith(message)


def test_runs_are_listed_and_shown(app: SdkApp, v2: V2) -> None:
    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> Any:
        kind = ctx.event.data["kind"]
        if kind == "fail":
            raise inngest.NonRetriableError("no")
        if kind == "sleep":
            await ctx.step.sleep("nap", datetime.timedelta(hours=1))
        return kind

    app.deploy()
    ids = {}
    for kind in ["ok", "fail", "sleep"]:
        event = app.send({"kind": kind})
        ids[kind] = (app.api.wait_for_start(event) if kind == "sleep" else app.api.wait_for_run(event)).id
    path = f"/apps/{app.id}/functions/main/runs"

    def listed(query: str = "") -> list[str]:
        return [run["id"] for run in v2.data(f"{path}?{query}")]

    assert listed() == [ids["sleep"], ids["fail"], ids["ok"]]
    assert listed("order=asc") == [ids["ok"], ids["fail"], ids["sleep"]]
    assert listed("status=FAILED&status=completed") == [ids["fail"], ids["ok"]]
    assert listed("isDeferred=true") == []
    assert [run["id"] for run in v2.data(f"/runs?appId={app.id}&functionId=main&status=FAILED")] == [ids["fail"]]
    assert v2.data(f"/runs?app_id={app.id}&function_id=nothing") == []
    first = v2.get(f"{path}?limit=2")
    second = v2.get(f"{path}?limit=2&cursor={first['page']['cursor']}")
    assert [run["id"] for run in second["data"]] == [ids["ok"]] and "hasMore" not in second["page"]
    range_ = v2.get(f"{path}?from=2026-01-01T00:00:00Z&until=2100-01-01T00:00:00Z&timeField=endedAt&include_output=true")
    assert range_["metadata"]["timeRange"]["from"].startswith("2026-01-01T00:00:00")
    assert {run["id"]: run.get("output") for run in range_["data"]}[ids["ok"]] == {"data": "ok"}

    failed = v2.data(f"/runs/{ids['fail']}?includeOutput=true")
    assert failed["status"] == "FAILED" and failed["output"]["message"] == "no" and "error" not in failed["output"]
    assert failed["function"] == {"id": "main", "name": "main"} and int(failed.get("durationMs", "0")) >= 0

    assert v2.post(f"/runs/{ids['sleep']}/cancel").json()["data"] == {"runId": ids["sleep"]}
    eventually(lambda: v2.data(f"/runs/{ids['sleep']}")["status"] == "CANCELLED", "the run is cancelled")
    assert problem(v2.post(f"/runs/{ids['sleep']}/cancel"))[:2] == (409, "run_already_cancelled")
    assert problem(v2.post(f"/runs/{ids['ok']}/cancel"))[:2] == (409, "run_already_ended")
    assert problem(v2.post(f"/runs/{UNKNOWN}/cancel")) == (404, "not_found", "Run not found")


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("status=done", "invalid_field_format", "Status is invalid"),
        ("timeField=never", "invalid_field_format", "timeField is invalid"),
        ("order=up", "invalid_field_format", "order is invalid"),
        ("cursor=x", "invalid_field_format", "Cursor is invalid"),
        ("from=2026-01-02&until=2026-01-01", "invalid_field_format", "from must be before until"),
        ("functionId=x", "invalid_field_format", "appId is required when filtering by functionId"),
        ("limit=101", "invalid_field_format", "Limit cannot exceed 100"),
        ("limit=-1", "invalid_field_format", "Limit must be at least 1"),
        ("limit=x", "api_error", 'parsing field "limit"'),
        ("from=x", "api_error", 'parsing field "from"'),
        ("includeOutput=x", "api_error", 'parsing field "includeOutput"'),
    ],
)
def test_a_wrong_query_is_explained(v2: V2, query: str, code: str, message: str) -> None:
    found = problem(v2.http.get(f"/runs?{query}"))
    assert found[:2] == (400, code) and found[2].startswith(message)


def test_a_trace_is_a_tree_of_spans(app: SdkApp, v2: V2) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> str:
        def flaky() -> dict[str, int]:
            if ctx.attempt == 0:
                raise ValueError("not yet")
            return {"n": 1}

        await ctx.step.run("flaky", flaky)
        return "done"

    run = app.run({"x": 1})
    trace = v2.data(f"/runs/{run.id}/trace?includeOutput=true")
    root = trace["rootSpan"]
    assert trace["runId"] == run.id and root["name"] == "Run" and root["status"] == "COMPLETED"
    assert root["output"] == {"data": "done"} and root["input"]["data"][0]["data"] == {"x": 1}
    step, end = root["children"]
    assert step["name"] == "flaky" and step["stepOp"] == "RUN" and len(step["stepId"]) == 40
    assert step["output"] == {"n": 1} and end["name"] == "Finalization" and "stepOp" not in end
    assert [(child["name"], child["status"]) for child in step["children"]] == [
        ("Attempt 0", "FAILED"), ("Attempt 1", "COMPLETED"),
    ]  # fmt: skip
    assert step["children"][0]["output"]["message"] == "not yet"
    assert "output" not in v2.data(f"/runs/{run.id}/trace")["rootSpan"]


def test_a_run_is_repeated_from_its_beginning_or_a_step(app: SdkApp, v2: V2) -> None:
    done: list[str] = []

    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> int:
        for name in ["a", "b", "b"]:
            await ctx.step.run(name, lambda: done.append(name))
        return len(done)

    run = app.run()
    whole = v2.post(f"/runs/{run.id}/rerun").json()["data"]["runId"]
    assert app.api.wait_for_end(whole).output == 6 and whole != run.id
    hashed = v2.data(f"/runs/{run.id}/trace")["rootSpan"]["children"][1]["stepId"]
    part = v2.post(f"/runs/{run.id}/rerun", {"fromStep": {"stepId": hashed}}).json()["data"]["runId"]
    assert app.api.wait_for_end(part).output == 8 and done == ["a", "b", "b", "a", "b", "b", "b", "b"]
    assert app.api.run(part).raw["original_run_id"] == run.id

    def refused(body: Any) -> tuple[int, str, str]:
        return problem(v2.post(f"/runs/{run.id}/rerun", body))

    assert refused({"fromStep": {"stepId": "c"}}) == (400, "invalid_request", "Step not found in original run")
    assert refused({"fromStep": {"stepId": "b"}})[2] == "Step name matches multiple steps in original run"
    assert refused({"fromStep": {}}) == (400, "missing_field", "stepId is required")
    assert problem(v2.post(f"/runs/{UNKNOWN}/rerun")) == (404, "not_found", "Run not found")

    query = "mutation ($r: ULID!, $s: RerunFromStepInput) { rerun(runID: $r, fromStep: $s) { id status } }"

    def mutate(**variables: Any) -> Any:
        return app.api.http.post("/v0/gql", json={"query": query, "variables": variables}).json()

    third = mutate(r=run.id, s={"stepID": hashed})["data"]["rerun"]
    assert app.api.wait_for_end(third["id"]).output == 10 and third["status"] in ("QUEUED", "RUNNING", "COMPLETED")
    assert app.api.wait_for_end(mutate(r=run.id)["data"]["rerun"]["id"]).output == 13
    assert mutate(r=run.id, s={"stepID": "c"})["errors"][0]["message"] == "the run has no step of this id or name"


def test_apps_and_functions_are_shown_with_their_configuration(app: SdkApp, v2: V2) -> None:
    @app.function(
        retries=2, priority=inngest.Priority(run="event.data.n"),
        concurrency=[inngest.Concurrency(limit=5, key="event.data.k")],
        rate_limit=inngest.RateLimit(limit=1000, period=datetime.timedelta(minutes=1)),
        cancel=[inngest.Cancel(event="never/comes", if_exp="event.data.id == async.data.id")],
    )  # fmt: skip
    async def main(ctx: inngest.Context) -> None:
        pass

    @app.function("clock", trigger=inngest.TriggerCron(cron="0 0 1 1 *"))
    async def clock(ctx: inngest.Context) -> None:
        pass

    app.deploy()
    shown = v2.data(f"/apps/{app.id}")
    assert shown["id"] == app.id and shown["functionCount"] == 2 and "isArchived" not in shown
    assert shown["latestSync"]["sdkLanguage"] == "py" and "error" not in shown["latestSync"]
    found, cursor = [], ""
    while True:
        page = v2.get(f"/apps?limit=1{cursor}")
        found += [one["id"] for one in page["data"]]
        if not page["page"].get("hasMore"):
            break
        cursor = f"&cursor={page['page']['cursor']}"
    assert app.id in found and len(found) == len(set(found))

    assert {one["id"] for one in v2.data(f"/apps/{app.id}/functions")} == {"main", "clock"}
    for name in ["main", f"{app.id}-main", app.api.functions()[f"{app.id}-main"]["id"]]:
        assert v2.data(f"/apps/{app.id}/functions/{name}")["slug"] == "main"
    function = v2.data(f"/apps/{app.id}/functions/main")
    assert function["triggers"] == [{"type": "EVENT", "value": app.event}]
    configuration = function["configuration"]
    assert configuration["retries"] == {"value": 2} and configuration["priority"] == "event.data.n"
    assert configuration["concurrency"] == [{"scope": "FUNCTION", "limit": {"value": 5}, "key": "event.data.k"}]
    assert configuration["rateLimit"] == {"limit": 1000, "period": "1m0s"}
    assert configuration["cancellations"][0]["event"] == "never/comes"
    clock_ = v2.data(f"/apps/{app.id}/functions/clock")
    assert clock_["triggers"] == [{"type": "CRON", "value": "0 0 1 1 *"}]
    assert clock_["configuration"]["retries"] == {"value": 4, "isDefault": True}
    assert problem(v2.http.get("/apps/nobody"))[:2] == (404, "not_found")
    assert problem(v2.http.get(f"/apps/{app.id}/functions/nothing"))[:2] == (404, "not_found")


def test_an_invocation_starts_exactly_one_run(app: SdkApp, v2: V2) -> None:
    calls: list[Any] = []

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        calls.append(ctx.event.data)
        return ctx.event.data["n"]

    app.deploy()
    path = f"/apps/{app.id}/functions/main/invoke"
    first = v2.post(path, {"data": {"n": 1}})
    assert first.status_code == 200
    assert app.api.wait_for_end(first.json()["data"]["runId"]).output == 1

    keyed = v2.post(path, {"data": {"n": 2}, "idempotencyKey": "k"})
    run = keyed.json()["data"]["runId"]
    again = v2.post(path, {"data": {"n": 3}, "idempotencyKey": "k"})
    assert keyed.status_code == 200 and again.status_code == 409 and again.json()["data"] == {"runId": run}
    assert app.api.wait_for_end(run).output == 2
    other = v2.post(path, {"data": {"n": 4}, "idempotencyKey": "l"}).json()["data"]["runId"]
    assert app.api.wait_for_end(other).output == 4
    assert len(v2.data(f"/apps/{app.id}/functions/main/runs")) == 3
    assert [call["n"] for call in calls] == [1, 2, 4]

    assert problem(v2.post(path, {})) == (400, "missing_field", "Input data is required")
    assert problem(v2.post(path, {"data": 1}))[:2] == (400, "api_error")
    assert problem(v2.post(f"/apps/{app.id}/functions/nothing/invoke", {"data": {}}))[:2] == (404, "not_found")


def test_an_invocation_that_a_rule_drops_is_told(app: SdkApp, v2: V2) -> None:
    @app.function(rate_limit=inngest.RateLimit(limit=1, period=datetime.timedelta(hours=1)))
    async def rare(ctx: inngest.Context) -> None:
        pass

    @app.function("late", debounce=inngest.Debounce(period=datetime.timedelta(hours=1)))
    async def late(ctx: inngest.Context) -> None:
        pass

    @app.function("plain")
    async def plain(ctx: inngest.Context) -> None:
        pass

    app.deploy()
    path = f"/apps/{app.id}/functions/main/invoke"
    assert v2.post(path, {"data": {}}).status_code == 200
    assert problem(v2.post(path, {"data": {}}))[:2] == (422, "rate_limited")
    assert problem(v2.post(f"/apps/{app.id}/functions/late/invoke", {"data": {}}))[:2] == (422, "function_debounced")
    app.api.http.post(f"/v1/functions/{app.id}-plain/pause")
    assert problem(v2.post(f"/apps/{app.id}/functions/plain/invoke", {"data": {}}))[:2] == (422, "function_skipped")
