"""Slots: tensors of edits that come again, kept on the model's device, least recently used first out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from weakref import ReferenceType, ref

import torch
from torch import Tensor

from idiolect.core.idiolect import Edit
from idiolect.forward.attach import place, side_by_side, upright


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """One user's tensors of one edit. rows: our copies, on the device. given: what they were copied from, for as long
    as somebody else holds it."""

    rows: dict[str, Tensor]
    given: dict[str, ReferenceType[Any]]

    def of(self, rows: Mapping[str, Any]) -> bool:
        """Whether these are still the same numbers."""
        if self.rows.keys() != rows.keys():
            return False
        return all(self._is(k, v) for k, v in rows.items())

    def _is(self, key: str, value: Any) -> bool:
        held, given = self.rows[key], self.given.get(key)
        return bool(given and given() is value) or torch.equal(held, place(value, held.device, held.dtype))


Kind: TypeAlias = tuple[str, Any]  # site and formula
Bank: TypeAlias = "OrderedDict[str, Kept]"  # by `Edit.cached_as`, oldest use first


@dataclass(eq=False)
class Slots:
    """`stack` for `attach.gather`: edits with a `cached_as` are copied to the device once, then picked by that name.

    A name whose tensors have changed is copied anew; edits without a name are stacked as they are. The result is the
    same, bit for bit. capacity: names kept of one site and formula.
    """

    device: torch.device | str | None = None
    dtype: torch.dtype | None = None
    capacity: int = 256
    banks: dict[Kind, Bank] = field(default_factory=dict)

    def stack(self, edits: Sequence[Edit]) -> dict[str, Tensor]:
        """Tensors (n, ...) of n edits of one formula, ragged ones padded with zeros."""
        found = [self._rows(e) for e in edits]
        return {k: side_by_side([rows[k] for rows in found]) for k in edits[0].rows}

    def forget(self, name: str) -> None:
        """Overwrite with zeros what is kept under a name: its user was erased."""
        for bank in self.banks.values():
            if kept := bank.pop(name, None):
                for tensor in kept.rows.values():
                    tensor.zero_()

    def _rows(self, edit: Edit) -> dict[str, Tensor]:
        """The edit's tensors on the device."""
        name = edit.cached_as
        if name is None or not edit.rows:
            return {k: place(v, self.device, self.dtype) for k, v in edit.rows.items()}
        bank = self.banks.setdefault((edit.site, edit.formula), OrderedDict())
        kept = bank.pop(name, None)
        if kept is None or not kept.of(edit.rows):
            rows = {k: _copy(place(v, self.device, self.dtype)) for k, v in edit.rows.items()}
            kept = Kept(rows, {k: ref(v) for k, v in edit.rows.items() if isinstance(v, Tensor)})
        bank[name] = kept
        if len(bank) > self.capacity:
            bank.popitem(last=False)
        return kept.rows


def _copy(tensor: Tensor) -> Tensor:
    """Ours to overwrite, in the memory order of `side_by_side`, so that stacking copies whole pieces."""
    straight = torch.contiguous_format
    return tensor.mT.clone(memory_format=straight).mT if upright(tensor) else tensor.clone(memory_format=straight)
