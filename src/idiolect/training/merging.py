"""Several users' parts made one: means of tensors, and exact sums of low-rank edits.

A mean of A's and of B's is not the mean of the products B A (what "model soups" of LoRA do is the former); the sum by
stacked ranks is exact and costs rank. Both are here, and a method says in its card which it uses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from idiolect.core.errors import CompositionError
from idiolect.core.idiolect import Computed, Edit
from idiolect.core.requests import Trained
from idiolect.training.parts import low_rank


def mean(tensors: Sequence[Mapping[str, Tensor]], weights: Sequence[float] | None = None) -> dict[str, Tensor]:
    """sum_k w_k t_k, name by name; weights are used as they are, 1 / K where none are given.

    Raises:
        CompositionError: names or shapes differ.
    """
    weights = _weights(weights, len(tensors))
    first = tensors[0]
    for other in tensors[1:]:
        if {k: t.shape for k, t in other.items()} != {k: t.shape for k, t in first.items()}:
            raise CompositionError("tensors of different names or shapes have no mean: train them with equal parts")
    return {name: sum((w * t[name] for w, t in zip(weights, tensors, strict=True)), torch.zeros(())) for name in first}


def soup(trained: Sequence[Trained], weights: Sequence[float] | None = None) -> Trained:
    """The weighted mean, tensor by tensor, of what several users got (Rame et al., NeurIPS 2023; Jang et al., 2023).

    It is one user's: all its tensors are `rows`, so that many users' soups run as one product each site.

    Raises:
        CompositionError: they have other sites, formulas or shapes, or one is a derived model or a past.
    """
    weights = _weights(weights, len(trained))
    first = trained[0]
    if any(t.model is not None or t.past is not None for t in trained):
        raise CompositionError("only edits and prefixes can be averaged: merge derived models' weights with `mean`")
    if any([(e.site, e.formula) for e in t.edits] != [(e.site, e.formula) for e in first.edits] for t in trained):
        raise CompositionError("edits at different sites have no mean: train them with equal parts")
    edits = []
    for i, edit in enumerate(first.edits):
        rows = _merged([t.edits[i] for t in trained], weights)
        edits.append(replace(edit, shared={}, rows=rows, cached_as=None))
    prefixes = [t.prefix for t in trained if t.prefix is not None]
    if len(prefixes) not in (0, len(trained)) or any(p.formula is not prefixes[0].formula for p in prefixes):
        raise CompositionError("prefixes of different formulas have no mean: train them with equal parts")
    if not prefixes:
        return Trained(edits=tuple(edits))
    prefix = replace(prefixes[0], shared={}, rows=_merged(prefixes, weights))
    return Trained(edits=tuple(edits), prefix=prefix)


def stacked(edits: Sequence[Edit], weights: Sequence[float] | None = None) -> Edit:
    """One edit that equals all of them together: sum_k w_k s_k B_k A_k as one product of summed rank, scale 1.

    Raises:
        CompositionError: not all are low-rank edits of one site.
    """
    weights = [1.0] * len(edits) if weights is None else list(weights)
    if len({e.site for e in edits}) != 1 or any(e.formula is not low_rank for e in edits):
        raise CompositionError("only low-rank edits of one site add up to a low-rank edit")
    parts = [{**e.shared, **e.rows} for e in edits]
    return Edit(
        site=edits[0].site,
        formula=low_rank,
        rows={
            "A": torch.cat([p["A"] for p in parts], 0),
            "B": torch.cat([w * p["scale"] * p["B"] for w, p in zip(weights, parts, strict=True)], 1),
            "scale": torch.ones_like(parts[0]["scale"]),
        },
    )


def _merged(parts: Sequence[Edit] | Sequence[Computed], weights: Sequence[float]) -> dict[str, Tensor]:
    return mean([{**p.shared, **p.rows} for p in parts], weights)


def _weights(weights: Sequence[float] | None, count: int) -> list[float]:
    if weights is None:
        return [1 / count] * count
    if len(weights) != count:
        raise CompositionError(f"{count} to merge but {len(weights)} weights: give one weight each")
    return list(weights)
