"""What a batch has read so far: keys and values of attention layers, last inputs of convolution layers.

Rows are left-padded to one length S, so that the newest token of every row stands in the last column. Rows can be
taken out and put together between any two calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad
from transformers.cache_utils import Cache, DynamicLayer, LinearAttentionLayer

from idiolect.core.idiolect import Past

ROOM = 64  # columns added at once when a buffer is full


class Growing(DynamicLayer):  # type: ignore[no-untyped-call]
    """Keys and values in a buffer with room at the end: a step writes one column and copies nothing."""

    def __init__(self, keys: Tensor | None = None, values: Tensor | None = None) -> None:
        """keys, values: what has been read, (B, heads, S, d_head)."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.room: tuple[Tensor, Tensor] | None = None
        if keys is not None and values is not None:
            self.lazy_initialization(keys, values)
            self.keys, self.values = keys, values

    @property
    def held(self) -> tuple[Tensor, Tensor]:
        """Keys and values, (B, heads, S, d_head) each."""
        assert self.keys is not None
        assert self.values is not None
        return self.keys, self.values

    def pick(self, rows: Tensor, first: int) -> Growing:
        """Copies of rows, from column `first` on."""
        keys, values = self.held
        return Growing(keys[rows, :, first:], values[rows, :, first:])

    def beside(self, other: Any, length: int) -> Growing:
        """The rows of both, padded to `length` columns."""

        def both(a: Tensor, b: Tensor) -> Tensor:
            return torch.cat([pad(t, (0, 0, length - t.shape[2], 0)) for t in (a, b)])

        (keys, values), (more_keys, more_values) = self.held, other.held
        return Growing(both(keys, more_keys), both(values, more_values))

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        if torch.is_grad_enabled():  # gradients want every step's own tensors
            keys, values = super().update(key_states, value_states)
            return keys, values
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self.keys, self.values = key_states[:, :, :0], value_states[:, :, :0]
        old_keys, old_values = self.held
        n, end = old_keys.shape[2], old_keys.shape[2] + key_states.shape[2]
        if self.room is None or self.room[0].shape[2] < end:
            self.room = (_widened(old_keys, end + ROOM), _widened(old_values, end + ROOM))
        self.room[0][:, :, n:end], self.room[1][:, :, n:end] = key_states, value_states
        self.keys, self.values = (t[:, :, :end] for t in self.room)
        return self.keys, self.values


class Convolved(LinearAttentionLayer):
    """The last inputs of a short convolution; zeros stand for nothing read, as the convolution pads."""

    def __init__(self, state: Tensor) -> None:
        """state: (B, d, kernel); it is written in place."""
        super().__init__()
        self.dtype, self.device = state.dtype, state.device  # type: ignore[assignment]
        self.conv_kernel_size[0] = state.shape[-1]
        self.conv_states[0] = state
        self.is_conv_states_initialized[0] = self.has_previous_state[0] = True

    @property
    def state(self) -> Tensor:
        """(B, d, kernel)."""
        state = self.conv_states[0]
        assert state is not None
        return state

    def pick(self, rows: Tensor, first: int) -> Convolved:
        """Copies of rows."""
        return Convolved(self.state[rows])

    def beside(self, other: Any, length: int) -> Convolved:
        """The rows of both."""
        return Convolved(torch.cat([self.state, other.state]))


def _widened(held: Tensor, columns: int) -> Tensor:
    whole = held.new_empty((*held.shape[:2], columns, held.shape[3]))
    whole[:, :, : held.shape[2]] = held
    return whole


