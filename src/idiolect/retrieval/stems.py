"""Stems: the words of a text as the lists of `signals` compare them, and which words say nothing by themselves."""

from __future__ import annotations

from functools import lru_cache
from threading import Lock

import snowballstemmer

from idiolect.retrieval.terms import asked, indexed

ENGLISH = snowballstemmer.stemmer("english")
ONE = Lock()  # a stemmer holds the word that it is at
# English words of grammar and of asking: in a corpus of ten lines even these look rare.
GRAMMAR = """
a about above after again all also am an and any are as at be because been before being below between both but
by can could d did do does doing down during each else ever few for from further get got had has have having he
her here hers herself him himself his how i if in into is it its itself just let ll m may me might more most
much must my myself no nor not now of off on once only or other our ours ourselves out over own please re s same
shall she should so some still such t than that the their theirs them themselves then there these they this
those through to too under until up upon us ve very was we were what when where which while who whom whose why
will with within without would yes yet you your yours yourself tell told say said know
"""
EMPTY = frozenset(GRAMMAR.split())


@lru_cache(maxsize=100_000)
def stem(term: str) -> str:
    """The stem of an English word; other scripts and words with digits stay as they are."""
    if not (term.isascii() and term.isalpha()):
        return term
    with ONE:
        return str(ENGLISH.stemWord(term))


def stems(text: str) -> list[str]:
    """What a document is found by, in order, repetitions kept."""
    return [stem(term) for term in indexed(text)]


def telling(text: str) -> list[str]:
    """What a question looks up, each once: without words of grammar, unless there are no others."""
    found = asked(text)
    content = [term for term in found if term not in EMPTY] or found
    return list(dict.fromkeys(stem(term) for term in content))
