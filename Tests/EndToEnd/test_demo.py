"""`make demo`: the first thing that a newcomer sees."""

import os
import re
import subprocess
import sys
import threading

import pytest

from harness.ports import is_listening
from harness.server import REPOSITORY, binary
from harness.waiting import eventually

TIMELINE = [
    "shop-signup started",
    "create-account finished",
    "the mail server is busy; next attempt at",
    "send-welcome finished",
    "let-it-settle sleeps until",
    "let-it-settle woke up",
    "run completed",
]


@pytest.mark.usefixtures("usual_ports")
def test_the_demo_shows_a_run_and_then_waits_until_it_is_ended() -> None:
    demo = subprocess.Popen(
        [REPOSITORY / "Scripts" / "demo.sh"],
        env={**os.environ, "APUS_BINARY": str(binary()), "APUS_DEMO_PYTHON": sys.executable},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: list[str] = []
    assert demo.stdout is not None
    reader = threading.Thread(target=lines.extend, args=(demo.stdout,), daemon=True)
    reader.start()
    try:
        eventually(lambda: "Ctrl-C" in "".join(lines), "the demo has shown everything", within=40)
        output = "".join(lines)
        ports = [int(port) for port in re.findall(r"The (?:server|app) is at http://127.0.0.1:(\d+)", output)]
        assert len(ports) == 2 and all(is_listening(port) for port in ports)
    finally:
        demo.terminate()
        assert demo.wait(20) == 0, "".join(lines)

    assert [line for line in TIMELINE if line not in output] == []
    assert sorted(TIMELINE, key=output.index) == TIMELINE
    assert "crm-sync finished" in output and "newsletter finished" in output
    assert not any(is_listening(port) for port in ports)
