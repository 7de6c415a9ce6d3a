"""Many users' `Fit` at once: sorted into runs of equal kind, trained slot-wise, each user exactly as if alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from idiolect.core.errors import BadInput, IdiolectError
from idiolect.core.requests import Fit, Fitted, Key
from idiolect.training import checkpoint, derived
from idiolect.training.checkpoint import Checkpoints
from idiolect.training.derived import Keeper
from idiolect.training.learner import Learner, shares
from idiolect.training.parts import Weights
from idiolect.training.run import Run


@dataclass(frozen=True)
class Progress:
    """How far a call of `fit` has come: steps over all users, users training now, their latest mean loss."""

    done: int
    total: int
    users: int
    loss: float


progress: Callable[[Progress], None] | None = None  # set it to be told after each step
checkpoints: Checkpoints | None = None  # set it to go on after a stop


def fit(backbone: Keeper, fits: Sequence[Fit], keys: Sequence[Key]) -> list[Fitted | IdiolectError]:
    """What each `Fit` trained, in the order asked; the model itself is left as it was.

    Args:
        keys: one a `Fit`; all its random numbers come from there.

    Returns:
        A `Fit` of which no user could be trained gives the error in place of a `Fitted`; one of which some could
        names the others in `Fitted.failed`.
    """
    learners = [x for number, (f, key) in enumerate(zip(fits, keys, strict=True)) for x in _learners(f, key, number)]
    report = _reporter(learners)
    for place, group in enumerate(_kinds(learners)):
        try:
            _train(backbone, group, report, checkpoint.named(fits, keys, place) if checkpoints else "")
        except IdiolectError as error:
            for learner in group:
                if learner.result is None:
                    learner.error = learner.error or error
    return [_fitted([x for x in learners if x.number == number]) for number in range(len(fits))]


def _learners(fit: Fit, key: Key, number: int) -> list[Learner]:
    """One for each user; one for all where they share what is trained, or where rows="all"."""
    everything = tuple(range(len(fit.items)))
    if not everything:
        return []
    if fit.rows == "all":
        return [Learner(fit, number, key, ("",), everything)]
    users = tuple(dict.fromkeys(item.user for item in fit.items))
    if shares(fit):
        return [Learner(fit, number, key, users, everything)]
    mine = {user: tuple(i for i in everything if fit.items[i].user == user) for user in users}
    return [Learner(fit, number, key, (user,), items) for user, items in mine.items()]


def _kinds(learners: Sequence[Learner]) -> list[list[Learner]]:
    """Learners that can step together: equal parts, objective, recipe and options; the same frozen shared tensors."""
    groups: dict[tuple[Any, ...], list[Learner]] = {}
    for x in learners:
        alone = x.number if shares(x.fit) else _common(x.fit)
        through = tuple(sorted({s.model for i in x.fit.items for s in i.idiolect.streams}))
        key = (x.fit.train, x.fit.objective, x.fit.recipe, through, tuple(sorted(x.fit.options)), shares(x.fit), alone)
        groups.setdefault(key, []).append(x)
    return list(groups.values())


def _common(fit: Fit) -> tuple[int, ...]:
    """Which shared tensors a `Fit` starts from, by identity."""
    if not any(p.shared for p in fit.train):
        return ()
    start = next(iter(fit.start.values()), None)
    if start is None:
        return (id(fit),)
    found = [e.shared for e in start.edits]
    found += [c.shared for c in (start.prefix, start.past.computed if start.past else None) if c]
    return tuple(id(t) for tensors in found for t in tensors.values())


def _train(backbone: Keeper, group: Sequence[Learner], report: Callable[[Run], None], name: str) -> None:
    fit = group[0].fit
    through = _through(fit)
    if not any(isinstance(p, Weights) for p in fit.train):
        with _still(derived.named(backbone, through).module):
            _on(Run(derived.named(backbone, through), group), group, report, name)
        return
    for number, learner in enumerate(group):
        start = next((t.model for t in learner.fit.start.values() if t.model), through)
        copy = derived.copied(derived.named(backbone, start))
        _on(Run(copy, [learner], list(copy.module.parameters())), [learner], report, f"{name}-{number}")
        if learner.result is not None:
            made = derived.keep(backbone, copy)
            learner.result = {user: replace(got, model=made) for user, got in learner.result.items()}


def _on(run: Run, group: Sequence[Learner], report: Callable[[Run], None], name: str) -> None:
    """To the end, from where it was stopped if it was."""
    keep = checkpoints
    if keep is None:
        run.train(report)
        return
    if (known := keep.load(name)) is not None:
        checkpoint.restore(run, group, known)

    def each_step(now: Run) -> None:
        if keep.due:
            keep.save(name, checkpoint.state(now, group))
        report(now)

    run.train(each_step)
    keep.save(name, checkpoint.state(run, group))


def _through(fit: Fit) -> str:
    """The one model that all streams of a `Fit` go through.

    Raises:
        BadInput: there are several.
    """
    names = {s.model for item in fit.items for s in item.idiolect.streams} or {"base"}
    if len(names) > 1:
        what = f"its streams go through {', '.join(sorted(names))}"
        raise BadInput("Fit.items", what, "Train what lies on one model by a Fit of its own.")
    return names.pop()


def _fitted(learners: Sequence[Learner]) -> Fitted | IdiolectError:
    users = {user: got for x in learners if x.result for user, got in x.result.items()}
    failed = {x.users[slot]: error for x in learners for slot, error in x.left.items()}
    failed |= {user: x.error for x in learners if x.error for user in x.users}
    if failed and not users:
        return next(iter(failed.values()))
    losses = {user: tuple(numbers) for x in learners for user, numbers in x.losses.items()}
    return Fitted(users=users, losses=losses, failed=failed)


def _reporter(learners: Sequence[Learner]) -> Callable[[Run], None]:
    total = sum(x.total for x in learners)

    def report(run: Run) -> None:
        if progress is not None:
            latest = [numbers[-1] for x in run.live for numbers in x.losses.values()]
            done = sum(x.total if x.result or x.error else x.step for x in learners)
            progress(Progress(done, total, len(run.live), sum(latest) / max(1, len(latest))))

    return report


@contextmanager
def _still(module: nn.Module) -> Iterator[None]:
    """Without gradients for the model's own weights: nothing is kept for them in a pass, nothing can move them."""
    asked = [p for p in module.parameters() if p.requires_grad]
    for p in asked:
        p.requires_grad_(False)
    try:
        yield
    finally:
        for p in asked:
            p.requires_grad_(True)
