"""Panza's author (Nicolicioiu et al. 2024) against AESLC's (Zhang and Tetreault 2019): whose mail is it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from idiolect.core.errors import BadInput, MissingExtra
from idiolect.data.readers.text import mapping, text
from idiolect.evaluation.benchmarks.card import Card, digest
from idiolect.evaluation.benchmarks.recommendation.tallrec import Auc
from idiolect.evaluation.benchmarks.rows import Label, Row, mean, reduced
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="Authorship: PanzaMail and AESLC",
    source="github.com/IST-DASLab/PanzaMail, data/; github.com/ryanzhumich/AESLC, by mailbox",
    version="cca13ad6ad04e3dbf4baeed91e3cc167d6d27319; 7afc087a1cc234d07121f0d4a2d87102ddceabc2",
    licence="PanzaMail Apache-2.0; AESLC CC BY-NC-SA 4.0 (Enron: real people's mail)",
    split="a fifth of the mails by md5(mail) is unseen; mailboxes of 20 mails or more",
    protocol="AUC of each author's own mails against the others'; whose mail it is among all authors: accuracy",
    files=("panzamail/david_anonymous_clean.jsonl", "aeslc/aeslc_sent.jsonl"),
)
FEWEST, PANZA = 20, "panza"
Mails: TypeAlias = Mapping[str, tuple[str, ...]]


def read(folder: Path) -> dict[str, tuple[str, ...]]:
    """By author, his mails. The folder holds both sets' folders.

    Raises:
        BadInput: a line lacks a field, or no mailbox has enough mails.
    """
    mine = [text(mapping(raw, place, "email")["email"], place) for place, raw in CARD.lines(folder, CARD.files[0])]
    boxes: dict[str, list[str]] = {PANZA: mine}
    for place, raw in CARD.lines(folder, CARD.files[1]):
        item = mapping(raw, place, "mailbox", "body")
        boxes.setdefault(str(item["mailbox"]), []).append(text(item["body"], place))
    found = {name: tuple(mails) for name, mails in boxes.items() if len(mails) >= FEWEST}
    if len(found) < 3:
        raise BadInput(folder, f"{len(found)} authors with {FEWEST} mails", "Fetch both sets again")
    return found


def count(data: Mails) -> dict[str, int]:
    """What is in it."""
    return {"authors": len(data), "mails": sum(map(len, data.values())), "Panza's mails": len(data[PANZA])}


def measure(data: Mails, encoder: Encoder | None) -> Iterator[Row]:
    """Characters 3-5 of each author's other mails, and as a control those of the author next to him."""
    del encoder
    train, test = ({a: [m for m in ms if (digest(m) % 5 == 0) == late] for a, ms in data.items()} for late in (0, 1))
    authors = sorted(data)
    found = _scores([m for a in authors for m in train[a]], [a for a in authors for _ in train[a]], authors, test)
    gold = [a for a in authors for _ in test[a]]
    right = [float(authors[int(i)] == g) for i, g in zip(found.argmax(axis=1), gold, strict=True)]
    usual = max(authors, key=lambda a: len(train[a]))
    yield mean(Label("whose mail", "the fullest mailbox"), "accuracy", [float(g == usual) for g in gold], gold)
    yield mean(Label("whose mail", "characters 3-5", ours=True), "accuracy", right, gold)
    auc = Auc()
    for label, shift in (
        (Label("Panza's mail or another's", "trained on his other mails", ours=True), 0),
        (Label("Panza's mail or another's", "trained on another author's mails", ours=True, control=True), 1),
    ):
        column = found[:, (authors.index(PANZA) + shift) % len(authors)]
        statistics = auc.statistics(column.tolist(), [g == PANZA for g in gold])
        yield reduced(label, "AUC", auc, statistics, [f"mail {i}" for i in range(len(gold))])


def _scores(
    mails: Sequence[str], whose: Sequence[str], authors: Sequence[str], test: Mapping[str, Sequence[str]]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """(mails of the test part, authors) decision values."""
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import RidgeClassifier
    except ImportError as error:
        raise MissingExtra("scikit-learn", "eval") from error
    words = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, min_df=3, max_features=60_000)
    model = RidgeClassifier(alpha=1.0, solver="sparse_cg").fit(words.fit_transform(mails), list(whose))
    order = [list(model.classes_).index(a) for a in authors]
    asked = words.transform([m for a in authors for m in test[a]])
    return np.asarray(model.decision_function(asked), dtype=np.float64)[:, order]
