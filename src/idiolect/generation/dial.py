"""How personal an answer is: between the distributions of an Idiolect and of the model alone.

log p = strength * log p_personal + (1 - strength) * log p_generic - log Z
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from torch import Tensor

from idiolect.core.idiolect import Combine, Idiolect, Stream

DIAL = "dial"


def dialled(made: Idiolect, strength: float) -> Idiolect:
    """`made` at a strength from 0 (the model alone) to 1 (`made` itself)."""
    first, inner = made.streams[0], made.combine
    given = (first.context, first.passages, first.edits, first.prefix, first.past, first.query)
    if strength == 1 or not (inner or any(x is not None and x != () for x in given)):
        return made
    last = len(made.streams) - 1 if inner and inner.lookahead else len(made.streams)
    streams = (*made.streams[:last], Stream(), *made.streams[last:])
    rows = {**(inner.rows if inner else {}), DIAL: strength}
    outer = between(inner.formula if inner else None)
    combine = replace(inner, formula=outer, rows=rows) if inner else Combine(formula=outer, rows=rows)
    return replace(made, streams=streams, combine=combine)


@cache
def between(formula: Callable[..., Any] | None) -> Callable[..., Any]:
    """The formula that mixes what another makes of all streams but the last with the last; the same object for the
    same formula, so that its rows share a call."""

    def mixed(step: Any, rows: Mapping[str, Tensor]) -> Any:
        generic, strength = step.log_probs[:, -1], rows[DIAL][:, None]
        if formula is None:
            return _between(step.log_probs[:, 0], generic, strength)
        hidden = {site: h[:, :-1] for site, h in step.hidden.items()}
        inner = replace(step, log_probs=step.log_probs[:, :-1], hidden=hidden)
        found = formula(inner, {name: row for name, row in rows.items() if name != DIAL})
        if not isinstance(found, tuple):
            return _between(found, generic, strength)
        personal, state = found
        return _between(personal, generic, strength), state

    return mixed


def _between(personal: Tensor, generic: Tensor, strength: Tensor) -> Tensor:
    """(B, V) each, strength (B, 1)."""
    return (generic + strength * (personal - generic)).log_softmax(-1)
