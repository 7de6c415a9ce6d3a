"""Is a difference more than chance, how large is it, and for whom?

| file | answers |
|---|---|
| `bootstrap` | within which limits does it lie, were other users drawn? |
| `chance` | how odd were it by chance; and after so many comparisons? |
| `effects` | how large is it, and how small a one could have been found? |
| `breakdown` | whom does it help, and whom does it harm? |
| `wording` | what may be said of it? |

Users are what is drawn or exchanged, never answers, and every comparison is paired.
"""

from __future__ import annotations

from idiolect.evaluation.significance.bootstrap import Interval, between, compare, draws, enough, paired, per_user
from idiolect.evaluation.significance.chance import exchanged, holm, permutation, wilcoxon
from idiolect.evaluation.significance.wording import words

__all__ = [
    "Interval",
    "between",
    "compare",
    "draws",
    "enough",
    "exchanged",
    "holm",
    "paired",
    "per_user",
    "permutation",
    "wilcoxon",
    "words",
]
