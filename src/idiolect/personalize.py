"""The composition root for users: methods by name, joined by bars, and M_i over one model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from idiolect import registry
from idiolect.composition import AnyMethod, Composed, named
from idiolect.core.errors import BadInput
from idiolect.core.idiolect import Idiolect
from idiolect.core.method import flow
from idiolect.core.model import Model
from idiolect.core.requests import Key
from idiolect.core.types import Query, UserData


def compose(spec: str, options: Mapping[str, Mapping[str, Any]] | None = None, *, apart: bool = False) -> AnyMethod:
    """The method or the composition that ``"ipa | oppu"`` names, with options by method name.

    Raises:
        UnknownName: a method or an option that does not exist.
        BadInput: a place between bars is empty.
        CompositionError: what stands left brings its own way to respond.
    """
    parts = [name.strip() for name in spec.split("|")]
    if not all(parts):
        raise BadInput(repr(spec), "a method's name is missing", 'Write names with bars between them: "ipa | oppu"')
    built = [registry.build(name, (options or {}).get(name)) for name in parts]
    return reduce(lambda a, b: Composed(left=a, right=b, apart=apart), built)


@dataclass(kw_only=True)
class Personal:
    """M_i for every user over one model: keeps theta and each user's own, and asks the model for the method.

    Args:
        method: as `compose` gives it.
        model: anything of `idiolect.models`.
        seed: of all random numbers.
    """

    method: AnyMethod
    model: Model
    seed: int = 0
    theta: Any = None
    owns: dict[str, Any] = field(default_factory=dict)

    def learn(self, users: Sequence[UserData]) -> None:
        """theta from everybody, once."""
        learnt = self._run(self.method.learn(users, self.theta), "")
        self.theta, self.owns = learnt.theta, {**self.owns, **learnt.owns}

    def adapt(self, user: UserData) -> None:
        """own from the user's records, or from those since the last time."""
        id = user.user_id
        self.owns[id] = self._run(self.method.adapt(user, self.theta, self.owns.get(id)), id)

    def condition(self, user: UserData, query: Query) -> Idiolect:
        """What the method makes of one query; `sources` says from which records."""
        own = self.owns.get(user.user_id)
        made: Idiolect = self._run(self.method.condition(user, query, self.theta, own), user.user_id)
        return made

    def respond(self, user: UserData, query: Query | str) -> str:
        """The answer to a query or to plain words."""
        from idiolect.core.layout import ask

        query = ask("", query) if isinstance(query, str) else query
        own = self.owns.get(user.user_id)
        return str(self._run(self.method.respond(user, query, self.theta, own), user.user_id))

    def _run(self, verb: Any, user: str) -> Any:
        from idiolect.generation.drive import run

        key = Key(seed=self.seed, method=named(self.method), user=user)
        return run(flow(verb), {"base": self.model}, key)
