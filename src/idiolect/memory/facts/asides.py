"""What stands beside a statement: that it is new, that something else holds too, and what only closes a sentence."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files

MEANWHILE = re.compile(r",? while (?:staying|visiting|travell?ing|passing|being)\b[^,.!?]*", re.I)
LEFT = re.compile(r"\b([Mm]oved|[Rr]elocated) from [^,;.]+? to (?=[A-Z])")
LEADING = re.compile(r"^(?:[^,.:;!?]{1,45}[,:]\s+)(?=\S)")
REST = re.compile(r"(?:\S+\s+){2}\S")  # what a lead leads up to has three words
ASIDE = re.compile(r"^(?:[A-Z]?[a-z']+ ?){1,4}:")  # "A small note: "
SAID = re.compile(r"\b(?:sa(?:id|ys?)|told|tells?|asked|wrote|thinks?|thought|means?|meant|named?|call(?:s|ed)?)\b")


def plain(text: str) -> str:
    """The sentence without what only leads up to it: "Here is an update: ", "From now on, "."""
    lead = LEADING.match(text)
    while lead is not None and REST.match(text, lead.end()) and _leads(lead[0].rstrip()):
        text = text[lead.end() :]
        lead = LEADING.match(text)
    return text


def led(text: str) -> str:
    """The sentence without asides before it."""
    return _lead().sub("", text)


def closed(text: str) -> str:
    """The sentence without asides before it and at its end ("By the way, ", ", to be honest"), and without where
    somebody was meanwhile, who lives elsewhere, or lived before."""
    return led(_tail().sub("", LEFT.sub(r"\1 to ", MEANWHILE.sub("", text))))


def changes(text: str) -> bool:
    """Whether a sentence says that something else held before, and not that it holds too."""
    lead = LEADING.match(text)
    led = lead is not None and _pattern("led").search(lead[0]) is not None
    return (led or _pattern("changed").search(text) is not None) and _pattern("beside").search(text) is None


def _leads(lead: str) -> bool:
    """Whether it says that something changed, or nothing."""
    if _pattern("changed").search(lead) or _pattern("led").search(lead):
        return True
    return ASIDE.match(lead) is not None and SAID.search(lead) is None


@lru_cache(maxsize=1)
def _lists() -> dict[str, list[str]]:
    return tomllib.loads(files("idiolect.memory.facts").joinpath("asides.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=5)
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(_lists()[name])})\b", re.I)


@lru_cache(maxsize=1)
def _lead() -> re.Pattern[str]:
    return re.compile(rf"^(?:(?:{'|'.join(_lists()['leads'])})[,:] )+", re.I)


@lru_cache(maxsize=1)
def _tail() -> re.Pattern[str]:
    return re.compile(rf"(?:, (?:{'|'.join(_lists()['tails'])}))+(?=[.!]*$)", re.I)
