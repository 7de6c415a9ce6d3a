"""Per-annotator classification: the same text, each reader's own label.

Text is TF-IDF of words (1-2) and characters (3-5) under a logistic regression (C = 2); "+ user id" adds one indicator a
user. Ours leans further: each reader also has a small model of his own over the text's strongest directions, drawn
towards the shared one by a penalty, so that ten labels move it little and a hundred much.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.core.errors import MissingExtra
from idiolect.evaluation import metrics
from idiolect.evaluation.benchmarks.rows import Label, Row, mean, reduced
from idiolect.evaluation.metrics import Floats

C, DIRECTIONS, STEPS = 2.0, 32, 2
OWN = "text + user id + own directions"
OTHER = "the same as another annotator"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One reader's label of one text."""

    item: str
    text: str
    annotator: str
    label: int


@dataclass(frozen=True, slots=True)
class Set:
    """What is learnt from and what is asked; `groups`: who is warm and who cold, where that is told apart."""

    train: tuple[Judgement, ...]
    test: tuple[Judgement, ...]
    groups: Mapping[str, frozenset[str]]


def measure(
    train: Sequence[Judgement], test: Sequence[Judgement], groups: Mapping[str, frozenset[str]], name: str
) -> Iterator[Row]:
    """The baselines and ours, for all and for each group of annotators (such as warm and cold).

    Raises:
        MissingExtra: scikit-learn is not installed.
    """
    said = predictions(train, test)
    for group, members in {"all": frozenset(t.annotator for t in test), **groups}.items():
        mine = [i for i, t in enumerate(test) if t.annotator in members]
        if not mine:
            continue
        gold = [test[i].label for i in mine]
        owners = [test[i].annotator for i in mine]
        for method, labels in said.items():
            if method == "majority" and group != "all":
                continue
            label = Label(f"{name}, {group}", method, method in (OWN, OTHER), method == OTHER)
            yield from _rows(label, [int(labels[i]) for i in mine], gold, owners)


def _rows(label: Label, said: list[int], gold: list[int], owners: list[str]) -> Iterator[Row]:
    right = [float(s == g) for s, g in zip(said, gold, strict=True)]
    f1 = metrics.get("f1_macro")
    statistics = f1.statistics([str(s) for s in said], [str(g) for g in gold])
    yield mean(label, "accuracy", right, owners)
    yield reduced(label, "macro F1", f1, statistics, owners)
    yield mean(label, "accuracy, mean over annotators", right, owners, by_user=True)
    people = sorted(set(owners))
    place = np.array([people.index(o) for o in owners])
    own = [float(f1.reduce(statistics[place == p], np.ones(int((place == p).sum())))) for p in range(len(people))]
    yield mean(label, "macro F1, mean over annotators", own, people)


def predictions(train: Sequence[Judgement], test: Sequence[Judgement]) -> dict[str, NDArray[np.int64]]:
    """(n,) labels of the test part by method."""
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise MissingExtra("scikit-learn", "eval") from error
    gold = np.array([j.label for j in train])
    words = features([j.text for j in train], [j.text for j in test])
    ids = indicators([j.annotator for j in train], [j.annotator for j in test])
    usual = int(np.bincount(gold).argmax())
    own = {a: _usual(labels, usual) for a, labels in _by(train).items()}

    def fitted(rows: Any, asked: Any) -> NDArray[np.int64]:
        found: NDArray[np.int64] = (
            LogisticRegression(C=C, max_iter=300, solver="liblinear").fit(rows, gold).predict(asked)
        )
        return found

    with_id = (_beside(words[0], ids[0]), _beside(words[1], ids[1]))
    found = {
        "majority": np.full(len(test), usual),
        "annotator's majority": np.array([own.get(j.annotator, usual) for j in test]),
        "text only": fitted(*words),
        "text + user id": fitted(*with_id),
    }
    strong = directions(*words)
    leaning = [_beside(w, _beside(i, _leaning(s, i))) for w, i, s in zip(words, ids, strong, strict=True)]
    strangers = np.roll(np.arange(ids[1].shape[1]), 1)
    swapped = ids[1][:, strangers]
    found[OWN] = fitted(leaning[0], leaning[1])
    found[OTHER] = fitted(leaning[0], _beside(words[1], _beside(swapped, _leaning(strong[1], swapped))))
    return found


def _by(train: Sequence[Judgement]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for j in train:
        found.setdefault(j.annotator, []).append(j.label)
    return found


def _usual(labels: list[int], usual: int) -> int:
    """The commonest of a person's labels; of equally common ones that of everybody."""
    counts = np.bincount(labels, minlength=usual + 1)
    return usual if counts[usual] == counts.max() else int(counts.argmax())


def features(train: list[str], test: list[str]) -> tuple[Any, Any]:
    """TF-IDF of words (1-2) and of characters within words (3-5), fitted on the training part."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, min_df=3)
    both = [(v.fit_transform(train), v.transform(test)) for v in (words, characters)]
    return _beside(both[0][0], both[1][0]), _beside(both[0][1], both[1][1])


def indicators(train: Sequence[str], test: Sequence[str]) -> tuple[Any, Any]:
    """One column a user of the training part; nothing where a user was not met."""
    from scipy import sparse

    known = {name: i for i, name in enumerate(sorted(set(train)))}
    parts = []
    for names in (train, test):
        rows = [i for i, n in enumerate(names) if n in known]
        places = ([1.0] * len(rows), (rows, [known[names[i]] for i in rows]))
        parts.append(sparse.csr_matrix(places, shape=(len(names), len(known))))
    return parts[0], parts[1]


def directions(train: Any, test: Any) -> tuple[Floats, Floats]:
    """(n, DIRECTIONS) strongest directions of the text, of unit spread."""
    from sklearn.decomposition import TruncatedSVD

    size = min(DIRECTIONS, train.shape[1] - 1, train.shape[0] - 1)
    model = TruncatedSVD(size, n_iter=STEPS, random_state=0).fit(train)
    rows, asked = model.transform(train), model.transform(test)
    spread = rows.std(axis=0)
    spread[spread == 0] = 1.0
    return 0.3 * (rows - rows.mean(axis=0)) / spread, 0.3 * (asked - rows.mean(axis=0)) / spread


def _leaning(strong: Floats, ids: Any) -> Any:
    """(n, users * DIRECTIONS) sparse: each reader's own coefficients over the directions."""
    from scipy import sparse

    by_row = sparse.csr_matrix(ids).tocoo()
    size = strong.shape[1]
    rows = np.repeat(by_row.row, size)
    columns = (by_row.col[:, None] * size + np.arange(size)).ravel()
    shape = (ids.shape[0], ids.shape[1] * size)
    return sparse.csr_matrix((strong[by_row.row].ravel(), (rows, columns)), shape=shape)


def _beside(left: Any, right: Any) -> Any:
    from scipy import sparse

    return sparse.hstack([left, right]).tocsr()
