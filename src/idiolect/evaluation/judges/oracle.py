"""A world judges: its planted truth says which of two answers to a probe is better, and how good one is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    """Each probe's target against what another person would be told to the same question: pairs whose better side is
    known and personal, so that a judge who knows nobody is at chance.

    The right answer stands first and second in turn.
    """
    users = world.users
    answers = _answers(world, task)
    for place, user in enumerate(users):
        others = (*users[place + 1 :], *users[:place])
        kept = 0
        for probe in world.probes(user, task):
            told = (_told(world, other, user, probe, answers) for other in others)
            right = world.score(probe, probe.target)
            wrong = next((text for text in told if text and world.score(probe, text) < right), "")
            if not wrong:
                continue
            both = (probe.target, wrong) if kept % 2 == 0 else (wrong, probe.target)
            kept += 1
            yield Pair(id=probe.id, question=probe.query.text, first=both[0], second=both[1], user=user), probe


def _answers(world: World, task: str) -> dict[str, dict[str, str]]:
    """By question, what each person who is asked it would be told."""
    found: dict[str, dict[str, str]] = {}
    for user in world.users:
        for probe in world.probes(user, task):
            found.setdefault(probe.query.text, {})[user] = probe.target
    return found


def _told(world: World, other: str, user: str, probe: Probe, answers: Mapping[str, Mapping[str, str]]) -> str:
    """What another person would be told: to the very question, or by the tag that he gives its topic, or the other of
    two things offered; empty where nothing of this is known."""
    if other in answers[probe.query.text]:
        return answers[probe.query.text][other]
    mine, theirs = (world.truth.get(u, {}).get("taste", {}).get("tags", {}) for u in (user, other))
    topics = [topic for topic, tag in mine.items() if tag == probe.target and topic in theirs]
    if probe.task == "tag" and topics:
        return str(theirs[topics[0]])
    offered = ["A", "B"] if probe.task == "choose" else probe.query.input.split(" or ")
    return next((o for o in offered if o != probe.target), "") if probe.target in offered else ""
