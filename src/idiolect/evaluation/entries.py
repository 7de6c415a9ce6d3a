"""The methods of an experiment: built from their presets, with their cousins and what their cards say of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from idiolect import registry
from idiolect.config import Presets
from idiolect.core.errors import BadInput
from idiolect.core.method import Access, Card
from idiolect.evaluation.experiment import Experiment
from idiolect.personalize import compose

APART = "(apart)"
ON = " @ "  # between a method and the model that answered, where there are several


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One method or composition under test.

    Args:
        parts: its methods' names, left to right.
        cousin: the cheaper relative, built the same way; None where no card names one.
        options: what the presets changed, by part.
        told: whether it can be told which tasks to learn from.
        each: whether it learns for each task by itself, from that task's examples.
    """

    name: str
    method: Any
    parts: tuple[str, ...]
    cards: tuple[Card, ...]
    cousin: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)
    told: bool = False
    each: bool = False

    @property
    def draws(self) -> bool:
        """Whether it draws random numbers, so that one seed is not enough."""
        return any(c.draws for c in self.cards)

    @property
    def apart(self) -> bool:
        """Whether its parts learn apart."""
        return self.name.endswith(APART)

    @property
    def trains(self) -> bool:
        """Whether any part trains something."""
        return any(c.trains != "nothing" for c in self.cards)

    @property
    def access(self) -> Access:
        """The least that its model must let it see."""
        return max(role for card in self.cards for role in card.roles.values())

    @property
    def tasks(self) -> tuple[str, ...]:
        """Where its cards measure it: of a composition, where the last part that trains does."""
        return next((c.tasks for c in reversed(self.cards) if c.trains != "nothing"), self.cards[-1].tasks)

    def members(self) -> dict[str, Any]:
        """Each part's method by its name."""
        return dict(zip(self.parts, members(self.method), strict=True))


def members(method: Any) -> Iterator[Any]:
    """The methods of a composition, left to right; a single method is its only member."""
    if hasattr(method, "left") and hasattr(method, "right"):
        yield from members(method.left)
        yield from members(method.right)
    else:
        yield method


def called(method: str, model: str) -> str:
    """A method's name in results; of several models, which one answered stands behind it."""
    return f"{method}{ON}{model}" if model else method


def parts(name: str) -> list[str]:
    """What a composition is compared with: its parts, and the same parts trained apart; of a single method nothing."""
    method, _, model = name.partition(ON)
    if "|" not in method:
        return []
    whole = method.removesuffix(APART).strip()
    found = [p.strip() for p in whole.split("|")]
    return [called(p, model) for p in (found if method.endswith(APART) else [*found, f"{whole} {APART}"])]


def trained(method: Any, own: Any) -> Any:
    """What of a user's own belongs to members that train something."""
    if hasattr(method, "left") and hasattr(method, "right"):
        left, right = own or (None, None)
        return trained(method.left, left), trained(method.right, right)
    return own if method.card.trains != "nothing" else None


def entry(name: str, presets: Presets, tasks: Sequence[str] = ()) -> Entry:
    """A method by its name; a composition such as "ipa | oppu"; "ipa | oppu (apart)" trains its parts apart.

    A method that can be told which tasks to learn from is told those on which it is measured: `tasks`, else its card's.
    `Study` has it learn for each by itself, as papers do, unless the presets name it among those that learn together.

    Raises:
        UnknownName: no such method, with near names.
    """
    spec = name.strip()
    apart = spec.endswith(APART)
    parts = tuple(p.strip() for p in spec.removesuffix(APART).split("|"))
    cards = tuple(registry.card(p) for p in parts)
    options = {p: dict(presets.methods.get(p, {})) for p in parts}
    wanted = list(tasks) or list(Entry(name=spec, method=None, parts=parts, cards=cards).tasks)
    told = [p for p in parts if "tasks" in registry.get(p).__dataclass_fields__ and "tasks" not in options[p]]
    for part in told:
        options[part]["tasks"] = wanted
    cousin = None
    if len(parts) == 1 and cards[0].cousin_options:
        cousin = registry.build(parts[0], {**options[parts[0]], **cards[0].cousin_options})
    title = " | ".join(parts) + (f" {APART}" if apart else "")
    method = compose(" | ".join(parts), options, apart=apart)
    each = bool(told) and not set(parts) & set(presets.together)
    built: dict[str, Any] = {"method": method, "cousin": cousin, "options": options}
    return Entry(name=title, parts=parts, cards=cards, told=bool(told), each=each, **built)


def pairs(experiment: Experiment, entries: Iterable[Entry], known: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Each method's tasks: those given, else the plan's, else its cards' as far as there are such questions, else all.

    Raises:
        BadInput: a task is asked for by name of which there is no question.
    """
    there, found = tuple(known), {}
    for e in entries:
        asked = experiment.tasks or experiment.plan.get(e.name, ())
        missing = [t for t in asked if t not in there]
        if missing:
            fix = f"These users have questions on: {', '.join(there)}"
            raise BadInput("experiment", f"{e.name} is asked for {', '.join(missing)}", fix)
        found[e.name] = asked or tuple(t for t in e.tasks if t in there) or there
    return found
