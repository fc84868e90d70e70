"""Histories of real runs, replayed with ApusTesting against the code that made them and against other code."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.api import Run
from harness.commands import said
from harness.server import Server
from harness.swift_app import SwiftApp, binary
from harness.waiting import eventually


@pytest.fixture
def app(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwiftApp]:
    app = SwiftApp(server, tmp_path_factory.mktemp("swift")).start()
    yield app
    app.stop()


@pytest.fixture
def replay(app: SwiftApp, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Downloads a run's history and replays it; returns the exit code and what is printed."""

    def replay(run: Run, **variables: str) -> tuple[int, str]:
        path = tmp_path / "run.json"
        path.write_text(json.dumps(app.api.get(f"/v1/runs/{run.id}/journal")))
        done = subprocess.run(
            [str(binary()), "replay", str(path)],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "INNGEST_DEV": "1", "APP_ID": app.id, **variables},
        )
        return done.returncode, done.stdout + done.stderr

    return replay


@pytest.mark.parametrize(
    ("function", "data"),
    [
        ("sequence", {"key": "k"}),
        ("parallel", {"key": "k"}),
        ("many", {"count": 20}),
        ("flaky", {"failures": 1}),
        ("failing", {"key": "k"}),
        ("caught", {"code": 7}),
        ("saga", {"fails": True}),
        ("race", {}),
        ("parent", {"number": 3}),
        ("ordered", {"order_id": "o1", "seconds": 1}),
    ],
)
def test_the_code_that_made_a_history_replays_it(
    app: SwiftApp, replay: Callable[..., tuple[int, str]], function: str, data: dict[str, object]
) -> None:
    run = app.run(function, **data)
    before = app.ran(run)
    code, text = replay(run)
    assert code == 0, text
    assert f"run {run.id} of {app.id}-{function} replays the same" in text
    assert app.ran(run) == before, "bodies ran"


def test_changed_code_diverges_at_the_step_that_is_not_there_any_more(
    app: SwiftApp, replay: Callable[..., tuple[int, str]]
) -> None:
    run = app.run("changing")
    assert replay(run)[0] == 0
    code, text = replay(run, VARIANT="new")
    assert code == 1, text
    assert "diverges at step 1 of the history, old (run): the code asks for run new (SDKTestApp/Functions.swift:" in text


def test_a_run_that_lives_can_be_replayed(app: SwiftApp, replay: Callable[..., tuple[int, str]]) -> None:
    started = app.api.wait_for_start(app.send("sleepy", milliseconds=60_000))
    eventually(
        lambda: any(entry.get("job_kind") == "sleep" for entry in app.api.journal(started.id)), "the run sleeps"
    )
    code, text = replay(started)
    assert code == 0, text


def test_the_command_line_prints_what_can_be_replayed(app: SwiftApp, server: Server) -> None:
    run = app.run("sequence", key="k")
    exported = json.loads(said(server, "runs", "export", run.id))
    assert exported["run"]["run_id"] == run.id
    assert [event["data"] for event in exported["events"]] == [{"key": "k"}]
    assert [entry["name"] for entry in exported["entries"] if entry["kind"] == "stepFinished"] == ["a", "b", "c"]
