"""A user's weights as he sees them: a dial for each dimension, what it rests on, and what he set by hand."""

from __future__ import annotations

from typing import Any

from idiolect.adaptation.alignment.decoding.pref import PReF
from idiolect.adaptation.alignment.dimensions import DIMENSIONS
from idiolect.adaptation.alignment.evidence import Weights, settings
from idiolect.adaptation.alignment.reward import dial
from idiolect.core.types import UserData


def dials(method: PReF, data: UserData, own: Weights | None) -> list[dict[str, Any]]:
    """One object a dimension.

    Returns:
        "dimension", "more" and "less" (its ends in words), "weight" from -1 to 1 (what counts), "learnt" (what his
        choices tell) with "low" and "high" (its 95 % limits), "stated" (what he set by hand, or null), "sure" (whether
        the model is told), "sources" (how many records of feedback it was learnt from).
    """
    by_hand = settings(data)
    known = own.known if own is not None else method.prior(None)
    certain = method.certain(own)
    found = []
    for k, dimension in enumerate(DIMENSIONS):
        low, high = known.between(k)
        learnt = round(dial(known.mean[k]), 3) + 0.0
        stated = by_hand[k][0] if k in by_hand else None
        found.append(
            {
                "dimension": dimension.name,
                "more": dimension.more,
                "less": dimension.less,
                "weight": learnt if stated is None else stated,
                "learnt": learnt,
                "low": round(dial(low), 3),
                "high": round(dial(high), 3),
                "stated": stated,
                "sure": stated not in (None, 0) or k in certain,
                "sources": len(own.sources) if own is not None else 0,
            }
        )
    return found
