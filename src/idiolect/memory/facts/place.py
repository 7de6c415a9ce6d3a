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


@lru_cache(maxsize=1)
def _patterns() -> dict[str, str]:
    data = tomllib.loads(files("idiolect.memory.facts").joinpath("patterns.toml").read_text(encoding="utf-8"))
    return {
        name: r"(?<![\w'])(?:" + "|".join(cues.marked(form) for form in listed) + r")(?![\w'])"
        for name, listed in data.items()
    }


@lru_cache(maxsize=1000)
def pattern(name: str, mark: str = "") -> re.Pattern[str]:
    """One of `patterns.toml`; `mark` takes the place of {m}."""
    return re.compile(_patterns()[name].replace("{m}", mark))


def has(name: str, line: str, mark: str = "") -> bool:
    """Whether a line has the pattern."""
    return pattern(name, mark).search(line) is not None


def fits(line: str, mark: str, word: str, kind: str) -> bool:
    """Whether a phrase stands as a value of a kind does where no form of the kind says so."""
    if NO_THING.search(word) or (kind != "job" and has("determined", line, mark)):
        return False
    return has("towards", line, mark) or not (has("verb", line, mark) or has("quality", line, mark))


def half(line: str, mark: str, kind: str) -> bool:
    """Whether a phrase is only half of one: "movie marathons", "vegan ice cream"."""
    after = re.search(rf"(?<!\w){mark} ([a-z]{{3,}}|[RK]\d+){SUBJECT.pattern}", line)
    if after and (after[1][0] in "RK" or foreign(after[1], kind)):
        return True
    return re.search(rf"K\d+ {mark}(?!\w)", line) is not None


def foreign(word: str, kind: str) -> bool:
    """Whether a word is neither of grammar nor of a kind."""
    return reading.rank(word) > cues.GRAMMAR and stem(word) not in cues.vocabulary()[kind]
