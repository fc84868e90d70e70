"""Hooks for test suites, which are there only when they are asked for."""

from collections.abc import Callable, Iterator

import pytest

from harness.scripted_app import Answer, Call, Reply, ScriptedApp
from harness.server import Server
from test_checkpoints import record


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/test/reset"), ("DELETE", "/fn/remove"), ("POST", "/fn/step-limit"), ("DELETE", "/fn/state-size-limit")],
)
def test_without_the_wish_there_are_none(scripted_app: ScriptedApp, method: str, path: str) -> None:
    assert scripted_app.api.http.request(method, path).status_code in (404, 405)


@pytest.fixture
def hooked(start_server: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedApp]:
    monkeypatch.setenv("TEST_MODE", "true")
    app = ScriptedApp(start_server())
    yield app
    app.close()


def function_id(app: ScriptedApp, slug: str) -> str:
    return next(f["id"] for f in app.api.http.get("/dev").json()["functions"] if f["slug"] == slug)


def test_a_reset_empties_everything_and_the_server_goes_on(hooked: ScriptedApp) -> None:
    for round in range(3):
        hooked.function(lambda call: Reply(200, {"round": round}), f"main{round}")
        run = hooked.run()
        assert run.output == {"round": round}

        answer = hooked.api.http.post("/test/reset")
        assert (answer.status_code, answer.text) == (200, "ok")

        assert hooked.api.http.get(f"/v1/runs/{run.id}").status_code == 404
        assert hooked.api.data("/v1/runs")["runs"] == []
        assert hooked.api.data("/v1/events") == []
        assert hooked.api.http.get("/dev").json()["functions"] == []
        hooked.forget()


def test_runs_that_live_are_gone_after_a_reset(hooked: ScriptedApp) -> None:
    def answer(call: Call) -> Answer:
        return Reply(206, [{"op": "Sleep", "id": "a" * 40, "name": "1h"}])

    hooked.function(answer)
    [event] = hooked.api.send({"name": hooked.event, "data": {}})
    run = hooked.api.wait_for_start(event)
    assert hooked.api.http.post("/test/reset").status_code == 200
    assert hooked.api.http.get(f"/v1/runs/{run.id}").status_code == 404


def test_a_reset_works_while_runs_make_progress(hooked: ScriptedApp) -> None:
    def answer(call: Call) -> Answer:
        return Reply(206, [record(f"step {len(call.json['steps'])}", 1)])

    for _ in range(20):
        # What is being committed meets the reset at any moment.
        hooked.function(answer)
        events = hooked.api.send([{"name": hooked.event, "data": {}}] * 5)
        hooked.api.wait_for_start(events[0])
        reset = hooked.api.http.post("/test/reset")
        assert (reset.status_code, reset.text) == (200, "ok")
        assert hooked.api.data("/v1/runs")["runs"] == []
        hooked.forget()


def test_limits_are_lowered_for_one_function(hooked: ScriptedApp) -> None:
    def answer(call: Call) -> Answer:
        return Reply(206, [record(f"step {len(call.json['steps'])}", "x" * 200)])

    slug = hooked.function(answer)
    id = function_id(hooked, slug)
    for path, limit, name in [
        ("/fn/step-limit", 3, "InngestErrFunctionOverflowed"),
        ("/fn/state-size-limit", 500, "InngestErrStateOverflowed"),
    ]:
        assert hooked.api.http.post(f"{path}?functionId={id}&limit={limit}").status_code == 200
        run = hooked.run()
        assert run.status == "Failed" and run.output["name"] == name
        assert hooked.api.http.delete(f"{path}?functionId={id}").status_code == 200
    assert hooked.api.http.post(f"/fn/step-limit?functionId={id}&limit=no").status_code == 400
    assert hooked.api.http.post("/fn/step-limit?functionId=nobody&limit=3").status_code == 404


def test_an_app_is_removed_by_its_url(hooked: ScriptedApp) -> None:
    hooked.function(lambda call: Reply(200, "x"))
    found = [app["url"] for app in hooked.api.data("/v1/apps")]
    assert hooked.api.http.delete("/fn/remove", params={"url": found[0]}).status_code == 200
    assert hooked.api.http.get("/dev").json()["functions"] == []
    gone = hooked.api.http.delete("/fn/remove", params={"url": found[0]})
    assert gone.status_code == 404 and gone.json()["error"].startswith("App not found")
