"""Options of flow control that cannot be: what is said of them, and what stays as it was."""

import datetime
from collections.abc import Callable
from typing import Any

import httpx
import inngest
import pytest

from harness.scripted_app import Reply, ScriptedApp
from harness.sdk_app import SdkApp
from harness.server import Server

HOUR = datetime.timedelta(hours=1)
BATCH = {"maxSize": 2, "timeout": "1s"}


def refusal(app: ScriptedApp, **options: Any) -> str:
    """What is said of a registration of the app's function with these options."""
    step = {"name": "step", "runtime": {"type": "http", "url": f"{app.url}?fnId={app.id}-main&stepId=step"}}
    function = {
        "id": f"{app.id}-main", "name": "main", "triggers": [{"event": app.event}], "steps": {"step": step}, **options,
    }  # fmt: skip
    response = app.api.http.post(
        "/fn/register",
        json={"appName": app.id, "url": app.url, "sdk": "scripted:v1", "functions": [function]},
    )
    assert response.status_code == 400, response.text
    return response.json()["error"].replace(app.id, "app")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"concurrency": [{"limit": 1}] * 3}, "concurrency: There are more concurrency limits specified than"),
        ({"concurrency": [{"limit": 1, "scope": "env"}]}, "concurrency: A concurrency key must be specified for Env"),
        (
            {"concurrency": [{"limit": 1, "scope": "account"}]},
            "concurrency: A concurrency key must be specified for Account scoped limits",
        ),
        ({"concurrency": [{"limit": 1, "key": "event.data."}]}, "concurrency: Invalid concurrency key 'event.data.'"),
        ({"concurrency": {"fn": [{"limit": 0}]}}, "concurrency: function concurrency limit must be > 0"),
        ({"concurrency": {"fn": [{"limit": 1}] * 2}}, "concurrency: Only one function concurrency limit is allowed"),
        ({"concurrency": {"fn": [{"limit": 1, "scope": "env"}]}}, "concurrency: invalid function concurrency scope"),
        ({"rateLimit": {"limit": 0, "period": "1m"}}, "rateLimit: limit must be greater than 0"),
        ({"rateLimit": {"limit": 1, "period": ""}}, "rateLimit: period must be specified"),
        ({"rateLimit": {"limit": 1, "period": "soon"}}, "rateLimit: failed to parse time duration"),
        ({"rateLimit": {"limit": 1, "period": "25h"}}, "rateLimit: period must be less than 24h0m0s"),
        ({"rateLimit": {"limit": 1, "period": "1m", "key": "event.data["}}, "rateLimit: key is invalid: error compil"),
        ({"idempotency": "event.data.k +"}, "idempotency: key is invalid: error compiling expression"),
        ({"debounce": {"period": "x"}}, "debounce: The debounce period of 'x' is invalid"),
        ({"debounce": {"period": "500ms"}}, "debounce: The debounce period of '500ms' is less than the min of: 1s"),
        ({"debounce": {"period": "8d"}}, "debounce: The debounce period of '8d' is greater than the max of: 168h0m0s"),
        ({"debounce": {"period": "1s", "key": "("}}, "debounce: Debounce expression is invalid"),
        ({"batchEvents": {**BATCH, "maxSize": 1}}, "batchEvents: batch size cannot be smaller than 2: 1"),
        ({"batchEvents": {**BATCH, "timeout": "0s"}}, "batchEvents: batch timeout should be more than 1s"),
        ({"batchEvents": {**BATCH, "timeout": "1d"}}, "batchEvents: failed to parse time duration"),
        ({"batchEvents": {**BATCH, "key": ")"}}, "batchEvents: batch key expression is invalid"),
        ({"batchEvents": {**BATCH, "if": "event.data.x =="}}, "batchEvents: conditional batch expression is invalid"),
        ({"batchEvents": BATCH, "cancel": [{"event": "x"}]}, "batchEvents: Batching and cancellation are mutually exc"),
        ({"batchEvents": BATCH, "debounce": {"period": "1s"}}, "batchEvents: Batching and debouncing are mutually exc"),
        ({"batchEvents": BATCH, "singleton": {}}, "batchEvents: Batching and singletons are mutually exclusive"),
        (
            {"batchEvents": BATCH, "priority": {"run": "1"}},
            "batchEvents: A function cannot specify Priority.Run and Batch together",
        ),
        ({"priority": {"run": ""}}, "priority: Priority.Run expression is invalid"),
        ({"priority": {"run": "1 +"}}, "priority: Priority.Run expression is invalid"),
    ],
    ids=str,
)
def test_function_and_field_of_a_broken_rule_are_named(
    scripted_app: ScriptedApp, options: dict[str, Any], said: str
) -> None:
    assert refusal(scripted_app, **options).startswith(f"At least one function is invalid: function app-main: {said}")


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"concurrency": [{"limit": "many"}]}, "concurrency[0].limit"),
        ({"concurrency": [{"limit": 1, "key": 5}]}, "concurrency[0].key"),
        ({"concurrency": [{"limit": 1, "key": "event.id", "scope": "world"}]}, "concurrency[0].scope"),
        ({"throttle": {"limit": 1}}, "throttle.period"),
        ({"throttle": {"limit": 1, "period": "often"}}, "throttle.period"),
        ({"throttle": {"limit": -1, "period": "1m"}}, "throttle.limit"),
        ({"throttle": {"limit": 1, "period": "1m", "burst": -1}}, "throttle.burst"),
        ({"throttle": 5}, "throttle"),
        ({"rateLimit": {"limit": 1, "period": 60}}, "rateLimit.period"),
        ({"debounce": []}, "debounce"),
        ({"batchEvents": {**BATCH, "maxSize": "all"}}, "batchEvents.maxSize"),
        ({"singleton": {"mode": "queue"}}, "singleton.mode"),
        ({"priority": "high"}, "priority"),
        ({"idempotency": 1}, "idempotency"),
    ],
    ids=str,
)
def test_the_field_with_a_value_of_the_wrong_kind_is_named(
    scripted_app: ScriptedApp, options: dict[str, Any], field: str
) -> None:
    said = refusal(scripted_app, **options)
    assert said.startswith("Invalid request: ")
    assert field in said and "main" in said or f"functions[0].{field}" in said, said


