"""The GraphQL operations of SDKs' test suites, as those suites write them."""

import datetime
import json
from collections.abc import Callable
from typing import Any

import inngest
import pytest

from harness.sdk_app import SdkApp
from harness.server import Server
from harness.waiting import eventually

Ask = Callable[..., Any]


@pytest.fixture
def ask(app: SdkApp) -> Ask:
    """Sends an operation and returns its data; there must be no errors."""

    def ask(query: str, /, *, operation: str | None = None, **variables: Any) -> Any:
        body = {"query": query, "variables": variables}
        if operation is not None:
            body["operationName"] = operation
        response = app.api.http.post("/v0/gql", json=body)
        assert response.status_code == 200, response.text
        answer = response.json()
        assert "errors" not in answer, answer
        return answer["data"]

    return ask


SPAN = "name stepType attempts outputID status spanID parentSpanID isRoot stepOp duration startedAt endedAt"
TIMELINE = f"""
query GetRunTimeline($runID: String!) {{
  run(runID: $runID) {{
    status
    trace(preview: true) {{ {SPAN} childrenSpans {{ {SPAN} childrenSpans {{ {SPAN} }} }} }}
  }}
}}
"""
OUTPUT = """
query GetRunTraceSpanOutput($outputId: String!) {
  runTraceSpanOutputByID(outputID: $outputId) { data error { message name stack cause } input }
}
"""


def test_a_run_of_steps_has_a_timeline_with_outputs(app: SdkApp, ask: Ask) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        await ctx.step.run("twice", lambda: {"n": 1})
        await ctx.step.run("twice", lambda: "two")
        await ctx.step.sleep("nap", datetime.timedelta(seconds=1))

        def flaky() -> None:
            if ctx.attempt == 0:
                raise ValueError("not yet")

        await ctx.step.run("flaky", flaky)
        return {"ok": True}

    run = app.run()
    answer = ask(TIMELINE, operation="GetRunTimeline", runID=run.id)["run"]
    root = answer["trace"]

    assert answer["status"] == root["status"] == "COMPLETED"
    assert root["stepType"] == "" and root["isRoot"] and root["parentSpanID"] is None
    steps = root["childrenSpans"]
    assert [(step["name"], step["stepType"], step["attempts"]) for step in steps] == [
        ("twice", "RUN", 0), ("twice", "RUN", 0), ("nap", "SLEEP", 0), ("flaky", "RUN", 1),
        ("Finalization", "FINALIZATION", 0),
    ]  # fmt: skip
    assert {step["status"] for step in steps} == {"COMPLETED"}
    assert {step["parentSpanID"] for step in steps} == {root["spanID"]}
    assert len({step["spanID"] for step in steps}) == 5
    assert steps[2]["outputID"] is None and steps[2]["duration"] >= 900
    attempts = steps[3]["childrenSpans"]
    assert [(attempt["name"], attempt["status"]) for attempt in attempts] == [
        ("Attempt 0", "FAILED"), ("Attempt 1", "COMPLETED"),
    ]  # fmt: skip

    def output(span: Any) -> Any:
        return ask(OUTPUT, outputId=span["outputID"])["runTraceSpanOutputByID"]

    assert json.loads(output(root)["data"]) == {"ok": True}
    assert json.loads(output(steps[0])["data"]) == {"n": 1}
    assert output(steps[1]) == {"data": '"two"', "error": None, "input": None}
    assert output(attempts[0])["data"] is None
    assert output(attempts[0])["error"]["message"] == "not yet"
    assert output(attempts[0])["error"]["name"] == "ValueError"
    assert json.loads(output(steps[4])["data"]) == {"ok": True}


def test_a_failed_run_shows_the_error_of_the_app(app: SdkApp, ask: Ask) -> None:
    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> None:
        raise ValueError("broken")

    run = app.run()
    found = ask(
        """
        query GetRun($run_id: String!) {
            run(runID: $run_id) { output status trace { outputID } }
            runTrigger(runID: $run_id) { payloads }
        }
        """,
        run_id=run.id,
    )
    assert found["run"]["status"] == "FAILED"
    assert json.loads(found["run"]["output"]) == run.output
    [payload] = [json.loads(payload) for payload in found["runTrigger"]["payloads"]]
    assert payload["name"] == app.event and payload["id"] and payload["ts"] and "user" not in payload
    error = ask(OUTPUT, outputId=found["run"]["trace"]["outputID"])["runTraceSpanOutputByID"]["error"]
    assert error["message"] == "broken"


