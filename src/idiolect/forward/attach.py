"""Edits of many users on one batch: gathered into tensors with a batch axis, hooked on, and always taken off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import torch
from torch import Tensor, nn

from idiolect.core.errors import CompositionError, UnknownName
from idiolect.core.idiolect import Edit

if TYPE_CHECKING:
    from idiolect.core.idiolect import Formula, Tensors


Beside: TypeAlias = Mapping[int, int] | Sequence[int]  # the batch row of each stream of one Idiolect


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class At:
    """Where a formula stands. All masks are (B, T) and left-padded.

    answer: positions whose output predicts a token of the answer: the prompt's last one and every answer token fed.
    partner: (B, T, d_out), another stream's state at this site, where the edit names one.
    """

    positions: Tensor
    valid: Tensor
    answer: Tensor
    training: bool = False
    partner: Tensor | None = None

    def last(self, count: int) -> At:
        """The same, seen by a module that is given the last `count` positions alone (the head)."""
        if count == self.valid.shape[1]:
            return self
        cut = slice(self.valid.shape[1] - count, None)
        return replace(self, positions=self.positions[:, cut], valid=self.valid[:, cut], answer=self.answer[:, cut])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """One formula on one site for the rows of a batch that have it.

    rows: tensors (B, ...); rows without the edit hold any values. mask: (B,) bool, None where all rows have it.
    partner: (B,) index of the row whose state `at.partner` gives.
    """

    site: str
    formula: Formula
    shared: Tensors = field(default_factory=dict)
    rows: Tensors = field(default_factory=dict)
    mask: Tensor | None = None
    partner: Tensor | None = None


class Stack(Protocol):
    """Stacks one kind of edit over a batch: see `slots.Slots`. device, dtype: the model's; None: as tensors come."""

    @property
    def device(self) -> torch.device | str | None: ...
    @property
    def dtype(self) -> torch.dtype | None: ...
    def stack(self, edits: Sequence[Edit]) -> dict[str, Tensor]: ...


@dataclass(frozen=True, slots=True)
class Plain:
    """Stacks without keeping anything."""

    device: torch.device | str | None = None
    dtype: torch.dtype | None = None

    def stack(self, edits: Sequence[Edit]) -> dict[str, Tensor]:
        """Tensors (n, ...) of n edits of one formula, ragged ones padded with zeros."""
        return {k: side_by_side([place(e.rows[k], self.device, self.dtype) for e in edits]) for k in edits[0].rows}


def place(value: Any, device: torch.device | str | None, dtype: torch.dtype | None) -> Tensor:
    """A number or a tensor as a tensor on the model's device; floating ones take the model's type."""
    tensor = torch.as_tensor(value)
    if tensor.is_floating_point() and dtype is not None:
        return tensor.to(device=device, dtype=dtype)
    return tensor.to(device=device)


