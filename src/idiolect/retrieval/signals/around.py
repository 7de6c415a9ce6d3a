"""Around a hit: an answer stands beside the question it answers, and in the session that is about it.

score'(i) = score(i) + BEFORE * score(i - 1) + AFTER * score(i + 1)        neighbours of the same session only
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BEFORE = AFTER = 0.4


def sessions(names: Sequence[str]) -> NDArray[np.int64]:
    """(n,) the number of each document's session, from 0; -1 where it belongs to none or is alone in it."""
    import numpy as np

    order: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if name:
            order.setdefault(name, []).append(place)
    found = np.full(len(names), -1, np.int64)
    for number, places in enumerate(places for places in order.values() if len(places) > 1):
        found[places] = number
    return found


def neighbours(scores: NDArray[np.float64], sessions: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n,) scores (0 is the mean) with what spreads from the lines before and after; documents are in order."""
    import numpy as np

    found = scores.copy()
    for places in groups(sessions):
        run = scores[places]
        found[places] += BEFORE * np.r_[0.0, run[:-1]] + AFTER * np.r_[run[1:], 0.0]
    return found


def groups(sessions: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The places of each session's documents, in order."""
    import numpy as np

    return [np.flatnonzero(sessions == number) for number in range(int(sessions.max(initial=-1)) + 1)]
