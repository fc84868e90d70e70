"""The commands with which people look at flow control and change it."""

import datetime
import re
import subprocess
import time
from typing import Any

import inngest
import pytest

from harness.commands import apus, complaint, said
from harness.in_flight import InFlight
from harness.ports import free_port
from harness.sdk_app import SdkApp
from harness.server import Server, binary
from harness.waiting import eventually

HOUR = datetime.timedelta(hours=1)
UNKNOWN = "01HF7YAT00000G40R40M30E209"


@pytest.fixture
def calls() -> InFlight:
    calls = InFlight()
    calls.hold()
    return calls


@pytest.fixture
def slug(app: SdkApp, calls: InFlight) -> str:
    """A function with a slot for each key, which runs hold until they are let go."""

    @app.function(concurrency=[inngest.Concurrency(limit=1, key="event.data.k")])
    async def main(ctx: inngest.Context) -> Any:
        return await calls.visit(ctx)

    @app.function("other", event=f"{app.id}/other")
    async def other(ctx: inngest.Context) -> Any:
        return await calls.visit(ctx)

    app.deploy()
    return f"{app.id}-main"


def send_many(app: SdkApp, *keys: str) -> list[str]:
    events = app.api.send([{"name": app.event, "data": {"n": n, "k": key}} for n, key in enumerate(keys)])
    return [app.api.wait_for_start(event).id for event in events]


# apus why


def test_why_says_what_a_run_waits_for(app: SdkApp, server: Server, slug: str, calls: InFlight) -> None:
    runs = send_many(app, *"aaa")
    calls.wait_for(0)
    app.api.wait_for_waiting(runs[2], "concurrency")
    assert said(server, "why", runs[2]) == (
        'All 1 slot of its concurrency limit of key "a" is taken; 1 run goes before it.\n'
    )
    assert said(server, "why", runs[0]).startswith("The app is being called since ")


def test_why_says_how_a_run_has_ended(app: SdkApp, server: Server, slug: str, calls: InFlight) -> None:
    runs = send_many(app, *"ab")
    app.api.http.delete(f"/v1/runs/{runs[1]}").raise_for_status()
    app.api.wait_for_end(runs[1])
    calls.let_go()
    app.api.wait_for_end(runs[0])
    assert re.fullmatch(r"It completed at 20\d\d-.*Z\.\n", said(server, "why", runs[0]))
    assert re.fullmatch(r"It was cancelled at 20\d\d-.*Z\.\n", said(server, "why", runs[1]))


def test_why_says_what_became_of_an_event(app: SdkApp, server: Server, calls: InFlight) -> None:
    @app.function("limited", rate_limit=inngest.RateLimit(limit=1, period=HOUR))
    async def limited(ctx: inngest.Context) -> None:
        return

    @app.function("plain")
    async def plain(ctx: inngest.Context) -> None:
        return

    app.deploy()
    first, second = app.send(), app.send()
    lines = said(server, "why", second).splitlines()
    [run] = app.api.runs_of(second)
    assert sorted(lines) == [
        f"{app.id}-limited has not started: its rate limit was used up.",
        f"{app.id}-plain has started run {run.id}.",
    ]
    assert len(said(server, "why", first).splitlines()) == 2
    assert said(server, "why", app.send(name=f"{app.id}/ignored")) == "No function listens to the event.\n"


def test_why_of_what_does_not_exist(server: Server) -> None:
    assert complaint(server, "why", UNKNOWN).endswith(f"There is no run and no event {UNKNOWN}.")
    assert '"nonsense" is not the id of a run or an event' in complaint(server, "why", "nonsense")


# apus queue


def test_queue_show_prints_a_line_for_each_key(app: SdkApp, server: Server, slug: str, calls: InFlight) -> None:
    assert said(server, "queue", "show", slug) == f"{slug}: 0 waiting, 0 calls under way, 0 admitted a second\n"
    send_many(app, *"abaabcc")
    calls.wait_for(0, 1, 5)
    eventually(lambda: app.api.queue(slug)["waiting"] == 4, "four wait")
    app.api.http.post(f"/v1/functions/{slug}/pause").raise_for_status()
    head, *lines = said(server, "queue", "show", slug).splitlines()
    assert re.fullmatch(rf"{slug}: 4 waiting, 3 calls under way, [0-9.]+ admitted a second, paused", head)
    assert lines[0].startswith("  a: 2,")
    assert sorted(line.split(",")[0] for line in lines) == ["  a: 2", "  b: 1", "  c: 1"]
    assert all(", the oldest since 20" in line and "Its function is paused" in line for line in lines)
    assert said(server, "queue", "show", slug, "--limit", "1").splitlines()[2:] == ["and 2 more keys"]


def test_queue_drain_discards_what_has_not_begun(app: SdkApp, server: Server, slug: str, calls: InFlight) -> None:
    runs = send_many(app, *"abab")
    calls.wait_for(0, 1)
    assert re.fullmatch(r"Order \w{26} is being carried out\.\n", said(server, "queue", "drain", slug, "--key", "a"))
    assert app.api.wait_for_end(runs[2]).status == "Cancelled"
    assert app.api.run(runs[3]).status == "Running"
    said(server, "queue", "drain", slug)
    assert app.api.wait_for_end(runs[3]).status == "Cancelled"
    assert [app.api.run(run).status for run in runs[:2]] == ["Running"] * 2


