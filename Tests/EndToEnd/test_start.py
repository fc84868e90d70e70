"""`apus start`: which keys it needs, where they may come from, and what it refuses."""

import itertools
import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import pytest

from harness.ports import free_port
from harness.server import Server, binary
from harness.signatures import Keys

SIGNING, EVENT = "signkey-prod-" + "ab" * 32, "an-event-key"
BOTH = {"INNGEST_SIGNING_KEY": SIGNING, "INNGEST_EVENT_KEY": EVENT}


def refusal(directory: Path, *flags: str, env: Mapping[str, str] | None = None) -> str:
    """Starts a server that is expected to refuse, and returns its one line."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("APUS_", "INNGEST_"))}
    result = subprocess.run(
        [str(binary()), "start", "--host", "127.0.0.1", "--port", str(free_port()), *flags], cwd=directory,
        env={**kept, "HOME": str(directory), **(env or {})},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
    )  # fmt: skip
    assert result.returncode == 1, result
    [line] = result.stderr.strip().splitlines()
    for secret in (SIGNING, SIGNING.removeprefix("signkey-prod-"), EVENT):
        assert secret not in result.stderr + result.stdout
    return line


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({}, "INNGEST_SIGNING_KEY"),
        ({"INNGEST_EVENT_KEY": EVENT}, "INNGEST_SIGNING_KEY"),
        ({"INNGEST_SIGNING_KEY": SIGNING}, "INNGEST_EVENT_KEY"),
        ({"INNGEST_SIGNING_KEY": "", "INNGEST_EVENT_KEY": EVENT}, "INNGEST_SIGNING_KEY"),
    ],
)
def test_it_needs_both_kinds_of_key(tmp_path: Path, env: dict[str, str], named: str) -> None:
    line = refusal(tmp_path, env=env)
    assert named in line and "openssl rand" in line
    assert not (tmp_path / ".apus").exists()


@pytest.mark.parametrize("key", ["abc", "not-hexadecimal", "signkey-test-", "ab cd", SIGNING + "f", "signkey-prod-äb"])
def test_a_malformed_signing_key_is_refused_without_being_repeated(tmp_path: Path, key: str) -> None:
    line = refusal(tmp_path, env={**BOTH, "INNGEST_SIGNING_KEY": f"{SIGNING},{key}"})
    assert "INNGEST_SIGNING_KEY" in line and "hexadecimal" in line and key not in line
    line = refusal(tmp_path, "--signing-key", key, env=BOTH)
    assert "--signing-key" in line and "hexadecimal" in line and key not in line


@pytest.mark.parametrize("key", ["with/slash", "with space", "50%", "what?"])
def test_a_malformed_event_key_is_refused_without_being_repeated(tmp_path: Path, key: str) -> None:
    line = refusal(tmp_path, "--event-key", key, env=BOTH)
    assert "--event-key" in line and "without spaces" in line and key not in line


def test_a_forgotten_event_key_does_not_take_the_next_option_in_its_place(tmp_path: Path) -> None:
    line = refusal(tmp_path, "--event-key", "--require-signed-replies", env=BOTH)
    assert "--event-key has no key" in line


def test_a_key_that_can_be_guessed_is_warned_of(start_server: Callable[..., Server]) -> None:
    assert "can be guessed" in start_server(keys=Keys(signing="abcd")).log()
    assert "can be guessed" not in start_server(keys=Keys()).log()


def test_a_key_that_a_file_would_take_for_a_number_has_to_be_quoted(tmp_path: Path) -> None:
    (tmp_path / "apus.yaml").write_text(f"signing-key: 00112233\nevent-key: {EVENT}\n")
    line = refusal(tmp_path)
    assert "apus.yaml" in line and "quotes" in line


def test_a_directory_that_another_server_holds_is_refused(
    tmp_path: Path, start_server: Callable[..., Server]
) -> None:
    server = start_server(keys=Keys())
    line = refusal(tmp_path, "--data-dir", str(server.data), env=BOTH)
    assert str(server.data) in line and f"in use by process {server.pid}" in line
    assert server.is_running


def is_open_for(server: Server, signing: str, event: str) -> tuple[bool, bool]:
    """Whether a server takes a signing key and an event key."""
    runs = httpx.get(server.url + "/v1/runs", headers={"Authorization": f"Bearer {signing}"}, trust_env=False)
    sent = httpx.post(f"{server.url}/e/{event}", json={"name": "a"}, trust_env=False)
    return runs.status_code == 200, sent.status_code == 200


@pytest.mark.parametrize("source", ["flags", "INNGEST_", "APUS_", "json", "yaml"])
def test_several_keys_of_each_kind_may_be_given(
    tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    signing, event = ["00" * 16, SIGNING], ["-first", "--Second", EVENT]
    flags: list[str] = []
    if source == "flags":
        flags = [f for key in signing for f in ("--signing-key", key)] + [f for key in event for f in ("--event-key", key)]
    elif source.isupper():
        monkeypatch.setenv(f"{source}SIGNING_KEY", ", ".join(signing))
        monkeypatch.setenv(f"{source}EVENT_KEY", ",".join(event))
    else:
        file = tmp_path / f"settings.{source}"
        file.write_text(json.dumps({"signing-key": signing, "event-key": event}))
        flags = ["--config", str(file)]
    server = Server(tmp_path, *flags, command="start")
    try:
        server.start()
        for signing_key, event_key in itertools.product(signing, event):
            assert is_open_for(server, signing_key, event_key) == (True, True)
        assert is_open_for(server, "11" * 16, "third") == (False, False)
    finally:
        server.stop()


def test_dev_never_reads_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNGEST_SIGNING_KEY", "malformed")
    monkeypatch.setenv("INNGEST_EVENT_KEY", EVENT)
    server = Server(tmp_path, "--no-discovery", "--in-memory")
    try:
        server.start()
        assert is_open_for(server, "nonsense", "nonsense") == (True, True)
        assert httpx.get(server.url + "/login", trust_env=False).status_code == 404
    finally:
        server.stop()


def test_without_pages_there_is_the_api_alone(start_server: Callable[..., Server]) -> None:
    server = start_server("--no-ui", keys=Keys())
    for path in ("/", "/runs", "/login", "/assets/dashboard.css"):
        assert server.api.http.get(path).status_code == 404
    assert server.api.http.get("/v1/runs").status_code == 200
