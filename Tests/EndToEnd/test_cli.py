"""The command line: what a person sees, what a machine reads, and how it ends when something is wrong."""

import datetime
import json
import os
import re
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import inngest
import pytest

from harness.commands import apus
from harness.ports import free_port
from harness.sdk_app import SdkApp
from harness.server import Server
from harness.waiting import eventually

IGNORED_FLAGS = {
    "--queue-workers": "50",
    "--tick": "100",
    "--redis-uri": "redis://127.0.0.1:6379",
    "--postgres-uri": "postgres://127.0.0.1/inngest",
    "--postgres-max-idle-conns": "5",
    "--postgres-max-open-conns": "5",
    "--postgres-conn-max-idle-time": "5",
    "--postgres-conn-max-lifetime": "5",
    "--connect-gateway-port": "8289",
    "--connect-gateway-grpc-port": "50052",
    "--connect-gateway-grpc-ip": "127.0.0.1",
    "--connect-executor-grpc-port": "50053",
    "--connect-executor-grpc-ip": "127.0.0.1",
    "--debug-api-port": "7777",
}
IGNORED_SWITCHES = ["--persist"]


def dev(data: Path, *flags: str) -> "subprocess.CompletedProcess[str]":
    """Runs an `apus dev` that is expected to end by itself."""
    return apus(None, "dev", "--host", "127.0.0.1", "--data-dir", str(data), "--no-discovery", "--no-poll", *flags)


def only_line(text: str) -> str:
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    return lines[0]


# What is wrong


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["dev", "--no-such-flag"], "--no-such-flag"),
        (["dev", "--port", "eighty"], "eighty"),
        (["dev", "--port", "65536"], "--port"),
        (["dev", "--port", "-1"], "--port"),
        (["dev", "--poll-interval", "-1"], "--poll-interval"),
        (["dev", "--retry-interval", "-1"], "--retry-interval"),
        (["dev", "--drain-timeout", "-1"], "--drain-timeout"),
        (["dev", "--threads", "3"], "--threads must be 1 or 2"),
        (["dev", "--log-format", "xml"], "xml"),
        (["dev", "stray"], "stray"),
        (["no-such-command"], "no-such-command"),
        (["trace"], "run"),
        (["trace", "01HF7YAT00000G40R40M30E209", "--no-such-flag"], "--no-such-flag"),
    ],
)
def test_a_mistake_on_the_command_line_is_named(arguments: list[str], named: str) -> None:
    result = apus(None, *arguments)
    errors = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]

    assert result.returncode not in (0, None)
    assert result.stdout == ""
    assert named in only_line("\n".join(errors))


def test_an_unknown_log_level_is_named_in_one_line(tmp_path: Path) -> None:
    result = dev(tmp_path / "data", "--port", str(free_port()), "--log-level", "loud")

    assert result.returncode not in (0, None)
    assert "loud" in only_line(result.stderr)


def test_a_busy_port_is_named_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = dev(tmp_path / "data", "--port", str(port))

    assert result.returncode not in (0, None)
    line = only_line(result.stderr)
    assert f"Port {port}" in line and "--port" in line


def test_an_address_of_another_machine_is_named_in_one_line(tmp_path: Path) -> None:
    result = apus(None, "dev", "--host", "192.0.2.1", "--port", str(free_port()), "--data-dir", str(tmp_path / "data"))

    assert result.returncode not in (0, None)
    assert "192.0.2.1" in only_line(result.stderr)


def test_a_data_directory_in_use_is_named_in_one_line(own_server: Server) -> None:
    result = dev(own_server.data, "--port", str(free_port()))

    assert result.returncode not in (0, None)
    assert str(own_server.data) in only_line(result.stderr)
    assert own_server.is_running


def test_a_data_directory_that_is_a_file_is_named_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a directory")
    result = dev(file, "--port", str(free_port()))

    assert result.returncode not in (0, None)
    assert str(file) in only_line(result.stderr)


def test_a_store_that_is_none_is_named_in_one_line_and_left_alone(own_server: Server) -> None:
    own_server.terminate()
    [store] = own_server.data.glob("*.db")
    for leftover in own_server.data.glob("*.db-*"):
        leftover.unlink()
    store.write_bytes(b"this is no database" * 1_000)
    result = dev(own_server.data, "--port", str(own_server.port))

    assert result.returncode not in (0, None)
    assert str(own_server.data) in only_line(result.stderr)
    assert store.read_bytes() == b"this is no database" * 1_000


# What is right


def test_flags_of_the_reference_that_mean_nothing_here_are_accepted_with_a_note(
    start_server: Callable[..., Server],
) -> None:
    flags = [text for pair in IGNORED_FLAGS.items() for text in pair]
    server = start_server("--no-discovery", "--no-poll", *flags, *IGNORED_SWITCHES)

    log = server.log()
    for flag in [*IGNORED_FLAGS, *IGNORED_SWITCHES]:
        assert re.search(rf"{flag} is accepted and ignored", log), f"no note on {flag}"


def test_the_start_says_where_the_server_is_what_it_keeps_and_what_to_do(
    start_server: Callable[..., Server],
) -> None:
    server = start_server("--log-format", "text", "--no-discovery", "--no-poll")
    log = server.log()

    assert re.search(rf"server\s+http://(localhost|127\.0\.0\.1):{server.port}\b", log)
    assert re.search(rf"store\s+SQLite, {re.escape(str(server.data))}", log)
    assert re.search(r"apps\s+none yet", log)
    assert re.search(rf"next\s+start your app with INNGEST_DEV=http://localhost:{server.port}\b", log)