def test_queue_move_lets_another_function_run_it(app: SdkApp, server: Server, slug: str, calls: InFlight) -> None:
    runs = send_many(app, *"aba")
    calls.wait_for(0, 1)
    printed = said(server, "queue", "move", slug, "--to", f"{app.id}-other", "--key", "a")
    assert re.fullmatch(r"Order \w{26} is being carried out\.\n", printed)
    calls.wait_for(2)
    assert app.api.wait_for_end(runs[2]).status == "Cancelled"


def test_a_queue_is_not_moved_to_nowhere(app: SdkApp, server: Server, slug: str) -> None:
    assert complaint(server, "queue", "move", slug, "--to", "nonsense").endswith("to is no other function: nonsense")
    assert "--to" in apus(server, "queue", "move", slug).stderr


# apus limits


def test_limits_shows_sets_and_removes(app: SdkApp, server: Server, slug: str, calls: InFlight) -> None:
    registered = '{"concurrency":[{"key":"event.data.k","limit":1,"scope":"fn"}]}'
    shown = f"registered: {registered}\nset: nothing\nin force: {registered}\n"
    assert said(server, "limits", slug) == shown
    send_many(app, *"aaa")
    calls.wait_for(0)
    wider = registered.replace('"limit":1', '"limit":2')
    printed = said(server, "limits", slug, "--set", '{"concurrency": [{"key": "event.data.k", "limit": 2}]}')
    assert printed == f"registered: {registered}\nset: {wider}\nin force: {wider}\n"
    calls.wait_for(1)
    assert said(server, "limits", slug, "--remove") == shown
    calls.stays([0, 1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "{"], "--set is not JSON"),
        (["--set", '{"concurrency": -1}'], "concurrency must be an integer from 0 to 2147483647"),
        (["--set", '{"concurrency": [{"key": "x", "limit": 1}]}'], 'it has "event.data.k" (scope fn)'),
    ],
)
def test_limits_that_cannot_be(server: Server, slug: str, arguments: list[str], message: str) -> None:
    assert message in complaint(server, "limits", slug, *arguments)


def test_limits_are_not_set_and_removed_at_once(server: Server, slug: str) -> None:
    result = apus(server, "limits", slug, "--set", "{}", "--remove")
    assert "--set and --remove cannot be given together." in result.stderr


# apus pause, resume, audit


def test_pause_and_resume(app: SdkApp, server: Server, slug: str, calls: InFlight) -> None:
    calls.let_go()
    assert said(server, "pause", slug) == f"{slug} is paused.\n"
    event = app.send({"n": 0})
    assert said(server, "why", event) == f"{slug} has not started: it was paused.\n"
    assert said(server, "resume", slug) == f"{slug} goes on.\n"
    assert app.api.wait_for_run(app.send({"n": 1})).output == 1


def test_audit_prints_who_changed_what(server: Server, slug: str) -> None:
    said(server, "pause", slug)
    said(server, "resume", slug)
    said(server, "limits", slug, "--set", '{"concurrency": 7}')
    lines = [line for line in said(server, "audit", "--limit", "1000").splitlines() if slug in line]
    assert [line.split("  ")[1:4] for line in lines] == [
        ["ada at the command line", action, slug]
        for action in ("function.limits.set", "function.resumed", "function.paused")
    ]
    assert '"limit":7' in lines[0]
    at = datetime.datetime.fromisoformat(lines[0].split("  ")[0]).timestamp()
    assert abs(time.time() - at) < 10
    assert len(said(server, "audit", "--limit", "2").splitlines()) == 2


# What is wrong


COMMANDS = [
    ["queue", "show", "nonsense"],
    ["queue", "drain", "nonsense"],
    ["queue", "move", "nonsense", "--to", "other"],
    ["limits", "nonsense"],
    ["limits", "nonsense", "--set", "{}"],
    ["limits", "nonsense", "--remove"],
    ["pause", "nonsense"],
    ["resume", "nonsense"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_function_that_does_not_exist_is_named(server: Server, command: list[str]) -> None:
    assert complaint(server, *command).endswith("Function not found: nonsense")


@pytest.mark.parametrize("command", [*COMMANDS, ["why", UNKNOWN], ["audit"]], ids=" ".join)
def test_a_server_that_is_not_there_is_named(command: list[str]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    result = subprocess.run(
        [str(binary()), *command, "--url", url], capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL
    )
    assert result.returncode not in (0, None) and result.stdout == ""
    [line] = result.stderr.strip().splitlines()
    assert f"There is no server at {url}" in line


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["why"], "id"), (["queue", "show"], "function"), (["limits"], "function"), (["pause"], "function"),
        (["audit", "--limit", "many"], "many"),
    ],
)  # fmt: skip
def test_a_mistake_on_the_command_line_is_named(server: Server, arguments: list[str], named: str) -> None:
    result = apus(server, *arguments)
    assert result.returncode not in (0, None) and result.stdout == ""
    assert named in result.stderr
