"""A sentence as the cues read it: small letters, everyday words as they are, and a mark for what stands out.

A fact is a word that nobody expects among words that everybody uses. What is not among the everyday words (a stem of
`everyday.txt`, or a word of `words.toml`) is marked with a letter and a number, and the cues (`cues.toml`) are regular
expressions over what is left:

    N0  unusual and capitalised inside a sentence      V0  unusual, in small letters
    P0  an everyday word, capitalised                  S0  unusual, where a sentence starts: either
    R0  a person or a pet of the user's (`line("R")`)  K0  a kind of thing, as in "my favourite tea" (`line("K")`)
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from math import inf

from idiolect.retrieval.stems import stem

TOKEN = re.compile(r"'(?:m|s|re|ve|ll|d)\b|[^\W\d_](?:[^\W_]|[-'](?=[^\W_])(?!(?:m|s|re|ve|ll|d)\b))*|\d+|[^\w\s]")
MANY = frozenset(
    ("to", "favourite", "favorite", "best", "of", "all", "other", "any", "these", "finest", "nicest", "no")
)
ENDS = frozenset(".!?")
ENDINGS = (("ily", "y"), ("ly", ""), ("ier", "y"), ("iest", "y"), ("er", ""), ("er", "e"), ("est", ""), ("est", "e"))
LONGEST = 4  # words of a value


@lru_cache(maxsize=1)
def words() -> dict[str, frozenset[str]]:
    """`words.toml`: lists of words by name."""
    text = files("idiolect.memory.facts").joinpath("words.toml").read_text(encoding="utf-8")
    return {name: frozenset(listed.split()) for name, listed in tomllib.loads(text).items()}


@lru_cache(maxsize=1)
def everyday() -> dict[str, int]:
    """Stems of words that everybody uses, with their place among them: 0 for those that the lists name."""
    folder = files("idiolect.memory.facts")
    lines = folder.joinpath("everyday.txt").read_text(encoding="utf-8").splitlines()
    listed = [word for line in lines if not line.startswith("#") for word in line.split()]
    ranks = {word: i for i, word in enumerate(listed, 1)}
    cued = re.findall(r"[a-z]{3,}", folder.joinpath("cues.toml").read_text(encoding="utf-8"))
    rare = {stem(word): len(ranks) + 1 for word in words()["everyday"]}
    telling = (*cued, *(w for name, group in words().items() if name != "everyday" for w in group))
    return rare | ranks | {stem(word): 0 for word in telling}


@lru_cache(maxsize=50_000)
def rank(word: str) -> float:
    """The place of a word in small letters among everyday ones; infinite for an unusual one."""
    if not word.isalpha():
        return max((rank(part) if part.isalpha() else inf for part in re.split(r"[-']", word) if part), default=0)
    known = [everyday().get(stem(word))]
    known += [
        everyday().get(stem(word[: -len(end)] + left))
        for end, left in ENDINGS
        if word.endswith(end) and len(word) - len(end) > 3
    ]
    return min((r for r in known if r is not None), default=0 if len(word) == 1 else inf)


@dataclass(frozen=True)
class Piece:
    """A word, a mark of punctuation, or a phrase that stands out; `sort`: "" or the letter of its mark."""

    text: str
    sort: str = ""


class Reading:
    """One sentence, or a question with its answer."""

    def __init__(self, text: str, common: float = inf) -> None:
        """`common`: words beyond that place stand out too."""
        self.pieces = _joined(_sorted(TOKEN.findall(text.replace("’", "'")), common))
        self._lines: dict[str, str] = {}

    def texts(self, sorts: str) -> dict[str, str]:
        """What stands out, by its mark."""
        return {f"{p.sort}{i}": p.text for i, p in enumerate(self.pieces) if p.sort and p.sort in sorts}

    @cached_property
    def plain(self) -> str:
        return self.line("")

    def line(self, of: str) -> str:
        """The sentence with its marks; `of` "R" or "K": relations or kinds of things marked too."""
        if of not in self._lines:
            self._lines[of] = " ".join(self._shown(i, piece, of) for i, piece in enumerate(self.pieces))
        return self._lines[of]

    def word(self, mark: str) -> str:
        """The text under a mark."""
        return self.pieces[int(mark[1:])].text

    def key(self, mark: str) -> str:
        """The text under a mark as the key of a slot: small, and one of many."""
        low = self.word(mark).lower()
        return low[:-1] if low not in words()["kinds"] and low[:-1] in words()["kinds"] else low

    def _shown(self, i: int, piece: Piece, of: str) -> str:
        if piece.sort:
            return f"{piece.sort}{i}"
        low = piece.text.lower()
        if of == "R" and low in words()["relations"]:
            return f"R{i}"
        if of == "K" and not self._idiom(i, low):
            before = self.pieces[i - 1].text.lower() if i else ""
            if low in words()["kinds"] or (before in MANY and low.removesuffix("s") in words()["kinds"]):
                return f"K{i}"
        return low

    def _idiom(self, i: int, low: str) -> bool:
        """ "Number one", "in my book", "is no joke": no kinds of things."""
        before, after = self.pieces[max(i - 2, 0) : i], self.pieces[i + 1 : i + 2]
        mine = [piece.text.lower() for piece in before] == ["in", "my"]
        if low == "joke" and [piece.text.lower() for piece in before[-1:]] == ["no"]:
            return True
        return (low == "number" and [piece.text for piece in after] == ["one"]) or (low == "book" and mine)


def _sorted(tokens: list[str], common: float) -> list[Piece]:
    made, start = [], True
    for i, token in enumerate(tokens):
        low, name = token.lower(), token[:1].isupper() and len(token) > 1
        shouted = len(token) > 2 and token.isupper()
        sort = ""
        if not token[0].isalpha() or low in words()["dates"] or shouted or _greeted(tokens, i):
            pass
        elif name and start:
            sort = "S" if rank(low) == inf else ""
        elif name:
            sort = "N" if rank(low) == inf else "P"
        elif rank(low) >= common:
            sort = "V"
        made.append(Piece(token, sort))
        start = token in ENDS
    return made


def _greeted(tokens: list[str], i: int) -> bool:
    """Whether a name is only called: "Hey Anna, ", "Thanks, Anna!"."""
    before = [t.lower() for t in tokens[max(0, i - 2) : i] if t != ","]
    return (
        bool(before)
        and before[-1] in words()["greetings"]
        and "".join(tokens[i + 1 : i + 2]) in [",", "!", ".", "?"]
        and (tokens[i - 1] != "," or before[-1] not in ("hello", "hi"))
    )


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Neighbours of one phrase as one: "raicha gren", "New Quillop"; a name is as unusual as its rarest word."""
    made: list[Piece] = []
    for piece in pieces:
        last = made[-1] if made else Piece("")
        small = last.sort in ("V", "S") and piece.sort == "V"
        names = last.sort in ("N", "P", "S") and piece.sort in ("N", "P")
        if (small or names) and last.text.count(" ") + 1 < LONGEST:
            sort = last.sort if small else "P" if last.sort == piece.sort == "P" else "N"
            made[-1] = Piece(f"{last.text} {piece.text}", sort)
        else:
            made.append(piece)
    return made
