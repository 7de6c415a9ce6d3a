"""A run that was stopped goes on: its state as plain values and tensors, whose end is the same bit for bit.

Whoever trains for long sets `loop.checkpoints` to something that keeps values under names. A run's name comes from the
`Fit`s and their keys, so that the same work finds its own state again, and no other's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

import torch

from idiolect.core.errors import IdiolectError
from idiolect.core.fingerprint import fingerprint
from idiolect.core.requests import Fit, Key
from idiolect.training.learner import Learner
from idiolect.training.run import Run

FORM = "one matrix, users left out"  # how states are laid out: one of another form is nobody's


class Checkpoints(Protocol):
    """Where states lie, and how often one is written."""

    @property
    def due(self) -> bool:
        """Whether it is time for a new one."""
        ...

    def save(self, name: str, state: dict[str, Any]) -> None: ...
    def load(self, name: str) -> dict[str, Any] | None: ...


def named(fits: Sequence[Fit], keys: Sequence[Key], group: int) -> str:
    """What the state of one group of learners of one call is kept under: all that was asked."""
    return f"{fingerprint((FORM, *keys, *fits)).hex()[:16]}-{group}"


def state(run: Run, learners: Sequence[Learner]) -> dict[str, Any]:
    """All that the next step depends on; of a run that is over, its results and the weights of a derived model."""
    place = {id(x): i for i, x in enumerate(learners)}
    found = {
        "learners": [_learner(x) for x in learners],
        "live": [place[id(x)] for x in run.live],
        "waiting": [place[id(x)] for x in run.waiting],
        "weights": [w.detach() for w in run.weights],
    }
    if not run.live and not run.waiting:
        return found
    kept = {"first": run.optimiser.first, "second": run.optimiser.second, "steps": run.optimiser.steps}
    stacks = {f"{n}/{name}": t.clone() for (n, name), t in run.slots.stacks.items()}
    return {**found, **kept, "stacks": stacks, "free": list(run.free)}


@torch.no_grad()
def restore(run: Run, learners: Sequence[Learner], kept: dict[str, Any]) -> None:
    """Puts a fresh run where `state` found it."""
    for learner, was in zip(learners, kept["learners"], strict=True):
        _again(learner, was)
    for weight, was in zip(run.weights, kept["weights"], strict=True):
        weight.copy_(was)
    run.waiting = deque(learners[i] for i in kept["waiting"])
    live = [learners[i] for i in kept["live"]]
    if not live and not run.waiting:
        return
    for learner in live:
        run.prepare(learner)
    run.live, run.free = live, list(kept["free"])
    for name in ("first", "second", "steps"):
        for tensor, was in zip(getattr(run.optimiser, name), kept[name], strict=True):
            tensor.copy_(was)
    for (n, name), tensor in run.slots.stacks.items():
        tensor.copy_(kept["stacks"][f"{n}/{name}"])


def _learner(x: Learner) -> dict[str, Any]:
    return {
        "first": x.first,
        "step": x.step,
        "losses": {user: list(numbers) for user, numbers in x.losses.items()},
        "queue": list(x.queue),
        "best": x.best,
        "stale": x.stale,
        "batches": x.batches.get_state(),
        "chance": x.chance.get_state(),
        "result": x.result,
        "error": str(x.error) if x.error else None,
        "left": {str(slot): str(error) for slot, error in x.left.items()},
    }


def _again(x: Learner, was: dict[str, Any]) -> None:
    x.first, x.step, x.best, x.stale = was["first"], was["step"], was["best"], was["stale"]
    x.losses = {user: list(numbers) for user, numbers in was["losses"].items()}
    x.queue, x.result = list(was["queue"]), was["result"]
    x.batches.set_state(was["batches"])
    x.chance.set_state(was["chance"])
    if was["error"] is not None:
        x.error = IdiolectError(was["error"])
    x.left = {int(slot): IdiolectError(said) for slot, said in was["left"].items()}