def pad_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Stack tensors of one rank but unequal shapes, zeros at the ends: a LoRA padded in rank adds exactly nothing.
    One alone is not copied."""
    if len(tensors) == 1:
        return tensors[0][None]
    if all(t.shape == tensors[0].shape for t in tensors):
        return torch.stack(list(tensors))
    shape = [max(sizes) for sizes in zip(*(t.shape for t in tensors), strict=True)]
    out = tensors[0].new_zeros((len(tensors), *shape))
    for row, t in zip(out, tensors, strict=True):
        row[tuple(slice(n) for n in t.shape)] = t
    return out


def upright(tensor: Tensor) -> bool:
    """Whether it is a matrix of more rows than columns."""
    return tensor.dim() == 2 and tensor.shape[0] > tensor.shape[1]


def side_by_side(tensors: Sequence[Tensor]) -> Tensor:
    """`pad_stack`, with upright matrices column after column in memory: a product of few tokens with many users' narrow
    matrices then reads along the long side, in half the time."""
    return pad_stack([t.mT for t in tensors]).mT if upright(tensors[0]) else pad_stack(tensors)


def gather(
    edits: Sequence[Sequence[Edit]], partners: Sequence[Beside] | None = None, *, stack: Stack | None = None
) -> list[Placed]:
    """The edits of each batch row as few `Placed`: one for each site, formula, shared tensors and turn.

    Args:
        edits: B sequences, one a row; the order of edits on one site is kept.
        partners: for each row the batch rows of the streams of its Idiolect; `Edit.partner` picks from them.

    Raises:
        CompositionError: an edit's partner is no stream of this batch.
    """
    stack = stack or Plain()
    groups: dict[tuple[Any, ...], dict[int, Edit]] = {}
    for row, sequence in enumerate(edits):
        turn: dict[str, int] = {}
        for edit in sequence:
            k = turn[edit.site] = turn.get(edit.site, -1) + 1
            shared = tuple((n, id(t)) for n, t in edit.shared.items())
            key = (k, edit.site, edit.formula, shared, tuple(edit.rows), edit.partner is None)
            groups.setdefault(key, {})[row] = edit
    order = sorted(groups.items(), key=lambda item: item[0][0])  # stable: earlier turns first
    return [_placed(group, len(edits), partners, stack) for _, group in order]


def _placed(group: Mapping[int, Edit], count: int, partners: Sequence[Beside] | None, stack: Stack) -> Placed:
    first = next(iter(group.values()))
    partial = len(group) < count
    # a row without the edit borrows the first one's tensors: whatever its formula does with them is masked out
    tensors = stack.stack([group.get(row, first) for row in range(count)])
    device = stack.device or next((t.device for t in tensors.values()), None)
    partner = None
    if first.partner is not None and partners is not None:
        rows = [_partner(partners[r], group[r]) if r in group else r for r in range(count)]
        partner = torch.tensor(rows, device=device)
    mask = torch.tensor([row in group for row in range(count)], device=device) if partial else None
    moved = {k: place(t, device, stack.dtype) for k, t in first.shared.items()}
    return Placed(site=first.site, formula=first.formula, shared=moved, rows=tensors, mask=mask, partner=partner)


def _partner(beside: Beside, edit: Edit) -> int:
    try:
        return beside[edit.partner or 0]
    except LookupError:
        what = f"the edit at {edit.site} reads stream {edit.partner}, which does not run beside it"
        raise CompositionError(f"{what}: name another stream of the same Idiolect, through the same model") from None


@contextmanager
def attached(module: nn.Module, placed: Iterable[Placed], at: At) -> Iterator[None]:
    """Hook each `Placed` onto the module that it names, in the order given, for the length of the block.

    Raises:
        UnknownName: a site that this model does not have.
    """
    with ExitStack() as hooks:
        for p in placed:
            hook = _module(module, p.site).register_forward_hook(_hook(p, at), with_kwargs=True)
            hooks.callback(hook.remove)
        yield


@contextmanager
def recorded(module: nn.Module, paths: Iterable[str]) -> Iterator[dict[str, Tensor]]:
    """What modules return during the block, (B, T, d) of the last call each; after edits hooked on before."""
    seen: dict[str, Tensor] = {}
    with ExitStack() as hooks:
        for path in paths:

            def keep(_: nn.Module, __: Any, output: Any, path: str = path) -> None:
                seen[path] = output[0] if isinstance(output, tuple) else output

            hook = _module(module, path).register_forward_hook(keep)
            hooks.callback(hook.remove)
        yield seen


def _module(module: nn.Module, path: str) -> nn.Module:
    try:
        return module.get_submodule(path)
    except AttributeError:
        raise UnknownName("site", path, [name for name, _ in module.named_modules() if name]) from None


def _hook(p: Placed, at: At) -> Any:
    tensors = {**p.shared, **p.rows}

    def apply(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Any:
        h = output[0] if isinstance(output, tuple) else output
        x = args[0] if args else kwargs["hidden_states"]
        here = at.last(h.shape[1])
        if p.partner is not None:
            here = replace(here, partner=h.index_select(0, p.partner))
        changed = p.formula(x, h, tensors, here)
        if changed.shape[-1] == 1 < h.shape[-1]:  # a value head in the place of logits: one number, in every column
            changed = changed.expand_as(h)
        if p.mask is not None:
            changed = torch.where(p.mask[:, None, None], changed, h)
        return (changed, *output[1:]) if isinstance(output, tuple) else changed

    return apply
