"""Sentence vectors with pgvector: one user's are scanned exactly, so that no index mixes users or leaks between them.

Half precision, as on disk elsewhere. Where another encoder made them they are made again; what is deleted takes its
vector along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from idiolect.core.types import Record
from idiolect.data.postgres.store import COLUMNS, PostgresStore, read
from idiolect.data.sqlite.vectors import identity
from idiolect.retrieval.protocol import searched

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from idiolect.retrieval.protocol import Encoder

WITHOUT = """
    FROM idiolect.record r WHERE r.unit = %s AND r.replaced IS NULL AND NOT EXISTS (
      SELECT 1 FROM idiolect.vector v WHERE v.unit = r.unit AND v.n = r.n AND v.encoder = %s)
"""
PUT = """
    INSERT INTO idiolect.vector (unit, n, encoder, embedding) SELECT unit, n, %s, %s::halfvec
    FROM idiolect.record WHERE unit = %s AND n = %s
    ON CONFLICT (unit, n) DO UPDATE SET encoder = excluded.encoder, embedding = excluded.embedding
"""
NEAREST = f"""
    SELECT 1 - (embedding <=> %s::halfvec), {", ".join(f"r.{name}" for name in COLUMNS.split(", "))}
    FROM idiolect.record r JOIN idiolect.vector v ON v.unit = r.unit AND v.n = r.n
    WHERE r.unit = %s AND v.unit = %s AND v.encoder = %s AND r.replaced IS NULL AND coalesce(r.expires > %s, true)
    ORDER BY embedding <=> %s::halfvec, r.n DESC LIMIT %s
"""


def embed(store: PostgresStore, user: str, encoder: Encoder, most: int = 256) -> int:
    """Makes up to `most` missing vectors, newest records first; gives how many were made."""
    with store.reading(user) as (connection, unit):
        columns = ", ".join(f"r.{name}" for name in COLUMNS.split(", "))
        query = f"SELECT {columns} {WITHOUT} ORDER BY r.n DESC LIMIT %s"
        found = list(read(connection.execute(query.encode(), (unit, identity(encoder), most))))
    if not found:
        return 0
    made = encoder.encode([searched(row.record) for row in found])  # outside any transaction: a model is slow
    with store.writing(user) as (connection, unit), connection.cursor() as cursor:
        put = [(identity(encoder), _text(vector), unit, row.n) for row, vector in zip(found, made, strict=True)]
        cursor.executemany(PUT, put)
    return len(found)


def nearest(store: PostgresStore, user: str, encoder: Encoder, query: str, k: int) -> list[tuple[Record, float]]:
    """The k records nearest in meaning with their cosines, best first; of those that have a vector of this encoder."""
    vector = _text(encoder.encode([query])[0])
    with store.reading(user) as (connection, unit):
        given = (vector, unit, unit, identity(encoder), store.clock(), vector, k)
        found = connection.execute(NEAREST.encode(), given).fetchall()
    rows = read(row[1:] for row in found)
    return [(row.record, float(one[0])) for row, one in zip(rows, found, strict=True)]


def everything(store: PostgresStore, user: str, encoder: Encoder) -> tuple[list[int], NDArray[np.float32]]:
    """(n of each record that has a vector of this encoder, (P, d) vectors)."""
    import numpy as np

    query = "SELECT n, embedding::real[] FROM idiolect.vector WHERE unit = %s AND encoder = %s ORDER BY n"
    with store.reading(user) as (connection, unit):
        found = connection.execute(query, (unit, identity(encoder))).fetchall()
    rows = np.array([row[1] for row in found], np.float32).reshape(len(found), encoder.dim)
    return [int(row[0]) for row in found], rows


def _text(vector: NDArray[np.float32]) -> str:
    return f"[{','.join(f'{x:.8g}' for x in vector.tolist())}]"
