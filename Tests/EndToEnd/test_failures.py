"""How errors look: to the code that catches them, to failure handlers, and to who reads the run."""

import traceback
from typing import Any

import inngest
import pytest

from harness.sdk_app import SdkApp
from harness.waiting import eventually, stays_true

pytestmark = pytest.mark.both_modes


class TeapotError(Exception):
    pass


def test_the_error_of_a_step_can_be_caught(app: SdkApp) -> None:
    def fail() -> None:
        raise TeapotError("short and stout")

    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> Any:
        try:
            await ctx.step.run("fails", fail)
        except inngest.StepError as error:
            caught = [error.name, error.message, "TeapotError: short and stout" in (error.stack or "")]
        return await ctx.step.run("recover", lambda: caught)

    run = app.run()

    assert (run.status, run.output) == ("Completed", ["TeapotError", "short and stout", True])


def test_functions_without_async_can_catch_the_error_of_a_step(app: SdkApp) -> None:
    def fail() -> None:
        raise TeapotError("short and stout")

    @app.function(retries=0)
    def main(ctx: inngest.ContextSync) -> Any:
        try:
            ctx.step.run("fails", fail)
        except inngest.StepError as error:
            message = error.message
        return ctx.step.run("recover", lambda: message)

    assert app.run().output == "short and stout"


def test_a_failed_runs_output_is_the_error_object_that_the_app_sent(app: SdkApp) -> None:
    stacks = []

    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> None:
        try:
            raise TeapotError("short and stout")
        except TeapotError:
            stacks.append(traceback.format_exc().splitlines()[-1])
            raise

    run = app.run()
    stack = run.output.pop("stack")

    assert run.status == "Failed"
    assert run.output == {"code": "unknown", "name": "TeapotError", "message": "short and stout"}
    assert stack.splitlines()[-1] == stacks[0]


def test_the_output_for_an_error_of_a_step_is_the_error_object_that_the_app_sent(app: SdkApp) -> None:
    def fail() -> None:
        raise TeapotError("short and stout")

    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> None:
        await ctx.step.run("fails", fail)

    run = app.run()

    assert set(run.output) == {"code", "name", "message", "stack"}
    assert run.output["code"] == "step_errored"
    assert (run.output["name"], run.output["message"]) == ("TeapotError", "short and stout")
    assert "TeapotError: short and stout" in run.output["stack"]


def test_the_failure_handler_gets_the_error_the_run_and_the_event(app: SdkApp) -> None:
    seen: list[inngest.Event] = []

    async def on_failure(ctx: inngest.Context) -> None:
        seen.append(ctx.event)

    @app.function("main", retries=0, on_failure=on_failure)
    async def main(ctx: inngest.Context) -> None:
        raise TeapotError("short and stout")

    run = app.run({"cup": 1})
    eventually(lambda: seen, "the failure handler is called")
    [event] = seen

    assert event.name == "inngest/function.failed"
    data: Any = event.data
    assert data["run_id"] == run.id
    assert data["function_id"] == f"{app.id}-main"
    assert (data["error"]["name"], data["error"]["message"]) == ("TeapotError", "short and stout")
    assert "TeapotError: short and stout" in data["error"]["stack"]
    assert (data["event"]["name"], data["event"]["data"]) == (app.event, {"cup": 1})
    assert data["event"]["id"] == run.raw["event_id"]


def test_the_failure_handler_may_have_steps(app: SdkApp) -> None:
    bodies = []

    def on_failure(ctx: inngest.ContextSync) -> None:
        ctx.step.run("first", lambda: bodies.append("first"))
        ctx.step.run("second", lambda: bodies.append("second"))
        bodies.append("returned")

    @app.function(retries=0, on_failure=on_failure)
    def main(ctx: inngest.ContextSync) -> None:
        raise TeapotError("short and stout")

    app.run()
    eventually(lambda: "returned" in bodies, "the failure handler returns")

    assert bodies == ["first", "second", "returned"]


def test_the_failure_handler_is_called_once_and_after_the_last_attempt(app: SdkApp) -> None:
    log: list[str] = []

    async def on_failure(ctx: inngest.Context) -> None:
        log.append("handler")

    @app.function(retries=2, on_failure=on_failure)
    async def main(ctx: inngest.Context) -> None:
        log.append(f"attempt {ctx.attempt}")
        raise TeapotError("short and stout")

    app.run()
    eventually(lambda: "handler" in log, "the failure handler is called")
    stays_true(lambda: log.count("handler") == 1, "the handler is called once", during=0.5)

    assert log == ["attempt 0", "attempt 1", "attempt 2", "handler"]


def test_the_failure_handler_of_another_function_is_not_called(app: SdkApp) -> None:
    called = []

    def handler_of(name: str) -> Any:
        async def on_failure(ctx: inngest.Context) -> None:
            called.append(name)

        return on_failure

    @app.function("fails", retries=0, on_failure=handler_of("fails"), event=f"{app.id}/fail")
    async def fails(ctx: inngest.Context) -> None:
        raise TeapotError("short and stout")

    @app.function("works", on_failure=handler_of("works"), event=f"{app.id}/work")
    async def works(ctx: inngest.Context) -> None:
        return

    app.deploy()
    assert app.api.wait_for_run(app.send(name=f"{app.id}/work")).status == "Completed"
    assert app.api.wait_for_run(app.send(name=f"{app.id}/fail")).status == "Failed"
    eventually(lambda: called, "a failure handler is called")
    stays_true(lambda: called == ["fails"], "no other handler is called", during=0.5)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="None"),
        pytest.param(True, id="True"),
        pytest.param(False, id="False"),
        pytest.param(0, id="0"),
        pytest.param(-7, id="an integer"),
        pytest.param(2**53 + 1, id="an integer beyond 2^53"),
        pytest.param(1.5, id="a fraction"),
        pytest.param("", id="the empty string"),
        pytest.param("Grüße, 世界 👩‍👩‍👧", id="unicode"),
        pytest.param("[1, 2]", id="a string that holds a list"),
        pytest.param([], id="the empty list"),
        pytest.param([1, "a", None, {"b": []}], id="a list"),
        pytest.param({}, id="the empty object"),
        pytest.param({"data": {"error": None}}, id="an object"),
        pytest.param("x" * (1 << 20), id="a megabyte"),
    ],
)
def test_a_completed_runs_output_is_what_the_function_returned(app: SdkApp, value: Any) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        return value

    run = app.run()

    assert run.status == "Completed"
    assert "output" in run.raw
    assert run.output == value


def test_a_returned_string_that_holds_an_object_is_shown_as_that_object(app: SdkApp) -> None:
    """A rule of the protocol, for functions that serialise their result themselves."""

    @app.function()
    async def main(ctx: inngest.Context) -> str:
        return '{"serialised": true}'

    assert app.run().output == {"serialised": True}
