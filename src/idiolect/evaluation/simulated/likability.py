"""What a person likes in a reply, graded from 1 to 5 by rules that anybody can check; nothing where none applies.

| dimension | graded at | 5 | 1 |
|---|---|---|---|
| `formality` | everyday questions, where he cares | the tone he wants | the other one |
| `length` | everyday questions, where he cares | as short or long as he wants | not so |
| `reference` | questions that need two things he told | right | wrong |
| `callback` | where he asks for nothing he told | brings up what holds | brings up what no longer holds |
| `warmth`, `exactness` | everyday questions, where he cares | as he wants | not so |

The first four are of LikeBench's seven (arXiv 2512.13077), the last two are wishes that worlds plant besides. What
rules cannot grade is said in `dimensions.toml`. A grade of 3 is neither: no tone at all, nothing brought up.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from idiolect.simulation.oracles import holds
from idiolect.simulation.tastes import features, satisfaction

BEST, NEITHER, WORST = 5, 3, 1
NAMES = {"formal": "formality", "brief": "length", "warm": "warmth", "concrete": "exactness"}


@dataclass(frozen=True)
class Wants:
    """`weights`: by feature of a reply, 1 where he wants it, -1 where he does not, 0 where he is indifferent;
    `lexicon`: the words by which a world knows the features."""

    weights: Mapping[str, int]
    lexicon: Mapping[str, Any]

    def satisfaction(self, reply: str) -> float:
        """Share of his wishes that a reply meets, in [0, 1]."""
        return satisfaction(self.weights, features(self.lexicon["reply"], reply)) if reply.strip() else 0.0

    def grades(self, reply: str) -> dict[str, int]:
        """Each wish from 1 to 5; those he does not care for are left out."""
        seen = features(self.lexicon["reply"], reply)
        cared = {name: weight for name, weight in self.weights.items() if weight}
        return {NAMES[f]: NEITHER + 2 * w * seen[f] if reply.strip() else WORST for f, w in cared.items()}


def callback(said: str, reply: str, holding: Iterable[str], over: Iterable[str]) -> int | None:
    """Whether a reply brings up something that he told before and that he has not just said; None: he told nothing.

    Args:
        holding, over: values that he told, and that hold or hold no longer.
    """
    fresh, stale = ([v for v in values if not holds(said, v)] for values in (holding, over))
    if not fresh and not stale:
        return None
    if any(holds(reply, v) for v in stale):
        return WORST
    return BEST if any(holds(reply, v) for v in fresh) else NEITHER


def declared() -> dict[str, Any]:
    """What is graded and what is not, with why; committed before the first run."""
    text = files("idiolect.evaluation.simulated").joinpath("dimensions.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
