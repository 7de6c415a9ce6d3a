"""Records as opinions: a text, and what he thinks of it, from -1 to 1.

| record | opinion |
|---|---|
| interaction with a number | the rating: against his own mean where he gave several, else the scale's middle |
| interaction "A or B" => "A", or naming what he did ("liked", "skipped") | 1 and -1; 1 or -1 |
| preference between two texts, stated wish | 1 and -1; its weight |
| attribute ("favourite food: ramen", "dislikes: noise") | 1, or -1 where its name says so |
| turn, post | 1 or -1 where an English word says so ("love", "can't stand"), else an interest: 0.5, hardly sure |

What others said of him counts less than what he said.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from idiolect.adaptation.alignment.evidence import RATING
from idiolect.core.types import Attribute, Interaction, Post, Preference, Record, Turn

SURE, FAIR, HARDLY = 0.1, 0.3, 1.5  # variance of an opinion around what he really thinks
INTEREST = 0.5
SCALES = (1.0, 5.0, 10.0, 100.0)  # the highest rating of the usual scales
DID = {
    1: "+1 yes like liked love loved good great took taken bought opened clicked read watched kept saved chose",
    -1: "-1 no dislike disliked hate hated bad skipped refused returned closed removed unread hid hidden",
}
LABELS = {word: sign for sign, words in DID.items() for word in words.split()}
AGAINST = re.compile(r"\b(dis|hate|avoid|allerg|never|not\b|against|worst|least)", re.IGNORECASE)
ABOUT_HIM = re.compile(r"(?i)name|age|birthday|job|occupation|home|address|residence|email|phone|casing|opener|closing")
BAD = re.compile(
    r"\b(?:hate|dislike|detest|loathe|despise|regret|boring|bored|awful|terrible|horrible|worst|disappoint\w+|allergic"
    r"|avoid|tired of|sick of|never again"
    r"|(?:do not|don'?t|did not|didn'?t|never|no longer|can'?t|cannot|could not|couldn'?t)"
    r" (?:really |even |much )?(?:like|love|enjoy|care|want|eat|watch|stand|bear|finish))\b",
    re.IGNORECASE,
)
GOOD = re.compile(
    r"\b(?:love|loved|adore|like|liked|enjoy(?:ed)?|favou?rite|prefer|great|wonderful|excellent|best|fond of|fan of"
    r"|keen on|into|interested in|dream of|delicious|brilliant)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """value: from -1 to 1. noise: its variance. item: the id of what it is about, where the record names it."""

    text: str
    value: float
    noise: float
    record: Record
    item: str = ""


def opinions(records: Iterable[Record], texts: Mapping[str, str]) -> list[Opinion]:
    """Every opinion in the records, in their order.

    Args:
        texts: what things are called, by the ids by which records may name them.
    """
    given = list(records)
    scales = _scales(r for r in given if isinstance(r, Interaction))
    return [_weaker(o) for r in given for o in _of(r, texts, scales)]


def _of(record: Record, texts: Mapping[str, str], scales: Mapping[str, tuple[float, float]]) -> Iterator[Opinion]:
    match record:
        case Interaction(task=task) if task != RATING:  # those are of answers
            yield from _interaction(record, texts, scales)
        case Preference(prompt=""):
            yield Opinion(text=record.dimension, value=max(-1.0, min(1.0, record.weight)), noise=FAIR, record=record)
        case Preference():
            yield Opinion(text=record.chosen, value=1.0, noise=FAIR, record=record)
            yield Opinion(text=record.rejected, value=-1.0, noise=FAIR, record=record)
        case Attribute() if not ABOUT_HIM.search(record.name):
            sign = -1.0 if AGAINST.search(record.name) else 1.0
            yield Opinion(text=f"{record.name} {record.value}", value=sign, noise=FAIR, record=record)
        case Turn(role="user", text=text) | Post(text=text):
            yield _spoken(text, record)
        case _:
            return


def _interaction(
    record: Interaction, texts: Mapping[str, str], scales: Mapping[str, tuple[float, float]]
) -> Iterator[Opinion]:
    text, said = texts.get(record.item, record.prompt or record.item), record.text.strip()
    if (number := _number(said)) is not None and record.task in scales:
        middle, half = scales[record.task]
        value = max(-1.0, min(1.0, (number - middle) / half))
        yield Opinion(text=text, value=value, noise=SURE, record=record, item=record.item)
    elif said.lower() in LABELS:
        sign = float(LABELS[said.lower()])
        yield Opinion(text=text, value=sign, noise=SURE, record=record, item=record.item)
    elif said and len(offered := [part.strip() for part in record.prompt.split(" or ")]) > 1 and said in offered:
        yield from (Opinion(text=one, value=1.0 if one == said else -1.0, noise=FAIR, record=record) for one in offered)


def _spoken(text: str, record: Record) -> Opinion:
    """What is said in words, of two signs in one text neither; it is of what is left without the sign."""
    good, bad = bool(GOOD.search(BAD.sub(" ", text))), bool(BAD.search(text))
    if good == bad or text.rstrip().endswith("?"):
        return Opinion(text=text, value=INTEREST, noise=HARDLY, record=record)
    of = " ".join((GOOD if good else BAD).sub(" ", text).split())
    return Opinion(text=of or text, value=1.0 if good else -1.0, noise=FAIR, record=record)


def _weaker(opinion: Opinion) -> Opinion:
    """Hearsay is less sure."""
    return opinion if opinion.record.asserted_by == "user" else replace(opinion, noise=opinion.noise + HARDLY)


def _scales(records: Iterable[Interaction]) -> dict[str, tuple[float, float]]:
    """Task -> (what is neither good nor bad, how far it is from there to the end) of his numeric ratings."""
    found: dict[str, list[float]] = defaultdict(list)
    for r in records:
        number = _number(r.text)
        if number is not None and r.text.strip() not in LABELS:
            found[r.task].append(number)
    return {task: _scale(numbers) for task, numbers in found.items()}


def _scale(numbers: list[float]) -> tuple[float, float]:
    highest, lowest = max(numbers), min(numbers)
    top = next((s for s in SCALES if highest <= s), highest)
    bottom = -top if lowest < 0 else (1.0 if top in (5.0, 10.0) and lowest >= 1 else 0.0)
    half = (top - bottom) / 2
    middle = sum(numbers) / len(numbers) if highest > lowest else (top + bottom) / 2
    return middle, half


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if abs(found) < 1e6 else None
