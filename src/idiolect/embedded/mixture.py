"""The un-personalised mixture the embedded model learns from: every job, with and without history."""

from __future__ import annotations

from random import Random

from idiolect.core.layout import IDENTIFIER
from idiolect.embedded.jobs import facts, judging, talking, writing
from idiolect.embedded.lesson import Lesson, plain
from idiolect.simulation.language import Language

TOP = 8  # the last level of the curriculum: histories of up to eight facts
SHARES = {  # job -> (share of the lessons, first level at which it comes)
    "facts": (44, 1),
    "updates": (15, 3),
    "style": (16, 1),
    "tag": (4, 1),
    "rate": (14, 1),
    "reply": (2, 1),
    "events": (5, 4),
    "nothing": (2, 1),
    "choose": (1.5, 1),
    "recommend": (1.5, 1),
    "world": (1, 1),
    "foreign": (2.5, 1),
    "extract": (1, 1),
    "summarise": (0.5, 4),
}
BESIDE = 0.4  # more often than in an exam: else a smiley in a style example ends up in answers about facts
WISHES = ("short", "formal", "warm", "call")


def draw(r: Random, lang: Language, level: int) -> Lesson:
    """One lesson; `level` (1 to 8) is the largest number of facts in a history, and brings clutter and harder jobs."""
    lesson = job(r, lang, level)
    if r.random() < 0.03:  # an identifier that means nothing yet
        code = " ".join(lang.word(r) for _ in range(2))
        lesson.sections.insert(0, (IDENTIFIER, plain([code])))
    return lesson


def job(r: Random, lang: Language, level: int) -> Lesson:
    n = r.randint(max(1, level // 2), level)
    noise = r.randint(0, level // 3)
    wish = r.choice(WISHES) if level > 2 and r.random() < 0.42 else ""
    open_jobs = {name: share for name, (share, first) in SHARES.items() if level >= first}
    (kind,) = r.choices(list(open_jobs), list(open_jobs.values()))
    match kind:
        case "facts":
            return facts.facts(r, lang, n, noise=noise, wish=wish, beside=BESIDE)
        case "updates":
            return facts.facts(r, lang, n, updates=r.randint(1, max(1, n // 2)), noise=noise, wish=wish, beside=BESIDE)
        case "style":
            shots = r.randint(2, 5) if level > 3 else r.randint(1, 2)
            return writing.style(r, lang, shots, asked=r.randint(2, 4), longest=level + 3)
        case "tag":
            return judging.tag(r, lang, r.randint(1, 2 + level))
        case "rate":
            return judging.rate(r, lang, r.randint(1, 2 + level))
        case "recommend":
            return judging.recommend(r, lang, r.randint(1, 1 + level // 2))
        case "choose":
            return judging.choose(r, lang)
        case "reply":
            return talking.reply(r, lang)
        case "events":
            return facts.events(r, lang, r.randint(1, max(2, level // 2)), noise=noise)
        case "world":
            return talking.world(r, lang)
        case "foreign":
            return talking.foreign(r, lang)
        case "extract":
            return talking.extract(r, lang)
        case "summarise":
            return talking.summarise(r, lang, r.randint(2, level))
    return facts.nothing(r, lang)
