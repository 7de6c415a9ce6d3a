"""A linear reward per person, learnt from what he chose, with how sure one may be of it.

r(y) = lambda . phi(y),     P(y+ > y-) = sigmoid(lambda . d),   d = phi(y+) - phi(y-)
lambda ~ N(mu, S)                                                          the population
mean  = argmax  sum_j w_j log sigmoid(lambda . d_j) + log N(lambda; mu, S)
Sigma = [ S^-1 + sum_j w_j sigmoid'(mean . d_j) d_j d_j^T ]^-1             Laplace
I(d)  = h(E sigmoid(s)) - E h(sigmoid(s)),  s ~ N(mean . d, d^T Sigma d)   nats that his choice would tell
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NODES, SHARES = np.polynomial.hermite_e.hermegauss(48)
STEPS, NEAR = 100, 1e-9
LARGEST = 0.98  # of a dial, so that what it stands for is finite


@dataclass(frozen=True, kw_only=True)
class Belief:
    """N(mean, covariance) over lambda: (D,) and (D, D), as plain numbers."""

    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]

    @property
    def arrays(self) -> tuple[Array, Array]:
        """mean (D,) and covariance (D, D)."""
        return np.array(self.mean), np.array(self.covariance)

    def positive(self, k: int) -> float:
        """P(lambda_k > 0)."""
        return 0.5 * math.erfc(-self.mean[k] / math.sqrt(2 * self.covariance[k][k]))

    def between(self, k: int, spread: float = 1.96) -> tuple[float, float]:
        """The limits of lambda_k, so many standard deviations around the mean."""
        wide = spread * math.sqrt(self.covariance[k][k])
        return self.mean[k] - wide, self.mean[k] + wide


def belief(mean: Array, covariance: Array) -> Belief:
    """From arrays (D,) and (D, D)."""
    return Belief(mean=tuple(mean.tolist()), covariance=tuple(map(tuple, covariance.tolist())))


def even(count: int, spread: float) -> Belief:
    """Nothing is known: N(0, spread^2) in each of so many dimensions."""
    return belief(np.zeros(count), spread**2 * np.eye(count))


def precision(lambdas: Array, differences: Array, weights: Array, prior: Array) -> Array:
    """prior + sum_j w_j sigmoid'(lambda . d_j) d_j d_j^T: (D, D).

    Args:
        differences: (n, D). weights: (n,). prior: the population's precision (D, D).
    """
    p = _sigmoid(differences @ lambdas)
    found: Array = prior + (differences * (weights * p * (1 - p))[:, None]).T @ differences
    return found


def posterior(differences: Array, weights: Array, prior: Belief) -> Belief:
    """Newton's method with steps halved until the (concave) log posterior rises.

    Args:
        differences: d_j = phi(chosen) - phi(rejected), (n, D). weights: how much each counts, (n,).
    """
    mu, spread = prior.arrays
    inverse = _inverse(spread)

    def height(at: Array) -> float:
        off = at - mu
        return float(-(weights * np.logaddexp(0, -differences @ at)).sum() - 0.5 * off @ inverse @ off)

    at = mu.copy()
    for _ in range(STEPS):
        slope = differences.T @ (weights * _sigmoid(-differences @ at)) - inverse @ (at - mu)
        step = _inverse(precision(at, differences, weights, inverse)) @ slope
        while height(at + step) < height(at) and np.abs(step).max() > NEAR:
            step = step / 2
        at = at + step
        if np.abs(step).max() <= NEAR:
            break
    return belief(at, _inverse(precision(at, differences, weights, inverse)))


def population(people: Sequence[tuple[Array, Array]], prior: Belief, *, rounds: int = 20) -> Belief:
    """mu and S of the people's lambdas, by expectation and maximisation from `prior`, which counts as one person.

    Args:
        people: differences (n, D) and weights (n,) of each.
    """
    start = prior.arrays
    found = prior
    for _ in range(rounds):
        each = [posterior(d, w, found).arrays for d, w in people]
        means = np.array([start[0], *(m for m, _ in each)])
        spreads = np.array([start[1], *(s for _, s in each)])
        mu = means.mean(0)
        off = means - mu
        found = belief(mu, spreads.mean(0) + off.T @ off / len(means))
    return found


def information(known: Belief, differences: Array) -> Array:
    """I(d) in nats, at most log 2, of each of m pairs (m, D): (m,)."""
    mean, spread = known.arrays
    middle = differences @ mean
    wide = np.sqrt(np.einsum("md,de,me->m", differences, spread, differences).clip(min=0))
    p = _sigmoid(middle[:, None] + wide[:, None] * NODES)
    share = SHARES / SHARES.sum()
    found: Array = _entropy(p @ share) - _entropy(p) @ share
    return found.clip(min=0)


def dial(weight: float) -> float:
    """lambda_k as a dial from -1 to 1: by how much the answer with one unit more of it is chosen more often."""
    return math.tanh(weight / 2)


def undial(setting: float) -> float:
    """The lambda_k that a dial stands for."""
    return 2 * math.atanh(max(-LARGEST, min(LARGEST, setting)))


def _inverse(x: Array) -> Array:
    return np.asarray(np.linalg.inv(x), dtype=np.float64)


def _sigmoid(x: Array) -> Array:
    found: Array = 0.5 * (1 + np.tanh(x / 2))
    return found


def _entropy(p: Array) -> Array:
    p = p.clip(1e-300, 1)
    q = (1 - p).clip(1e-300, 1)
    found: Array = -(p * np.log(p) + q * np.log(q))
    return found
