"""From opinions of some texts to what he would think of others, how sure that is, and which opinion added what.

A Gaussian process (Rasmussen and Williams 2006, eq. 2.25 and 2.26) with a noise of its own for every opinion:

    A       = K + diag(noise)                      (n, n), of what he has an opinion on
    mean(x) = sum_j k(x, j) [A^-1 y]_j             every opinion adds a term: these are the reasons
    var(x)  = k(x, x) - k(x, .) A^-1 k(., x)

Ranking is the upper confidence bound, in a batch: what was put first counts as asked, so that the next differs from it
(Srinivas et al. 2010; Desautels et al. 2014):

    next = argmax_x  (1 - explore) (prior(x) + mean(x)) + explore sqrt(var(x | opinions, what stands before it))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from idiolect.applications.taste.likeness import Points
from idiolect.applications.taste.opinions import SURE, Opinion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Expected:
    """Of m texts: `added` (m, n) by each of n opinions to the mean, `alike` (m, n), `root` (n, m) with
    var = own - sum root^2."""

    points: Points
    added: Array
    alike: Array
    root: Array

    @property
    def mean(self) -> Array:
        """(m,), around 0."""
        found: Array = self.added.sum(1)
        return found

    @property
    def variance(self) -> Array:
        """(m,)."""
        left: Array = self.points.own - (self.root**2).sum(0)
        return left.clip(min=0.0)

    def order(self, prior: Array, explore: float, most: int) -> tuple[list[int], list[float]]:
        """Places, best first, at most so many; and how unsure each was when it was put there. Equals stay as they are.

        Args:
            prior: (m,) what everybody thinks.
            explore: 0 takes what fits best, 1 what is known least.
        """
        worth, left = (1 - explore) * (prior + self.mean), self.variance
        columns = np.zeros((0, len(worth)))
        order: list[int] = []
        unsure: list[float] = []
        free = np.ones(len(worth), bool)
        while len(order) < min(most, len(worth)):
            score = np.where(free, worth + explore * np.sqrt(left), -np.inf)
            i = int(np.argmax(score.round(9)))
            order.append(i)
            unsure.append(float(np.sqrt(left[i])))
            free[i] = False
            if explore:
                near = self.points.likeness(self.points[[i]])[:, 0] - self.root.T @ self.root[:, i]
                column = (near - columns.T @ columns[:, i]) / np.sqrt(left[i] + SURE)
                columns = np.vstack([columns, column])
                left = (left - column**2).clip(min=0.0)
        return order, unsure


def expected(points: Points, held: Points, opinions: Sequence[Opinion], noise: Array | None = None) -> Expected:
    """What he would think of texts.

    Args:
        points: (m) of the texts.
        held: (n) of the opinions' texts.
        noise: (n,) variances in place of the opinions' own.
    """
    alike = points.likeness(held)
    if not opinions:
        return Expected(points=points, added=alike, alike=alike, root=np.zeros((0, len(points))))
    spread = np.array([o.noise for o in opinions]) if noise is None else noise
    lower = np.linalg.cholesky(held.among() + np.diag(spread))
    values = np.array([o.value for o in opinions])
    weights = np.linalg.solve(lower.T, np.linalg.solve(lower, values))
    return Expected(points=points, added=alike * weights, alike=alike, root=np.linalg.solve(lower, alike.T))
