"""People of a world at the door: they judge by their planted tastes, and say what these tell them to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from idiolect.retrieval.bm25 import BM25
from idiolect.simulation import tastes
from idiolect.simulation.language import Language, split
from idiolect.simulation.world import make

SHOWN = 8  # replies that a choice is put together from
SHARED = 0.5  # of a reply's words: from there on an answer is about the question


@dataclass(frozen=True, eq=False)
class Questions:
    """Everyday questions with their replies; what is measured is never rated."""

    language: Language

    @property
    def rated(self) -> list[Mapping[str, str]]:
        return split(self.language.data["reply"]["questions"], False)

    @property
    def measured(self) -> list[Mapping[str, str]]:
        return split(self.language.data["reply"]["questions"], True)

    def about(self, question: Mapping[str, str], text: str) -> float:
        """1 where an answer shares half of the words of one of the question's replies, else 0."""
        there = set(text.lower().replace(",", " ").replace(".", " ").split())
        replies = [set(question[form].lower().rstrip(".").replace(",", " ").split()) for form in FORMS]
        return float(any(len(words & there) >= SHARED * len(words) for words in replies))


FORMS = ("short", "long", "vague", "concrete")


@dataclass(kw_only=True)
class Visitor:
    """One person. liked: (question, text) of what he chose or wrote."""

    id: str
    weights: Mapping[str, int]
    questions: Questions
    r: Random
    liked: list[tuple[str, str]] = field(default_factory=list)

    def satisfaction(self, text: str) -> float:
        """The oracle's word on an answer, in [0, 1]."""
        seen = tastes.features(self.questions.language.data["reply"], text)
        return tastes.satisfaction(self.weights, seen) if text.strip() else 0.0

    def question(self) -> Mapping[str, str]:
        """One that he rates an answer to."""
        return self.r.choice(self.questions.rated)

    def replies(self, question: Mapping[str, str]) -> list[str]:
        """Different replies to it, in all manners."""
        found = (tastes.compose(self.r, self.questions.language, question, {}) for _ in range(SHOWN))
        return list(dict.fromkeys(found))

    def written(self, question: Mapping[str, str]) -> str:
        """The reply as he would write it."""
        return tastes.compose(self.r, self.questions.language, question, self.weights)

    def copied(self, question: str) -> str:
        """What he liked best to the question nearest to this one; nothing where he liked nothing yet."""
        if not self.liked:
            return ""
        scores = list(BM25().scores(question, [asked for asked, _ in self.liked]))
        return self.liked[scores.index(max(scores))][1]


def visitors(seed: int, count: int) -> list[Visitor]:
    """People whom neither training nor any setting has seen."""
    questions = Questions(Language.load(held=True))
    world = make(seed, count, history=1, probes=1)
    found: Sequence[tuple[str, Any]] = [(u, world.truth[u]["taste"]["weights"]) for u in world.users]
    return [Visitor(id=u, weights=dict(w), questions=questions, r=Random(f"{seed}/{u}")) for u, w in found]
