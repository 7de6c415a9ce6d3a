"""Judgements: tag, rate, recommend, choose between replies; known from labels, from a profile, both, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import NamedTuple

from idiolect.core.layout import HISTORY, PROFILE, count_line
from idiolect.embedded.jobs import noise
from idiolect.embedded.lesson import DECIDE, VALUE, Answer, Lesson, plain, shown
from idiolect.simulation import tastes
from idiolect.simulation.language import Language


class Judged(NamedTuple):
    """An item, what the judgement turns on, the word that shows it, the label."""

    text: str
    feature: str
    word: str
    label: str


HOW = (47, 20, 8, 25), (27, 45, 8, 20)  # how often what is known shows; of tags and choices, of ratings
Draw = Callable[[tastes.Taste], Judged]


def labelled(r: Random, lang: Language, task: str, n: int, draw: Draw, *, how: str = "") -> Lesson:
    """Items with the user's labels before; without any history each question comes from another person."""
    taste = tastes.Taste.draw(r, lang)
    how = how or r.choices(("shots", "profile", "both", "none"), HOW[task == "rate"])[0]
    n = r.randint(n, 24) if how == "profile" and task == "rate" else n  # a profile is as short, whatever it counts
    if task == "tag" and how != "none" and lang.wild and r.random() < 0.35:  # labels made up by this user
        taste = replace(taste, tags={t: lang.word(r) for t in taste.tags})
    weight = VALUE if task == "rate" or (task == "tag" and how != "none") else DECIDE
    judged = [draw(taste) for _ in range(n)] if how != "none" else []
    lesson, seen = Lesson(), set[str]()
    if how in ("profile", "both") and task in ("tag", "rate"):
        lines = plain(counted(r, lang, task, taste, judged))
        other = noise.profile(r, lang, apart_from="judging") if r.random() < 0.5 else []
        lesson.sections.append((PROFILE, other + lines))
        seen = {j.feature for j in judged}
    if how in ("shots", "both") or (how == "profile" and task not in ("tag", "rate")):
        lines, met = [], set[str]()
        for j in judged:
            lines.append(shown(j.text, [(f" {j.label}", weight)], learn=j.feature in met))
            met.add(j.feature)
        if r.random() < 0.3:
            lines = noise.mixed(r, lines, noise.history(r, lang, apart_from="judging"))
        lesson.sections.append((HISTORY, lines))
        seen |= met
    for _ in range(4):
        taste = tastes.Taste.draw(r, lang) if how == "none" else taste
        j = draw(taste)
        while task == "tag" and seen and j.feature not in seen and r.random() < 0.95:
            j = draw(taste)
        answer = [(f" {j.label}", weight)]
        lesson.asked.append(Answer(kind=task, question=f"{task.capitalize()}: {j.text}", answer=answer, value=j.label))
    return lesson


def counted(r: Random, lang: Language, task: str, taste: tastes.Taste, judged: list[Judged]) -> list[str]:
    """The labels counted: the usual one, and for tags the one that goes with a word (among words that tell nothing)."""
    labels = [j.label for j in judged]
    if task == "rate":
        lines = [count_line(task, sorted(labels)[len(labels) // 2])]  # the middle one of numbers
        cares = [a for a, w in taste.aspects.items() if w]
        r.shuffle(cares)
        return lines + ([f"cares about: {', '.join(cares)}"] if r.random() < 0.5 else [])
    lines = [count_line(task, max(sorted(set(labels)), key=labels.count))]
    pairs = {j.word: j.label for j in judged}
    pairs |= {r.choice(lang.nouns): r.choice(labels) for _ in range(r.randint(0, 2))}
    rest = [count_line(task, label, word) for word, label in pairs.items()]
    r.shuffle(rest)
    return lines + rest


def tag(r: Random, lang: Language, n: int, how: str = "") -> Lesson:
    def draw(taste: tastes.Taste) -> Judged:
        text, topic = tastes.film(r, lang)
        word = next(w for w in text.replace(",", "").split() if w in lang.data["topics"][topic]["words"])
        return Judged(text, topic, word, taste.tags[topic])

    return labelled(r, lang, "tag", n, draw, how=how)


def rate(r: Random, lang: Language, n: int, how: str = "") -> Lesson:
    def draw(taste: tastes.Taste) -> Judged:
        text, signs = tastes.visit(r, lang)
        return Judged(text, "", "", str(tastes.rating(taste, signs)))

    return labelled(r, lang, "rate", n, draw, how=how)


def recommend(r: Random, lang: Language, n: int, how: str = "") -> Lesson:
    def draw(taste: tastes.Taste) -> Judged:
        text, _, best = tastes.offer(r, lang, taste)
        return Judged(text, "", "", best)

    return labelled(r, lang, "recommend", n, draw, how=how)


def choose(r: Random, lang: Language, *, asked: int = 3) -> Lesson:
    """Which of two replies the user would take, known from his stated wishes, or not at all."""
    taste = tastes.Taste.draw(r, lang)
    told = r.random() < 0.6
    lesson = Lesson(sections=[(PROFILE, plain(wishes(r, taste)))] if told else [])
    for _ in range(asked):
        taste = taste if told else tastes.Taste.draw(r, lang)
        text, label = tastes.dilemma(r, lang, taste)
        lesson.asked.append(
            Answer(kind="choose", question=f"Choose: {text}", answer=[(f" {label}", DECIDE)], value=label)
        )
    return lesson


def wishes(r: Random, taste: tastes.Taste) -> list[str]:
    """Stated wishes as profile lines."""
    lines = [f"wants: {tastes.WISHES[d, w]}" for d, w in taste.weights.items() if w]
    r.shuffle(lines)
    return lines
