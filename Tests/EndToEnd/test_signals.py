"""Signals: only the TypeScript and Go SDKs have them, so an app sends what those send."""

from typing import Any

import pytest

from harness.scripted_app import Call, Reply, ScriptedApp
from harness.waiting import eventually

pytestmark = pytest.mark.both_modes


def waiting(app: ScriptedApp, name: str = "main", *, conflict: str | None = None, timeout: str = "1h") -> str:
    """A function that waits for the signal its event names and returns what it got; returns its event."""
    event = f"{app.id}/{name}"

    def answer(call: Call) -> Reply:
        steps = call.json["steps"]
        if "wait" in steps:
            return Reply(body={"got": steps["wait"]})
        options = {"signal": call.json["event"]["data"]["signal"], "timeout": timeout}
        if conflict is not None:
            options["conflict"] = conflict
        op = {"op": "WaitForSignal", "id": "wait", "name": "wait", "displayName": "wait", "opts": options}
        return Reply(206, [op])

    app.function(answer, name, event=event)
    return event


def start(app: ScriptedApp, event: str, signal: str) -> str:
    """Starts a run and returns its id once it waits for the signal."""
    [sent] = app.api.send({"name": event, "data": {"signal": signal}})
    run = app.api.wait_for_start(sent).id
    eventually(
        lambda: any(entry["kind"] == "listening" for entry in app.api.journal(run)), "the run waits for its signal"
    )
    return run


def send(app: ScriptedApp, signal: Any, **fields: Any) -> Any:
    return app.api.http.post("/v1/signals", json={"signal": signal, **fields})


@pytest.mark.parametrize("data", [{"ok": True}, "text", None, [1, 2]])
def test_a_signal_reaches_the_run_that_waits_for_it(scripted_app: ScriptedApp, data: Any) -> None:
    signal = f"{scripted_app.id}/approve"
    run = start(scripted_app, waiting(scripted_app), signal)
    response = send(scripted_app, signal, data=data)
    assert response.status_code == 200
    assert response.json()["data"] == {"run_id": run}
    assert "fetched_at" in response.json()["metadata"]
    assert scripted_app.api.wait_for_end(run).output == {"got": {"data": {"signal": signal, "data": data}}}


def test_nobody_waits(scripted_app: ScriptedApp) -> None:
    response = send(scripted_app, f"{scripted_app.id}/nobody")
    assert response.status_code == 404
    assert response.json() == {"error": "No signal found", "data": None, "status": 404}


def test_a_signal_is_taken_once(scripted_app: ScriptedApp) -> None:
    signal = f"{scripted_app.id}/once"
    run = start(scripted_app, waiting(scripted_app), signal)
    assert send(scripted_app, signal).status_code == 200
    scripted_app.api.wait_for_end(run)
    assert send(scripted_app, signal).status_code == 404


@pytest.mark.parametrize("body", ["{", "[]", "{}", '{"signal":1}', '{"signal":""}'])
def test_a_signal_that_is_none(scripted_app: ScriptedApp, body: str) -> None:
    response = scripted_app.api.http.post("/v1/signals", content=body)
    assert response.status_code == 400
    assert response.json()["error"] == "Invalid signal data"


def test_without_a_signal_the_step_gets_null(scripted_app: ScriptedApp) -> None:
    run = start(scripted_app, waiting(scripted_app, timeout="1s"), f"{scripted_app.id}/late")
    assert scripted_app.api.wait_for_end(run).output == {"got": None}
    assert send(scripted_app, f"{scripted_app.id}/late").status_code == 404


def test_a_second_wait_for_a_signal_fails_its_run(scripted_app: ScriptedApp) -> None:
    signal = f"{scripted_app.id}/shared"
    event = waiting(scripted_app)
    first = start(scripted_app, event, signal)
    second = start(scripted_app, event, signal)
    failed = scripted_app.api.wait_for_end(second)
    assert failed.status == "Failed"
    assert failed.output["message"] == "Signal conflict; signal wait already exists for another run"
    assert send(scripted_app, signal).json()["data"] == {"run_id": first}


def test_a_second_wait_may_replace_the_first(scripted_app: ScriptedApp) -> None:
    signal = f"{scripted_app.id}/replaced"
    first = start(scripted_app, waiting(scripted_app, "first"), signal)
    second = start(scripted_app, waiting(scripted_app, "second", conflict="replace"), signal)
    eventually(
        lambda: any(entry["kind"] == "displaced" for entry in scripted_app.api.journal(first)),
        "the first wait is displaced",
    )
    assert send(scripted_app, signal, data=2).json()["data"] == {"run_id": second}
    assert scripted_app.api.wait_for_end(second).output["got"]["data"]["data"] == 2
    assert not scripted_app.api.run(first).has_ended
