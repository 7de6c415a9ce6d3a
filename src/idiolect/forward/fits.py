"""Whether what a stream brings is of this model's widths: told before anything runs, and of that stream alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import torch
from torch import Tensor

from idiolect.core.errors import BadInput
from idiolect.core.idiolect import Edit, Past
from idiolect.forward.attach import At, place
from idiolect.forward.memory import attention
from idiolect.forward.sites import widths

FIX = "Bring what was made with this model."
ABOUT_SIZES = re.compile("size|shape|dimension", re.IGNORECASE)
Shapes: TypeAlias = tuple[tuple[str, tuple[int, ...], torch.dtype], ...]


def edits_fit(module: Any, edits: Sequence[Edit]) -> None:
    """Raises:
    BadInput: an edit's tensors are not of the widths at its site, or its formula returns others.
    UnknownName: a site that this model does not have.
    """
    for edit in edits:
        wide = widths(module, edit.site)
        if wide is None:
            continue
        tensors = {k: place(t, None, None) for k, t in {**edit.shared, **edit.rows}.items()}
        shapes = tuple((k, tuple(t.shape), t.dtype) for k, t in tensors.items())
        rows = frozenset(edit.rows)
        if said := _misfit(edit.formula, wide, shapes, rows, edit.partner is not None):
            brought = ", ".join(f"{k} {size}" for k, size, _ in shapes if size)
            what = f"it takes {wide[0]} numbers in and {wide[1]} out there, which {brought or 'it'} cannot ({said})"
            raise BadInput(f"the edit at {edit.site}", what, FIX)


def states_fit(module: Any, prefix: Tensor | None, past: Past | None) -> None:
    """Raises:
    BadInput: a prefix of another width, or a past of other layers.
    """
    width = int(module.config.hidden_size)
    if prefix is not None and (prefix.dim() != 2 or prefix.shape[1] != width):
        raise BadInput("Stream.prefix", f"{tuple(prefix.shape)} where this model wants (P, {width})", FIX)
    if past is not None:
        wanted = attention(module)
        for name, found in (("keys", past.keys), ("values", past.values)):
            if set(found) != set(wanted):
                what = f"its {name} are of layers {', '.join(found)}, this model's attention is in {', '.join(wanted)}"
                raise BadInput("Stream.past", what, FIX)


@lru_cache(maxsize=1024)
def _misfit(formula: Any, wide: tuple[int, int], shapes: Shapes, rows: frozenset[str], partner: bool) -> str:
    """What the formula says to zeros of these shapes at one position; "" if nothing that is about sizes."""
    x, h = torch.zeros(1, 1, wide[0]), torch.zeros(1, 1, wide[1])
    tensors = {k: torch.zeros(size, dtype=_single(kind)) for k, size, kind in shapes}
    tensors = {k: t[None] if k in rows else t for k, t in tensors.items()}
    yes = torch.ones(1, 1, dtype=torch.bool)
    at = At(positions=yes.long() - 1, valid=yes, answer=yes, partner=h if partner else None)
    try:
        with torch.no_grad():
            made = tuple(formula(x, h, tensors, at).shape)
    except RuntimeError as error:
        said = str(error).splitlines()[0]
        return said if ABOUT_SIZES.search(said) else ""
    except Exception:  # not about sizes: the run itself will tell
        return ""
    return "" if made in ((1, 1, wide[1]), (1, 1, 1)) else f"its formula returns {made[-1] if made else 1}"


def _single(kind: torch.dtype) -> torch.dtype:
    return torch.float32 if kind.is_floating_point else kind
