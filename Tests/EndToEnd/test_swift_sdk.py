"""
The Swift SDK over HTTP: an app with functions of every kind, on the real server, with and without keys.

The functions are in Tests/SDKTestApp. What an app's steps did is read from the journal that their bodies write.
"""

import json
from collections.abc import Callable, Iterator

import httpx
import pytest

from harness.provider import Provider
from harness.server import Server
from harness.signatures import Keys
from harness.swift_app import SwiftApp
from harness.waiting import eventually

pytestmark = pytest.mark.both_modes


@pytest.fixture(scope="session")
def shared_apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, SwiftApp]]:
    apps: dict[int, SwiftApp] = {}
    yield apps
    for app in apps.values():
        app.stop()


@pytest.fixture
def app(server: Server, shared_apps: dict[int, SwiftApp], tmp_path_factory: pytest.TempPathFactory) -> SwiftApp:
    """The app that all tests of a server share which do not stop it."""
    if server.port not in shared_apps:
        shared_apps[server.port] = SwiftApp(server, tmp_path_factory.mktemp("swift")).start()
    return shared_apps[server.port]


@pytest.fixture
def make_app(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], SwiftApp]]:
    """Makes an app for one test alone, which is not started."""
    made: list[SwiftApp] = []

    def make() -> SwiftApp:
        made.append(SwiftApp(server, tmp_path_factory.mktemp("swift")))
        return made[-1]

    yield make
    for app in made:
        app.stop()


def test_steps_run_in_one_call_and_are_reported_as_they_finish(app: SwiftApp) -> None:
    run = app.run("sequence", key="k")
    assert (run.status, run.output) == ("Completed", "kabc")
    assert app.ran(run) == ["a 0", "b 0", "c 0"]
    kinds = [entry["kind"] for entry in app.api.journal(run.id)]
    # The last step's result comes with the answer that ends the run.
    assert kinds.count("checkpointed") == 2, kinds


@pytest.mark.parametrize(
    "variables",
    [{"CHECKPOINTS": "off"}, {"KEPT_HANDLERS": "0"}, {"CHECKPOINTS": "off", "KEPT_HANDLERS": "0"}],
    ids=["a call for every step", "no handlers kept", "both"],
)
def test_a_call_for_every_step_gives_the_same(make_app: Callable[[], SwiftApp], variables: dict[str, str]) -> None:
    app = make_app().start(**variables)
    run = app.run("sequence", key="k")
    assert (run.status, run.output) == ("Completed", "kabc")
    assert app.ran(run) == ["a 0", "b 0", "c 0"]
    run = app.run("parallel", key="k")
    assert (run.status, run.output) == ("Completed", "k-mail k-crm")
    assert sorted(app.ran(run)) == ["crm 0", "first 0", "last 0", "mail 0"]


def test_async_let_runs_steps_side_by_side(app: SwiftApp) -> None:
    run = app.run("parallel", key="k")
    assert (run.status, run.output) == ("Completed", "k-mail k-crm")
    ran = app.ran(run)
    assert (ran[0], ran[-1], sorted(ran[1:-1])) == ("first 0", "last 0", ["crm 0", "mail 0"])


def test_a_task_group_runs_many_steps_each_once(app: SwiftApp) -> None:
    run = app.run("many", count=20, within=40)
    assert (run.status, run.output) == ("Completed", sum(2 * number for number in range(20)))
    assert sorted(app.ran(run)) == sorted(f"{step}-{number} 0" for step in ("one", "two") for number in range(20))


def test_in_a_race_the_first_step_decides(app: SwiftApp) -> None:
    run = app.run("race")
    assert (run.status, run.output) == ("Completed", "fast")


def test_sleeps_wake_up(app: SwiftApp) -> None:
    run = app.run("sleepy", milliseconds=300)
    assert (run.status, run.output) == ("Completed", "awake")


def test_a_step_that_throws_is_tried_again(app: SwiftApp) -> None:
    run = app.run("flaky", failures=2)
    assert (run.status, run.output) == ("Completed", 2)
    assert app.ran(run) == ["flaky 0", "flaky 1", "flaky 2"]


def test_a_step_that_has_no_attempts_left_fails_the_run(app: SwiftApp) -> None:
    run = app.run("flaky", failures=9)
    assert run.status == "Failed"
    assert app.ran(run) == ["flaky 0", "flaky 1", "flaky 2", "flaky 3"]


def test_a_failure_handler_is_told_of_the_error_and_the_event(app: SwiftApp) -> None:
    run = app.run("failing", key="k1")
    assert (run.status, app.ran(run)) == ("Failed", ["fails 0"])
    eventually(lambda: any("told-k1-no k1" in line for line in app.lines()), "the failure handler has run")


def test_a_caught_error_has_the_type_that_was_thrown(app: SwiftApp) -> None:
    run = app.run("caught", code=41)
    assert (run.status, run.output) == ("Completed", 42)
    assert app.ran(run) == ["declined 0", "instead 0"]


def test_a_run_that_fails_undoes_what_it_did_the_last_first(app: SwiftApp) -> None:
    run = app.run("saga", fails=True)
    assert run.status == "Failed"
    assert app.ran(run) == ["charge 0", "reserve 0", "release", "refund payment"]
    run = app.run("saga", fails=False)
    assert (run.status, app.ran(run)) == ("Completed", ["charge 0", "reserve 0"])