@dataclass(eq=False)
class Memory:
    """valid: (B, S) bool. position: (B,) int, where each row's next token stands. layers: one per block."""

    layers: list[Growing | Convolved]
    valid: Tensor
    position: Tensor

    @classmethod
    def empty(cls, module: Any, batch: int) -> Memory:
        """Nothing read yet, for B rows."""
        zero = torch.zeros(batch, dtype=torch.long, device=module.device)
        return cls(_layers(module, batch), zero[:, None].bool()[:, :0], zero)

    @classmethod
    def of(cls, module: Any, pasts: Sequence[Past | None]) -> Memory:
        """What each row has read before its prompt: its `Past`, or nothing. `computed` must have been resolved."""
        memory = cls.empty(module, len(pasts))
        if not any(pasts):
            return memory
        sizes = [next((k.shape[1] for k in p.keys.values()), 0) if p else 0 for p in pasts]
        length = max(sizes)
        for i, layer in enumerate(memory.layers):
            if isinstance(layer, Convolved):
                for row, p in enumerate(pasts):
                    if p and str(i) in p.states:
                        layer.state[row] = p.states[str(i)].to(layer.state)
            else:
                keys = _right_aligned([p.keys[str(i)] if p else None for p in pasts], length, module)
                values = _right_aligned([p.values[str(i)] if p else None for p in pasts], length, module)
                memory.layers[i] = Growing(keys, values)
        columns = torch.arange(length, device=module.device)
        memory.valid = columns >= length - torch.tensor(sizes, device=module.device)[:, None]
        memory.position = torch.tensor([p.length if p else 0 for p in pasts], device=module.device)
        return memory

    @property
    def cache(self) -> Cache:
        """The layers as the model takes them; what it reads on is written to them."""
        return Cache(layers=list(self.layers))

    @property
    def length(self) -> int:
        return self.valid.shape[1]

    def pick(self, rows: Sequence[int]) -> Memory:
        """Copies of these rows, in this order (a row may come twice), without columns that none of them uses."""
        index = torch.tensor(list(rows), device=self.valid.device, dtype=torch.long)
        valid = self.valid[index]
        used = valid.any(0)
        first = int(used.int().argmax()) if bool(used.any()) else self.length
        layers = [x.pick(index, first) for x in self.layers]
        return Memory(layers, valid[:, first:], self.position[index])

    def beside(self, other: Memory) -> Memory:
        """The rows of both, self's first. Both have read something."""
        length = max(self.length, other.length)
        layers = [a.beside(b, length) for a, b in zip(self.layers, other.layers, strict=True)]
        valid = torch.cat([pad(m.valid, (length - m.length, 0)) for m in (self, other)])
        return Memory(layers, valid, torch.cat([self.position, other.position]))

    def past(self, row: int) -> Past:
        """One row as a `Past`, to be put before other prompts."""
        keep = self.valid[row]
        attend = {str(i): x for i, x in enumerate(self.layers) if isinstance(x, Growing)}
        convolve = {str(i): x for i, x in enumerate(self.layers) if isinstance(x, Convolved)}
        return Past(
            keys={i: x.held[0][row][:, keep].clone() for i, x in attend.items()},
            values={i: x.held[1][row][:, keep].clone() for i, x in attend.items()},
            states={i: x.state[row].clone() for i, x in convolve.items()},
            length=int(self.position[row]),
        )


def attention(module: Any) -> list[str]:
    """The numbers of the layers that have keys and values, as `Past` names them."""
    return [str(i) for i, kind in enumerate(_kinds(module)) if kind != "conv"]


def _kinds(module: Any) -> list[str]:
    return getattr(module.config, "layer_types", None) or ["full_attention"] * module.config.num_hidden_layers


def _layers(module: Any, batch: int) -> list[Growing | Convolved]:
    config = module.config
    options = {"dtype": module.dtype, "device": module.device}

    def layer(kind: str) -> Growing | Convolved:
        if kind == "conv":
            return Convolved(torch.zeros(batch, config.hidden_size, config.conv_L_cache, **options))
        return Growing()

    return [layer(kind) for kind in _kinds(module)]


def _right_aligned(rows: Sequence[Tensor | None], length: int, module: Any) -> Tensor:
    """(B, heads, length, d_head) of rows (heads, N, d_head), zeros on the left."""
    some = next(r for r in rows if r is not None)
    out = torch.zeros(len(rows), some.shape[0], length, some.shape[2], dtype=module.dtype, device=module.device)
    filled = [out[i] if r is None else pad(r.to(out), (0, 0, length - r.shape[1], 0)) for i, r in enumerate(rows)]
    return torch.stack(filled)  # stacked, not written in place: a trained past keeps its gradient
