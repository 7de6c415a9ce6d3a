"""The cues of `cues.toml`: how strongly a reading speaks of a kind of fact, and which phrase stands in its place."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

from idiolect.memory.facts.reading import rank
from idiolect.retrieval.stems import stem

Forms = tuple[re.Pattern[str], ...]
LINE = {"person": "R", "name": "R", "visit": "R", "like": "K"}  # what is marked in the line that a kind's cues are for
SURE, FORM, STRONG, WEAK, AGAINST = 20, 5, 2, 1, -2
GRAMMAR = 300  # the commonest words, which any sentence has
MOST = 2  # words of one list that count
MANY = 99  # the same, where all do
SHOWN = "X0"
MARK = re.compile(r"(?<!\w)[NPSVRK]\d")
VALUES = {"{N}": r"(?P<v>[NPS]\d+)", "{V}": r"(?P<v>[VS]\d+)"}
MARKS = {"N0": r"[NPS]\d+", "V0": r"[VS]\d+", "R0": r"R\d+", "K0": r"K\d+"}
MACRO = re.compile(r"\{([a-z]\w*)\}")
WORD = re.compile(r"(?<![\w'])[a-z]{3,}(?![\w'])")


@dataclass(frozen=True)
class Listed:
    """Entries of which each counts once: `plain` words, which are looked for as they are, and patterns."""

    plain: tuple[str, ...] = ()
    forms: Forms = ()

    def count(self, line: str, most: int) -> int:
        """How many a line has, up to `most`."""
        spaced, found = f" {line} ", 0
        for word in self.plain:
            found += word in spaced
            if found == most:
                return found
        for form in self.forms:
            found += form.search(line) is not None
            if found == most:
                return found
        return found


@dataclass(frozen=True)
class Cues:
    """Compiled lists of one kind; `cues.toml` says what each counts for."""

    sure: Forms = ()
    forms: Forms = ()
    strong: Listed = Listed()
    weak: Listed = Listed()
    against: Listed = Listed()
    veto: Forms = ()


@dataclass(frozen=True)
class Heard:
    """`score` of a kind for one line; `marks` of phrases that stand in the value's place, the surest first; `plain`: no
    form of the kind was found, only words."""

    score: int
    marks: list[str] = field(default_factory=list)
    plain: bool = True


def vetoed(kind: str, line: str) -> bool:
    """Whether a line says that it is not so."""
    return any(form.search(line) for form in cues()[kind].veto)


@lru_cache(maxsize=100)
def heard(kind: str, line: str) -> Heard:
    """How a line speaks of a kind."""
    known = cues()[kind]
    if vetoed(kind, line):
        return Heard(0)
    sorts = {mark[0] for mark in MARK.findall(line)}
    sure = _matches(known.sure, line, sorts)
    found = sure + _matches(known.forms, line, sorts)
    marks = [m["v"] for m in found if m.groupdict().get("v")]
    score = SURE if sure else FORM * bool(found)
    score += STRONG * known.strong.count(line, MOST) + WEAK * known.weak.count(line, MOST)
    return Heard(score + AGAINST * known.against.count(line, MANY), list(dict.fromkeys(marks)), plain=not found)


def strays(kind: str, line: str) -> int:
    """How many words of a line are neither of grammar nor of the kind, asides that say nothing of it left out."""
    known, found = vocabulary()[kind], 0
    for part in re.split(r"[,;:?]", line):
        telling = [word for word in WORD.findall(part) if rank(word) > GRAMMAR]
        foreign = [word for word in telling if stem(word) not in known]
        if re.search(r"[A-Z]\d", part) or len(foreign) < len(telling):
            found += len(foreign)
    return found


def shown(line: str, mark: str) -> str:
    """A line in which one mark stands out from others."""
    return f" {line} ".replace(f" {mark} ", f" {SHOWN} ")[1:-1]


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
        kind: Cues(
            **{name: _list(name, [_expanded(form, macros) for form in listed]) for name, listed in lists.items()}
        )
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


def _matches(forms: Forms, line: str, sorts: set[str]) -> list[re.Match[str]]:
    """All places of the forms; one that needs a mark which the line has not is not looked for."""
    needed = ((form, _needed(form)) for form in forms)
    return [m for form, need in needed if need is None or need & sorts for m in form.finditer(line)]


@lru_cache(maxsize=10_000)
def _needed(form: re.Pattern[str]) -> frozenset[str] | None:
    """The letters of the mark that is the value of a form; None where it has none."""
    found = re.search(r"\(\?P<v>(?:\[([A-Z]+)\])", form.pattern)
    return frozenset(found[1]) if found else None


def _read() -> tuple[dict[str, dict[str, list[str]]], dict[str, str]]:
    data = tomllib.loads(files("idiolect.memory.facts").joinpath("cues.toml").read_text(encoding="utf-8"))
    return data, data.pop("macros")


def _list(name: str, forms: list[str]) -> Any:
    if name not in ("strong", "weak", "against"):
        return tuple(compiled(form) for form in forms)
    plain = [form for form in forms if re.fullmatch(r"[a-z' ]+", form)]
    return Listed(tuple(f" {form} " for form in plain), tuple(compiled(form) for form in forms if form not in plain))


def _expanded(form: str, macros: dict[str, str]) -> str:
    while found := MACRO.search(form):
        form = form.replace(found[0], macros[found[1]])
    return form.replace(" ,? ", "(?: ,)? ")  # a comma, or none, between two words


def compiled(form: str) -> re.Pattern[str]:
    """A pattern between the bounds of words; {m} is the phrase that `shown` shows."""
    return re.compile(rf"(?<![\w'])(?:{marked(form.replace('{m}', SHOWN))})(?![\w'])")
