"""Commands that talk to a server with keys."""

import os
import subprocess
from collections.abc import Callable, Mapping

import pytest

from harness.server import Server, binary
from harness.signatures import Keys, hash_of


@pytest.fixture
def server(shared_server: Callable[[str], Server]) -> Server:
    return shared_server("signed")


def apus(server: Server, *arguments: str, env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    result = subprocess.run(
        [str(binary()), *arguments, "--url", server.url], env={**os.environ, **(env or {})},
        capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert server.keys
    for secret in (server.keys.signing, hash_of(server.keys.signing)):
        assert secret not in result.stdout + result.stderr
    return result


@pytest.mark.parametrize("prefix", ["INNGEST_", "APUS_"])
def test_a_command_takes_the_keys_from_its_environment(server: Server, prefix: str) -> None:
    assert server.keys
    # As for the server, several may be given; the first counts.
    env = {f"{prefix}SIGNING_KEY": f"{server.keys.signing},{'00' * 16}", f"{prefix}EVENT_KEY": server.keys.event}
    sent = apus(server, "send", "cli/sent", env=env)
    assert sent.returncode == 0, sent.stderr
    listed = apus(server, "runs", "ls", env=env)
    assert listed.returncode == 0, listed.stderr
    assert "No function listens" in apus(server, "why", sent.stdout.strip(), env=env).stdout


def test_a_command_takes_the_keys_from_its_options(server: Server) -> None:
    assert server.keys
    assert apus(server, "send", "cli/sent", "--event-key", server.keys.event).returncode == 0
    hyphen = apus(server, "send", "cli/sent", "--event-key", "-" + server.keys.event)
    assert hyphen.returncode == 1 and "Event key not found" in hyphen.stderr
    forgotten = apus(server, "send", "cli/sent", "--event-key", "--data", "{}")
    assert forgotten.returncode == 1 and "--event-key has no key" in forgotten.stderr
    assert apus(server, "audit", "--signing-key", server.keys.signing).returncode == 0


def test_a_command_without_the_key_says_what_is_missing(server: Server) -> None:
    result = apus(server, "runs", "ls")
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "asks for its signing key" in result.stderr and "INNGEST_SIGNING_KEY" in result.stderr
    result = apus(server, "send", "cli/sent")
    assert result.returncode == 1 and "Event key not found" in result.stderr


def test_a_command_with_another_key_says_so(server: Server) -> None:
    result = apus(server, "runs", "ls", env={"INNGEST_SIGNING_KEY": Keys().signing})
    assert result.returncode == 1 and "another signing key" in result.stderr


def test_a_command_with_a_malformed_key_names_where_it_stands(server: Server) -> None:
    result = apus(server, "runs", "ls", env={"APUS_SIGNING_KEY": "nonsense"})
    assert result.returncode == 1
    assert "APUS_SIGNING_KEY" in result.stderr and "hexadecimal" in result.stderr and "nonsense" not in result.stderr
