"""A user's rows as a corpus, kept in memory until rows or vectors come or go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from idiolect.data.sqlite import rows, vectors
from idiolect.data.sqlite.connection import Connection
from idiolect.data.sqlite.lookup import Wanted
from idiolect.data.sqlite.unit import Unit
from idiolect.retrieval.blend import document
from idiolect.retrieval.corpus import Corpus
from idiolect.retrieval.protocol import Lexicon

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from idiolect.retrieval.protocol import Encoder

TIMES = "SELECT began, coalesce(ended, 9e999), coalesce(replaced, 9e999) FROM record ORDER BY n"  # 9e999 is infinity


@dataclass(frozen=True, kw_only=True)
class Held:
    """All versions of all records in the order they came: (n,) `numbers`, and from when to when each holds, and until
    when it is the last version (POSIX seconds)."""

    numbers: NDArray[np.int64]
    documents: Corpus
    began: NDArray[np.float64]
    ended: NDArray[np.float64]
    replaced: NDArray[np.float64]

    def valid(self, wanted: Wanted) -> NDArray[np.bool_]:
        """(n,) whether each is wanted, as `lookup.valid` finds them."""
        found = self.ended > wanted.moment
        found &= self.replaced > wanted.moment if wanted.past else np.isinf(self.replaced)
        if wanted.past:
            found &= self.began <= wanted.moment
        if wanted.among is not None:
            found &= np.isin(self.numbers, list(wanted.among))
        return found


def corpus(unit: Unit, connection: Connection, encoder: Encoder | None) -> Held:
    """The rows, as they are found. Without an encoder nothing is known but words."""
    return unit.kept("corpus", vectors.state(connection, encoder), lambda: _made(unit, connection, encoder))


def _made(unit: Unit, connection: Connection, encoder: Encoder | None) -> Held:
    found = rows.everything(connection)
    documents = [document(row.record) for row in found]
    numbers = np.array([row.n for row in found], np.int64)
    times: Any = connection.execute(TIMES).fetchall()
    began, ended, replaced = np.array(times, float).reshape(-1, 3).T
    if encoder is None:
        made = Corpus(documents)
    else:
        owners, pieces = unit.matrix(connection, encoder)
        lexicon = encoder if isinstance(encoder, Lexicon) else None
        made = Corpus(documents, lexicon=lexicon, pieces=pieces, owners=np.searchsorted(numbers, owners))
    return Held(numbers=numbers, documents=made, began=began, ended=ended, replaced=replaced)