def test_everything_that_is_wrong_is_said_at_once(scripted_app: ScriptedApp) -> None:
    said = refusal(
        scripted_app,
        rateLimit={"limit": 0, "period": "1m"},
        debounce={"period": "0s"},
        priority={"run": "1 +"},
        concurrency=[{"limit": 1, "key": "event.data."}],
    )
    assert all(word in said for word in ("rateLimit: ", "debounce: "))


def test_a_refused_registration_changes_nothing(make_app: Callable[..., SdkApp], server: Server) -> None:
    """With the official SDK; the app is told why, and so is everybody who looks at it."""
    app, other = make_app(server), make_app(server, "the-other-app")
    for one in (app, other):

        @one.function(rate_limit=inngest.RateLimit(limit=1, period=HOUR, key="event.data.k"))
        async def main(ctx: inngest.Context) -> str:
            return "as before"

        one.deploy()

    known = app.api.functions()[f"{app.id}-main"]
    app.functions.clear()

    @app.function(rate_limit=inngest.RateLimit(limit=0, period=HOUR))
    async def broken(ctx: inngest.Context) -> str:
        return "broken"

    @app.function("added")
    async def added(ctx: inngest.Context) -> str:
        return "added"

    app.serve()
    response = httpx.put(app.url, timeout=30, trust_env=False)
    assert f"function {app.id}-main: rateLimit: limit must be greater than 0" in response.json()["error"]

    assert app.api.functions()[f"{app.id}-main"] == known
    assert f"{app.id}-added" not in app.api.functions()
    limits = app.api.data(f"/v1/functions/{app.id}-main/limits")
    assert limits["in_force"] == {"rateLimit": {"limit": 1, "period": "1h0m0s"}}
    assert other.run({"k": 1}).output == "as before"


def test_an_app_that_was_refused_keeps_running_what_it_had(scripted_app: ScriptedApp) -> None:
    limit = {"limit": 1, "period": "1h", "key": "event.data.k"}
    scripted_app.function(lambda call: Reply(body="done"), rateLimit=limit)
    refusal(scripted_app, rateLimit={"limit": -1, "period": "1h"})
    assert scripted_app.run({"k": 1}).output == "done"
    [event] = scripted_app.api.send({"name": scripted_app.event, "data": {"k": 1}})
    assert scripted_app.api.outcome(event)["rule"] == "rateLimit"


@pytest.mark.parametrize(
    "options",
    [
        {"concurrency": 5},
        {"concurrency": "5"},
        {"concurrency": [{"limit": 1, "key": "foo.bar"}]},
        {"concurrency": [{"limit": -1, "key": "event.data.id"}]},
        {"concurrency": {"step": [{"limit": 1, "scope": "Fn", "hash": ""}]}},
        {"throttle": {"limit": 0, "period": "1m", "burst": None, "key": "!!"}},
        {"rateLimit": {"limit": 1, "period": "1d"}},
        {"priority": {}},
        {"priority": {"run": "foo"}},
        {"singleton": {}},
        {"singleton": {"mode": "CANCEL", "key": "!!"}},
        {"batchEvents": None},
        {"batchEvents": {"maxSize": 100_000, "timeout": "100h"}, "rateLimit": {"limit": 1, "period": "1h"}},
        {"debounce": {"period": "1s", "timeout": "bogus", "key": ""}},
    ],
    ids=str,
)
def test_what_the_reference_accepts_is_accepted(scripted_app: ScriptedApp, options: dict[str, Any]) -> None:
    scripted_app.function(lambda call: Reply(body="done"), **options)
    [event] = scripted_app.api.send({"name": scripted_app.event, "data": {"k": 1}})
    assert scripted_app.api.outcome(event)["outcome"] in ("started", "merged")
