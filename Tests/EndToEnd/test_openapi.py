"""The OpenAPI document against the server: what it answers is what the document says."""

import datetime
from typing import Any

import httpx
import hypothesis
import inngest
import pytest
import schemathesis
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from harness.api import Api
from harness.sdk_app import SdkApp
from harness.server import Server



def no_failure(ctx: Any, response: Any, case: Any) -> None:
    """Nothing that is sent may break the server; what it does not have is 501."""
    is_busy = response.status_code == 503 and "retry-after" in response.headers
    assert response.status_code < 500 or response.status_code == 501 or is_busy, response.text


CHECKS = [no_failure, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server of its own with something of everything, because what is sent here changes anything."""
    from conftest import SHARED_FLAGS

    server = Server(tmp_path_factory.mktemp("apus"), *SHARED_FLAGS)
    server.start()
    app = SdkApp(server, "filled")

    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> Any:
        kind = ctx.event.data.get("kind")
        await ctx.step.run("a", lambda: {"n": 1})
        if kind == "fail":
            raise ValueError("no")
        if kind == "sleep":
            await ctx.step.sleep("nap", datetime.timedelta(hours=1))
        return kind

    @app.function("batched", batch_events=inngest.Batch(max_size=2, timeout=datetime.timedelta(seconds=30)))
    async def batched(ctx: inngest.Context) -> int:
        return len(ctx.events)

    @app.function("clock", trigger=inngest.TriggerCron(cron="0 0 1 1 *"))
    async def clock(ctx: inngest.Context) -> None:
        pass

    app.deploy()
    events = [app.send({"kind": kind}) for kind in ["ok", "fail", "sleep", "ok"]]
    runs = {}
    for kind, event in zip(["ok", "fail", "sleep"], events):
        [runs[kind], *_] = [run.id for run in app.api.runs_of(event) if run.raw["function_id"] == main_id(app.api, app)]
    for kind in ["ok", "fail"]:
        app.api.wait_for_end(runs[kind])
    schedules = app.api.data("/v1/schedules")
    schedule = schedules[0]["id"]
    made = app.api.http.post(
        "/v1/schedules", json={"name": "nightly", "cron": "0 3 * * *", "event": {"name": "night/fell", "data": {"n": 1}}}
    )
    assert made.status_code == 201, made.text
    app.api.http.post(f"/v1/schedules/{schedule}/run")
    body = {"from": "2025-01-01T00:00:00Z", "to": "2025-12-31T00:00:00Z"}
    backfill = app.api.http.post(f"/v1/schedules/{schedule}/backfill", json=body)
    assert backfill.status_code == 200, backfill.text
    order = {"app_id": app.id, "function_id": f"{app.id}-main", "started_before": "2020-01-01T00:00:00Z"}
    cancellation = app.api.http.post("/v1/cancellations", json=order).json()["data"]["id"]
    order = {"function_id": f"{app.id}-main", "per_minute": 1}
    replay = app.api.http.post("/v1/replays", json=order).json()["data"]["replay"]["id"]
    yield {
        "server": server, "event": events[0], "runs": runs, "app": app.id, "schedule": schedule,
        "function": f"{app.id}-main", "backfill": backfill.json()["data"]["id"], "cancellation": cancellation,
        "replay": replay,
    }  # fmt: skip
    app.close()
    server.stop()


def main_id(api: Api, app: SdkApp) -> str:
    return api.functions()[f"{app.id}-main"]["id"]


def known(operation: Any, filled: dict[str, Any]) -> dict[str, list[str]]:
    """Names of what is there, for the parameters of a path."""
    path, runs = operation.path, list(filled["runs"].values())
    # The run that sleeps is not to be cancelled before its routes have been asked.
    if operation.method == "delete" or path.endswith("/cancel"):
        runs = [filled["runs"]["ok"], filled["runs"]["fail"]]
    ids = {
        "/v1/events/": [filled["event"]], "/v2/events/": [filled["event"]], "/v1/scheduled-events/": [filled["event"]],
        "/v1/runs/": runs, "/v0/runs/": runs, "/v2/runs/": runs, "/v1/apps/": [filled["app"]],
        "/v1/functions/": [filled["function"]], "/v1/schedules/": [filled["schedule"], "nightly"],
        "/v1/cancellations/": [filled["cancellation"]], "/v1/replays/": [filled["replay"]],
    }  # fmt: skip
    found = next((values for start, values in ids.items() if path.startswith(start)), ["x"])
    return {
        "id": found, "app": [filled["app"]], "function": ["main"], "backfill": [filled["backfill"]],
        "slug": [filled["function"]],
    }  # fmt: skip


def bodies(operation: Any, filled: dict[str, Any]) -> list[Any]:
    """Bodies that say something, where chance does not find them."""
    event = {"name": "night/fell"}
    run = filled["runs"]["ok"]
    return {
        "/v0/gql": [
            {"query": "{ functions { id slug app { name } } nothing: run(runID: \"x\") { id } }"},
            {"query": "query ($r: String!) { run(runID: $r) { status trace { name } } }", "variables": {"r": run}},
        ],
        "/v1/cancellations": [
            {"app_id": filled["app"], "function_id": filled["function"], "started_before": "2020-01-01T00:00:00Z"}
        ],
        "/v1/schedules": [
            {"name": "weekly", "cron": "0 3 * * 1", "event": event},
            {"name": "nightly", "at": "2099-01-01T00:00:00Z", "event": event},
        ],
        "/v1/schedules/{id}": [{"cron": "0 4 * * *", "event": event}, {"paused": True}, {"catch_up": "all"}],
        "/v1/schedules/{id}/backfill": [
            {"from": "2024-01-01T00:00:00Z", "to": "2024-12-31T00:00:00Z", "preview": True}
        ],
        "/v1/replays": [
            {"function_id": filled["function"], "status": ["failed", "completed"], "preview": True},
            {"function_id": filled["function"], "from": "2020-01-01T00:00:00Z", "start": "beginning", "per_minute": 1},
        ],
        "/v1/replays/{id}": [{"paused": True}, {"per_minute": 2}],
        "/v1/runs/{id}/rerun": [{"from": "beginning"}, {"from_step": {"id": "a"}}],
        "/v2/runs/{id}/rerun": [{}, {"fromStep": {"stepId": "a"}}],
        "/v1/functions/{id}/queue/move": [{"to": f"{filled['app']}-batched"}],
        "/v2/apps/{app}/functions/{function}/invoke": [{"data": {}, "idempotencyKey": "k"}],
    }.get(operation.path, [])


@pytest.mark.timeout(240)
def test_every_route_answers_as_the_document_says(filled: dict[str, Any]) -> None:
    schema = schemathesis.openapi.from_url(f"{filled['server'].url}/openapi.json")
    asked, problems = 0, []
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path.endswith("/stream"):
            # Never ends; test_streams.py reads it.
            continue
        names, examples = known(operation, filled), bodies(operation, filled)

        @hypothesis.settings(
            max_examples=12, deadline=None, derandomize=True, database=None, phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )  # fmt: skip
        @hypothesis.given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            nonlocal asked
            asked += 1
            # Every second time about something that is there.
            turn = asked // 2 if asked % 2 == 0 else None
            for name in case.path_parameters or {}:
                if name in names and turn is not None:
                    case.path_parameters[name] = names[name][turn % len(names[name])]
            if operation.method in ("post", "put", "patch") and examples and asked % 3 > 0:
                case.body = examples[asked % len(examples)]
            case.call_and_validate(checks=CHECKS, timeout=20)

        try:
            ask()
        except (Exception, BaseExceptionGroup) as problem:  # All routes are asked before the test says what is wrong.
            problems.append(f"{operation.method.upper()} {operation.path}: {problem}")
    assert not problems, "\n\n".join(problems)
    assert asked > 500


def test_the_document_is_small_enough_to_be_read(server: Server) -> None:
    document = httpx.get(f"{server.url}/openapi.json").json()
    assert document["openapi"] == "3.1.0" and document["info"]["title"] == "Apus"
    assert document["paths"]["/v1/runs/{id}"]["get"]["responses"]["404"]
