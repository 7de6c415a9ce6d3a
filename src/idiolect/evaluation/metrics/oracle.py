"""The oracle of a world: it planted the truth, so it can score any answer without a judge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from idiolect.evaluation.metrics import Floats, Mean


@dataclass(frozen=True)
class Oracle(Mean):
    """`score(probe, text)` in [0, 1]. It is seen by the evaluation alone, never by a method."""

    score: Callable[[Any, str], float]
    signature: str = "oracle@1"
    higher_is_better: ClassVar[bool] = True

    def statistics(self, predictions: Sequence[str], references: Sequence[Any]) -> Floats:
        """(n, 1); references: the world's probes."""
        pairs = zip(predictions, references, strict=True)
        return np.array([[self.score(r, p)] for p, r in pairs], dtype=np.float64).reshape(-1, 1)