def test_steps_are_found_by_name_and_tell_what_they_wait_for(app: SdkApp, ask: Ask) -> None:
    child = None

    @app.function("child", event=f"{app.event}-child")
    async def child_function(ctx: inngest.Context) -> str:
        return "from child"

    child = child_function

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        await ctx.step.invoke("call", function=child)
        await ctx.step.wait_for_event("gone", event="never/comes", timeout=datetime.timedelta(seconds=1))
        await ctx.step.wait_for_event(
            "wait", event=f"{app.event}-go", if_exp="async.data.n == 7", timeout=datetime.timedelta(hours=1)
        )
        await ctx.step.sleep("nap", datetime.timedelta(hours=1))

    app.deploy()
    event = app.send()
    run = app.api.wait_for_start(event)
    info = """
        stepInfo {
          __typename
          ... on InvokeStepInfo { triggeringEventID functionID timeout returnEventID runID timedOut }
          ... on SleepStepInfo { sleepUntil }
          ... on WaitForEventStepInfo { eventName expression timeout foundEventID timedOut }
          ... on RunStepInfo { type }
        }
    """

    def steps(count: int) -> Any:
        query = f"query ($r: String!) {{ run(runID: $r) {{ status trace {{ childrenSpans {{ name status outputID {info} }} }} }} }}"
        found = ask(query, r=run.id)["run"]["trace"]["childrenSpans"]
        return found if len(found) >= count else None

    waiting = eventually(lambda: steps(3), "the run waits")
    assert [step["status"] for step in waiting] == ["COMPLETED", "COMPLETED", "WAITING"]
    app.send({"n": 7}, name=f"{app.event}-go", id="the-one")
    call, gone, wait, nap = eventually(lambda: steps(4), "the run sleeps")

    assert call["stepInfo"]["__typename"] == "InvokeStepInfo"
    assert call["stepInfo"]["functionID"] == f"{app.id}-child" and call["stepInfo"]["timedOut"] is False
    invoked = ask("query ($r: String!) { run(runID: $r) { id output function { name slug } } }", r=call["stepInfo"]["runID"])
    assert json.loads(invoked["run"]["output"]) == "from child"
    assert invoked["run"]["function"]["slug"] == f"{app.id}-child"
    returned = ask(OUTPUT, outputId=call["outputID"])["runTraceSpanOutputByID"]
    assert json.loads(returned["data"]) == "from child"

    assert gone["stepInfo"]["timedOut"] is True and gone["outputID"] is None
    assert wait["stepInfo"]["eventName"] == f"{app.event}-go"
    assert wait["stepInfo"]["foundEventID"] == "the-one" and wait["stepInfo"]["timedOut"] is False
    matched = json.loads(ask(OUTPUT, outputId=wait["outputID"])["runTraceSpanOutputByID"]["data"])
    assert matched["data"] == {"n": 7} and matched["name"] == f"{app.event}-go"
    assert nap["status"] == "WAITING" and nap["stepInfo"]["sleepUntil"] > "2026"

    cancelled = ask("mutation ($r: ULID!) { cancelRun(runID: $r) { id status } }", r=run.id)["cancelRun"]
    assert cancelled == {"id": run.id, "status": "CANCELLED"}
    ended = ask("query ($r: String!) { run(runID: $r) { status output trace { status outputID } } }", r=run.id)["run"]
    assert ended == {"status": "CANCELLED", "output": None, "trace": {"status": "CANCELLED", "outputID": None}}


def test_metadata_may_be_asked_for_with_a_fragment(app: SdkApp, ask: Ask) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> None:
        await ctx.step.run("a", lambda: None)

    run = app.run()
    found = ask(
        """
        query GetRun($runID: String!) {
          run(runID: $runID) { trace(preview: true) { ...Parts childrenSpans { ...Parts childrenSpans { ...Parts } } } }
        }
        fragment Parts on RunTraceSpan { name stepID spanID metadata { scope kind values updatedAt } }
        """,
        runID=run.id,
    )
    [step, end] = found["run"]["trace"]["childrenSpans"]
    assert step["metadata"] == [] and len(step["stepID"]) == 40 and end["stepID"] is None
    again = ask(
        "query Query($runID: String!, $preview: Boolean) "
        "{ run(runID: $runID) { trace(preview: $preview) { childrenSpans { metadata { scope kind values } name } } } }",
        operation="Query", runID=run.id, preview=True,
    )  # fmt: skip
    assert [span["name"] for span in again["run"]["trace"]["childrenSpans"]] == ["a", "Finalization"]


