"""Slots: the trained tensors of many users as stacks (N, ...), one row a user, and one row for what they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor

from idiolect.core.errors import BadInput
from idiolect.core.idiolect import Computed, Edit, Past
from idiolect.core.requests import Part, Site, Trained
from idiolect.forward.attach import At, Placed, pad_stack
from idiolect.forward.attach import place as put
from idiolect.forward.feed import Backbone
from idiolect.forward.sites import PSEUDO, resolve
from idiolect.training.parts import Trainable

Tensors: TypeAlias = dict[str, Tensor]


@dataclass(frozen=True)
class Place:
    """One part at one site of the model at hand; `number` counts them over a `Fit`, `names` are its tensors'."""

    part: Part
    site: Site
    number: int
    names: frozenset[str]

    def feeds(self, site: str, given: Edit | Computed) -> bool:
        """Whether `given` lies here and has this formula but none of its tensors: then it is what the part reads."""
        here = site == self.site.path and given.formula is self.part.formula
        return here and not self.names & (given.rows.keys() | given.shared.keys())


Inputs: TypeAlias = Mapping[int, Edit | Computed]  # what parts are given in one stream, by the place's number


def tied(part: Part) -> tuple[str, ...]:
    """The tensors that a part has but once, however many sites it lies on."""
    return part.tied if isinstance(part, Trainable) else ()


def places(module: Any, train: Sequence[Part]) -> list[Place]:
    """Every part at every site that its pattern names in this model; a derived model has none."""
    found = [(part, site) for part in train for site in resolve(module, part.sites) if site.path != "weights"]
    return [Place(p, site, i, frozenset(p.init(site, torch.Generator()))) for i, (p, site) in enumerate(found)]


def beginning(places: Sequence[Place], start: Trained | None, generator: torch.Generator) -> list[Tensors]:
    """Each place's tensors at step 0: drawn from the user's generator, or those of `start` where it has them.

    Raises:
        BadInput: `start` has other shapes, or nothing that fits any place.
    """
    drawn = [place.part.init(place.site, generator) for place in places]
    if start is None:
        return drawn
    left, fitting = list(start.edits), 0
    for place, tensors in zip(places, drawn, strict=True):
        found = _found(place, start, left)
        for name in sorted(tensors.keys() & found.keys()):
            if found[name].shape != tensors[name].shape:
                what = f"{name} is {tuple(found[name].shape)} where {place.part} wants {tuple(tensors[name].shape)}"
                raise BadInput(f"start at {place.site.path}", what, "Go on with the part it was trained with.")
            tensors[name], fitting = found[name].detach(), fitting + 1
    if places and not fitting:
        raise BadInput("start", "none of its tensors belongs to the parts", "Go on with the parts it was trained with.")
    return drawn


def _found(place: Place, start: Trained, left: list[Edit]) -> Tensors:
    """The tensors that `start` has for this place; an edit serves one place only."""
    if place.site.path in PSEUDO:
        computed = start.prefix if place.site.path == "prefix" else start.past.computed if start.past else None
        fits = computed is not None and computed.formula is place.part.formula
        return {**computed.shared, **computed.rows} if fits and computed else {}
    for edit in left:
        if edit.site == place.site.path and edit.formula is place.part.formula:
            left.remove(edit)
            return {**edit.shared, **edit.rows}
    return {}


@dataclass(frozen=True, eq=False)
class Extra:
    """The trained parts as one batch sees them, with gradients: edits, a prefix (B, P, d), a past a row."""

    placed: tuple[Placed, ...] = ()
    prefix: Tensor | None = None
    pasts: tuple[Past, ...] = ()


