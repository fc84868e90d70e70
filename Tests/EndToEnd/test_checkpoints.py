"""
Steps that an app reports while its call goes on, as the TypeScript and Go SDKs do it.

The scripted apps here send what those SDKs send, field by field.
"""

import hashlib
import threading
import time
from typing import Any

import httpx
import pytest

from harness.scripted_app import Answer, Call, Reply, ScriptedApp
from harness.waiting import eventually


def hashed(name: str) -> str:
    return hashlib.sha1(name.encode()).hexdigest()


def record(name: str, data: Any) -> dict[str, Any]:
    """A step as the TypeScript SDK reports it: its internal record."""
    id = hashed(name)
    return {
        "id": id,
        "mode": "sync",
        "op": "StepRun",
        "name": name,
        "displayName": name,
        "userland": {"id": name},
        "opts": {},
        "rawArgs": [name, None],
        "hashedId": id,
        "promise": {},
        "fulfilled": True,
        "hasStepState": True,
        "handled": True,
        "middleware": {"stepInfo": {"hashedId": id, "memoized": False, "stepType": "run"}},
        "memoizationDeferred": {"promise": {}},
        "transformedResultPromise": {},
        "data": data,
        "timing": {"a": time.time_ns(), "b": 0},
    }


def complete(data: Any) -> dict[str, Any]:
    return {"op": "RunComplete", "id": hashed("complete"), "data": data}


class Checkpointing:
    """What a call's handler needs to report steps."""

    def __init__(self, app: ScriptedApp, call: Call) -> None:
        self.context = call.json["ctx"]
        self.steps = call.json["steps"]
        self.url = f"{app.api.url}/v1/checkpoint/{self.context['run_id']}/async"
        self.started = int(time.time() * 1_000)

    def body(self, *steps: dict[str, Any]) -> dict[str, Any]:
        return {
            "run_id": self.context["run_id"],
            "fn_id": self.context["fn_id"],
            "qi_id": self.context["qi_id"],
            "request_id": self.context["request_id"],
            "generation_id": self.context["generation_id"],
            "request_started_at": self.started,
            "steps": list(steps),
            "ts": int(time.time() * 1_000),
        }

    def post(self, *steps: dict[str, Any], **changes: Any) -> httpx.Response:
        return httpx.post(self.url, json={**self.body(*steps), **changes}, headers={"Authorization": "Bearer"})

    def report(self, name: str, data: Any) -> None:
        answer = self.post(record(name, data))
        assert (answer.status_code, answer.content) == (200, b""), answer.text


def test_steps_run_one_after_the_other_in_one_call(scripted_app: ScriptedApp) -> None:
    def answer(call: Call) -> Answer:
        app = Checkpointing(scripted_app, call)
        for number in range(10):
            app.report(f"step {number}", number)
        return Reply(206, [complete({"sum": 45})])

    run = scripted_app.run_with(answer)

    assert (run.status, run.output) == ("Completed", {"sum": 45})
    assert len(scripted_app.calls) == 1


def test_what_cannot_be_reported_ends_the_call_as_ever(scripted_app: ScriptedApp) -> None:
    bodies: list[Any] = []

    def answer(call: Call) -> Answer:
        app = Checkpointing(scripted_app, call)
        bodies.append(call.json)
        if hashed("a") not in app.steps:
            app.report("a", {"n": 1})
            app.report("a2", {"n": 2})
            return Reply(206, [{"op": "Sleep", "id": hashed("zz"), "displayName": "zz", "name": "1s", "opts": {}}])
        assert call.query["stepId"] == "step"
        return Reply(206, [complete(sorted(app.steps))])

    run = scripted_app.run_with(answer, within=20)

    assert run.output == sorted([hashed("a"), hashed("a2"), hashed("zz")])
    assert [body["version"] for body in bodies] == [-1, 2]
    assert bodies[1]["ctx"]["stack"] == {"current": 3, "stack": [hashed("a"), hashed("a2"), hashed("zz")]}
    assert bodies[1]["steps"][hashed("a")] == {"data": {"n": 1}}


def test_a_failed_step_after_a_checkpoint_is_tried_again_with_its_result(scripted_app: ScriptedApp) -> None:
    attempts: list[Any] = []

    def answer(call: Call) -> Answer:
        app = Checkpointing(scripted_app, call)
        attempts.append((app.context["attempt"], app.context["generation_id"], sorted(app.steps)))
        if not attempts[-1][2]:
            app.report("a", 1)
            error = {"name": "Error", "message": "bad", "stack": "", "__serialized": True}
            return Reply(206, [{"op": "StepError", "id": hashed("e"), "displayName": "e", "error": error}])
        return Reply(206, [complete("done")])

    scripted_app.function(answer, retries=1)
    [event] = scripted_app.api.send({"name": scripted_app.event, "data": {}})
    run = scripted_app.api.wait_for_start(event)
    # The delay before the second attempt is not what this is about.
    eventually(lambda: wake(scripted_app, run.id), "the retry waits")

    assert scripted_app.api.wait_for_end(run.id).output == "done"
    assert attempts == [(0, 1, []), (1, 2, [hashed("a")])]


def wake(app: ScriptedApp, run: str) -> int:
    return httpx.post(f"{app.api.url}/v1/runs/{run}/wake").json()["data"]["woken"]


