"""Runs are repeated from their beginning, from their failure or from a step, and woken."""

import datetime
from typing import Any

import httpx
import inngest
import pytest

from harness.api import Run
from harness.scripted_app import Answer, Call, Reply, ScriptedApp
from harness.sdk_app import SdkApp


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
