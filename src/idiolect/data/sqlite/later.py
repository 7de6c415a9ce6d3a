"""Work that waits a moment, so that much of it is done once: audit lines of reads, scrubbing after deletions; and what
comes round: erasing what was to be kept until a day.

One thread keeps the time for all of it; only what is still wanted when its time comes gets a thread of its own.
"""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from threading import Condition, Lock, Thread
from typing import Protocol

from idiolect.core.errors import StoreError

TICK = 0.05  # seconds: what comes due in them is looked at together
ROUND = 60.0  # seconds from one sweep to the next


class Alarm:
    """Wakes whoever asked for it. A wake is a number, so that who no longer wants it can tell it from a later one."""

    def __init__(self) -> None:
        self._numbers, self._changed = count(), Condition()
        self._wakes: list[tuple[float, int, Later]] = []
        self._thread: Thread | None = None

    def after(self, delay: float, later: Later) -> int:
        """Calls `later.due` with the number that this gives, `delay` seconds from now and little more."""
        with self._changed:
            number = next(self._numbers)
            heappush(self._wakes, (time.monotonic() + delay, number, later))
            if self._thread is None:
                self._thread = Thread(target=self._keep, name="alarm", daemon=True)
                self._thread.start()
            elif self._wakes[0][1] == number:
                self._changed.notify()
            return number

    def _keep(self) -> None:
        while True:
            with self._changed:
                if not self._wakes:
                    self._changed.wait()
                elif (left := self._wakes[0][0] - time.monotonic()) > 0:
                    self._changed.wait(max(left, TICK))
                now = time.monotonic()
                come = [heappop(self._wakes) for _ in range(len(self._wakes)) if self._wakes[0][0] <= now]
            for _, number, later in come:
                later.due(number)


class Later:
    """Runs `work` once, `delay` seconds after the first call of `soon`, and again while it says that it is not done."""

    alarm = Alarm()

    def __init__(self, delay: float, work: Callable[[], bool]) -> None:
        self._delay, self._work = delay, work
        self._lock = Lock()
        self._number: int | None = None

    def soon(self) -> None:
        """Makes sure that it will run."""
        with self._lock:
            if self._number is None:
                self._number = self.alarm.after(self._delay, self)

    def cancel(self) -> bool:
        """Stops waiting; tells whether something was waited for."""
        with self._lock:
            waited, self._number = self._number is not None, None
            return waited

    def due(self, number: int) -> None:
        """Its time has come; nothing happens where this wake was cancelled."""
        with self._lock:
            wanted = self._number == number
        if wanted:
            Thread(target=self._run, args=(number,), daemon=True).start()

    def _run(self, number: int) -> None:
        with self._lock:
            if self._number != number:
                return
            self._number = None
        try:
            done = self._work()
        except StoreError:  # busy or closed: whoever opens it next finds the note and does it
            done = False
        if not done:
            self.soon()


class Swept(Protocol):
    """A store."""

    def sweep(self) -> None:
        """Erases what is over."""
        ...


class Sweeper(Later):
    """Calls a store's `sweep` once a minute until it is stopped, or nobody has the store any more."""

    def __init__(self, store: Swept) -> None:
        self._store, self._stopped = weakref.ref(store), False
        super().__init__(ROUND, self._sweep)

    def soon(self) -> None:
        if not self._stopped:
            super().soon()

    def stop(self) -> None:
        """For good."""
        self._stopped = True
        self.cancel()

    def _sweep(self) -> bool:
        store = self._store()
        if store is not None:
            store.sweep()
        return store is None


def _forked() -> None:
    Later.alarm = Alarm()  # threads do not live on in a forked process


os.register_at_fork(after_in_child=_forked)
