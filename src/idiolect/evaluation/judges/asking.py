"""How a model is asked to judge, and what is read from its answer: what cannot be read is said, never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from idiolect.core.model import Model
from idiolect.core.requests import Ask, Flow, Key, Sampling
from idiolect.core.types import Message, Query
from idiolect.generation.drive import run_many

T = TypeVar("T")
WORDS = {"almost certain": 0.95, "very likely": 0.9, "likely": 0.75, "uncertain": 0.5, "unlikely": 0.25}
PERCENT = re.compile(r"(?:certainty|confidence)[^\w.]{0,4}(\d*\.?\d+)\s*(%|/\s*\d+)?", re.IGNORECASE)
LONGEST = 200  # tokens of a judge's answer
INSISTED = 11  # times that a judge is asked at most, at temperatures 0, 0.1, ... 1


def said(prompt: str, to: str = "base", *, temperature: float = 0.0, longest: int = LONGEST) -> Flow[str]:
    """Asks once, greedily unless a temperature is given."""
    query = Query(messages=(Message("user", prompt),))
    sampling = Sampling(max_tokens=longest, temperature=temperature)
    answers: tuple[str, ...] = yield Ask(query=query, sampling=sampling, to=to)
    return answers[0]


def insisted(
    prompt: str, read: Callable[[str], T | None], to: str = "base", *, longest: int = LONGEST
) -> Flow[T | None]:
    """Asks greedily, then ever more warmly up to 1, until an answer can be read; None where none could be."""
    for step in range(INSISTED):
        found = read((yield from said(prompt, to, temperature=step / 10, longest=longest)))
        if found is not None:
            return found
    return None


def field(text: str, name: str) -> str:
    """What stands after the last ``Name:``, up to the end of the line; empty where there is none."""
    found = re.findall(rf"^\W*{re.escape(name)}\W*?[:=]\s*(.+?)\s*$", text, re.IGNORECASE | re.MULTILINE)
    return str(found[-1]).strip("*`\"' .") if found else ""


def choice(text: str, name: str, options: Sequence[str]) -> str | None:
    """The option that is named after ``Name:``; None where none or several are."""
    stated = field(text, name).casefold()
    found = [o for o in options if re.search(rf"(?<!\w){re.escape(o.casefold())}(?!\w)", stated)]
    return found[0] if len(found) == 1 else None


def number(text: str, name: str, low: float, high: float) -> float | None:
    """The number after ``Name:``; None where there is none or it lies outside."""
    found = re.match(r"-?\d+(?:\.\d+)?", field(text, name))
    value = float(found[0]) if found else None
    return value if value is not None and low <= value <= high else None


def certainty(text: str) -> float | None:
    """In [0, 1], from a percentage, a fraction or words; None where the judge stated none."""
    if found := PERCENT.search(text):
        value, of = float(found[1]), (found[2] or "").strip("/ ")
        share = "." in found[1] and value <= 1 and not of  # 0.9 is no percentage
        whole = 1.0 if share else float(of) if of.isdigit() else 100.0
        if value <= whole > 0:
            return value / whole
    stated = field(text, "certainty").casefold()
    return next((value for words, value in WORDS.items() if stated.startswith(words)), None)


def judged(flows: Mapping[str, Flow[T]], model: Model) -> dict[str, T]:
    """Many judgements in lockstep, by id."""
    keys = {Key(0, "judge", id): flow for id, flow in flows.items()}
    return {key.user: verdict for key, verdict in run_many(keys, {"base": model}).items()}
