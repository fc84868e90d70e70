"""Runs are repeated from their beginning, from their failure or from a step, and woken."""

import datetime
import time
from collections.abc import Callable
from typing import Any

import httpx
import inngest
import pytest

from harness.api import Run
from harness.scripted_app import Answer, Call, Reply, ScriptedApp
from harness.sdk_app import SdkApp
from harness.server import Server
from harness.waiting import eventually


def rerun(app: Any, run: str, **body: Any) -> httpx.Response:
    return httpx.post(f"{app.api.url}/v1/runs/{run}/rerun", json=body or None)


def repeat(app: Any, run: str, **body: Any) -> Run:
    """Repeats a run and waits for the end of the new one."""
    answer = rerun(app, run, **body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["data"]["original_run_id"] == run
    return app.api.wait_for_end(answer.json()["data"]["run_id"])


def step(name: str, data: Any) -> Reply:
    """A step that was run when the function came to it. Its id is not hashed, which the protocol allows."""
    return Reply(206, [{"op": "StepRun", "id": name, "name": name, "displayName": name, "data": data}])


class Order:
    """Three steps; the last one fails until the card is good."""

    def __init__(self, app: SdkApp) -> None:
        self.done: list[str] = []
        self.card_is_good = False

        @app.function(retries=0)
        async def main(ctx: inngest.Context) -> Any:
            stock = await ctx.step.run("stock", lambda: self._do("stock", 7))
            price = await ctx.step.run("price", lambda: self._do("price", stock * 2))
            await ctx.step.sleep("nap", datetime.timedelta(seconds=0))
            return await ctx.step.run("charge", lambda: self._charge(price))

        app.deploy()

    def _do(self, name: str, value: Any) -> Any:
        self.done.append(name)
        return value

    def _charge(self, price: int) -> int:
        self.done.append("charge")
        if not self.card_is_good:
            raise ValueError("the card was declined")
        return price


def test_a_failed_run_goes_on_at_the_step_that_failed(app: SdkApp) -> None:
    order = Order(app)
    failed = app.run()
    assert failed.status == "Failed" and order.done == ["stock", "price", "charge"]
    order.card_is_good = True

    new = repeat(app, failed.id)

    assert (new.status, new.output) == ("Completed", 14)
    assert order.done == ["stock", "price", "charge", "charge"]
    assert app.api.run(failed.id).status == "Failed"
    assert new.raw["original_run_id"] == failed.id
    assert new.raw["event_id"] == failed.raw["event_id"]
    assert "original_run_id" not in app.api.run(failed.id).raw


def test_a_run_starts_again_from_its_beginning(app: SdkApp) -> None:
    order = Order(app)
    order.card_is_good = True
    completed = app.run()

    new = repeat(app, completed.id)

    assert new.output == 14
    assert order.done == ["stock", "price", "charge"] * 2


def test_a_run_starts_again_at_a_step(app: SdkApp) -> None:
    order = Order(app)
    order.card_is_good = True
    completed = app.run()

    new = repeat(app, completed.id, from_step={"id": "price"})

    assert new.output == 14
    assert order.done[3:] == ["price", "charge"]


def test_a_step_gets_edited_arguments(scripted_app: ScriptedApp) -> None:
    calls: list[Any] = []

    def answer(call: Call) -> Answer:
        steps = call.json["steps"]
        calls.append((steps, call.json["ctx"]["stack"]["stack"]))
        if "data" not in steps.get("one", {}):
            return step("one", 1)
        if "data" not in steps.get("two", {}):
            return step("two", steps.get("two", {}).get("input", ["given"]))
        return Reply(200, steps["two"]["data"])

    first = scripted_app.run_with(answer)
    assert first.output == ["given"]
    calls.clear()

    new = repeat(scripted_app, first.id, from_step={"id": "two", "input": [{"amount": 5}]})

    assert new.output == [{"amount": 5}]
    assert calls[0] == ({"one": {"data": 1}, "two": {"input": [{"amount": 5}]}}, ["one"])


def test_a_sleeping_run_is_woken(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> str:
        await ctx.step.sleep("long", datetime.timedelta(days=300))
        return "woken"

    app.deploy()
    run = app.api.wait_for_start(app.send())
    app.api.wait_for_waiting(run.id, "sleep")

    answer = httpx.post(f"{app.api.url}/v1/runs/{run.id}/wake")

    assert answer.json()["data"] == {"run_id": run.id, "woken": 1}
    assert app.api.wait_for_end(run.id).output == "woken"
    assert httpx.post(f"{app.api.url}/v1/runs/{run.id}/wake").json()["data"]["woken"] == 0


@pytest.mark.parametrize(
    ("body", "status", "complaint"),
    [
        ({"from": "here"}, 400, "from must be beginning or failure"),
        ({"from": "failure", "from_step": {"id": "x"}}, 400, "from and from_step exclude each other"),
        ({"from_step": {}}, 400, "from_step must have the id or the name of a step as id"),
        ({"from_step": {"id": "x"}}, 400, "the run has no step of this id or name"),
        ({"from_step": {"id": "x", "input": {}}}, 400, "input must be an array"),
        ({"form": "failure"}, 400, "form is no field; the fields are from, from_step"),
        ({"from": "failure"}, 409, "the run has neither failed nor been cancelled"),
    ],
)
def test_wrong_wishes_are_refused(app: SdkApp, body: Any, status: int, complaint: str) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> None:
        pass

    answer = rerun(app, app.run().id, **body)

    assert answer.status_code == status
    assert complaint in answer.json()["error"]


def test_what_is_not_there_cannot_be_repeated_or_woken(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> None:
        pass

    app.deploy()
    for action in ("rerun", "wake"):
        unknown = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
        assert httpx.post(f"{app.api.url}/v1/runs/{unknown}/{action}").status_code == 404
        assert httpx.post(f"{app.api.url}/v1/runs/nonsense/{action}").status_code == 400


class TestReplays:
    """Many runs are repeated by one order."""

    @pytest.fixture
    def failures(self, own_server: Server, make_app: Callable[..., SdkApp]) -> "Failures":
        return Failures(own_server, make_app(own_server))

    def test_failed_runs_are_counted_and_repeated(self, failures: "Failures") -> None:
        failures.fail(5)
        failures.app.run({"good": True})

        preview = failures.order(preview=True)
        assert (preview["runs"], preview["is_complete"], preview["replay"]) == (5, True, None)
        assert failures.replays() == []

        failures.are_over = True
        replay = failures.order(per_minute=60_000)["replay"]
        ended = failures.wait(replay["id"], "finished")

        assert (ended["runs"], ended["started"], ended["skipped"]) == (5, 5, 0)
        assert sorted(failures.charged) == [0, 1, 2, 3, 4]
        assert len(failures.prepared) == 6, "what was done before the failure is not done again"
        again = failures.order(preview=True)
        assert again["runs"] == 5, "the originals stay as they are"

    def test_a_replay_is_paused_survives_a_kill_and_starts_none_twice(self, failures: "Failures") -> None:
        failures.fail(20)
        failures.are_over = True
        replay = failures.order(per_minute=1_200)["replay"]["id"]
        eventually(lambda: failures.replay(replay)["started"] >= 5, "five runs have been repeated")
        failures.server.kill9()
        failures.server.start()
        paused = failures.change(replay, paused=True)
        assert paused["state"] == "paused"
        time.sleep(1.5)
        started = failures.replay(replay)["started"]
        time.sleep(1)
        assert failures.replay(replay)["started"] == started < 20

        failures.change(replay, paused=False, per_minute=60_000)
        ended = failures.wait(replay, "finished")

        assert ended["started"] == 20
        runs = failures.app.api.data("/v1/runs?limit=100")["runs"]
        origins = [run["original_run_id"] for run in runs if "original_run_id" in run]
        assert len(origins) == len(set(origins)) == 20

    def test_a_stopped_replay_starts_nothing_more(self, failures: "Failures") -> None:
        failures.fail(10)
        replay = failures.order(per_minute=60)["replay"]["id"]
        answer = httpx.delete(f"{failures.url}/v1/replays/{replay}").json()["data"]
        assert answer["state"] == "stopped" and answer["ended_at"]
        assert failures.change(replay, paused=False)["state"] == "stopped"
        assert failures.replay(replay)["started"] <= 2

    @pytest.mark.parametrize(
        ("body", "status", "complaint"),
        [
            ({}, 400, "function_id is required"),
            ({"function_id": "no-such"}, 404, "Function not found: no-such"),
            ({"status": ["running"]}, 400, "status must hold failed, cancelled or completed"),
            ({"start": "end"}, 400, "start must be failure or beginning"),
            ({"from": "soon"}, 400, "from must be an RFC 3339 time"),
            ({"from": "2026-01-02", "until": "2026-01-01"}, 400, "from must be before until"),
            ({"per_minute": 0}, 400, "per_minute must be a whole number from 1 to 60000"),
        ],
    )
    def test_wrong_orders_are_refused(
        self, failures: "Failures", body: dict[str, Any], status: int, complaint: str
    ) -> None:
        if body and "function_id" not in body:
            body = {"function_id": failures.slug, **body}
        answer = httpx.post(f"{failures.url}/v1/replays", json=body)
        assert (answer.status_code, answer.json()["error"]) == (status, complaint)


class Failures:
    """Runs that fail at their second step until that is over."""

    def __init__(self, server: Server, app: SdkApp) -> None:
        self.app = app
        self.server = server
        self.url = app.api.url
        self.slug = f"{app.id}-main"
        self.are_over = False
        self.prepared: list[Any] = []
        self.charged: list[Any] = []

        @app.function(retries=0)
        async def main(ctx: inngest.Context) -> None:
            await ctx.step.run("prepare", lambda: self.prepared.append(1))
            if not ctx.event.data.get("good"):
                await ctx.step.run("charge", lambda: self._charge(ctx.event.data["n"]))

        app.deploy()

    def _charge(self, number: Any) -> None:
        if not self.are_over:
            raise ValueError("declined")
        self.charged.append(number)

    def fail(self, count: int) -> None:
        events = [self.app.send({"n": number}) for number in range(count)]
        for event in events:
            assert self.app.api.wait_for_run(event).status == "Failed"

    def order(self, **body: Any) -> dict[str, Any]:
        answer = httpx.post(f"{self.url}/v1/replays", json={"function_id": self.slug, **body})
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["data"]

    def change(self, replay: str, **body: Any) -> dict[str, Any]:
        answer = httpx.patch(f"{self.url}/v1/replays/{replay}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def replays(self) -> list[dict[str, Any]]:
        return self.app.api.data("/v1/replays")

    def replay(self, id: str) -> dict[str, Any]:
        return self.app.api.data(f"/v1/replays/{id}")

    def wait(self, id: str, state: str) -> dict[str, Any]:
        return eventually(lambda: (found := self.replay(id))["state"] == state and found, f"the replay has {state}")
