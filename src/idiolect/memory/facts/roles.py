"""Which phrase is which: the relation that has a name, the kind of thing that is liked, the word that is explained and
its meaning, who lives and where (`roles.toml`)."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files

from idiolect.memory.facts import cues
from idiolect.memory.facts.place import foreign

MINE = re.compile(r"(?:my|our|such a|that|no other|another|a new|a|only one)(?: [a-z']+){0,3}? (R\d+)")
FAR = 99
KIND_OF = tuple(
    re.compile(form.replace("{m}", rf"{cues.SHOWN}\b"))
    for form in (
        r"(?:favou?rite|best|finest|nicest|greatest|loveliest|preferred|loved|beloved|perfect|number one|top)"
        " (?:kind of )?{m}",
        r"(?:any|every|each|no|other|another|only|single|kinds? of|sorts? of|all|comes to|taste in"
        r"|preference in|list of) {m}",
        r"{m} (?:of choice|number one|list|for me|i (?:love|like|adore|enjoy|prefer|dream))",
        r"(?:one|the|a|an|as|my|with|in the way of) {m}",
    )
)


def related(line: str, mark: str) -> str | None:
    """The relation of the user's that is nearest to a name; "my sister" before any sister."""
    place = line.find(mark)
    found = [(not m[0].startswith(("my", "our", "such")), abs(m.start(1) - place), m[1]) for m in MINE.finditer(line)]
    found += [(True, FAR + abs(m.start() - place), m[0]) for m in re.finditer(r"R\d+", line)]
    return min(found)[2] if found else None


def thing(line: str, mark: str, *, sure: bool) -> str | None:
    """The kind of thing that is compared; `sure`: even one that goes on, as the dance in "dance studio"."""
    place, found = line.find(mark), []
    for m in re.finditer(r"(K\d+)(?: ([a-z]{3,}))?", line):
        goes_on = bool(m[2]) and foreign(m[2], "like")
        if sure or not goes_on:
            shown = cues.shown(line, m[1])
            forms = (i for i, form in enumerate(KIND_OF) if form.search(shown))
            found.append((goes_on, next(forms, len(KIND_OF)), abs(m.start() - place), m[1]))
    return min(found)[3] if found else None


def explained(line: str, one: str, other: str, lean: float) -> tuple[str, str]:
    """(the word that is explained, what is meant by it); `lean` counts for the first as the one that is explained."""
    straight, turned = looks(line, key=one, value=other), looks(line, key=other, value=one)
    return (one, other) if straight + lean >= turned else (other, one)


def living(line: str, one: str, other: str) -> tuple[int, str, str]:
    """(how much surer than the other way round, who, where)."""
    straight, turned = looks(line, who=one, where=other), looks(line, who=other, where=one)
    return (straight - turned, one, other) if straight >= turned else (turned - straight, other, one)


def looks(line: str, **marks: str) -> int:
    """How much phrases look like what they are taken for: `key` and `value`, or `who` and `where`."""
    lines = {role: cues.shown(line, mark) for role, mark in marks.items()}
    return sum(count for role, shown in lines.items() for count, form in _roles()[role] if form.search(shown))


@lru_cache(maxsize=1)
def _roles() -> dict[str, list[tuple[int, re.Pattern[str]]]]:
    data = tomllib.loads(files("idiolect.memory.facts").joinpath("roles.toml").read_text(encoding="utf-8"))
    return {role: [(count, cues.compiled(form)) for count, form in listed] for role, listed in data.items()}