def test_events_and_their_runs_are_found(app: SdkApp, ask: Ask) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        return ctx.event.data

    app.deploy()
    event = app.send({"n": 1}, id=f"{app.id}-key")
    run = app.api.wait_for_run(event)
    lonely = app.send({"n": 2}, name=f"{app.event}-nobody")

    assert ask("query ($id: ID!) { event(query: {eventId: $id}) { functionRuns { id } } }", id=event) == {
        "event": {"functionRuns": [{"id": run.id}]}
    }
    found = ask(
        "query ($id: ULID!) { eventV2(id: $id) { id idempotencyKey name occurredAt raw receivedAt version "
        "runs { id function { name } status } } }",
        id=event,
    )["eventV2"]
    assert found["idempotencyKey"] == f"{app.id}-key" and found["name"] == app.event and found["version"] is None
    raw = json.loads(found["raw"])
    assert set(raw) == {"data", "id", "name", "ts", "v"} and raw["v"] is None
    assert found["runs"] == [{"id": run.id, "function": {"name": "main"}, "status": "COMPLETED"}]

    listed = ask("query ($query: EventsQuery!) { events(query: $query) { id name payload } }", query={})["events"]
    assert len(listed) <= 51
    assert json.loads(next(one for one in listed if one["id"] == event)["payload"]) == {"n": 1}

    stream = ask("{ stream(query: {limit: 999, includeInternalEvents: false}) { id trigger runs { id function { name } } } }")
    by_id = {item["id"]: item for item in stream["stream"]}
    assert by_id[event] == {"id": event, "trigger": app.event, "runs": [{"id": run.id, "function": {"name": "main"}}]}
    assert by_id[lonely]["runs"] == []


def test_lists_have_pages_filters_and_totals(app: SdkApp, ask: Ask) -> None:
    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> None:
        if ctx.event.data["n"] == 1:
            raise ValueError("one")

    app.deploy()
    start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=5)
    from_ = start.strftime("%Y-%m-%dT%H:%M:%SZ")
    events = [app.send({"n": n}) for n in range(4)]
    runs = [app.api.wait_for_run(event).id for event in events]
    function = next(f for f in ask("{ functions { id name app { id externalID name } } }")["functions"] if f["app"]["externalID"] == app.id)
    assert function["name"] == "main"

    query = """
    query GetFunctionRunsV2($startTime: Time!, $endTime: Time, $timeField: RunsV2OrderByField,
      $status: [FunctionRunStatus!], $functionIDs: [UUID!], $first: Int! = 40, $after: String = null, $query: String = null) {
      runs(first: $first, after: $after, orderBy: [{field: QUEUED_AT, direction: DESC}],
        filter: {from: $startTime, until: $endTime, status: $status, timeField: $timeField, functionIDs: $functionIDs, query: $query}
      ) {
        edges { cursor node { id status traceID startedAt queuedAt endedAt } }
        pageInfo { startCursor endCursor hasNextPage }
        totalCount(preview: true)
      }
    }
    """

    def page(**more: Any) -> Any:
        return ask(query, startTime=from_, functionIDs=[function["id"]], **more)["runs"]

    everything = page()
    assert [edge["node"]["id"] for edge in everything["edges"]] == runs[::-1] and everything["totalCount"] == 4
    assert not everything["pageInfo"]["hasNextPage"]
    first = page(first=3)
    assert first["pageInfo"]["hasNextPage"] and first["totalCount"] == 4
    second = page(first=3, after=first["pageInfo"]["endCursor"])
    assert [edge["node"]["id"] for edge in second["edges"]] == [runs[0]] and second["totalCount"] == 4
    assert [edge["node"]["id"] for edge in page(status=["FAILED"])["edges"]] == [runs[1]]
    assert page(status="SKIPPED")["totalCount"] == 0
    assert [edge["node"]["id"] for edge in page(query="event.data.n > 1")["edges"]] == runs[:1:-1]

    query = """
    query ($after: String, $first: Int!, $filter: EventsFilter!) {
      eventsV2(after: $after, first: $first, filter: $filter) {
        edges { node { name id occurredAt receivedAt raw runs { status id startedAt endedAt function { name slug } } } }
        totalCount pageInfo { hasNextPage endCursor hasPreviousPage startCursor }
      }
    }
    """
    filter_ = {"from": from_, "eventNames": [app.event], "includeInternalEvents": False}
    first = ask(query, first=3, filter=filter_)["eventsV2"]
    assert [edge["node"]["id"] for edge in first["edges"]] == events[:0:-1]
    assert first["totalCount"] == 4 and first["pageInfo"]["hasNextPage"] and not first["pageInfo"]["hasPreviousPage"]
    assert first["edges"][0]["node"]["runs"][0]["function"] == {"name": "main", "slug": f"{app.id}-main"}
    second = ask(query, first=3, after=first["pageInfo"]["endCursor"], filter=filter_)["eventsV2"]
    assert [edge["node"]["id"] for edge in second["edges"]] == events[:1] and not second["pageInfo"]["hasNextPage"]
    some = ask(query, first=9, filter={**filter_, "query": "event.data.n == 2"})["eventsV2"]
    assert [edge["node"]["id"] for edge in some["edges"]] == [events[2]]


