"""How often a key may ask: a bucket of tokens that fills by the minute."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from idiolect.applications.server.errors import Refusal

MOST = 10_000  # keys remembered at once


class Rates:
    """One bucket a key: `per_minute` requests at once, and as many a minute after that."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key -> (tokens, when)

    def take(self, key: str, per_minute: int) -> None:
        """Raises:
        Refusal: 429 with Retry-After, where nothing is left.
        """
        if not per_minute:
            return
        now, rate = self._clock(), per_minute / 60
        with self._lock:
            left, when = self._buckets.pop(key, (float(per_minute), now))
            left = min(left + (now - when) * rate, float(per_minute))
            granted = left >= 1
            self._buckets[key] = (left - 1 if granted else left, now)
            while len(self._buckets) > MOST:
                self._buckets.popitem(last=False)
        if not granted:
            wait = math.ceil((1 - left) / rate)
            raise Refusal(429, f"more than {per_minute} requests a minute", headers={"Retry-After": str(wait)})
