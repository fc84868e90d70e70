"""The server's HTTP API, as a client that is no SDK sees it."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from .signatures import Keys
from .waiting import eventually

ENDED = ("Completed", "Failed", "Cancelled")


@dataclass(frozen=True)
class Run:
    """A run as `GET /v1/runs/{id}` shows it."""

    raw: dict[str, Any] = field(repr=False)
    id: str
    status: str
    output: Any

    @classmethod
    def parse(cls, raw: dict[str, Any]) -> "Run":
        return cls(raw=raw, id=raw["run_id"], status=raw["status"], output=raw.get("output"))

    @property
    def function_id(self) -> str:
        return self.raw["function_id"]

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED


class Api:
    def __init__(self, url: str, keys: Keys | None = None) -> None:
        self.url = url
        self.event_path = f"/e/{keys.event if keys else 'test'}"
        headers = keys.authorization if keys else {}
        self.http = httpx.Client(base_url=url, timeout=30, trust_env=False, headers=headers)

    def get(self, path: str) -> Any:
        """The body of a GET that must succeed."""
        response = self.http.get(path)
        assert response.status_code == 200, f"GET {path}: {response.status_code} {response.text}"
        return response.json()

    def data(self, path: str) -> Any:
        """What is inside the `data` of a v1 answer."""
        return self.get(path)["data"]

    # Events

    def send(self, events: Any, *, headers: dict[str, str] | None = None) -> list[str]:
        """Posts an event or a list of them; returns their internal ids."""
        response = self.http.post(self.event_path, json=events, headers=headers)
        assert response.status_code == 200, f"POST /e: {response.status_code} {response.text}"
        return response.json()["ids"]

    # Runs

    def runs_of(self, event_id: str) -> list[Run]:
        return [Run.parse(raw) for raw in self.data(f"/v1/events/{event_id}/runs")]

    def run(self, run_id: str) -> Run:
        return Run.parse(self.data(f"/v1/runs/{run_id}"))

    def journal(self, run_id: str) -> list[dict[str, Any]]:
        return self.data(f"/v1/runs/{run_id}/journal")["entries"]

    def called_at(self, run_id: str) -> float:
        """When the server first called the app for a run, in seconds of the clock."""
        return next(entry["at"] for entry in self.journal(run_id) if entry["kind"] == "called") / 1_000

    def wait_for_runs(self, event_id: str, count: int, *, within: float = 15.0) -> list[Run]:
        """Waits until the event has `count` runs and all have ended; more than `count` is a failure."""

        def ended() -> list[Run]:
            runs = self.runs_of(event_id)
            assert len(runs) <= count, f"{len(runs)} runs instead of {count}: {runs}"
            return runs if len(runs) == count and all(run.has_ended for run in runs) else []

        runs = eventually(ended, f"{count} runs of event {event_id} have ended", within=within)
        return [self.run(run.id) for run in runs]

    def wait_for_run(self, event_id: str, *, within: float = 15.0) -> Run:
        """Waits until the only run of the event has ended."""
        return self.wait_for_runs(event_id, 1, within=within)[0]

    def wait_for_start(self, event_id: str, *, within: float = 15.0) -> Run:
        """Waits until the event has started a run."""
        return eventually(lambda: self.runs_of(event_id), f"event {event_id} has a run", within=within)[0]

    def wait_for_end(self, run_id: str, *, within: float = 15.0) -> Run:
        """Waits until a run has ended."""
        return eventually(
            lambda: (run := self.run(run_id)).has_ended and run, f"run {run_id} has ended", within=within
        )

    def waiting(self, run_id: str) -> dict[str, Any] | None:
        """What the run waits for; None when it does not."""
        return self.data(f"/v1/runs/{run_id}").get("waiting")

    def wait_for_waiting(self, run_id: str, rule: str, *, within: float = 15.0) -> dict[str, Any]:
        """Waits until the run is said to wait for this."""
        return eventually(
            lambda: (found := self.waiting(run_id)) and found["rule"] == rule and found,
            f"run {run_id} waits for {rule}; it says {self.waiting(run_id)}",
            within=within,
        )

    def outcomes(self, event_id: str) -> list[dict[str, Any]]:
        """What each function made of the event."""
        return self.data(f"/v1/events/{event_id}/outcomes")

    def outcome(self, event_id: str, *, within: float = 15.0) -> dict[str, Any]:
        """Waits until the only function that listens has made something of the event."""
        return eventually(lambda: self.outcomes(event_id), f"event {event_id} has an outcome", within=within)[0]

    # Functions

    def queue(self, slug: str) -> dict[str, Any]:
        return self.data(f"/v1/functions/{slug}/queue")

    def functions(self) -> dict[str, dict[str, Any]]:
        """The registered functions by their slug."""
        return {function["slug"]: function for function in self.get("/dev")["functions"]}

    def register(self, registration: dict[str, Any]) -> dict[str, Any]:
        response = self.http.post("/fn/register", json=registration)
        assert response.status_code == 200, f"POST /fn/register: {response.status_code} {response.text}"
        return response.json()
