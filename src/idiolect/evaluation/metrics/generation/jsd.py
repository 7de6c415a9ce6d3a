"""Jensen-Shannon divergence of two texts' words: 0 for the same shares of words, 1 for no word in common.

    ½ KL(p, m) + ½ KL(q, m)       m = ½ (p + q), logarithms of base 2, p and q shares of words

EGISES' authors drop English stop words, digits and inflections first; here words stay as they are written.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from idiolect.evaluation.metrics.card import Card, Floats, Mean, Named, column
from idiolect.evaluation.metrics.words import words


@dataclass(frozen=True)
class JSD(Mean, Named):
    """An empty text is far from every other, and near to an empty one."""

    card = Card(formula="½ KL(p, m) + ½ KL(q, m), m = ½ (p + q)", source="Lin 1991", higher_is_better=False)

    def statistics(self, predictions: Sequence[str], references: Sequence[str]) -> Floats:
        """(n, 1): the divergence of each pair, bits."""
        pairs = zip(predictions, references, strict=True)
        return column([divergence(Counter(words(p)), Counter(words(r))) for p, r in pairs])


def divergence(a: Counter[str], b: Counter[str]) -> float:
    """Of two counts of words, in bits."""
    if not a or not b:
        return float(bool(a) != bool(b))
    p, q = ({w: n / bag.total() for w, n in bag.items()} for bag in (a, b))
    mean = {w: (p.get(w, 0) + q.get(w, 0)) / 2 for w in p | q}
    return sum(share[w] * math.log2(share[w] / mean[w]) for share in (p, q) for w in share) / 2


metric = JSD()
