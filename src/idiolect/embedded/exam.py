"""The rungs, as sets of (prompt, answer): users, values and phrasings that training never sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from idiolect.embedded.jobs import facts, judging, talking, writing
from idiolect.embedded.lesson import Answer, Lesson
from idiolect.simulation.language import Language

GOALS = {  # rung -> (floor, goal); stranger is better when small
    "fact": (0.87, 0.95),
    "fact_seen_phrasings": (0.97, 0.98),
    "fact_stranger": (0.02, 0.02),
    "preference": (0.85, 0.95),
    "style": (0.90, 0.95),
    "unknown": (0.95, 0.97),
    "update": (0.75, 0.90),
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
    r, held, seen = Random(seed), Language.load(held=True), Language.load()
    wishes = ("short", "formal", "warm", "call")

    def take(make: Callable[[int], Lesson]) -> Paper:
        paper = Paper()
        while len(paper.lessons) < items:
            lesson = make(len(paper.lessons))
            if lesson.asked:
                lesson.asked = lesson.asked[:1]
                paper.lessons.append(lesson)
        return paper

    def fact(lang: Language) -> Paper:
        return take(lambda _: facts.facts(r, lang, r.randint(4, 8), noise=2, only="fact"))

    def update(_: int) -> Lesson:
        lesson = facts.facts(r, held, r.randint(3, 6), updates=1, noise=1, only="fact")
        lesson.asked = [a for a in lesson.asked if a.old]
        return lesson

    out = {
        "fact": fact(held),
        "fact_seen_phrasings": fact(Language(seen.data, held=False)),
        "preference": take(lambda i: facts.facts(r, held, r.randint(3, 6), noise=1, wish=wishes[i % 4], only="fact")),
        "style": take(lambda _: writing.style(r, held, 4, asked=1, how="shots")),
        "style_profile": take(lambda _: writing.style(r, held, 4, asked=1, how="profile")),
        "unknown": take(lambda _: facts.facts(r, held, r.randint(4, 8), noise=2, only="unknown")),
        "update": take(update),
        "tag": take(lambda _: judging.tag(r, held, 6, how="shots")),
        "tag_profile": take(lambda _: judging.tag(r, held, 6, how="profile")),
        "tag_nobody": take(lambda _: judging.tag(r, held, 0, how="none")),
        "rate": take(lambda _: judging.rate(r, held, 6, how="shots")),
        "count": take(lambda _: facts.events(r, held, r.randint(1, 5), noise=1, only="count")),
        "temporal": take(lambda _: facts.events(r, held, r.randint(1, 5), noise=1, only="temporal")),
        "multi_hop": take(lambda _: facts.events(r, held, r.randint(1, 4), noise=1, only="multi_hop")),
        "choose": take(lambda _: judging.choose(r, held)),
        "extract": take(lambda _: talking.extract(r, held)),
        "foreign_prompt": take(lambda _: talking.foreign(r, held)),
    }
    if foreign is not None:
        out["foreign"] = fact(foreign)
    return out
