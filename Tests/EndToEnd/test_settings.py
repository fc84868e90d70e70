"""Settings from outside the command line: what was typed counts most, then the environment, then a file."""

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.ports import free_port
from harness.server import binary, is_healthy


def environment(more: Mapping[str, str], home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("APUS_", "INNGEST_"))}
    return {**kept, "HOME": str(home), **more}


@contextmanager
def running(directory: Path, *flags: str, env: Mapping[str, str] | None = None) -> Iterator["subprocess.Popen[str]"]:
    """A server that is told as little as possible."""
    process = subprocess.Popen(
        [str(binary()), "dev", *flags], cwd=directory, env=environment(env or {}, directory),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def listens(process: "subprocess.Popen[str]", port: int, within: float = 20) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if is_healthy(port):
            return True
        assert process.poll() is None, process.stdout and process.stdout.read()
        time.sleep(0.02)
    return False


def ends(directory: Path, *flags: str, env: Mapping[str, str] | None = None) -> str:
    """Runs a server that is expected to refuse, and returns its one line."""
    result = subprocess.run(
        [str(binary()), "dev", *flags], cwd=directory, env=environment(env or {}, directory),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
    )  # fmt: skip
    assert result.returncode != 0
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


@pytest.mark.parametrize("variable", ["INNGEST_PORT", "APUS_PORT"])
def test_a_variable_sets_an_option(tmp_path: Path, variable: str) -> None:
    port = free_port()
    with running(tmp_path, "--no-discovery", env={variable: str(port)}) as server:
        assert listens(server, port)
    assert (tmp_path / ".apus" / "apus.db").exists()


def test_what_was_typed_counts_more_than_the_environment(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, "-p", str(port), "--no-discovery", env={"INNGEST_PORT": str(free_port())}) as server:
        assert listens(server, port)


@pytest.mark.parametrize("name", ["inngest.json", "apus.json", "inngest.yaml", "inngest.yml"])
def test_a_file_in_a_directory_above_sets_options(tmp_path: Path, name: str) -> None:
    port = free_port()
    settings = {"port": port, "no-discovery": True, "sqlite-dir": "kept"}
    lines = [f"{key}: {json.dumps(value)}" for key, value in settings.items()]
    (tmp_path / name).write_text(json.dumps(settings) if name.endswith(".json") else "\n".join(lines))
    below = tmp_path / "deep" / "down"
    below.mkdir(parents=True)
    with running(below) as server:
        assert listens(server, port)
    assert (below / "kept" / "apus.db").exists()


def test_the_environment_counts_more_than_a_file(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "inngest.json").write_text(json.dumps({"port": free_port(), "no-discovery": True}))
    with running(tmp_path, env={"INNGEST_PORT": str(port)}) as server:
        assert listens(server, port)


@pytest.mark.parametrize("by_variable", [True, False])
def test_a_file_can_be_named(tmp_path: Path, by_variable: bool) -> None:
    port = free_port()
    file = tmp_path / "mine.yaml"
    file.write_text(f"port: {port}\nno-discovery: true\nsdk-url: [http://127.0.0.1:1/a, http://127.0.0.1:1/b]\n")
    flags = [] if by_variable else ["--config", str(file)]
    with running(tmp_path, *flags, env={"INNGEST_CONFIG": str(file)} if by_variable else None) as server:
        assert listens(server, port)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/dev")
        told = json.loads(connection.getresponse().read())
        connection.close()
    assert told["startOpts"]["urls"] == ["http://127.0.0.1:1/a", "http://127.0.0.1:1/b"]


def test_a_list_in_a_variable_is_separated_by_commas(tmp_path: Path) -> None:
    port = free_port()
    variables = {"INNGEST_SDK_URL": "http://127.0.0.1:1/a, http://127.0.0.1:1/b"}
    with running(tmp_path, "-p", str(port), "--no-discovery", env=variables) as server:
        assert listens(server, port)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/dev")
        told = json.loads(connection.getresponse().read())
        connection.close()
    assert told["startOpts"]["urls"] == ["http://127.0.0.1:1/a", "http://127.0.0.1:1/b"]


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"INNGEST_PORT": "eighty"}, ["INNGEST_PORT", "eighty"]),
        ({"INNGEST_NO_POLL": "perhaps"}, ["INNGEST_NO_POLL", "true or false"]),
        ({"APUS_POLL_INTERVAL": "-1"}, ["APUS_POLL_INTERVAL", "negative"]),
        ({"INNGEST_CONFIG": "/nowhere/inngest.json"}, ["/nowhere/inngest.json"]),
    ],
)
def test_a_wrong_variable_is_named_in_one_line(tmp_path: Path, variables: dict[str, str], named: list[str]) -> None:
    line = ends(tmp_path, env=variables)
    for text in named:
        assert text in line


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{port", "neither JSON nor YAML"),
        ("[1, 2]", "mapping"),
        ('{"port": [1, 2]}', "port takes one value"),
        ('{"port": {"number": 1}}', "port"),
        ('{"port": "eighty"}', "eighty"),
        ('{"no-poll": "perhaps"}', "true or false"),
    ],
)
def test_a_wrong_file_is_named_in_one_line(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "inngest.json").write_text(text)
    line = ends(tmp_path)
    assert "inngest.json" in line and named in line
