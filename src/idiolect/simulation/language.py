"""The language of a world: frames and word lists from a TOML file, split into a training and a held-out side.

`lexicon.toml` ships with the package; a stranger's file in the same form takes its place (`--world FILE`).
A frame is a sentence with slots `{k}` (key), `{v}` (value), `{n}` (a name) and inner choices `[a|b|]`.
"""

from __future__ import annotations

import re
import tomllib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.simulation.words import fresh_word

CHOICE = re.compile(r"\[([^\[\]{}]*)\]")
VOWEL = re.compile(r"\b([Aa]) ([aei]|o(?!n[ec]))")  # "a apple" -> "an apple"
SENTENCE = re.compile(r"^[a-z]")


@dataclass(frozen=True, eq=False)
class Language:
    """Frames and words. `held` picks the held-out fifth of every list of frames, else the other four fifths.

    `wild=True` (training only) also makes statements and questions whose filler words mean nothing. more: lists of
    frames beside those of `data`, of which no world says any.
    """

    data: Mapping[str, Any]
    held: bool = False
    wild: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path | None = None, *, held: bool = False, wild: bool = False) -> Language:
        """Raises:
        BadInput: the file is no TOML, or misses a table.
        """
        where: Any = path or files("idiolect.simulation").joinpath("lexicon.toml")
        try:
            data = tomllib.loads(where.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as e:
            raise BadInput(where, f"cannot be read as TOML ({e})", "Mend the file, or leave --world out.") from e
        if path is not None:  # a stranger's file may bring only what it changes
            data = merged(tomllib.loads(files("idiolect.simulation").joinpath("lexicon.toml").read_text()), data)
        for table in ("facts", "preferences", "words", "topics", "aspects", "style", "reply"):
            if table not in data:
                raise BadInput(where, f"has no table [{table}]", "See docs/world.md for the form.")
        more = files("idiolect.simulation").joinpath("phrasings.toml").read_text(encoding="utf-8") if wild else ""
        return cls(data, held, wild, tomllib.loads(more))

    def frames(self, *path: str) -> Sequence[str]:
        """This side of one list of frames, e.g. ``frames("facts", "like", "statements")``."""
        items: Any = self.data
        more: Any = self.more
        for name in path:
            items, more = items[name], more.get(name, {})
        return [*split(items, self.held), *more]

    def words(self, name: str) -> list[str]:
        return list(self.data["words"][name])

    @cached_property
    def known(self) -> frozenset[str]:
        """Every lower-case word of the file: a fresh word is none of them."""
        return frozenset(re.findall(r"[a-z']+", " ".join(strings(self.data)).lower()))

    @cached_property
    def anything(self) -> list[str]:
        """Words without meaning in training: every word of the file, of held-out frames too, so that none is unknown as
        a piece; but for the kinds of thing that training must not meet."""
        apart = {w for key in self.data["words"].get("new_keys", ()) for w in key.split()}
        return [w for w in sorted(self.known - apart) if w.isalpha()]

    @property
    def synonyms(self) -> dict[str, str]:
        """Plain verb -> formal verb."""
        return dict(self.data["style"]["synonyms"])

    @cached_property
    def nouns(self) -> list[str]:
        """Neutral nouns: those of no topic."""
        topical = {w for t in self.data["topics"].values() for w in t["words"]}
        return [n for n in self.data["style"]["content"]["nouns"] if n not in topical]

    def word(self, r: Random) -> str:
        return fresh_word(r, held=self.held, known=self.known)

    def value(self, r: Random, *, name: bool = False) -> str:
        """A value: one word or two, mostly fresh; names are capitalised."""
        n = 1 if name else r.choices((1, 2), (78, 22))[0]
        common = self.data["words"]["common"]
        parts = [self.word(r) if self.held or r.random() < 0.7 else r.choice(common) for _ in range(n)]
        return parts[0].capitalize() if name else " ".join(parts)

    def fill(self, frame: str, r: Random, **slots: str) -> str:
        """The frame with its inner choices made and its slots filled."""
        text = CHOICE.sub(lambda m: r.choice(m.group(1).split("|")), frame)
        for name, value in slots.items():
            text = text.replace("{" + name + "}", value)
        text = re.sub(r"\s+([,.?!:])", r"\1", " ".join(text.split()))
        text = VOWEL.sub(r"\1n \2", text)
        return SENTENCE.sub(lambda m: m.group().upper(), text) if frame[:1].isupper() or frame[:1] == "[" else text

    def some(self, r: Random, low: int, high: int) -> list[str]:
        """A few filler words."""
        pools = (self.words("filler"), self.anything)
        return [r.choice(pools[r.random() < 0.2]) for _ in range(r.randint(low, high))]


def split(items: Sequence[Any], held: bool) -> list[Any]:
    """A stable fifth of the items (by CRC-32 of their text), or the rest."""
    order = sorted(items, key=lambda x: zlib.crc32(str(x).encode()))
    n = max(1, len(order) // 5)
    return order[:n] if held else order[n:]


def strings(node: Any) -> list[str]:
    """All strings below a node, keys included."""
    if isinstance(node, str):
        return [node]
    if isinstance(node, Mapping):
        return [s for k, v in node.items() for s in (k, *strings(v))]
    return [s for v in node for s in strings(v)] if isinstance(node, list) else []


def merged(base: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with every table or list that `new` brings."""
    out = dict(base)
    for k, v in new.items():
        out[k] = merged(out[k], v) if isinstance(v, Mapping) and isinstance(out.get(k), Mapping) else v
    return out
