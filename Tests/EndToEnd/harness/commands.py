"""The commands of the binary, as a person types them."""

import os
import subprocess

from .server import Server, binary


def apus(server: Server | None, *arguments: str, within: float = 20) -> "subprocess.CompletedProcess[str]":
    """Runs a command that ends by itself, for a server if there is one."""
    url = ["--url", server.url] if server else []
    return subprocess.run(
        [str(binary()), *arguments, *url],
        capture_output=True, text=True, timeout=within, stdin=subprocess.DEVNULL, env={**os.environ, "USER": "ada"},
    )  # fmt: skip


def said(server: Server, *arguments: str) -> str:
    """What a command prints that succeeds."""
    result = apus(server, *arguments)
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    return result.stdout


def complaint(server: Server | None, *arguments: str) -> str:
    """The one line of a command that fails."""
    result = apus(server, *arguments)
    assert result.returncode == 1, (result.returncode, result.stderr)
    assert result.stdout == ""
    [line] = result.stderr.strip().splitlines()
    return line


def begin(server: Server, *arguments: str) -> "subprocess.Popen[str]":
    """Starts a command that goes on."""
    command = [str(binary()), *arguments, "--url", server.url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
