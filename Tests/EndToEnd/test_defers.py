"""Calls that a run defers to its end, as the TypeScript SDK sends them."""

from typing import Any

import pytest

from harness.scripted_app import Answer, Call, Reply, ScriptedApp
from harness.server import Server
from harness.waiting import eventually
from test_checkpoints import Checkpointing, complete, hashed, record


def defer(name: str, slug: str, data: Any, **more: Any) -> dict[str, Any]:
    return {
        "op": "DeferAdd",
        "id": hashed(name),
        "name": name,
        "displayName": name,
        "opts": {"fn_slug": slug, "input": data, **more},
        "userland": {"id": name},
    }


def abort(name: str) -> dict[str, Any]:
    return {
        "op": "DeferAbort",
        "id": hashed(f"{hashed(name)}:abort"),
        "name": name,
        "opts": {"target_hashed_id": hashed(name)},
    }


def companion(app: ScriptedApp, name: str) -> tuple[str, list[Any]]:
    """A function as `defer()` makes it, and the events that start it."""
    slug = f"{app.id}-{name}"
    events: list[Any] = []

    def answer(call: Call) -> Answer:
        events.append(call.json["event"])
        return Reply(200, "done")

    trigger = {"event": "inngest/deferred.schedule", "expression": f'event.data._inngest.fn_slug == "{slug}"'}
    app.function(answer, name, triggers=[trigger])
    return slug, events


@pytest.mark.parametrize("how", ["answer", "checkpoint"])
def test_what_is_deferred_starts_at_the_end_with_its_input(scripted_app: ScriptedApp, how: str) -> None:
    slug, events = companion(scripted_app, "later")

    def answer(call: Call) -> Answer:
        if how == "checkpoint":
            app = Checkpointing(scripted_app, call)
            stored = app.post(record("a", 1), defer("d", slug, {"n": 1}))
            assert (stored.status_code, stored.content) == (200, b"")
            return Reply(206, [complete("result")])
        if not call.json["steps"]:
            return Reply(206, [record("a", 1), defer("d", slug, {"n": 1})])
        assert call.json["defers"] == {hashed("d"): {"abortable": True}}
        assert events == [], "nothing starts before the run has ended"
        return Reply(206, [complete("result")])

    run = scripted_app.run_with(answer)

    assert run.output == "result"
    [event] = eventually(lambda: events or None, "the deferred call starts")
    assert event["name"] == "inngest/deferred.schedule"
    assert event["data"]["n"] == 1
    origin = event["data"]["_inngest"]
    assert origin["fn_slug"] == slug
    assert origin["parent_run_id"] == run.id
    assert origin["parent_fn_slug"] == f"{scripted_app.id}-main"
    assert event["id"] == f"{run.id}.{hashed('d')}"


def test_a_failed_run_starts_what_it_deferred_too(scripted_app: ScriptedApp) -> None:
    slug, events = companion(scripted_app, "cleanup")

    def answer(call: Call) -> Answer:
        if not call.json["steps"]:
            return Reply(206, [record("a", 1), defer("d", slug, {})])
        return Reply(500, {"name": "Error", "message": "no"})

    assert scripted_app.run_with(answer).status == "Failed"
    eventually(lambda: events or None, "the deferred call starts")


def test_what_is_taken_back_does_not_start(scripted_app: ScriptedApp) -> None:
    slug, events = companion(scripted_app, "later")
    seen: list[Any] = []

    def answer(call: Call) -> Answer:
        seen.append(call.json["defers"])
        match len(call.json["steps"]):
            case 0:
                return Reply(206, [record("a", 1), defer("d", slug, {}), defer("kept", slug, {"kept": True})])
            case 1:
                return Reply(206, [record("b", 1), abort("d")])
        return Reply(206, [complete(None)])

    scripted_app.run_with(answer)

    eventually(lambda: events or None, "the other one starts")
    assert [event["data"].get("kept") for event in events] == [True]
    assert seen[-1] == {hashed("d"): {"abortable": False}, hashed("kept"): {"abortable": True}}


def test_an_answer_of_nothing_but_defers_is_followed_by_a_call(scripted_app: ScriptedApp) -> None:
    slug, events = companion(scripted_app, "later")

    def answer(call: Call) -> Answer:
        return Reply(206, [complete("after")] if call.json["defers"] else [defer("d", slug, {})])

    assert scripted_app.run_with(answer).output == "after"
    eventually(lambda: events or None, "the deferred call starts")


@pytest.mark.parametrize(
    "options",
    [{"input": {}}, {"fn_slug": "x", "input": [1]}, {"fn_slug": "x", "input": {}, "meta": []}, None],
)
def test_a_bad_defer_never_fails_the_run_and_is_told_of(scripted_app: ScriptedApp, options: Any) -> None:
    def answer(call: Call) -> Answer:
        if call.json["steps"]:
            return Reply(206, [complete("fine")])
        return Reply(206, [record("a", 1), {"op": "DeferAdd", "id": hashed("d"), "opts": options}])

    run = scripted_app.run_with(answer)

    assert run.output == "fine"
    kinds = [entry["kind"] for entry in scripted_app.api.journal(run.id)]
    assert "leftOut" in kinds


def test_a_deferred_call_shows_on_the_pages_of_both_runs(scripted_app: ScriptedApp, server: Server) -> None:
    slug, events = companion(scripted_app, "later")

    def answer(call: Call) -> Answer:
        if not call.json["steps"]:
            return Reply(206, [record("a", 1), defer("d", slug, {"n": 1})])
        return Reply(206, [complete(None)])

    run = scripted_app.run_with(answer)
    eventually(lambda: events or None, "the deferred call starts")

    assert slug in scripted_app.api.http.get(f"/runs/{run.id}").text
    listed = scripted_app.api.data(f"/v1/runs?function={slug}")["runs"]
    assert "deferred by" in scripted_app.api.http.get(f"/runs/{listed[0]['run_id']}").text
