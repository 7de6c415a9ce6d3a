"""What a conversation says of an assistant. The order that scripted assistants must take stands in `ranking.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from itertools import pairwise
from typing import Any

import numpy as np

from idiolect.evaluation.metrics.trend import fitted
from idiolect.evaluation.significance.effects import Effect, effect
from idiolect.evaluation.simulated.assistants import Assistant
from idiolect.evaluation.simulated.conversation import Exchange, talk
from idiolect.evaluation.simulated.likability import BEST, WORST
from idiolect.evaluation.simulated.users import Person

FAR = 3  # moves after which what was told is no longer what was just said


def measures(exchanges: Sequence[Exchange]) -> dict[str, float]:
    """memory: share of questions answered rightly; memory_far: of what was told some moves ago; memory_changed: of what
    has changed since; likability: mean rating, stretched to 0-1; slope: how much ratings of answers rise a question.

    Each dimension of likability under its own name, its mean stretched to 0-1; dimensions: their mean, of those that
    apply; adaptability, adaptability_r2: the line through the sessions' grades of replies to everyday questions
    (LikeBench); on_topic: share of replies to everyday questions that are about them.

    What a conversation has nothing of is left out: no question is not a question answered wrongly.
    """
    asked = [e for e in exchanges if e.move.act == "ask"]
    course = [stretched(e.rating) for e in asked]
    found = {
        "memory": [float(bool(e.right)) for e in asked],
        "memory_far": [float(bool(e.right)) for e in asked if e.distance >= FAR],
        "memory_changed": [float(bool(e.right)) for e in asked if e.move.fact.old],
        "likability": [stretched(e.rating) for e in exchanges],
        "on_topic": [float(e.topical) for e in exchanges if e.topical is not None],
    }
    graded = sorted({name for e in exchanges for name in e.grades})
    for name in graded:
        found[name] = [stretched(e.grades[name]) for e in exchanges if name in e.grades]
    measured = {name: float(np.mean(values)) for name, values in found.items() if values}
    if graded:
        measured["dimensions"] = float(np.mean([measured[name] for name in graded]))
    if len(course) > 1:
        measured["slope"] = float(np.polyfit(np.arange(len(course)), course, 1)[0])
    return measured | adaptability(exchanges)


def stretched(grade: float) -> float:
    """A grade from 1 to 5 as a number from 0 to 1."""
    return (grade - WORST) / (BEST - WORST)


def adaptability(exchanges: Sequence[Exchange]) -> dict[str, float]:
    """The slope a session of the sessions' mean grade, and how much of their course a line explains.

    Of replies to everyday questions alone, which every session has: what else is graded differs from one session to the
    next. Nothing of fewer than two sessions that have any.
    """
    sessions: dict[int, list[float]] = {}
    for e in exchanges:
        graded = [g for name, g in e.grades.items() if name != "callback"] if e.move.act == "open" else []
        if graded:
            sessions.setdefault(e.move.session, []).append(stretched(float(np.mean(graded))))
    if len(sessions) < 2:
        return {}
    levels, there = np.zeros(max(sessions) + 1), np.zeros(max(sessions) + 1)
    for session, values in sessions.items():
        levels[session], there[session] = float(np.mean(values)), 1.0
    slope, _, explained = fitted(levels, there)
    return {"adaptability": float(slope), "adaptability_r2": float(explained)}


def planned() -> dict[str, Any]:
    """The committed metrics and order."""
    text = files("idiolect.evaluation.simulated").joinpath("ranking.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def table(
    people: Sequence[Person], assistants: Mapping[str, Callable[[Person], Assistant]]
) -> dict[str, dict[str, dict[str, float]]]:
    """By metric and assistant, one number a person, with whom each assistant talks anew."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name, made in assistants.items():
        for person in people:
            for metric, value in measures(talk(person, made(person))).items():
                found.setdefault(metric, {}).setdefault(name, {})[person.name] = value
    return found


def ranked(by_assistant: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Best first, by the mean over people."""
    return sorted(by_assistant, key=lambda name: -float(np.mean(list(by_assistant[name].values()))))


def steps(by_assistant: Mapping[str, Mapping[str, float]]) -> list[Effect]:
    """Each assistant against the next in the order it took, paired over people."""
    order = ranked(by_assistant)
    return [effect(a, by_assistant[a], b, by_assistant[b]) for a, b in pairwise(order)]
