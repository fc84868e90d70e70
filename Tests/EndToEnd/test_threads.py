"""A server on one event loop and on two."""

import datetime
from collections.abc import Callable
from typing import Any

import httpx
import inngest
import pytest

from harness.sdk_app import SdkApp
from harness.server import Server


@pytest.mark.parametrize("threads", ["1", "2"])
def test_runs_and_requests_are_served_on_any_number_of_loops(
    make_app: Callable[..., SdkApp], start_server: Callable[..., Server], threads: str
) -> None:
    server = start_server("--threads", threads, "--retry-interval", "1", "--no-discovery", "--no-poll")
    app = make_app(server)

    @app.function()
    async def main(ctx: inngest.Context) -> Any:
        first = await ctx.step.run("first", lambda: ctx.event.data["n"])
        await ctx.step.sleep("nap", datetime.timedelta(milliseconds=50))
        return await ctx.step.run("second", lambda: first + 1)

    app.deploy()
    events = app.api.send([{"name": app.event, "data": {"n": n}} for n in range(50)])
    assert [app.api.wait_for_run(event).output for event in events] == list(range(1, 51))
    # Whoever listens is told of the end, and does not hold it up.
    with httpx.stream("GET", f"{server.url}/v1/runs/stream", timeout=20, trust_env=False) as response:
        lines = response.iter_lines()
        assert next(lines) == ": here"
        assert server.terminate() == 0
    server.start()
    assert app.run({"n": 1}).output == 2
