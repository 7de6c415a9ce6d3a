"""A user's rows as a corpus, kept in memory until rows or vectors come or go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idiolect.data.sqlite import rows, vectors
from idiolect.data.sqlite.connection import Connection, value
from idiolect.data.sqlite.unit import Unit
from idiolect.retrieval.blend import document
from idiolect.retrieval.corpus import Corpus
from idiolect.retrieval.protocol import Lexicon

if TYPE_CHECKING:
    from idiolect.retrieval.protocol import Encoder


def corpus(unit: Unit, connection: Connection, encoder: Encoder | None) -> tuple[list[int], Corpus]:
    """(n of each document, all versions of all records in the order they came).

    Without an encoder nothing is known but words.
    """
    by = vectors.identity(encoder) if encoder is not None else ""
    last = value(connection, "SELECT max(n) FROM record")
    return unit.kept("corpus", (by, vectors.stamp(connection), last), lambda: _made(unit, connection, encoder))


def _made(unit: Unit, connection: Connection, encoder: Encoder | None) -> tuple[list[int], Corpus]:
    found = rows.everything(connection)
    documents = [document(row.record) for row in found]
    numbers = [row.n for row in found]
    if encoder is None:
        return numbers, Corpus(documents)
    places = {n: place for place, n in enumerate(numbers)}
    owners, pieces = unit.matrix(connection, encoder)
    lexicon = encoder if isinstance(encoder, Lexicon) else None
    return numbers, Corpus(documents, lexicon=lexicon, pieces=pieces, owners=[places[n] for n in owners])
