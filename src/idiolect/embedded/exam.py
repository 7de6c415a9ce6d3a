"""The rungs, as sets of (prompt, answer): users, values and phrasings that training never sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

from idiolect.embedded.jobs import facts, judging, talking, writing
from idiolect.embedded.lesson import Answer, Lesson
from idiolect.embedded.mixture import WISHES
from idiolect.simulation.language import Language

GOALS = {  # rung -> (floor, goal); stranger and refused are better when small
    "fact": (0.87, 0.95),
    "fact_seen_phrasings": (0.97, 0.98),
    "fact_stranger": (0.02, 0.02),
    "preference": (0.85, 0.95),
    "style": (0.90, 0.95),
    "unknown": (0.95, 0.97),
    "update": (0.75, 0.90),
    "foreign_prompt": (0.95, 0.95),
    "known_refused": (0.05, 0.05),
}


@dataclass
class Paper:
    """One rung's questions, each with the lesson it stands in."""

    lessons: list[Lesson] = field(default_factory=list)

    @property
    def asked(self) -> list[Answer]:
        return [x.asked[0] for x in self.lessons]

    def pairs(self) -> list[tuple[str, str]]:
        return [(x.prompt(a.question), a.text) for x, a in zip(self.lessons, self.asked, strict=True)]

    def strangers(self) -> list[tuple[str, str]]:
        """The same questions under the next user's history."""
        others = self.lessons[1:] + self.lessons[:1]
        return [(o.prompt(a.question), a.text) for o, a in zip(others, self.asked, strict=True)]


def papers(seed: int, items: int, foreign: Language | None = None) -> dict[str, Paper]:
    """Every rung's paper: `items` questions each; `foreign` is the language of a stranger's world file."""
    r, held = Random(seed), Language.load(held=True)
    lessons = RUNGS | ({"foreign": lambda r, held, i: single(r, foreign, i)} if foreign else {})
    seen = Language(held.data, held=False)
    return {
        rung: take(make, r, seen if rung == "fact_seen_phrasings" else held, items) for rung, make in lessons.items()
    }


Make: TypeAlias = Callable[[Random, Language, int], Lesson]


def take(make: Make, r: Random, lang: Language, items: int) -> Paper:
    """So many lessons of one question each."""
    paper = Paper()
    while len(paper.lessons) < items:
        lesson = make(r, lang, len(paper.lessons))
        if lesson.asked:
            lesson.asked = lesson.asked[:1]
            paper.lessons.append(lesson)
    return paper


def single(r: Random, lang: Language, i: int) -> Lesson:
    return facts.facts(r, lang, r.randint(4, 8), noise=2, only="fact")


def updated(r: Random, lang: Language, i: int) -> Lesson:
    lesson = facts.facts(r, lang, r.randint(3, 6), updates=1, noise=1, only="fact")
    lesson.asked = [a for a in lesson.asked if a.old]
    return lesson


def wished(r: Random, lang: Language, i: int) -> Lesson:
    return facts.facts(r, lang, r.randint(3, 6), noise=1, wish=WISHES[i % len(WISHES)], only="fact")


RUNGS: dict[str, Make] = {
    "fact": single,
    "fact_seen_phrasings": single,
    "preference": wished,
    "style": lambda r, lang, i: writing.style(r, lang, 4, asked=1, how="shots", task="rewrite"),
    "style_profile": lambda r, lang, i: writing.style(r, lang, 4, asked=1, how="profile", task="rewrite"),
    "headline": lambda r, lang, i: writing.style(r, lang, 4, asked=1, how="shots", task="headline"),
    "review": lambda r, lang, i: writing.style(r, lang, 4, asked=1, how="shots", task="review"),
    "unknown": lambda r, lang, i: facts.facts(r, lang, r.randint(4, 8), noise=2, only="unknown"),
    "update": updated,
    "tag": lambda r, lang, i: judging.tag(r, lang, 6, how="shots"),
    "tag_profile": lambda r, lang, i: judging.tag(r, lang, 6, how="profile"),
    "tag_nobody": lambda r, lang, i: judging.tag(r, lang, 0, how="none"),
    "rate": lambda r, lang, i: judging.rate(r, lang, 6, how="shots"),
    "count": lambda r, lang, i: facts.events(r, lang, r.randint(1, 5), noise=1, only="count"),
    "temporal": lambda r, lang, i: facts.events(r, lang, r.randint(1, 5), noise=1, only="temporal"),
    "multi_hop": lambda r, lang, i: facts.events(r, lang, r.randint(1, 4), noise=1, only="multi_hop"),
    "choose": lambda r, lang, i: judging.choose(r, lang),
    "extract": lambda r, lang, i: talking.extract(r, lang),
    "foreign_prompt": lambda r, lang, i: talking.foreign(r, lang),
}
