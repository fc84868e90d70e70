"""Commands that list, follow and show what a server has: tables for people, JSON for programs."""

import json
import subprocess
from typing import Any

import inngest
import pytest

from harness.commands import apus, begin, complaint, said
from harness.ports import free_port
from harness.sdk_app import SdkApp
from harness.server import Server
from harness.waiting import eventually

UNKNOWN = "01HF7YAT00000G40R40M30E209"
COMMANDS = [
    ["runs", "ls"], ["runs", "tail", "--count", "1"], ["runs", "why", UNKNOWN], ["functions", "ls"], ["apps", "ls"],
    ["events", "ls"], ["events", "tail", "--count", "1"], ["open", UNKNOWN],
]  # fmt: skip


@pytest.fixture
def shop(app: SdkApp) -> SdkApp:
    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> Any:
        if ctx.event.data.get("fail"):
            raise inngest.NonRetriableError("no")
        return "done"

    app.deploy()
    return app


def lines(process: "subprocess.Popen[str]") -> list[str]:
    """What a command has printed that was to end by itself."""
    output, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
    return output.splitlines()


# Runs


def test_runs_are_followed_as_they_change(shop: SdkApp, server: Server) -> None:
    shop.run()
    tail = begin(server, "runs", "tail", "--function", f"{shop.id}-main", "--last", "1", "--count", "3")
    assert tail.stdout and tail.stdout.readline().split()[1] == "completed"
    runs = [shop.run({"fail": fail}).id for fail in [False, True]]
    # Each line is a change; states between two looks are not seen, but how a run ends is.
    seen = {line.split()[2]: line.split()[1] for line in lines(tail)}
    assert set(seen) <= set(runs) and len(seen) >= 1
    options = ["--function", f"{shop.id}-main", "--last", "2", "--count", "2", "--json"]
    with begin(server, "runs", "tail", *options) as tail:
        found = [json.loads(line) for line in lines(tail)]
    assert [run["run_id"] for run in found] == runs
    assert [run["state"] for run in found] == ["completed", "failed"]


def test_why_is_one_command_under_two_names(shop: SdkApp, server: Server) -> None:
    run = shop.run()
    assert said(server, "runs", "why", run.id) == said(server, "why", run.id)
    assert said(server, "runs", "why", run.id).startswith("It completed at ")


def test_a_run_and_an_event_have_an_address(shop: SdkApp, server: Server) -> None:
    event = shop.send()
    run = shop.api.wait_for_run(event)
    assert said(server, "open", run.id) == f"{server.url}/runs/{run.id}\n"
    assert said(server, "open", event) == f"{server.url}/events/{event}\n"
    assert complaint(server, "open", UNKNOWN) == f"apus: There is no run and no event {UNKNOWN}."
    assert "is not the id of" in complaint(server, "open", "../x")


def test_runs_are_repeated_by_command_one_and_many(shop: SdkApp, server: Server) -> None:
    first = shop.run({"fail": True})
    again = said(server, "runs", "rerun", first.id).strip()
    assert shop.api.wait_for_end(again).raw["original_run_id"] == first.id
    assert complaint(server, "runs", "rerun", first.id, "--from", "x") == "apus: from must be beginning or failure"
    assert said(server, "runs", "wake", first.id) == f"{first.id} waits for no time that could be cut short.\n"
    slug = f"{shop.id}-main"
    assert said(server, "replay", "start", slug, "--preview") == "2 runs would be repeated.\n"
    started, ended = said(server, "replays", "start", slug, "--start", "beginning", "--wait").splitlines()
    assert started.endswith(" repeats 2 runs.") and ended == "finished: 2 started, 0 left out."
    [row] = [line.split() for line in said(server, "replays", "ls").splitlines() if slug in line]
    assert row[1:6] == ["finished", slug, "2", "0", "2"]
    # What has ended stays as it is.
    assert said(server, "replays", "stop", row[0]) == "finished: 2 of 2 runs have started.\n"