def test_the_start_names_the_apps_that_are_known(
    make_app: Callable[..., SdkApp], start_server: Callable[..., Server]
) -> None:
    server = start_server("--log-format", "text", "--no-discovery", "--no-poll")
    app = make_app(server)

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        return

    app.deploy()
    server.terminate()
    server.mark_log()
    server.start()

    assert re.search(
        rf"apps\s+{app.id} at http://localhost:{app.port}/api/inngest, 1 function", server.log_since_mark()
    )
    assert re.search(rf"next\s+send an event: curl http://localhost:{server.port}/e/", server.log_since_mark())


def test_a_server_that_keeps_nothing_says_so(start_server: Callable[..., Server]) -> None:
    server = start_server("--in-memory", "--log-format", "text", "--no-discovery", "--no-poll")

    assert re.search(r"store\s+SQLite, thrown away at the end", server.log())
    assert not server.data.exists()


@pytest.mark.parametrize(
    "flags", [["--log-format", "json"], ["--json"], []], ids=["--log-format json", "--json", "no flag"]
)
def test_machines_can_read_every_line_of_the_log(
    make_app: Callable[..., SdkApp], start_server: Callable[..., Server], flags: list[str]
) -> None:
    """Without a flag too, because standard output is no terminal here."""
    server = start_server("--no-discovery", "--no-poll", "--verbose", *flags)
    app = make_app(server)

    @app.function(retries=0)
    async def main(ctx: inngest.Context) -> None:
        raise ValueError('a "quoted"\nerror')

    app.run()
    server.terminate()
    lines = [json.loads(line) for line in server.log().splitlines()]

    assert len(lines) >= 3
    for line in lines:
        assert {"time", "level", "message"} <= line.keys()
        assert datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00"))
    assert any(str(server.port) in json.dumps(line) for line in lines)


def test_a_log_level_leaves_out_what_is_below(start_server: Callable[..., Server]) -> None:
    server = start_server("--log-format", "json", "--log-level", "error", "--no-discovery", "--no-poll")

    assert [line for line in server.log().splitlines() if json.loads(line)["level"] != "error"] == []


@pytest.mark.parametrize(
    ("arguments", "mentioned"),
    [(["--help"], "dev"), (["dev", "--help"], "--data-dir"), (["trace", "--help"], "--follow"), (["--version"], ".")],
)
def test_help_is_given_and_is_no_error(arguments: list[str], mentioned: str) -> None:
    result = apus(None, *arguments)

    assert result.returncode == 0
    assert mentioned in result.stdout
    assert result.stderr == ""


@pytest.mark.usefixtures("usual_ports")
def test_the_port_of_the_environment_is_searched_for_an_app(
    make_app: Callable[..., SdkApp], prepare_server: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = prepare_server("--poll-interval", "1")
    app = make_app(server)

    @app.function()
    async def main(ctx: inngest.Context) -> None:
        return

    monkeypatch.setitem(os.environ, "PORT", str(app.port))
    server.start()
    app.serve()

    eventually(lambda: f"{app.id}-main" in app.api.functions(), "the app is found")


# apus trace


def trace(server: Server, run_id: str, *flags: str) -> "subprocess.CompletedProcess[str]":
    return apus(server, "trace", run_id, *flags)


def test_trace_prints_what_a_run_did(app: SdkApp, server: Server) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> str:
        await ctx.step.run("create account", lambda: 1)
        await ctx.step.run("send welcome", lambda: 2)
        return "done"

    run = app.run()
    result = trace(server, run.id)

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.index("create account") < result.stdout.index("send welcome")


def test_trace_follows_a_run_until_it_has_ended(app: SdkApp, server: Server) -> None:
    @app.function()
    async def main(ctx: inngest.Context) -> None:
        await ctx.step.run("before", lambda: 1)
        await ctx.step.sleep("nap", datetime.timedelta(seconds=2))
        await ctx.step.run("after", lambda: 2)

    app.deploy()
    run = app.api.wait_for_start(app.send())
    assert not app.api.run(run.id).has_ended
    result = trace(server, run.id, "--follow")

    assert (result.returncode, result.stderr) == (0, "")
    assert app.api.run(run.id).status == "Completed"
    assert [name for name in ("before", "nap", "after") if name not in result.stdout] == []


@pytest.mark.parametrize(
    ("run_id", "message"),
    [("nonsense", '"nonsense" is not a run id'), ("01HF7YAT00000G40R40M30E209", "01HF7YAT00000G40R40M30E209")],
)
def test_trace_of_a_run_that_does_not_exist_says_so_in_one_line(server: Server, run_id: str, message: str) -> None:
    result = trace(server, run_id)

    assert result.returncode not in (0, None)
    assert message in only_line(result.stderr)


def test_trace_without_a_server_says_so_in_one_line() -> None:
    result = apus(None, "trace", "01HF7YAT00000G40R40M30E209", "--url", f"http://127.0.0.1:{free_port()}")

    assert result.returncode not in (0, None)
    assert "There is no server at" in only_line(result.stderr)
