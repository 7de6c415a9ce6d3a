"""Slots: tensors of edits that come again, kept on the model's device, least recently used first out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
from torch import Tensor

from idiolect.core.idiolect import Edit
from idiolect.forward.attach import pad_stack, place

Kind: TypeAlias = tuple[Any, ...]
FIRST = 8  # slots of a new bank; it doubles up to its capacity


@dataclass(eq=False)
class Bank:
    """N slots for edits of one site, formula and shape: each tensor is (N, ...). `taken`: oldest use first."""

    tensors: dict[str, Tensor]
    capacity: int
    taken: OrderedDict[str, tuple[int, Mapping[str, Any]]] = field(default_factory=OrderedDict)
    free: list[int] = field(default_factory=list)

    def slot(self, name: str, rows: Mapping[str, Tensor], given: Mapping[str, Any], busy: Mapping[str, Any]) -> int:
        """The slot that holds these rows, filled if need be; -1 if `busy` names hold them all."""
        held = self.taken.pop(name, None)
        index = held[0] if held else self._room(busy)
        if index >= 0:
            if held is None or not _same(held[1], given):
                for key, tensor in rows.items():
                    self.tensors[key][index] = tensor
            self.taken[name] = (index, given)
        return index

    def forget(self, name: str) -> None:
        if name in self.taken:
            index, _ = self.taken.pop(name)
            for tensor in self.tensors.values():
                tensor[index].zero_()
            self.free.append(index)

    def _room(self, busy: Mapping[str, Any]) -> int:
        if not self.free and len(self.taken) < self.capacity:
            size = len(self.taken)
            more = min(max(FIRST, size), self.capacity - size)
            self.tensors = {k: torch.cat([t, t.new_zeros((more, *t.shape[1:]))]) for k, t in self.tensors.items()}
            self.free = list(range(size + more - 1, size - 1, -1))
        if self.free:
            return self.free.pop()
        oldest = next((name for name in self.taken if name not in busy), None)
        return self.taken.pop(oldest)[0] if oldest is not None else -1


@dataclass(eq=False)
class Slots:
    """`stack` for `attach.gather`: edits with a `cached_as` are copied to the device once, then picked by slot.

    A name whose tensors have changed is copied anew. Edits without a name, one name with two contents in one batch,
    or more names in one batch than slots: these are stacked as they are. The result is the same, bit for bit.
    """

    device: torch.device | str | None = None
    dtype: torch.dtype | None = None
    capacity: int = 256
    banks: dict[Kind, Bank] = field(default_factory=dict)

    def stack(self, edits: Sequence[Edit]) -> dict[str, Tensor]:
        """Tensors (n, ...) of n edits of one formula, ragged ones padded with zeros."""
        busy: dict[str, Mapping[str, Any]] = {}
        found = [self._find(e, busy) for e in edits]
        banks = [bank for bank, index in found if bank and index >= 0]
        if len(banks) == len(edits) and all(b is banks[0] for b in banks):
            index = torch.tensor([index for _, index in found])
            return {k: t.index_select(0, index.to(t.device)) for k, t in banks[0].tensors.items()}
        pairs = list(zip(edits, found, strict=True))
        return {k: pad_stack([self._row(e, *f, k) for e, f in pairs]) for k in edits[0].rows}

    def forget(self, name: str) -> None:
        """Overwrite with zeros what is kept under a name: its user was erased."""
        for bank in self.banks.values():
            bank.forget(name)

    def _find(self, edit: Edit, busy: dict[str, Mapping[str, Any]]) -> tuple[Bank | None, int]:
        name = edit.cached_as
        if name is None or not edit.rows or not _same(busy.setdefault(name, edit.rows), edit.rows):
            return None, -1
        rows = {k: place(v, self.device, self.dtype) for k, v in edit.rows.items()}
        kind = (edit.site, edit.formula, *((k, tuple(t.shape), t.dtype) for k, t in rows.items()))
        if kind not in self.banks:
            self.banks[kind] = Bank({k: t.new_zeros((0, *t.shape)) for k, t in rows.items()}, self.capacity)
        bank = self.banks[kind]
        return bank, bank.slot(name, rows, dict(edit.rows), busy)

    def _row(self, edit: Edit, bank: Bank | None, index: int, key: str) -> Tensor:
        return bank.tensors[key][index] if bank and index >= 0 else place(edit.rows[key], self.device, self.dtype)


def _same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    if old is new or old.keys() != new.keys():
        return old is new
    return all(old[k] is new[k] or _equal(torch.as_tensor(old[k]), torch.as_tensor(new[k])) for k in new)


def _equal(old: Tensor, new: Tensor) -> bool:
    return old.device == new.device and torch.equal(old, new)
