"""Metadata of runs and steps: with ops, by request, and where it is shown."""

import json
from typing import Any

import httpx
import pytest

from harness.scripted_app import Answer, Call, Reply, ScriptedApp
from test_checkpoints import complete, hashed, record


def update(scope: str, values: dict[str, Any], kind: str = "userland.default", op: str = "merge") -> dict[str, Any]:
    return {"kind": kind, "scope": scope, "op": op, "values": values}


def noted(name: str, *updates: dict[str, Any]) -> dict[str, Any]:
    return {**record(name, 1), "metadata": list(updates)}


def post(app: ScriptedApp, run: str, target: Any, *updates: Any) -> httpx.Response:
    return app.api.http.post(f"/v1/runs/{run}/metadata", json={"target": target, "metadata": list(updates)})


def trace(app: ScriptedApp, run: str) -> Any:
    return app.api.http.get(f"/v2/runs/{run}/trace?includeOutput=true").json()["data"]["rootSpan"]


def graph(app: ScriptedApp, run: str) -> Any:
    query = """query Query($id: String!) { run(runID: $id) { trace(preview: false) {
        metadata { scope kind values updatedAt }
        childrenSpans { name stepType metadata { scope kind values updatedAt } } } } }"""
    answer = app.api.http.post("/v0/gql", json={"query": query, "variables": {"id": run}}).json()
    assert "errors" not in answer, answer
    return answer["data"]["run"]["trace"]


def test_metadata_rides_along_with_steps(scripted_app: ScriptedApp) -> None:
    def answer(call: Call) -> Answer:
        if call.json["steps"]:
            return Reply(206, [complete(None)])
        step = noted(
            "a",
            update("run", {"tier": "gold"}),
            update("step", {"tokens": 7}, "inngest.ai"),
            update("step_attempt", {"x": 1}),
        )
        return Reply(206, [step])

    run = scripted_app.run_with(answer)

    root = trace(scripted_app, run.id)
    [entry] = root["metadata"]
    assert (entry["scope"], entry["kind"], entry["values"]) == ("run", "userland.default", {"tier": '"gold"'})
    assert entry["updatedAt"]
    step = root["children"][0]
    assert [(e["scope"], e["kind"]) for e in step["metadata"]] == [
        ("step", "inngest.ai"),
        ("step_attempt", "userland.default"),
    ]
    spans = graph(scripted_app, run.id)
    assert spans["metadata"][0]["values"] == {"tier": "gold"}
    assert spans["childrenSpans"][0]["metadata"][0]["values"] == {"tokens": 7}
    page = scripted_app.api.http.get(f"/runs/{run.id}?step=1").text
    assert "tier" in page and "tokens" in page


def test_metadata_comes_by_request_while_a_run_lives_and_after_it(scripted_app: ScriptedApp) -> None:
    def answer(call: Call) -> Answer:
        if call.json["steps"]:
            return Reply(206, [complete("done")])
        id = call.json["ctx"]["run_id"]
        target = {"run_id": id, "step_id": "a", "step_index": 0, "step_attempt": None}
        assert post(scripted_app, id, target, {"kind": "userland.x", "op": "merge", "values": {"live": True}}).content == b""
        return Reply(206, [record("a", 1)])

    run = scripted_app.run_with(answer)
    after = post(scripted_app, run.id, {"run_id": run.id}, {"kind": "userland.x", "op": "set", "values": {"late": 1}})
    assert (after.status_code, after.content) == (200, b"")
    more = post(scripted_app, run.id, None, {"kind": "userland.x", "op": "add", "values": {"late": 2}})
    assert more.status_code == 200

    spans = graph(scripted_app, run.id)
    assert spans["metadata"][0]["values"] == {"late": 3}
    assert spans["childrenSpans"][0]["metadata"][0]["values"] == {"live": True}
    assert scripted_app.api.run(run.id).output == "done", "the end is where it was"


@pytest.mark.parametrize(
    ("target", "updates", "status", "complaint"),
    [
        ({"step_index": 1}, [], 400, "Invalid metadata target"),
        ({"step_id": "a", "span_id": "x"}, [], 400, "Invalid metadata target"),
        ({"step_id": 7}, [], 400, "Invalid metadata target"),
        (7, [], 400, "Invalid metadata target"),
        ({}, [{"kind": "inngest.internal", "values": {}}], 400, "Invalid metadata"),
        ({}, [{"kind": "userland." + "x" * 130, "values": {}}], 400, "Invalid metadata"),
        ({}, [{"kind": "userland.x", "op": "explode", "values": {}}], 400, "explode"),
        ({}, [{"kind": "userland.x", "values": {"a": "x" * 70_000}}], 413, "too large"),
    ],
)
def test_wrong_metadata_is_refused_with_the_reason(
    scripted_app: ScriptedApp, target: Any, updates: Any, status: int, complaint: str
) -> None:
    run = scripted_app.run_with(Reply(200, "x"))
    answer = post(scripted_app, run.id, target, *updates)
    assert answer.status_code == status
    assert complaint in answer.json()["error"]


def test_an_unknown_run_has_no_metadata(scripted_app: ScriptedApp) -> None:
    answer = post(scripted_app, "01HF7YAT00000G40R40M30E209", {}, update("run", {"a": 1}))
    assert answer.status_code == 404


def test_scores_are_metadata_of_their_own_kind(scripted_app: ScriptedApp) -> None:
    run = scripted_app.run_with(lambda call: Reply(206, [record("a", 1), complete(None)]))
    path = f"/v2/runs/{run.id}/scores"
    scores = [
        {"name": "helpful", "value": 0.75},
        {"name": "safe", "value": True, "stepId": "a", "experiment": {"id": "model", "variant": "b"}},
    ]

    answer = scripted_app.api.http.post(path, json=scores)

    assert answer.status_code == 200
    assert answer.json()["data"] == [{"runId": run.id, **score} for score in scores]
    spans = graph(scripted_app, run.id)
    assert spans["metadata"][0] == {**spans["metadata"][0], "kind": "inngest.score", "scope": "run", "values": {"helpful": 0.75}}
    assert [entry["values"] for entry in spans["childrenSpans"][0]["metadata"]] == [{"safe": True}, {"model": "b"}]
    for bad in ([], {}, [{"name": "x"}], [{"name": "x", "value": "y"}], [{"value": 1}], scores * 51):
        assert scripted_app.api.http.post(path, json=bad).status_code == 400, json.dumps(bad)[:80]


def test_a_step_tells_what_made_it_and_what_it_was_called_with(scripted_app: ScriptedApp) -> None:
    step = {**record("send", {"ids": []}), "opts": {"type": "step.sendEvent", "input": [{"name": "x"}]}}
    run = scripted_app.run_with(lambda call: Reply(206, [step, complete(None)]))

    [span, *_] = graph(scripted_app, run.id)["childrenSpans"]
    assert (span["name"], span["stepType"]) == ("send", "step.sendEvent")
    assert trace(scripted_app, run.id)["children"][0]["input"] == {"data": [{"name": "x"}]}
    assert "step.sendEvent" in scripted_app.api.http.get(f"/runs/{run.id}?step=1").text
    assert hashed("send") == span_id(scripted_app, run.id)


def span_id(app: ScriptedApp, run: str) -> str:
    return trace(app, run)["children"][0]["stepId"]
