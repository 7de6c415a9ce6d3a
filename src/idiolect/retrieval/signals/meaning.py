"""Meaning: cosine of sentence vectors; a document longer than the encoder reads is as near as its nearest piece.

score(q, d) = max_{p in pieces(d)} e(q) . e(p)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIGITS = 5  # a vector depends on the batch it was computed in by about 1e-7: scores are compared without that


def meaning(
    question: NDArray[np.float32], pieces: NDArray[np.float32], owners: NDArray[np.int64], count: int
) -> NDArray[np.float64]:
    """(count,) cosines; a document without a vector stands at the mean of the others.

    Args:
        question: (d,), unit length.
        pieces: (P, d), unit rows.
        owners: (P,), the document of each piece.
    """
    import numpy as np

    cosines: NDArray[np.float64] = np.multiply(pieces @ question, 10.0**DIGITS, dtype=np.float64)
    np.rint(cosines, out=cosines)
    cosines /= 10.0**DIGITS
    single = bool((owners[1:] > owners[:-1]).all())  # a piece each: no need to compare
    if single and len(owners) == count and np.isfinite(cosines.sum()):
        return cosines
    found = np.full(count, -np.inf)
    if single:
        found[owners] = cosines
    else:
        np.maximum.at(found, owners, cosines)
    known = np.isfinite(found)
    found[~known] = found[known].mean() if known.any() else 0.0
    return found
