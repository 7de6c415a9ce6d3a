"""AdamW over slots: every parameter is a stack (N, ...), and each slot steps as if it were alone.

Elementwise updates keep slots apart by themselves; what must be kept apart by hand are the step counts (bias
correction, schedule), the norm that clips, and slots that rest, whose moments and weights must not decay.
After Loshchilov and Hutter, ICLR 2019; one slot equals `torch.optim.AdamW`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from idiolect.core.requests import Recipe

BETAS = (0.9, 0.999)
EPSILON = 1e-8


class SlotAdamW:
    """Moments and step counts beside stacked parameters.

    Args:
        stacks: parameters, (N, ...) each; updated in place.
        weight_decay: decoupled, a share of the parameter times the learning rate.
    """

    def __init__(self, stacks: Sequence[Tensor], weight_decay: float = 0.0) -> None:
        self.stacks = list(stacks)
        self.weight_decay = weight_decay
        self.first = [torch.zeros_like(s) for s in self.stacks]
        self.second = [torch.zeros_like(s) for s in self.stacks]
        self.steps = [torch.zeros(len(s), dtype=torch.long, device=s.device) for s in self.stacks]

    def forget(self, slots: Sequence[Tensor]) -> None:
        """A new user sits down: `slots`, per stack, are the rows whose moments start afresh."""
        for rows, *state in zip(slots, self.first, self.second, self.steps, strict=True):
            for tensor in state:
                tensor[rows] = 0

    @torch.no_grad()
    def step(self, grads: Sequence[Tensor], lr: Sequence[Tensor], active: Sequence[Tensor]) -> None:
        """One step. `lr` (N,) and `active` (N,) bool are given for each stack; resting slots stay bit for bit."""
        for i, (stack, grad) in enumerate(zip(self.stacks, grads, strict=True)):
            on = active[i]
            if not bool(on.any()):
                continue
            self.steps[i] += on
            if bool(on.all()):
                self._update(stack, grad, self.first[i], self.second[i], lr[i], self.steps[i])
                continue
            rows = on.nonzero().squeeze(1)
            state = [t[rows] for t in (stack, grad, self.first[i], self.second[i], lr[i], self.steps[i])]
            self._update(*state)
            for whole, part in zip((stack, self.first[i], self.second[i]), (state[0], *state[2:4]), strict=True):
                whole[rows] = part

    def _update(self, p: Tensor, g: Tensor, first: Tensor, second: Tensor, lr: Tensor, steps: Tensor) -> None:
        per_slot = (-1, *(1,) * (p.dim() - 1))
        count = steps.to(p.dtype)
        rate = lr.to(p.dtype)
        first.lerp_(g, 1 - BETAS[0])
        second.mul_(BETAS[1]).addcmul_(g, g, value=1 - BETAS[1])
        root = second.sqrt() / (1 - BETAS[1] ** count).sqrt().view(per_slot)
        if self.weight_decay:
            p.mul_((1 - rate * self.weight_decay).view(per_slot))
        p.sub_((rate / (1 - BETAS[0] ** count)).view(per_slot) * first / root.add_(EPSILON))


def norms(grads: Sequence[Tensor]) -> Tensor:
    """Each slot's gradient norm over all stacks of one leading axis: (N,)."""
    return torch.stack([g.reshape(len(g), -1).square().sum(1) for g in grads]).sum(0).sqrt()


def clip_scale(norm: Tensor, limit: float) -> Tensor:
    """The factor that brings a norm down to `limit`, 1 where it is already below; `limit` 0 never clips."""
    return (limit / (norm + 1e-6)).clamp(max=1.0) if limit else torch.ones_like(norm)


def rate(recipe: Recipe, step: int, total: int) -> float:
    """The learning rate of step 0 .. total - 1: a linear warm-up, then constant or linearly down to zero."""
    warm = round(recipe.warmup * total)
    if step < warm:
        return recipe.lr * (step + 1) / warm
    if recipe.schedule == "constant":
        return recipe.lr
    return recipe.lr * (total - step) / max(1, total - warm)
