"""Extrapolation between two distributions of the next token: the one formula behind context steering and its kin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor


def steer(step: Any, rows: Mapping[str, Tensor]) -> Tensor:
    """log p1 + strength (log p1 - log p2) - log Z: step.log_probs (B, 2, V), rows["strength"] (B,) -> (B, V)."""
    with_context, without = step.log_probs.unbind(1)
    influence = with_context - without
    steered: Tensor = with_context + rows["strength"].unsqueeze(-1) * influence
    return steered.log_softmax(-1)
