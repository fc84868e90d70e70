"""How late everything is on a busy machine."""

import threading
import time
from collections.abc import Callable


class Lateness:
    """
    Asks the server for something small again and again while a test runs, and adds up by how much the answers
    are late. A test of a point in time allows that much: on a quiet machine it is strict, and on one that stands
    still for a second it does not blame the server.
    """

    # What is late without a reason.
    USUAL = 0.8
    # The time between two questions, and what one may take.
    PAUSE = 0.05

    def __init__(self, ask: Callable[[], object]) -> None:
        self._ask = ask
        self._total = 0.0
        self._asked = time.monotonic()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    @property
    def seconds(self) -> float:
        """By how much something may have come too late until now."""
        return self.USUAL + self._total + max(time.monotonic() - self._asked - 2 * self.PAUSE, 0.0)

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(self.PAUSE):
            self._ask()
            now = time.monotonic()
            self._total += max(now - self._asked - 2 * self.PAUSE, 0.0)
            self._asked = now