def listening(app: SwiftApp, run: str) -> int:
    return [entry["kind"] for entry in app.api.journal(run)].count("listening")


def test_a_key_path_finds_the_awaited_event(app: SwiftApp) -> None:
    event = app.send("ordered", order_id="o1", seconds=60)
    run = app.api.wait_for_start(event)
    eventually(lambda: listening(app, run.id) == 2, "the run waits twice")
    app.send("paid", order_id="o2", amount=1)
    app.send("paid", order_id="o1", amount=7)
    run = app.api.wait_for_run(event)
    assert (run.status, run.output) == ("Completed", [7, 7])


def test_a_wait_that_ends_gives_nothing(app: SwiftApp) -> None:
    run = app.run("ordered", order_id="o3", seconds=1)
    assert (run.status, run.output) == ("Completed", [None, None])


def test_a_signal_reaches_the_run_that_waits(app: SwiftApp) -> None:
    signal = f"approval-{app.id}"
    event = app.send("approval", signal=signal)
    run = app.api.wait_for_start(event)
    eventually(lambda: listening(app, run.id) == 1, "the run waits")
    told = app.run("approve", signal=signal, by="ann")
    assert (told.status, told.output) == ("Completed", True)
    run = app.api.wait_for_run(event)
    assert (run.status, run.output) == ("Completed", "ann")
    told = app.run("approve", signal=signal, by="bob")
    assert (told.status, told.output) == ("Completed", False)


def test_functions_invoke_each_other(app: SwiftApp) -> None:
    run = app.run("parent", number=4)
    assert (run.status, run.output) == ("Completed", [8, 10])


def test_a_step_sends_events(app: SwiftApp) -> None:
    run = app.run("sender", key="s")
    assert run.status == "Completed"
    [id] = run.output
    assert app.api.wait_for_run(id).output == "sabc"


def test_a_batch_has_all_its_events(app: SwiftApp) -> None:
    events = app.api.send([{"name": f"{app.id}/batched", "data": {"number": number}} for number in (1, 2, 3)])
    run = app.api.wait_for_run(events[0])
    assert (run.status, run.output) == ("Completed", 6)


def test_state_that_is_too_large_for_a_call_is_fetched(app: SwiftApp) -> None:
    run = app.run("large", steps=6, kilobytes=900, within=50)
    assert (run.status, run.output) == ("Completed", 6 * 900 * 1024)


def test_an_app_that_is_killed_goes_on_with_what_was_reported(make_app: Callable[[], SwiftApp]) -> None:
    app = make_app().start()
    event = app.send("slow", milliseconds=60_000)
    run = app.api.wait_for_start(event)
    eventually(lambda: app.ran(run) == ["one 0", "two 0"], "the second step runs")
    app.kill9()
    app.launch()
    eventually(lambda: app.ran(run)[2:] == ["two 1"], f"the second step runs again: {app.ran(run)}", within=30)
    assert app.ran(run) == ["one 0", "two 0", "two 1"]


def test_a_changed_list_of_steps_is_told_of(make_app: Callable[[], SwiftApp]) -> None:
    app = make_app().start()
    event = app.send("changing")
    run = app.api.wait_for_start(event)
    app.api.wait_for_waiting(run.id, "sleep")
    assert app.ran(run) == ["old 0"]
    app.kill9()
    app.launch(VARIANT="2")
    run = app.api.wait_for_run(event, within=30)
    assert (run.status, run.output) == ("Completed", 2)
    assert "the function's steps have changed" in app.log()
    assert "instead=new" in app.log()


def test_an_app_says_what_it_is(app: SwiftApp) -> None:
    answer = httpx.get(app.url, trust_env=False)
    if app.server.keys:
        assert answer.status_code == 401
        assert "x-inngest-sdk" not in answer.headers
    else:
        assert answer.status_code == 200
        assert (answer.json()["mode"], "problems" in answer.json()) == ("dev", False)
    assert httpx.post(app.url, json={}, trust_env=False).status_code == (401 if app.server.keys else 500)


def test_a_server_with_keys_asks_for_the_functions_and_gets_them_in_the_answer(
    prepare_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory
) -> None:
    server = prepare_server("--retry-interval", "1", "--poll-interval", "1", "--log-format", "json", keys=Keys())
    app = SwiftApp(server, tmp_path_factory.mktemp("swift"))
    try:
        app.launch()
        server.start("-u", app.url)
        eventually(lambda: app.id in str(server.api.data("/v1/apps")), "the app is registered")
        run = app.run("sequence", key="k")
        assert (run.status, run.output) == ("Completed", "kabc")
    finally:
        app.stop()


def test_the_server_makes_requests_for_steps(app: SwiftApp, server: Server) -> None:
    provider = Provider()
    provider.answers["/echo"] = lambda request: (200, {"echo": request.json}, {})
    try:
        run = app.run("gateway", url=f"{provider.url}/echo")
    finally:
        provider.close()
    if server.keys:
        # A server on a real network does not reach into its own.
        assert run.status == "Failed" and "--allow-private-networks" in str(run.output)
        return
    fetched, inferred = run.output
    assert (json.loads(fetched), inferred) == ({"echo": {"a": 1}}, "m")
    first, second = provider.asked("/echo")
    assert first.headers["x-test"] == "1"
    assert second.headers["authorization"] == "Bearer k"
