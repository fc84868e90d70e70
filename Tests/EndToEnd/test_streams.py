"""Changes of runs as server-sent events."""

import contextlib
import datetime
import json
from collections.abc import Iterator
from typing import Any

import httpx
import inngest

from harness.sdk_app import SdkApp
from harness.server import Server

UNKNOWN = "01HF7YAT00000G40R40M30E209"


class Listener:
    """Reads a stream event by event; a test that waits in vain ends with a timeout of the connection."""

    def __init__(self, response: httpx.Response) -> None:
        self.lines = response.iter_lines()
        self.last_id = ""
        assert response.headers["content-type"].startswith("text/event-stream")
        assert next(self.lines) == ": here"

    def next(self) -> tuple[str, Any]:
        name, data = "", ""
        for line in self.lines:
            if line.startswith("id: "):
                self.last_id = line[4:]
            elif line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                data = line[6:]
            elif not line and name:
                return name, json.loads(data)
        raise AssertionError("the stream has ended")

    def until(self, state: str, run: str | None = None) -> dict[str, Any]:
        """The first run that is told to be in a state."""
        while True:
            name, data = self.next()
            if name == "run" and data["state"] == state and run in (None, data["run_id"]):
                return data


@contextlib.contextmanager
def listening(server: Server, path: str, last_id: str = "") -> Iterator[Listener]:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    with httpx.stream("GET", server.url + path, headers=headers, timeout=20, trust_env=False) as response:
        assert response.status_code == 200, response.read()
        yield Listener(response)


def declare(app: SdkApp) -> None:
    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> Any:
        if ctx.event.data.get("sleep"):
            await ctx.step.sleep("nap", datetime.timedelta(hours=1))
        if ctx.event.data.get("fail"):
            raise ValueError("no")
        return await ctx.step.run("a", lambda: ctx.event.data)

    app.deploy()


def test_changes_of_runs_are_told_as_they_happen(app: SdkApp, server: Server) -> None:
    declare(app)
    with listening(server, f"/v1/runs/stream?function={app.id}-main&output=true") as listener:
        run = app.api.wait_for_run(app.send({"n": 1}))
        told = listener.until("completed")
        assert told["run_id"] == run.id and told["output"] == {"n": 1} and told["function"] == f"{app.id}-main"
        event = app.send({"sleep": True})
        sleeping = app.api.wait_for_start(event).id
        listener.until("running", sleeping)
        app.api.http.delete(f"/v1/runs/{sleeping}")
        listener.until("cancelled", sleeping)


def test_only_what_the_filters_name_is_told(app: SdkApp, server: Server) -> None:
    declare(app)
    query = "status=failed&if=event.data.n%20%3E%201"
    with listening(server, f"/v1/runs/stream?app={app.id}&{query}") as listener:
        for data in [{"n": 1, "fail": True}, {"n": 2}, {"n": 3, "fail": True}]:
            run = app.api.wait_for_run(app.send(data))
        name, told = listener.next()
        assert name == "run" and told["run_id"] == run.id and told["state"] == "failed" and "output" not in told


def test_a_listener_goes_on_where_it_left_off(app: SdkApp, server: Server) -> None:
    declare(app)
    path = f"/v1/runs/stream?app={app.id}"
    with listening(server, path) as listener:
        sleeping = app.api.wait_for_start(app.send({"sleep": True})).id
        listener.until("running", sleeping)
    missed = app.api.wait_for_run(app.send({"n": 1})).id
    app.api.http.delete(f"/v1/runs/{sleeping}")
    app.api.wait_for_end(sleeping)
    with listening(server, path, listener.last_id) as again:
        found = {data["run_id"]: data["state"] for _, data in [again.next(), again.next()]}
    assert found == {sleeping: "cancelled", missed: "completed"}


def test_a_listener_is_told_when_it_has_missed_too_much(app: SdkApp, server: Server) -> None:
    declare(app)
    for _ in range(3):
        events = app.api.send([{"name": app.event, "data": {"sleep": True}}] * 80)
        app.api.wait_for_start(events[-1])
    with listening(server, f"/v1/runs/stream?app={app.id}", "1") as listener:
        names = []
        while "gap" not in names:
            name, data = listener.next()
            names.append(name)
        assert names.count("run") >= 200 and "more runs have changed since" in data["reason"]


def test_a_journal_is_told_entry_by_entry(app: SdkApp, server: Server) -> None:
    declare(app)
    run = app.api.wait_for_start(app.send({"sleep": True})).id
    path = f"/v1/runs/{run}/journal/stream"
    with listening(server, path) as listener:
        name, first = listener.next()
        assert name == "entry" and first["kind"] == "started" and listener.last_id == "1"
        kinds = [first["kind"]]
        while "answered" not in kinds:
            kinds.append(listener.next()[1]["kind"])
        app.api.http.delete(f"/v1/runs/{run}")
        while (found := listener.next())[0] == "entry":
            kinds.append(found[1]["kind"])
        assert found == ("end", {"status": "Cancelled"})
        assert list(listener.lines) == []
    assert kinds == [entry["kind"] for entry in app.api.journal(run)]
    with listening(server, path, str(len(kinds) - 1)) as listener:
        assert listener.next()[1]["kind"] == kinds[-1] and listener.next()[0] == "end"


def test_a_wrong_request_is_refused(server: Server) -> None:
    def status(path: str, last_id: str = "") -> int:
        return httpx.get(server.url + path, headers={"Last-Event-ID": last_id} if last_id else {}).status_code

    assert status("/v1/runs/stream?status=done") == 400
    assert status("/v1/runs/stream", "x") == 400
    assert status("/v1/runs/x/journal/stream") == 400
    assert status(f"/v1/runs/{UNKNOWN}/journal/stream") == 404