def test_a_call_that_has_been_replaced_is_told_so(scripted_app: ScriptedApp) -> None:
    statuses: list[int] = []
    second = threading.Event()

    def answer(call: Call) -> Answer:
        app = Checkpointing(scripted_app, call)
        if app.context["generation_id"] == 1:
            app.report("a", 1)
            return Reply(500, {"message": "the connection broke"})
        app.report("b", 2)
        stale = app.post(record("c", 3), generation_id=1)
        statuses.append(stale.status_code)
        assert stale.json()["data"] == {"run_id": app.context["run_id"]} and stale.json()["status"] == 409
        second.set()
        return Reply(206, [complete(sorted(app.steps))])

    scripted_app.function(answer, retries=1)
    [event] = scripted_app.api.send({"name": scripted_app.event, "data": {}})
    run = scripted_app.api.wait_for_start(event)
    eventually(lambda: wake(scripted_app, run.id), "the retry waits")
    assert second.wait(15)

    assert scripted_app.api.wait_for_end(run.id).output == [hashed("a")]
    assert statuses == [409]
    names = [entry.get("name") for entry in journal_entries(scripted_app, run.id)]
    assert "c" not in names


def journal_entries(app: ScriptedApp, run: str) -> list[dict[str, Any]]:
    return app.api.journal(run)


def test_buffered_steps_ride_along_with_the_end(scripted_app: ScriptedApp) -> None:
    def answer(call: Call) -> Answer:
        app = Checkpointing(scripted_app, call)
        app.report("a", 1)
        # What the app could not report, and what it did not know to have been stored.
        return Reply(206, [record("a", 1), record("b", 2), complete(3)])

    run = scripted_app.run_with(answer)

    assert run.output == 3
    steps = [entry for entry in journal_entries(scripted_app, run.id) if entry["kind"] == "stepFinished"]
    assert [step["name"] for step in steps] == ["a", "b"]


def test_a_step_reported_twice_leads_on(scripted_app: ScriptedApp) -> None:
    def answer(call: Call) -> Answer:
        app = Checkpointing(scripted_app, call)
        if hashed("a") in app.steps:
            return Reply(206, [complete("went on")])
        app.report("a", 1)
        return Reply(206, [record("a", 1)])

    assert scripted_app.run_with(answer).output == "went on"


def test_the_go_sdk_says_less(scripted_app: ScriptedApp) -> None:
    """It sends neither generation nor times, and ends with a plain answer."""

    def answer(call: Call) -> Answer:
        context = call.json["ctx"]
        step = {
            "id": hashed("a"), "op": "StepRun", "name": "a", "opts": None, "error": None, "displayName": None,
            "data": 1, "userland": {"id": "a"}, "timing": {"a": 1, "b": 2},
        }  # fmt: skip
        body = {"run_id": context["run_id"], "fn_id": context["fn_id"], "qi_id": context["qi_id"], "steps": [step]}
        answer = httpx.post(f"{scripted_app.api.url}/v1/checkpoint/{context['run_id']}/async", json=body)
        assert answer.status_code == 200
        return Reply(200, {"done": True})

    assert scripted_app.run_with(answer).output == {"done": True}


@pytest.mark.parametrize(
    ("changes", "status", "complaint"),
    [
        ({"run_id": "nonsense"}, 400, "invalid request body: run_id is no ULID"),
        ({"fn_id": "nonsense"}, 400, "invalid request body: fn_id is no UUID"),
        ({"steps": {}}, 400, "invalid request body: steps is not an array"),
        ({"steps": [{"op": "Bogus", "id": "x"}]}, 400, "Bogus does not belong to Opcode values"),
        ({"steps": [{"op": "Sleep", "id": "x", "name": "1s"}]}, 400, "cannot checkpoint async steps"),
        ({"steps": [{"op": "RunComplete", "id": "x"}]}, 400, "cannot checkpoint opcode: RunComplete"),
        ({"steps": [{"op": "StepRun", "id": "x", "data": "x" * (4 << 20)}]}, 413, "step x output too large"),
        ({"run_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "qi_id": ""}, 400, "run not found in state store"),
        ({"qi_id": "", "steps": []}, 200, ""),
        ({"steps": None}, 200, ""),
    ],
)
def test_wrong_checkpoints_are_refused_and_harm_nothing(
    scripted_app: ScriptedApp, changes: dict[str, Any], status: int, complaint: str
) -> None:
    answers: list[httpx.Response] = []

    def answer(call: Call) -> Answer:
        answers.append(Checkpointing(scripted_app, call).post(**changes))
        return Reply(206, [complete(1)])

    assert scripted_app.run_with(answer).output == 1
    assert answers[0].status_code == status
    assert complaint in answers[0].text


def test_an_ended_run_stops_its_call(scripted_app: ScriptedApp) -> None:
    statuses: list[int] = []

    def answer(call: Call) -> Answer:
        app = Checkpointing(scripted_app, call)
        httpx.delete(f"{scripted_app.api.url}/v1/runs/{app.context['run_id']}")
        statuses.append(app.post(record("a", 1)).status_code)
        return Reply(400, {"name": "StaleDispatchError"}, headers={"X-Inngest-No-Retry": "true"})

    assert scripted_app.run_with(answer).status == "Cancelled"
    assert statuses == [409]
