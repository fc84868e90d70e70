"""The server under test: the real binary, started as a user would start it."""

import http.client
import os
import signal
import subprocess
import time
from pathlib import Path

from .api import Api
from .ports import free_port
from .signatures import Keys

REPOSITORY = Path(__file__).resolve().parents[3]


def binary() -> Path:
    """`APUS_BINARY`, or what `swift build` leaves behind."""
    path = Path(os.environ.get("APUS_BINARY", REPOSITORY / ".build" / "debug" / "apus"))
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist: run `swift build --product apus`, or set APUS_BINARY")
    return path


def is_healthy(port: int) -> bool:
    """Whether a server on a port of this machine answers `GET /health`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Server:
    """
    One `apus dev`, or with keys one `apus start`, with a data directory of its own; it survives
    restarts of the process.
    """

    # Of the whole test process, so that a failing test can show what its servers wrote.
    known: list["Server"] = []

    def __init__(
        self, directory: Path, *flags: str, port: int | None = None, keys: Keys | None = None, command: str | None = None
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = directory / "data"
        self.flags = flags
        self.keys = keys
        self._command = command or ("start" if keys else "dev")
        self.api = Api(self.url, keys)
        self._log = directory / "apus.log"
        self._log.touch()
        self._mark = 0
        self._process: subprocess.Popen[bytes] | None = None
        Server.known.append(self)

    def start(self, *more_flags: str, within: float = 30.0) -> "Server":
        """Starts the process and returns once it answers `GET /health`."""
        command = [
            str(binary()), self._command,
            "--host", "127.0.0.1",
            "--port", str(self.port),
            "--data-dir", str(self.data),
            *self.flags,
            *more_flags,
        ]  # fmt: skip
        variables = {**os.environ, **(self.keys.variables if self.keys else {})}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=variables
            )
        self._wait_until_healthy(within)
        return self

    def _wait_until_healthy(self, within: float) -> None:
        deadline = time.monotonic() + within
        while not is_healthy(self.port):
            code = self.process.poll()
            assert code is None, f"the server ended with {code} while starting:\n{self.log()[-4_000:]}"
            assert time.monotonic() < deadline, f"not healthy within {within:g} s:\n{self.log()[-4_000:]}"
            time.sleep(0.02)

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "the server was never started"
        return self._process

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def terminate(self, within: float = 30.0) -> int:
        """Asks the process to end, and returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(within)

    def kill9(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def restart(self) -> None:
        self.terminate()
        self.start()

    def stop(self) -> None:
        """Ends the process whatever state it is in."""
        if self in Server.known:
            Server.known.remove(self)
        if not self.is_running:
            return
        try:
            self.terminate(within=10)
        except subprocess.TimeoutExpired:
            self.kill9()

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def mark_log(self) -> None:
        self._mark = self._log.stat().st_size

    def log_since_mark(self) -> str:
        with self._log.open("rb") as log:
            log.seek(self._mark)
            return log.read().decode(errors="replace")

    @property
    def resident_megabytes(self) -> float:
        """The memory that the process occupies, as `ps` reports it on every system."""
        output = subprocess.check_output(["ps", "-o", "rss=", "-p", str(self.pid)])
        return int(output) / 1024
