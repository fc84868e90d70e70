"""Expressions: triggers that choose their events, and mistakes that are told when an app registers."""

import time
from typing import Any

import httpx
import inngest
import pytest

from harness.scripted_app import Reply, ScriptedApp
from harness.sdk_app import SdkApp


@pytest.mark.parametrize(
    ("expression", "data", "starts"),
    [
        ("event.data.total > 100", {"total": 101}, True),
        ("event.data.total > 100", {"total": 100}, False),
        ("event.data.total > 100", {}, False),
        ("event.data.total + 1 == 6", {"total": 5}, True),
        ("!has(event.data.total)", {}, True),
        ("event.data.plan in ['pro', 'team'] && event.data.user.name.startsWith('A')",
         {"plan": "pro", "user": {"name": "Ada"}}, True),
        ("event.data.tags.exists(tag, tag == 'urgent')", {"tags": ["later", "urgent"]}, True),
        ("event.data.email.matches('^[^@]+@example[.]com$')", {"email": "ada@example.com"}, True),
        ("event.data.email.matches('^[^@]+@example[.]com$')", {"email": "ada@example.org"}, False),
    ],
)  # fmt: skip
def test_a_trigger_chooses_its_events(app: SdkApp, expression: str, data: dict[str, Any], starts: bool) -> None:
    @app.function(trigger=inngest.TriggerEvent(event=app.event, expression=expression))
    async def main(ctx: inngest.Context) -> str:
        return "started"

    app.deploy()
    event = app.send(data)
    if starts:
        assert app.api.wait_for_run(event).output == "started"
    else:
        time.sleep(0.2)
        assert app.api.runs_of(event) == []


def registered(app: ScriptedApp, **options: Any) -> httpx.Response:
    app.function(lambda call: Reply(body=1), "good")
    step = {"name": "step", "runtime": {"type": "http", "url": app.url}}
    function = {"id": f"{app.id}-bad", "name": "bad", "steps": {"step": step}, **options}
    return app.api.http.post(
        "/fn/register", json={"appName": app.id, "url": app.url, "sdk": "scripted:v1", "functions": [function]}
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"triggers": [{"event": "a", "expression": "event.data.x =="}]},
            ["trigger 1: invalid trigger expression on 'a'", "ERROR: <input>:1:16:"],
        ),
        ({"triggers": [{"event": "a", "expression": "stepz.x == 1"}]}, ["undeclared reference to 'stepz'", "1:1"]),
        (
            {"triggers": [], "cancel": [{"event": "a", "if": "event.data.x == ("}]},
            ["cancel 1: Cancellation expression is invalid", "1:18"],
        ),
        (
            {"triggers": [], "cancel": [{"event": "a", "if": "event.data.tags.exists(t, t == 'x')"}]},
            ["macros are disallowed"],
        ),
        ({"triggers": [], "cancel": [{"event": "a", "timeout": "soon"}]}, ["cancel 1: timeout", "soon"]),
        ({"triggers": [], "timeouts": {"finish": "1 hour"}}, ["timeouts.finish", "1 hour"]),
        ({"triggers": [], "cancel": [{"event": "a"}] * 6}, ["max number of cancellation events: 5"]),
    ],
)
def test_a_mistake_is_told_and_what_was_registered_stays(
    scripted_app: ScriptedApp, options: dict[str, Any], told: list[str]
) -> None:
    response = registered(scripted_app, **options)
    assert response.status_code == 400
    error = response.json()["error"]
    for text in [f"function {scripted_app.id}-bad", *told]:
        assert text in error, error
    assert scripted_app.run().output == 1
