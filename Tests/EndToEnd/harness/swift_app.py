"""An app built with the Swift SDK: the program in Tests/SDKTestApp, started as its users would start theirs."""

import os
import socket
import subprocess
import uuid
from pathlib import Path
from typing import Any

import httpx

from .api import Api, Run
from .ports import free_port
from .server import REPOSITORY, Server
from .waiting import eventually


def binary() -> Path:
    """`APUS_SDK_APP`, or what `swift build` leaves behind."""
    path = Path(os.environ.get("APUS_SDK_APP", REPOSITORY / ".build" / "debug" / "SDKTestApp"))
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist: run `swift build --product SDKTestApp`, or set APUS_SDK_APP")
    return path


class SwiftApp:
    """One app with an id and event names that nobody else uses; it survives restarts of its process."""

    # Of the whole test process, so that a failing test can show what its apps wrote.
    known: list["SwiftApp"] = []

    def __init__(self, server: Server, directory: Path) -> None:
        self.id = "swift-" + uuid.uuid4().hex[:8]
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/api/inngest"
        self.api: Api = server.api
        self.server = server
        self._journal = directory / f"{self.id}.journal"
        self._journal.touch()
        self._log = directory / f"{self.id}.log"
        self._process: subprocess.Popen[bytes] | None = None
        SwiftApp.known.append(self)

    def start(self, **variables: str) -> "SwiftApp":
        """Starts the process, and returns when it listens and has told the server of its functions."""
        self.launch(**variables)
        answer = httpx.put(self.url, timeout=30, trust_env=False)
        assert answer.status_code == 200, f"PUT {self.url}: {answer.status_code} {answer.text}"
        return self

    def launch(self, **variables: str) -> None:
        """Starts the process, and returns when it listens."""
        keys = self.server.keys
        mode = {"INNGEST_BASE_URL": self.server.url, **keys.variables} if keys else {"INNGEST_DEV": self.server.url}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(binary())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={
                    **os.environ,
                    **mode,
                    "APP_ID": self.id,
                    "PORT": str(self.port),
                    "JOURNAL": str(self._journal),
                    **variables,
                },
            )
        eventually(self._listens, f"the app listens:\n{self.log()[-2_000:]}")

    def _listens(self) -> bool:
        assert self._process is not None and self._process.poll() is None, f"the app ended:\n{self.log()[-4_000:]}"
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def kill9(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def stop(self) -> None:
        if self in SwiftApp.known:
            SwiftApp.known.remove(self)
        if self._process is not None and self._process.poll() is None:
            self.kill9()

    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    # Running

    def send(self, function: str, **data: Any) -> str:
        """Sends the event that a function is named after; returns its internal id."""
        return self.api.send({"name": f"{self.id}/{function}", "data": data})[0]

    def run(self, function: str, *, within: float = 20.0, **data: Any) -> Run:
        """Waits for the end of the run that an event starts."""
        return self.api.wait_for_run(self.send(function, **data), within=within)

    def ran(self, run: Run) -> list[str]:
        """The bodies that ran in a run, with their attempts: `["a 0", "b 0"]`."""
        return [rest for id, _, rest in (line.partition(" ") for line in self.lines()) if id == run.id]

    def lines(self) -> list[str]:
        return self._journal.read_text().splitlines()
