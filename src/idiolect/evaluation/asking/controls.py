"""Histories that have lost what they are believed to be worth: a gain that stays does not come from there.

Another user's data is in `arms`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from idiolect.core.types import UserData


def shuffled(user: UserData, seed: int = 0) -> UserData:
    """The same records with their times dealt out anew: what is left does not come from their order.

    A method that weighs what is recent, or that lets a later record correct an earlier one, loses here. Each user's
    order is drawn by his own name, so that it does not depend on who else is asked.
    """
    draw = np.random.default_rng([seed, *user.user_id.encode()])
    order = draw.permutation(len(user.records))
    times = sorted(r.time for r in user.records)
    dealt = (replace(user.records[place], time=time) for place, time in zip(order, times, strict=True))
    return replace(user, records=tuple(dealt))
