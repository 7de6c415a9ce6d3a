"""Linear rewards over what two replies differ in: one for all, one that moves with the kind of person, one a person.

    r_u(y) = w_u . f(y)          P(y over y') = sigmoid(w_u . (f(y) - f(y')))

`f` are measures of form: length, lists, questions, hedges, refusals. Each pair enters in both orders, so that place
cannot help.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from idiolect.core.errors import MissingExtra
from idiolect.evaluation.metrics import Floats

FORM = (
    r"\n\s*(?:[-*•]|\d+[.)])",  # lists
    r"\?",
    r"!",
    r"\b(?:may|might|could|perhaps|possibly|generally|often|depends?)\b",
    r"\b(?:sorry|cannot|can't|unable|as an ai|language model|not able)\b",
    r"\b(?:i|me|my|i'm|i'd)\b",
    r"\b(?:you|your|you're)\b",
    r"\b(?:please|thank|glad|happy to|hope|understand|feel)\b",
    r"\b(?:illegal|dangerous|harm|hurt|wrong|should not|shouldn't|don't)\b",
    r"\d",
)
PATTERNS = tuple(re.compile(p, re.IGNORECASE) for p in FORM)
WORD = re.compile(r"[a-z']+")


def measures(text: str) -> Floats:
    """f(y), (D,): log length in words and in characters, log counts of each mark of form."""
    sizes = (len(WORD.findall(text.lower())), len(text), *(len(p.findall(text)) for p in PATTERNS))
    return np.log1p(np.array(sizes, dtype=np.float64))


def deltas(pairs: Sequence[tuple[str, str]]) -> Floats:
    """(n, D) what the first reply of each pair has more of than the second."""
    return np.stack([measures(a) - measures(b) for a, b in pairs])


def fit(rows: Floats, weights: Floats | None = None, strength: float = 0.1) -> Floats:
    """w (D,) under which the first side of every row wins; each row enters in both orders.

    Args:
        rows: (n, D) scaled. strength: C of the logistic regression, the smaller the nearer to 0.

    Raises:
        MissingExtra: scikit-learn is not installed.
    """
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise MissingExtra("scikit-learn", "eval") from error
    both = np.concatenate([rows, -rows])
    labels = np.repeat([1, 0], len(rows))
    model = LogisticRegression(C=strength, fit_intercept=False, max_iter=500)
    model.fit(both, labels, sample_weight=None if weights is None else np.tile(weights, 2))
    found: Floats = model.coef_[0]
    return found


def near(rows: Floats, start: Floats, pull: float, *, steps: int = 8) -> Floats:
    """w (D,) of one person: his pairs, drawn to everybody's w by `pull`; everybody's where he has none.

        w_u = argmin_w  - sum_j log sigmoid(w . delta_j) + pull / 2 |w - w_0|^2            by Newton's method

    Args:
        rows: (n, D) what the preferred reply of each of his pairs has more of. start: w_0 (D,).
    """
    found = start.copy()
    for _ in range(steps if len(rows) else 0):
        lost = 1 / (1 + np.exp(rows @ found))  # (n,) probability of the other reply
        slope = pull * (found - start) - rows.T @ lost
        curve = (rows.T * (lost * (1 - lost))) @ rows + pull * np.eye(len(found))
        found = found - np.linalg.solve(curve, slope)
    return found


def scale(rows: Floats) -> Floats:
    """(D,) by which columns are divided: their root mean square, 1 where a column is empty."""
    found = np.sqrt((rows**2).mean(axis=0))
    return np.where(found > 0, found, 1.0)


def right(scores: Floats) -> Floats:
    """(n,) 1 where the preferred side scores above 0, a half at a tie."""
    found: Floats = (scores > 0) + 0.5 * (scores == 0)
    return found


def mixture(rows: Floats, users: NDArray[np.int64], kinds: int = 2, *, steps: int = 12, seed: int = 0) -> Floats:
    """(kinds, D): rewards of so many unnamed kinds of user, each user wholly of one, by expectation-maximisation."""
    count = int(users.max()) + 1
    share = np.random.default_rng(seed).dirichlet(np.full(kinds, 0.5), size=count)  # (U, kinds)
    rewards = np.zeros((kinds, rows.shape[1]))
    for _ in range(steps):
        rewards = np.stack([fit(rows, share[users, k] + 1e-6) for k in range(kinds)])
        share = belief(rewards, rows, users)
    return rewards


def belief(rewards: Floats, rows: Floats, users: NDArray[np.int64]) -> Floats:
    """(U, kinds) of which kind each user is, from the pairs he revealed; even where he revealed none."""
    log = -np.logaddexp(0, -(rows @ rewards.T))  # (n, kinds) log-likelihoods
    sums = np.zeros((int(users.max()) + 1 if len(users) else 1, len(rewards)))
    np.add.at(sums, users, log)
    sums -= sums.max(axis=1, keepdims=True)
    shares: Floats = np.exp(sums) / np.exp(sums).sum(axis=1, keepdims=True)
    return shares
