"""A world judges: its planted truth says which of two answers to a probe is better, and how good one is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from idiolect.evaluation.judges.pairwise import Choice, Pair, Side, Verdict
from idiolect.simulation.people import Probe
from idiolect.simulation.world import World


@dataclass(frozen=True)
class Oracle:
    """The judge that cannot be wrong about its world; what a model's verdicts are held against."""

    world: World

    def grade(self, probe: Probe, answer: str) -> float:
        """In [0, 1]."""
        return self.world.score(probe, answer)

    def verdict(self, pair: Pair, probe: Probe) -> Verdict:
        """The better answer; equally good ones tie. The order plays no part."""
        a, b = self.grade(probe, pair.first), self.grade(probe, pair.second)
        side: Side = "first" if a > b else "second" if b > a else "tie"
        choice = Choice(side=side, certainty=1.0, abstained=False, text=f"{a:.3f} against {b:.3f}")
        return Verdict(pair=pair, forward=choice, backward=choice)


def pairs(world: World, task: str) -> Iterator[tuple[Pair, Probe]]:
    """Each probe's target against what another person would be told: pairs whose better side is known and personal.

    The right answer stands first and second in turn.
    """
    users = world.users
    for place, user in enumerate(users):
        others = world.probes(users[(place + 1) % len(users)], task)
        for n, (probe, other) in enumerate(zip(world.probes(user, task), others, strict=False)):
            if world.score(probe, other.target) == world.score(probe, probe.target):
                continue
            both = (probe.target, other.target) if n % 2 == 0 else (other.target, probe.target)
            yield Pair(id=probe.id, question=probe.query.text, first=both[0], second=both[1], user=user), probe
