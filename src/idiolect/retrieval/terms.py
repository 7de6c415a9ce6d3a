"""The terms by which a text is indexed, in any script.

A word is a run of letters, digits and marks, without case, width or the accents of Latin letters. Scripts that are
written without spaces (and Korean, which joins particles to words) give characters and pairs of neighbours instead, so
that a word of two characters is found alone and inside a sentence. Stemming of English is the index's own.
"""

from __future__ import annotations

import re
import unicodedata

VERSION = 1  # of what is below: an index made by another one is made anew
MOST = 200  # terms of a question that are looked up
RANGES = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Myanmar, Khmer
    "\u3005-\u3007\u3041-\u30ff\u3105-\u312f\u31f0-\u31ff"  # kana, bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "\u1100-\u11ff\uac00-\ud7ff"  # Hangul
)
PLAIN = re.compile("[a-z0-9]+")
RUN = re.compile(f"([{RANGES}]+)|([^{RANGES}]+)")


def indexed(text: str) -> list[str]:
    """What a text is found by, in order, repetitions kept."""
    return [t for run, dense in _runs(text) for t in ([*run, *_pairs(run)] if dense else [run])]


def asked(text: str) -> list[str]:
    """What a question looks up, each term once: a pair tells more than its two characters."""
    found = (t for run, dense in _runs(text) for t in (_pairs(run) or [run] if dense else [run]))
    return list(dict.fromkeys(found))[:MOST]


def _runs(text: str) -> list[tuple[str, bool]]:
    """(run, whether it is of a script without spaces), in order."""
    if text.isascii():
        return [(word, False) for word in PLAIN.findall(text.lower())]
    plain = "".join(_character(c) for c in unicodedata.normalize("NFKC", text.casefold()))
    found = (m for word in plain.split() for m in RUN.finditer(word))
    return [(m[0], m[1] is not None) for m in found if any(c.isalnum() for c in m[0])]


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]


def _character(c: str) -> str:
    """The character itself, a Latin letter without its accent, or a space where no word goes on."""
    if (not c.isascii() and ord(c) < 0x250) or "\u1e00" <= c <= "\u1eff":
        c = unicodedata.normalize("NFKD", c)[0]
    return c if c.isalnum() or unicodedata.category(c)[0] == "M" else " "
