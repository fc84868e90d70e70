"""A function invokes another one and goes on with its result, its error, or without it in time."""

import datetime
from collections.abc import Callable
from typing import Any

import inngest
import pytest

from harness.sdk_app import SdkApp
from harness.server import Server

pytestmark = pytest.mark.both_modes


def nobody(app: SdkApp) -> str:
    """The name of an event that is never sent: for functions that are only invoked."""
    return f"{app.id}/never"


def test_an_invoked_function_gets_the_data_and_its_result_comes_back(app: SdkApp) -> None:
    @app.function("child", event=nobody(app))
    async def child(ctx: inngest.Context) -> Any:
        doubled = await ctx.step.run("double", lambda: 2 * ctx.event.data["number"])
        return {"doubled": doubled}

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        result = await ctx.step.invoke("ask", function=child, data={"number": 21})
        return await ctx.step.run("use", lambda: result["doubled"])

    run = app.run()

    assert (run.status, run.output) == ("Completed", 42)


def test_an_invoked_function_sees_the_invocation_as_its_event(app: SdkApp) -> None:
    @app.function("child", event=nobody(app))
    async def child(ctx: inngest.Context) -> Any:
        return [ctx.event.name, ctx.event.data]

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        return await ctx.step.invoke("ask", function=child, data={"x": {"y": None}})

    run = app.run()
    name, data = run.output
    invocation = data.pop("_inngest")

    assert name == "inngest/function.invoked"
    assert data == {"x": {"y": None}}
    assert invocation["fn_id"] == child.id
    assert invocation["correlation_id"].startswith(f"{run.id}.")


def test_a_function_can_be_invoked_by_its_id(app: SdkApp) -> None:
    @app.function("child", event=nobody(app))
    async def child(ctx: inngest.Context) -> str:
        return "by id"

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        return await ctx.step.invoke_by_id("ask", function_id="child")

    assert app.run().output == "by id"


def test_functions_without_async_invoke_too(app: SdkApp) -> None:
    @app.function("child", event=nobody(app))
    def child(ctx: inngest.ContextSync) -> Any:
        return ctx.event.data["n"]

    @app.function()
    def main(ctx: inngest.ContextSync) -> Any:
        return ctx.step.invoke("ask", function=child, data={"n": 5})

    assert app.run().output == 5


def test_a_function_of_another_app_can_be_invoked(make_app: Callable[..., SdkApp], server: Server) -> None:
    asking, answering = make_app(server, "asking"), make_app(server, "answering")

    @answering.function("child", event=nobody(answering))
    async def child(ctx: inngest.Context) -> str:
        return f"hello from {answering.id}"

    @asking.function()
    async def main(ctx: inngest.Context) -> Any:
        return await ctx.step.invoke_by_id("ask", app_id=answering.id, function_id="child")

    answering.deploy()

    assert asking.run().output == f"hello from {answering.id}"


@pytest.mark.parametrize("value", [None, False, 0, "", [], {}, "text", [1, None], {"data": 1}])
def test_an_invocations_result_comes_back_as_it_was(app: SdkApp, value: Any) -> None:
    @app.function("child", event=nobody(app))
    async def child(ctx: inngest.Context) -> Any:
        return value

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        return {"result": await ctx.step.invoke("ask", function=child)}

    assert app.run().output == {"result": value}


def test_an_invocation_may_invoke(app: SdkApp) -> None:
    @app.function("countdown", event=nobody(app))
    async def countdown(ctx: inngest.Context) -> Any:
        number = ctx.event.data["number"]
        if number == 0:
            return [0]
        rest = await ctx.step.invoke_by_id("rest", function_id="countdown", data={"number": number - 1})
        return [number, *rest]

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        return await ctx.step.invoke("count", function=countdown, data={"number": 3})

    assert app.run().output == [3, 2, 1, 0]


def test_an_invocation_that_ends_in_time_ignores_its_timeout(app: SdkApp) -> None:
    @app.function("child", event=nobody(app))
    async def child(ctx: inngest.Context) -> str:
        return "in time"

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        result = await ctx.step.invoke("ask", function=child, timeout=datetime.timedelta(seconds=1))
        # Beyond the time at which the invocation would have timed out.
        await ctx.step.sleep("pause", datetime.timedelta(seconds=2))
        return result

    assert app.run().output == "in time"


def test_an_invocation_that_takes_too_long_is_an_error_that_can_be_caught(app: SdkApp) -> None:
    @app.function("child", event=nobody(app))
    async def child(ctx: inngest.Context) -> None:
        await ctx.step.sleep("long", datetime.timedelta(hours=1))

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        try:
            await ctx.step.invoke("ask", function=child, timeout=datetime.timedelta(seconds=1))
        except inngest.StepError as error:
            return [error.name, error.message]

    run = app.run()

    assert run.output == ["InngestInvokeTimeoutError", "Timed out waiting for invoked function to complete"]


def test_the_error_of_an_invoked_function_can_be_caught(app: SdkApp) -> None:
    @app.function("child", event=nobody(app), retries=0)
    async def child(ctx: inngest.Context) -> None:
        raise ValueError("the child broke")

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        try:
            await ctx.step.invoke("ask", function=child)
        except inngest.StepError as error:
            caught = [error.name, error.message]
        return await ctx.step.run("recover", lambda: caught)

    run = app.run()

    assert (run.status, run.output) == ("Completed", ["ValueError", "the child broke"])


def test_the_error_of_an_invoked_function_fails_the_run_when_nobody_catches_it(app: SdkApp) -> None:
    @app.function("child", event=nobody(app), retries=0)
    async def child(ctx: inngest.Context) -> None:
        raise ValueError("the child broke")

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        await ctx.step.invoke("ask", function=child)

    run = app.run()

    assert run.status == "Failed"
    assert (run.output["name"], run.output["message"]) == ("ValueError", "the child broke")
    assert run.output["code"] == "step_errored"


def test_an_invoked_function_is_retried_before_its_error_counts(app: SdkApp) -> None:
    attempts = []

    @app.function("child", event=nobody(app), retries=1)
    async def child(ctx: inngest.Context) -> str:
        attempts.append(ctx.attempt)
        if ctx.attempt == 0:
            raise ValueError("not yet")
        return "recovered"

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        return await ctx.step.invoke("ask", function=child)

    assert app.run().output == "recovered"
    assert attempts == [0, 1]


def test_invoking_a_function_that_does_not_exist_is_an_error_that_names_it(app: SdkApp) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        try:
            await ctx.step.invoke_by_id("ask", function_id="nonexistent")
        except inngest.StepError as error:
            return error.message

    assert app.run().output == f"could not find function with ID: {app.id}-nonexistent"


# Invocations over HTTP


def test_post_invoke_runs_the_function_of_that_slug(app: SdkApp) -> None:
    @app.function("child", event=nobody(app))
    async def child(ctx: inngest.Context) -> Any:
        return [ctx.event.name, ctx.event.data["x"]]

    app.deploy()
    response = app.api.http.post(f"/invoke/{child.id}", json={"data": {"x": 1}})
    answer = response.json()

    assert response.status_code == 200
    assert answer == {"id": answer["id"], "status": 200}
    assert app.api.wait_for_run(answer["id"]).output == ["inngest/function.invoked", 1]


def test_post_invoke_of_an_unknown_slug_is_accepted_and_runs_nothing(app: SdkApp) -> None:
    response = app.api.http.post(f"/invoke/{app.id}-nonexistent", json={"data": {}})

    assert response.status_code == 200
    assert app.api.runs_of(response.json()["id"]) == []