def test_a_batch_tells_its_events(app: SdkApp, ask: Ask) -> None:
    @app.function(batch_events=inngest.Batch(max_size=3, timeout=datetime.timedelta(seconds=30)))
    async def main(ctx: inngest.Context) -> int:
        return len(ctx.events)

    app.deploy()
    events = [app.send({"n": n}) for n in range(3)]
    run = app.api.wait_for_run(events[0])
    found = ask(
        """
        query ($r: String!) {
          run(runID: $r) { isBatch batchCreatedAt cronSchedule output }
          runTrigger(runID: $r) { eventName IDs timestamp payloads isBatch batchID cron }
        }
        """,
        r=run.id,
    )
    assert found["run"]["isBatch"] and found["run"]["batchCreatedAt"] and found["run"]["cronSchedule"] is None
    assert found["run"]["output"] == "3"
    assert found["runTrigger"]["IDs"] == events and found["runTrigger"]["isBatch"]
    assert [json.loads(payload)["data"]["n"] for payload in found["runTrigger"]["payloads"]] == [0, 1, 2]


def test_status_and_output_are_seen_in_the_same_instant(app: SdkApp, ask: Ask) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> str:
        await ctx.step.run("a", lambda: 1)
        return "done"

    app.deploy()
    for _ in range(10):
        run = app.api.wait_for_start(app.send())
        seen = None
        while seen is None or seen["status"] in ("QUEUED", "RUNNING"):
            seen = ask("query ($r: String!) { run(runID: $r) { status output trace { status outputID } } }", r=run.id)["run"]
            assert seen["trace"]["status"] == seen["status"]
        assert seen["output"] == '"done"' and seen["trace"]["outputID"]


@pytest.mark.parametrize(
    ("body", "status", "complaint"),
    [
        ("[]", 400, "the body must be a JSON object with a query"),
        ('{"query": 1}', 422, "query must be a string"),
        ('{"query": "{"}', 422, "expected a field, found the end"),
        ('{"query": "{ nope }"}', 422, 'Cannot query field "nope" on type "Query".'),
        ('{"query": "{ functions { id } }", "variables": []}', 422, "variables must be an object"),
    ],
)
def test_a_wrong_operation_is_explained(server: Server, app: SdkApp, body: str, status: int, complaint: str) -> None:
    response = app.api.http.post("/v0/gql", content=body, headers={"content-type": "application/json"})
    assert response.status_code == status
    answer = response.json()
    assert answer["data"] is None and answer["errors"][0]["message"] == complaint
    if "nope" in body:
        assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert answer["errors"][0]["locations"] == [{"line": 1, "column": 3}]


def test_what_is_not_there_is_an_error_of_its_field(app: SdkApp) -> None:
    query = """
    { functions { __typename }
      run(runID: "01HF7YAT00000G40R40M30E209") { status } event(query: {eventId: "x"}) { id }
      output: runTraceSpanOutputByID(outputID: "x") { data } }
    """
    answer = app.api.http.post("/v0/gql", json={"query": query})
    assert answer.status_code == 200
    data, errors = answer.json()["data"], answer.json()["errors"]
    assert data["run"] is None and data["event"] is None and data["output"] is None and data["functions"] is not None
    assert [(error["path"], error["message"]) for error in errors] == [
        (["run"], "there is no run 01HF7YAT00000G40R40M30E209"), (["event"], "x is no event id"),
        (["output"], "x is no id of an output"),
    ]  # fmt: skip
