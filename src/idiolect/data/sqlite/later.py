"""Work that waits a moment, so that much of it is done once: audit lines of reads, scrubbing after deletions."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Timer

from idiolect.core.errors import StoreError


class Later:
    """Runs `work` once, `delay` seconds after the first call of `soon`, and again while it says that it is not done."""

    def __init__(self, delay: float, work: Callable[[], bool]) -> None:
        self._delay, self._work = delay, work
        self._lock = Lock()
        self._timer: Timer | None = None

    def soon(self) -> None:
        """Makes sure that it will run."""
        with self._lock:
            if self._timer is None:
                self._timer = Timer(self._delay, self._run)
                self._timer.daemon = True
                self._timer.start()

    def cancel(self) -> bool:
        """Stops waiting; tells whether something was waited for."""
        with self._lock:
            waited, self._timer = self._timer is not None, None
            return waited

    def _run(self) -> None:
        with self._lock:
            if self._timer is None:
                return
            self._timer = None
        try:
            done = self._work()
        except StoreError:  # busy or closed: whoever opens it next finds the note and does it
            done = False
        if not done:
            self.soon()
