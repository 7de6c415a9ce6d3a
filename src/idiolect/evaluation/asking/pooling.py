"""One model for everybody: the parts that users train for themselves, trained once on all their examples together.

Every user's `adapt` runs up to where it asks for a `Fit`; the fits of all users become one, whose items no longer say
whose they are; all get the same trained parts, and `adapt` goes on. What is not trained (what a method retrieves or
counts) stays the user's own, so that the comparison is about the training alone.

`Prepared` holds what has been learnt, of both kinds. Parts that learn apart are the methods alone: they learn once, for
their own rows and for the composition's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from idiolect.composition import Composed, named
from idiolect.core.method import flow
from idiolect.core.requests import Fit, Fitted, Flow, Item, Key
from idiolect.core.types import UserData
from idiolect.evaluation.asking.respond import Ready, adapt, joined, learn
from idiolect.evaluation.costs import Metered
from idiolect.generation.drive import run, run_many

_START = object()


@dataclass(kw_only=True, eq=False)
class Prepared:
    """Methods that have learnt and adapted to everybody.

    shared: names of those that a composition needs again; the others are not kept.
    """

    learners: Sequence[UserData]
    people: Mapping[str, UserData]
    model: Metered
    shared: Collection[str] = ()
    _ready: list[Ready] = field(default_factory=list)
    _pooled: list[tuple[Ready, dict[str, Any]]] = field(default_factory=list)

    def ready(self, method: Any, label: str, seed: int) -> Ready:
        """theta and everybody's own."""
        for known in self._ready:
            if (known.label, known.seed, known.method) == (label, seed, method):
                return known
        if isinstance(method, Composed) and method.apart:
            parts = tuple(self.ready(m, named(m), seed) for m in (method.left, method.right))
            return joined(method, label, parts)
        made = adapt(learn(method, label, seed, self.learners, self.model), self.people, self.model)
        if label in self.shared:
            self._ready.append(made)
        return made

    def pooled(self, ready: Ready) -> dict[str, Any]:
        """Everybody's own with the trained parts that all share."""
        if ready.parts:
            left, right = (self.pooled(part) for part in ready.parts)
            return {u: (left[u], right[u]) for u in self.people}
        found = next((owns for known, owns in self._pooled if known is ready), None)
        if found is None:
            found = pooled(ready, self.people, self.model)
            if ready.label in self.shared:
                self._pooled.append((ready, found))
        return found


def pooled(ready: Ready, people: Mapping[str, UserData], model: Metered) -> dict[str, Any]:
    """The own of each user, with trained parts that everybody shares."""
    models = {"base": model}
    waiting: dict[str, tuple[Flow[Any], Any]] = {
        u: (flow(ready.method.adapt(data, ready.theta)), _START) for u, data in people.items()
    }
    owns: dict[str, Any] = {}
    number = 0
    while waiting:
        flows = {Key(ready.seed, f"{ready.label} pooled", u): _to_fit(*state) for u, state in waiting.items()}
        stopped = {key.user: end for key, end in run_many(flows, models).items()}
        owns |= {u: value for u, (value, fit) in stopped.items() if fit is None}
        fits = {u: fit for u, (_, fit) in stopped.items() if fit is not None}
        if not fits:
            break
        key = Key(ready.seed, f"{ready.label} pooled", "everybody", number)
        fitted: Fitted = run(_ask(together(fits)), models, key)
        number += 1
        waiting = {u: (waiting[u][0], _for(fit, fitted)) for u, fit in fits.items()}
    return owns


def together(fits: Mapping[str, Fit]) -> Fit:
    """One fit of one row on everybody's items, in the users' order."""
    items: list[Item] = [replace(i, user="") for fit in fits.values() for i in fit.items]
    first = next(iter(fits.values()))
    numbers = {k: [x for f in fits.values() for x in f.options[k]] for k, v in first.options.items() if type(v) is list}
    start = {"": next(iter(first.start.values()))} if first.start else {}  # what theta gives everybody to begin with
    return replace(first, items=tuple(items), rows="all", start=start, options={**first.options, **numbers})


def _for(fit: Fit, fitted: Fitted) -> Fitted:
    """Everybody's parts under the names that this user's `adapt` looks for."""
    names = {i.user for i in fit.items} if fit.rows == "user" else {""}
    return replace(fitted, users=dict.fromkeys(names, fitted.users[""]))


def _to_fit(user: Flow[Any], send: Any) -> Flow[tuple[Any, Fit | None]]:
    """Runs a flow up to its next fit: (its value, None) where it ended before."""
    try:
        request = next(user) if send is _START else user.send(send)
        while not isinstance(request, Fit):
            request = user.send((yield request))
    except StopIteration as stop:
        return stop.value, None
    return None, request


def _ask(fit: Fit) -> Flow[Fitted]:
    fitted: Fitted = yield fit
    return fitted
