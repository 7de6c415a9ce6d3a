"""What a conversation says of an assistant. The order that scripted assistants must take stands in `ranking.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from itertools import pairwise
from typing import Any

import numpy as np

from idiolect.evaluation.significance.effects import Effect, effect
from idiolect.evaluation.simulated.assistants import Assistant
from idiolect.evaluation.simulated.conversation import Exchange, talk
from idiolect.evaluation.simulated.users import Fact, Person

FAR = 3  # moves after which what was told is no longer what was just said


def measures(exchanges: Sequence[Exchange]) -> dict[str, float]:
    """memory: share of questions answered rightly; memory_far: of what was told some moves ago; likability: mean
    rating, stretched to 0-1; slope: how much the rating of answers rises a question.

    What a conversation has nothing of is left out: no question is not a question answered wrongly.
    """
    asked = [e for e in exchanges if e.move.act == "ask"]
    far = [e for e in asked if e.distance >= FAR]
    ratings = [(e.rating - 1) / 4 for e in exchanges]
    course = [(e.rating - 1) / 4 for e in asked]
    found = {
        "memory": [float(bool(e.right)) for e in asked],
        "memory_far": [float(bool(e.right)) for e in far],
        "likability": ratings,
    }
    measured = {name: float(np.mean(values)) for name, values in found.items() if values}
    if len(course) > 1:
        measured["slope"] = float(np.polyfit(np.arange(len(course)), course, 1)[0])
    return measured


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


def next_question(asked: Mapping[str, Sequence[str]], known: Sequence[Fact]) -> str:
    """Elicitation: of several questions the one whose answers split people most evenly, asked of those who fit so far.

    Args:
        asked: by question, what each person would answer. known: what is told already; its questions are not asked.
    """
    done = {f.asks for f in known}
    gains = {q: _entropy(answers) for q, answers in asked.items() if q not in done}
    return max(gains, key=lambda q: gains[q]) if gains else ""


def _entropy(answers: Sequence[str]) -> float:
    """In bits: how much the answer tells of who is asked."""
    _, counts = np.unique(np.asarray(answers), return_counts=True)
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum())
