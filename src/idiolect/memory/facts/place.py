"""Whether a phrase can be a value where it stands: a thing, and neither a verb, a quality nor half of a longer name."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files

from idiolect.memory.facts import cues, reading
from idiolect.retrieval.stems import stem

NO_THING = re.compile(r"(?:ly|ed|ful|less|ous|ive|able|ible|free|est)$")
SUBJECT = re.compile(r"(?! (?:me|my|us|our|the|a|an|it|all|in|as))(?![a-z])")  # a verb would go on with these
AFTER = re.compile(rf"{cues.SHOWN} ([a-z]{{3,}}|[RK]\d+){SUBJECT.pattern}")
BEFORE = re.compile(rf"K\d+ {cues.SHOWN}(?!\w)")


@lru_cache(maxsize=1)
def _patterns() -> dict[str, re.Pattern[str]]:
    data = tomllib.loads(files("idiolect.memory.facts").joinpath("patterns.toml").read_text(encoding="utf-8"))
    return {name: cues.compiled("|".join(listed)) for name, listed in data.items()}


def pattern(name: str) -> re.Pattern[str]:
    """One of `patterns.toml`."""
    return _patterns()[name]


def has(name: str, line: str, mark: str = "") -> bool:
    """Whether a line has the pattern; `mark` is the phrase that {m} is."""
    return pattern(name).search(cues.shown(line, mark) if mark else line) is not None


def fits(line: str, mark: str, word: str, kind: str) -> bool:
    """Whether a phrase stands as a value of a kind does where no form of the kind says so."""
    if NO_THING.search(word) or (kind != "job" and has("determined", line, mark)):
        return False
    return has("towards", line, mark) or not (has("verb", line, mark) or has("quality", line, mark))


def half(line: str, mark: str, kind: str) -> bool:
    """Whether a phrase is only half of one: "movie marathons", "vegan ice cream"."""
    line = cues.shown(line, mark)
    after = AFTER.search(line)
    if after and (after[1][0] in "RK" or foreign(after[1], kind)):
        return True
    return BEFORE.search(line) is not None


def foreign(word: str, kind: str) -> bool:
    """Whether a word is neither of grammar nor of a kind."""
    return reading.rank(word) > cues.GRAMMAR and stem(word) not in cues.vocabulary()[kind]
