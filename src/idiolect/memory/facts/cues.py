"""The cues of `cues.toml`: how strongly a reading speaks of a kind of fact, and which phrase stands in its place."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

from idiolect.memory.facts.reading import rank
from idiolect.retrieval.stems import stem

Forms = tuple[re.Pattern[str], ...]
SURE, FORM, STRONG, WEAK, AGAINST = 20, 5, 2, 1, -2
GRAMMAR = 300  # the commonest words, which any sentence has
MOST = 2  # words of one list that count
VALUES = {"{N}": r"(?P<v>[NPS]\d+)", "{V}": r"(?P<v>[VS]\d+)"}
MARKS = {"N0": r"[NPS]\d+", "V0": r"[VS]\d+", "R0": r"R\d+", "K0": r"K\d+"}
MACRO = re.compile(r"\{([a-z]\w*)\}")
WORD = re.compile(r"(?<![\w'])[a-z]{3,}(?![\w'])")


@dataclass(frozen=True)
class Cues:
    """Compiled lists of one kind; `cues.toml` says what each counts for."""

    sure: Forms = ()
    forms: Forms = ()
    strong: Forms = ()
    weak: Forms = ()
    against: Forms = ()
    veto: Forms = ()


@dataclass(frozen=True)
class Heard:
    """`score` of a kind for one line; `marks` of phrases that stand in the value's place, the surest first; `plain`: no
    form of the kind was found, only words."""

    score: int
    marks: list[str] = field(default_factory=list)
    plain: bool = True


def heard(kind: str, line: str) -> Heard:
    """How a line speaks of a kind."""
    known = cues()[kind]
    if any(form.search(line) for form in known.veto):
        return Heard(0)
    sure = [m for form in known.sure for m in form.finditer(line)]
    found = sure + [m for form in known.forms for m in form.finditer(line)]
    marks = [m["v"] for m in found if m.groupdict().get("v")]
    score = SURE if sure else FORM * bool(found)
    score += STRONG * min(MOST, _count(known.strong, line)) + WEAK * min(MOST, _count(known.weak, line))
    return Heard(score + AGAINST * _count(known.against, line), list(dict.fromkeys(marks)), plain=not found)


def strays(kind: str, line: str) -> int:
    """How many words of a line are neither of grammar nor of the kind, asides that say nothing of it left out."""
    known, found = vocabulary()[kind], 0
    for part in re.split(r"[,;:?]", line):
        telling = [word for word in WORD.findall(part) if rank(word) > GRAMMAR]
        foreign = [word for word in telling if stem(word) not in known]
        if re.search(r"[A-Z]\d", part) or len(foreign) < len(telling):
            found += len(foreign)
    return found


def marked(form: str) -> str:
    """A pattern with its marks, but {m}, as they are looked for."""
    for mark, wanted in (VALUES | MARKS).items():
        form = form.replace(mark, wanted)
    return form


@lru_cache(maxsize=1)
def cues() -> dict[str, Cues]:
    """By kind."""
    data, macros = _read()
    return {
        kind: Cues(**{name: tuple(_compiled(form, macros) for form in listed) for name, listed in lists.items()})
        for kind, lists in data.items()
    }


@lru_cache(maxsize=1)
def vocabulary() -> dict[str, frozenset[str]]:
    """The words that the cues of a kind are made of, as stems."""
    data, macros = _read()
    texts = {
        kind: [*macros.values(), *(f for listed in lists.values() for f in listed)] for kind, lists in data.items()
    }
    return {kind: frozenset(stem(w) for w in re.findall("[a-z]{3,}", " ".join(forms))) for kind, forms in texts.items()}


def _count(forms: Forms, line: str) -> int:
    return sum(form.search(line) is not None for form in forms)


def _read() -> tuple[dict[str, dict[str, list[str]]], dict[str, str]]:
    data = tomllib.loads(files("idiolect.memory.facts").joinpath("cues.toml").read_text(encoding="utf-8"))
    return data, data.pop("macros")


def _compiled(form: str, macros: dict[str, str]) -> re.Pattern[str]:
    while found := MACRO.search(form):
        form = form.replace(found[0], macros[found[1]])
    form = form.replace(" ,? ", "(?: ,)? ")  # a comma, or none, between two words
    return re.compile(rf"(?<![\w'])(?:{marked(form)})(?![\w'])")
