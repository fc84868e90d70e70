"""Waiting for a condition instead of for time to pass."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(
    condition: Callable[[], T],
    what: str,
    *,
    within: float = 15.0,
    every: float = 0.05,
) -> T:
    """
    Asks `condition` until its answer is true, and returns that answer.

    Fails the test with `what` and the last answer when that takes longer than `within` seconds.
    """
    deadline = time.monotonic() + within
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {within:g} s: {what}; last seen: {answer!r}"
        time.sleep(every)


def stays_true(condition: Callable[[], bool], what: str, *, during: float) -> None:
    """Asserts that `condition` holds from now on for `during` seconds: for what must never happen."""
    deadline = time.monotonic() + during
    while time.monotonic() < deadline:
        assert condition(), f"did not stay so for {during:g} s: {what}"
        time.sleep(0.05)
