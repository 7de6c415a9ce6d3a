"""METEOR (Banerjee and Lavie 2005): words matched as written, then by stem, then by meaning, less a penalty for order.

    F (1 - ½ (ch / m)³)       F = 10 P R / (R + 9 P) = 10 m / (c + 9 r)

m matched words, c and r words of the two texts, ch chunks. NLTK's implementation aligns from the right, which counts
too many chunks where words repeat; the alignment here has the fewest (see `chunks`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from idiolect.core.errors import MissingExtra
from idiolect.evaluation.metrics.card import Card, Floats, Mean, Named, column
from idiolect.evaluation.metrics.chunks import Links, chunks, extended
from idiolect.evaluation.metrics.words import tokens


@dataclass(frozen=True)
class METEOR(Mean, Named):
    """Synonyms come from WordNet where NLTK's data is on this machine; the signature says whether they did."""

    card = Card(
        formula="10m / (c + 9r) · (1 - ½ (ch/m)³)",
        source="Banerjee and Lavie 2005; stems and WordNet by NLTK",
        library="nltk",
    )

    def notes(self) -> Sequence[str]:
        return ("words=lower+marks", "stems=porter", f"synonyms={'wordnet' if _wordnet() else 'none'}")

    def statistics(self, predictions: Sequence[str], references: Sequence[str]) -> Floats:
        """(n, 1): the score of each pair."""
        return column([meteor(tokens(p), tokens(r)) for p, r in zip(predictions, references, strict=True)])


def meteor(said: Sequence[str], gold: Sequence[str]) -> float:
    """Of two lists of words; 0 where none match."""
    links = extended({}, said, gold)
    if len(links) < min(len(said), len(gold)):
        links = extended(links, [_stem(w) for w in said], [_stem(w) for w in gold])
    if len(links) < min(len(said), len(gold)) and _wordnet():
        links = _by_meaning(links, said, gold)
    matched = len(links)
    if not matched:
        return 0.0
    mean = 10 * matched / (len(said) + 9 * len(gold))
    return mean * (1 - 0.5 * (chunks(links) / matched) ** 3)


def _by_meaning(links: Links, said: Sequence[str], gold: Sequence[str]) -> Links:
    """The links and, from the left, each open word's first open synonym; before it, one that goes on a chunk."""
    found, free = dict(links), [j for j in range(len(gold)) if j not in links.values()]
    for i, word in enumerate(said):
        near = [j for j in free if i not in links and gold[j] in _synonyms(word)]
        if near:
            found[i] = min(near, key=lambda j: (found.get(i - 1, -2) != j - 1, j))
            free.remove(found[i])
    return found


@cache
def _stemmer() -> Any:
    try:
        from nltk.stem.porter import PorterStemmer
    except ImportError as error:
        raise MissingExtra("nltk", "eval") from error
    return PorterStemmer()


@cache
def _stem(word: str) -> str:
    return str(_stemmer().stem(word))


@cache
def _wordnet() -> Any:
    """NLTK's reader of WordNet; None where its data is not there."""
    try:
        from nltk.corpus import wordnet

        wordnet.ensure_loaded()
    except ImportError as error:
        raise MissingExtra("nltk", "eval") from error
    except LookupError:
        return None
    return wordnet


@cache
def _synonyms(word: str) -> frozenset[str]:
    return frozenset(name for synset in _wordnet().synsets(word) for name in synset.lemma_names())


metric = METEOR()
