"""What an app has under way, as the app itself counts it."""

import asyncio
import contextlib
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import inngest


@dataclass(frozen=True)
class Visit:
    """One execution of a function's or step's code."""

    value: Any
    key: str
    run: str
    at: float


class InFlight:
    """
    Functions and steps visit this while they run. It remembers the order in which they came and how many
    were there at a time, by key, and can hold them until the test lets them go.

    Two executions of one piece of work count once: after a crash of the server a call that it has lost may
    still be under way in the app while its repeat is.
    """

    def __init__(self) -> None:
        self.visits: list[Visit] = []
        # The highest number at a time: by key, and over all keys as "".
        self.most: Counter[str] = Counter()
        self._there: dict[str, Counter[str]] = defaultdict(Counter)
        self._holds = False
        self._let_go: set[Any] = set()

    @property
    def values(self) -> list[Any]:
        """The values of those who came, in the order in which they did."""
        return [visit.value for visit in self.visits]

    def hold(self) -> None:
        """Who comes from now on stays until it is let go."""
        self._holds = True

    def let_go(self, *values: Any) -> None:
        """Ends the stay of those with these values, of everybody if none is named."""
        if values:
            self._let_go.update(values)
        else:
            self._holds = False

    async def visit(self, ctx: inngest.Context, value: Any = None, *, key: str = "", seconds: float = 0.0) -> Any:
        """Stays for so long; returns the value, which is the event's `n` unless another is given."""
        value = ctx.event.data.get("n") if value is None else value
        with self.present(f"{ctx.run_id}/{value}", key):
            self.visits.append(Visit(value, key, ctx.run_id, time.time()))
            if seconds:
                await asyncio.sleep(seconds)
            while self._holds and value not in self._let_go:
                await asyncio.sleep(0.005)
        return value

    @contextlib.contextmanager
    def present(self, work: str, key: str) -> Iterator[None]:
        places = {"", key}
        for place in places:
            self._there[place][work] += 1
            self.most[place] = max(self.most[place], self._count(place))
        try:
            yield
        finally:
            for place in places:
                self._there[place][work] -= 1

    def _count(self, place: str) -> int:
        return sum(count > 0 for count in self._there[place].values())

    # Waiting

    def wait_for(self, *values: Any, within: float = 15.0) -> None:
        """Waits until all of these have come."""
        deadline = time.monotonic() + within
        while not set(values) <= set(self.values):
            assert time.monotonic() < deadline, f"{values} did not come within {within:g} s, only {self.values}"
            time.sleep(0.005)

    def stays(self, values: list[Any], *, during: float = 0.4) -> None:
        """Asserts that these have come, in this order, and that nobody else comes for a while."""
        deadline = time.monotonic() + during
        while True:
            assert self.values == values, f"{self.values} came instead of {values}"
            if time.monotonic() > deadline:
                return
            time.sleep(0.02)
