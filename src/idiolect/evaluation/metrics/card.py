"""What a metric is, and what it says of itself."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from idiolect.core.errors import MissingExtra

Floats = npt.NDArray[np.float64]


class Metric(Protocol):
    """`signature` names the metric, its version, its library and its options: it stands beside every score."""

    @property
    def signature(self) -> str: ...
    @property
    def higher_is_better(self) -> bool: ...
    def statistics(self, predictions: Sequence[Any], references: Sequence[Any]) -> Floats:
        """(n, s): s numbers for each of the n examples; (m, m, s) where the metric is over pairs of m users."""
        ...

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) values under (..., n) weights: how often each example counts, in sum as many as there are.

        Over pairs of users the weights are (..., m), and nobody forms a pair with himself, however often he is drawn.
        NaN where the weights leave nothing to measure.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One row of the table of metrics.

    Args:
        library: the distribution behind it, installed by the extra `extra`; empty: our own.
        alone: it needs no references.
        version: raised whenever the same input gives another number.
    """

    formula: str
    source: str
    low: float = 0.0
    high: float = 1.0
    library: str = ""
    extra: str = "eval"
    higher_is_better: bool = True
    alone: bool = False
    version: int = 1

    @property
    def range(self) -> str:
        """Worst and best possible value, the smaller first."""
        ends = ["-∞" if e == -math.inf else "∞" if e == math.inf else f"{e:g}" for e in (self.low, self.high)]
        return " to ".join(ends)


@dataclass(frozen=True)
class Named(ABC):
    """A metric that has a file: the file's name is its name, its fields are its options."""

    card: ClassVar[Card]

    @property
    def name(self) -> str:
        return type(self).__module__.rpartition(".")[2]

    @property
    def higher_is_better(self) -> bool:
        return self.card.higher_is_better

    @cached_property
    def signature(self) -> str:
        """
        Raises:
            MissingExtra: the library is not installed.
        """
        said = [f"{self.name}@{self.card.version}"]
        if self.card.library:
            try:
                said.append(f"{self.card.library}={version(self.card.library)}")
            except PackageNotFoundError as error:
                raise MissingExtra(self.card.library, self.card.extra) from error
        said += [f"{f.name}={_shown(getattr(self, f.name))}" for f in fields(self)]
        return " ".join([*said, *self.notes()])

    def notes(self) -> Sequence[str]:
        """What else the number depends on: ``name=value``."""
        return ()

    @abstractmethod
    def statistics(self, predictions: Sequence[Any], references: Sequence[Any]) -> Floats: ...

    @abstractmethod
    def reduce(self, statistics: Floats, weights: Floats) -> Floats: ...


class Mean:
    """The reduction of every metric that is a weighed mean of its first statistic."""

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) from (n, s) statistics under (..., n) weights."""
        return ratio(weights @ statistics[:, 0], weights.sum(axis=-1))


def ratio(part: Floats, whole: Floats) -> Floats:
    """part / whole; NaN where the whole is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(whole == 0, np.nan, part / whole)
    return found


def column(values: npt.ArrayLike) -> Floats:
    """(n, 1) from n numbers."""
    return np.asarray(values, dtype=np.float64).reshape(-1, 1)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value).replace(" ", "")