class Slots:
    """N slots for the tensors of `places`. What `Part.shared` names has one row for all; `frozen` ones do not train;
    `tied` ones are one tensor at all sites of their part."""

    def __init__(self, backbone: Backbone, places: Sequence[Place], count: int, like: Sequence[Tensors]) -> None:
        self.places, self.device, self.dtype = places, backbone.device, backbone.module.dtype
        exact = torch.promote_types(self.dtype, torch.float32)  # bf16 cannot hold small steps
        self.stacks: dict[tuple[int, str], Tensor] = {}
        self.learnt: list[tuple[int, str]] = []
        one: dict[tuple[Part, str], Tensor] = {}
        for place, tensors in zip(places, like, strict=True):
            for name, tensor in tensors.items():
                if (place.part, name) in one:
                    self.stacks[place.number, name] = one[place.part, name]
                    continue
                size = (1 if name in place.part.shared else count, *tensor.shape)
                kind = exact if tensor.is_floating_point() else tensor.dtype
                self.stacks[place.number, name] = torch.zeros(size, dtype=kind, device=self.device)
                if name in tied(place.part):
                    one[place.part, name] = self.stacks[place.number, name]
                if name not in place.part.frozen and tensor.is_floating_point():
                    self.stacks[place.number, name].requires_grad_()
                    self.learnt.append((place.number, name))

    @property
    def trained(self) -> list[Tensor]:
        """The stacks that have a gradient."""
        return [self.stacks[k] for k in self.learnt]

    def is_shared(self, place: int, name: str) -> bool:
        return name in self.places[place].part.shared

    @torch.no_grad()
    def sit(self, slot: int, tensors: Sequence[Tensors]) -> None:
        """A user takes a slot; shared tensors are written too (they are the same for all who sit together)."""
        for place, own in zip(self.places, tensors, strict=True):
            for name, tensor in own.items():
                self.stacks[place.number, name][0 if self.is_shared(place.number, name) else slot] = tensor

    def gather(self, slots: Tensor, inputs: Sequence[Inputs], noise: Sequence[Tensors]) -> Extra:
        """The parts for B batch rows: slots (B,), inputs one a row, noise one a place, (B, ...) each."""
        placed, prefixes, pasts = [], [], []
        nowhere = torch.zeros(len(slots), 0, dtype=torch.long, device=self.device)
        at = At(positions=nowhere, valid=nowhere.bool(), answer=nowhere.bool(), training=True)
        for place in self.places:
            shared, rows = self._tensors(place, slots, inputs)
            rows |= {k: put(t, self.device, self.dtype) for k, t in noise[place.number].items()}
            formula, path = place.part.formula, place.site.path
            if path == "prefix":
                prefixes.append(formula({**shared, **rows}, at))
            elif path == "past":
                each = [{k: t[b] for k, t in rows.items()} for b in range(len(slots))]
                pasts = [Past(computed=Computed(formula=formula, shared=shared, rows=r)) for r in each]
            else:
                placed.append(Placed(site=path, formula=formula, shared=shared, rows=rows))
        return Extra(tuple(placed), torch.cat(prefixes, 1) if prefixes else None, tuple(pasts))

    def _tensors(self, place: Place, slots: Tensor, inputs: Sequence[Inputs]) -> tuple[Tensors, Tensors]:
        """Shared and (B, ...) tensors of one place: the trained ones and what the streams gave."""
        given = [i[place.number] for i in inputs if place.number in i]
        if len(given) not in (0, len(inputs)):
            what = f"{len(given)} of {len(inputs)} items bring what {place.part} reads"
            raise BadInput(f"items at {place.site.path}", what, "Give it in every item's stream, or in none.")
        shared = {k: put(t, self.device, self.dtype) for k, t in (given[0].shared if given else {}).items()}
        names = given[0].rows if given else {}
        rows = {k: pad_stack([put(g.rows[k], self.device, self.dtype) for g in given]) for k in names}
        for name, tensor in self._own(place, slots).items():
            (shared if self.is_shared(place.number, name) else rows)[name] = put(tensor, self.device, self.dtype)
        return shared, rows

    def values(self, slots: Tensor) -> list[Tensors]:
        """Each place's own tensors for users in slots (B,), shared ones without the axis, with gradients."""
        return [self._own(place, slots) for place in self.places]

    def _own(self, place: Place, slots: Tensor) -> Tensors:
        stacks = {n: self.stacks[place.number, n] for n in sorted(place.names)}
        return {n: s[0] if self.is_shared(place.number, n) else s.index_select(0, slots) for n, s in stacks.items()}

    def take(self, slot: int, *, everybody: bool, name: str = "") -> Trained:
        """What the user in a slot got, copied. everybody: one copy serves all rows of a batch. name: `cached_as`."""
        edits, prefix, past = [], None, None
        copies: dict[int, Tensor] = {}  # what is tied stays one tensor
        for place in self.places:
            shared: Tensors = {}
            rows: Tensors = {}
            for n in sorted(place.names):
                common = self.is_shared(place.number, n)
                stack = self.stacks[place.number, n]
                copy = copies.setdefault(id(stack), stack.detach()[0 if common else slot].clone())
                (shared if common or everybody else rows)[n] = copy
            formula, path = place.part.formula, place.site.path
            if path == "prefix":
                prefix = Computed(formula=formula, shared=shared, rows=rows)
            elif path == "past":
                past = Past(computed=Computed(formula=formula, shared=shared, rows=rows))
            else:
                cached = f"{name}/{place.number}" if name and rows else None
                edits.append(Edit(site=path, formula=formula, shared=shared, rows=rows, cached_as=cached))
        return Trained(edits=tuple(edits), prefix=prefix, past=past)
