"""Logistic regressions of words, with and without one indicator a reader: what a personal model has to beat.

TF-IDF of words (1-2) and characters (3-5), C = 2; a reader who is not known has no indicator.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from idiolect.experiments.annotators.judgements import Judgement, Judgements

C = 2.0


def predictions(judgements: Judgements, *, readers: bool) -> list[str]:
    """A label for every judgement that is asked."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_union

    union = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=3, sublinear_tf=True),
    )
    texts = sorted({j.text for j in judgements.learnt})
    union.fit(texts)
    sides = []
    for some in (judgements.learnt, judgements.asked):
        unique = sorted({j.text for j in some})
        place = {text: i for i, text in enumerate(unique)}
        rows = union.transform(unique)[[place[j.text] for j in some]]
        sides.append(hstack([rows, _readers(judgements.learnt, some)]).tocsr() if readers else rows)
    model = LogisticRegression(C=C, max_iter=1000)
    model.fit(sides[0], [j.label for j in judgements.learnt])
    return [str(label) for label in model.predict(sides[1])]


def _readers(learnt: Sequence[Judgement], some: Sequence[Judgement]) -> Any:
    """(n, readers) of ones where the judgement is the reader's."""
    from scipy.sparse import csr_matrix

    number = {user: i for i, user in enumerate(sorted({j.user for j in learnt}))}
    pairs = [(row, number[j.user]) for row, j in enumerate(some) if j.user in number]
    where = tuple(np.array(pairs, dtype=np.int64).reshape(-1, 2).T)
    return csr_matrix((np.ones(len(pairs)), where), shape=(len(some), len(number)))