# Events


def test_events_are_listed_shown_and_followed(shop: SdkApp, server: Server) -> None:
    first = shop.send({"n": 1})
    shop.api.wait_for_run(first)
    table = said(server, "events", "ls", "--name", shop.event).splitlines()
    assert table[0].split() == ["EVENT", "RECEIVED", "NAME", "DATA"]
    assert table[1].split()[0] == first and table[1].endswith('{"n":1}')
    [listed] = json.loads(said(server, "events", "ls", "--name", shop.event, "--json"))
    assert listed["internal_id"] == first
    shown = said(server, "events", "show", first)
    assert shop.event in shown and f"{shop.id}-main has started run" in shown
    assert json.loads(said(server, "events", "show", first, "--json"))["event"]["data"] == {"n": 1}

    tail = begin(server, "events", "tail", "--name", shop.event, "--since", "2020-01-01T00:00:00Z", "--count", "3")
    assert tail.stdout and tail.stdout.readline().split()[0] == first
    later = [shop.send({"n": n}) for n in [2, 3]]
    assert [line.split()[0] for line in lines(tail)] == later
    assert complaint(server, "events", "show", UNKNOWN) == f"apus: There is no event {UNKNOWN}."


# Functions and apps


def test_functions_are_listed_and_shown(shop: SdkApp, server: Server) -> None:
    slug = f"{shop.id}-main"
    assert [line for line in said(server, "functions", "ls").splitlines() if line.startswith(slug)]
    listed = json.loads(said(server, "functions", "ls", "--json"))
    assert [function["triggers"] for function in listed if function["slug"] == slug] == [[{"event": shop.event}]]
    shown = said(server, "functions", "show", slug)
    assert "limits" in shown and shop.event in shown and "waiting" in shown
    assert json.loads(said(server, "functions", "show", slug, "--json"))["queue"]["waiting"] == 0
    assert complaint(server, "functions", "show", "nobody") == "apus: There is no function nobody."


def test_apps_are_listed_and_synced(shop: SdkApp, server: Server) -> None:
    [row] = [line.split() for line in said(server, "apps", "ls").splitlines() if line.startswith(shop.id)]
    assert row[1] == "1" and row[-1] == "-"
    assert said(server, "apps", "sync", shop.id) == f"{shop.id} is synced: 1 function.\n"
    nobody = f"http://127.0.0.1:{free_port()}/api/inngest"
    assert complaint(server, "apps", "sync", nobody) == f"apus: {nobody} did not sync: unreachable"
    waiting = [app for app in json.loads(said(server, "apps", "ls", "--json")) if app["name"] is None]
    port = nobody.split(":")[2]
    assert [app["error"] for app in waiting if port in app["url"]] == ["unreachable"]
    assert complaint(server, "apps", "sync", "nobody") == "apus: There is no app nobody."


# How commands end


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_without_a_server_a_command_ends_with_1(command: list[str]) -> None:
    assert "There is no server at" in complaint(None, *command, "--url", f"http://127.0.0.1:{free_port()}")


@pytest.mark.parametrize(
    "command",
    [["runs", "tail", "--count", "0"], ["events", "ls", "--limit", "51"], ["functions", "show"], ["apps", "sink"]],
)
def test_a_mistake_in_what_was_typed_ends_with_64(command: list[str]) -> None:
    result = apus(None, *command)
    assert (result.returncode, result.stdout) == (64, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_how_to_complete(shell: str) -> None:
    result = apus(None, "--generate-completion-script", shell)
    assert result.returncode == 0
    assert "schedules" in result.stdout and "tail" in result.stdout


def test_a_tail_ends_when_it_is_interrupted(server: Server) -> None:
    tail = begin(server, "runs", "tail", "--last", "0")
    eventually(lambda: tail.poll() is None, "it goes on")
    tail.send_signal(2)
    assert tail.wait(10) != 0
