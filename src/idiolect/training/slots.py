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
Name: TypeAlias = tuple[int, str]  # a place's number, a tensor's name


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


def ahead(places: Sequence[Place]) -> int:
    """Positions that trained parts take up in front of a prompt."""
    return sum(p.part.positions for p in places if isinstance(p.part, Trainable))


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
    `tied` ones are one tensor at all sites of their part.

    leaves: what has a gradient: one matrix (N, n) of all users' own numbers, one (1, n) of shared ones, where there are
    such. `stacks` are views of them by place and name: an optimiser has a call or two to make, not one a tensor.
    """

    def __init__(
        self,
        backbone: Backbone,
        places: Sequence[Place],
        count: int,
        like: Sequence[Tensors],
        *,
        everybody: bool = False,
    ) -> None:
        """everybody: there is one slot, for all rows; formulas get its tensors without the batch axis, as they will
        once it is trained."""
        self.places, self.count, self.everybody = places, count, everybody
        self.device, self.dtype = backbone.device, backbone.module.dtype
        exact = torch.promote_types(self.dtype, torch.float32)  # bf16 cannot hold small steps
        self.stacks: dict[Name, Tensor] = {}
        self.same: dict[Name, Name] = {}  # what is tied, and whose columns it has
        learnt: dict[bool, dict[Name, torch.Size]] = {False: {}, True: {}}
        first: dict[tuple[Part, str], Name] = {}
        for place, tensors in zip(places, like, strict=True):
            for name, tensor in tensors.items():
                here = place.number, name
                common, real = name in place.part.shared, tensor.is_floating_point()
                self.same[here] = first.setdefault((place.part, name), here) if name in tied(place.part) else here
                if self.same[here] == here and real and name not in place.part.frozen:
                    learnt[common][here] = tensor.shape
                elif self.same[here] == here:
                    size = (1 if common else count, *tensor.shape)
                    self.stacks[here] = torch.zeros(size, dtype=exact if real else tensor.dtype, device=self.device)
        self.columns = [shapes for shapes in learnt.values() if shapes]
        self.common = [common for common, shapes in learnt.items() if shapes]
        self.leaves = [self._leaf(c, shapes, exact) for c, shapes in zip(self.common, self.columns, strict=True)]
        self.stacks |= {here: self.stacks[of] for here, of in self.same.items()}

    def _leaf(self, common: bool, shapes: Mapping[Name, torch.Size], dtype: torch.dtype) -> Tensor:
        """The matrix of these tensors, whose views are put into `stacks`."""
        sizes = [shape.numel() for shape in shapes.values()]
        whole = torch.zeros(1 if common else self.count, sum(sizes), dtype=dtype, device=self.device)
        for (here, shape), part in zip(shapes.items(), torch.split(whole, sizes, 1), strict=True):
            self.stacks[here] = part.view(part.shape[:1] + shape)
        return whole.detach().requires_grad_()

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
        own = self._picked(slots, once=self.everybody)
        for place in self.places:
            shared, rows = self._given(place, inputs)
            for name in sorted(place.names):
                tensor = put(own[place.number, name], self.device, self.dtype)
                (shared if self.everybody or self.is_shared(place.number, name) else rows)[name] = tensor
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

    def _given(self, place: Place, inputs: Sequence[Inputs]) -> tuple[Tensors, Tensors]:
        """Shared and (B, ...) tensors that the streams bring for one place."""
        given = [i[place.number] for i in inputs if place.number in i]
        if len(given) not in (0, len(inputs)):
            what = f"{len(given)} of {len(inputs)} items bring what {place.part} reads"
            raise BadInput(f"items at {place.site.path}", what, "Give it in every item's stream, or in none.")
        shared = {k: put(t, self.device, self.dtype) for k, t in (given[0].shared if given else {}).items()}
        names = given[0].rows if given else {}
        return shared, {k: pad_stack([put(g.rows[k], self.device, self.dtype) for g in given]) for k in names}

    def values(self, slots: Tensor) -> list[Tensors]:
        """Each place's own tensors for users in slots (B,), shared ones without the axis, with gradients."""
        own = self._picked(slots)
        return [{n: own[place.number, n] for n in sorted(place.names)} for place in self.places]

    def _picked(self, slots: Tensor, *, once: bool = False) -> dict[Name, Tensor]:
        """The tensors of the users in slots (B,), (B, ...) each; without the axis what is shared, or all if `once`."""
        found: dict[Name, Tensor] = {}
        for common, shapes, leaf in zip(self.common, self.columns, self.leaves, strict=True):
            rows = leaf[0] if common or once else leaf.index_select(0, slots)
            parts = torch.split(rows, [shape.numel() for shape in shapes.values()], -1)
            for (here, shape), part in zip(shapes.items(), parts, strict=True):
                found[here] = part.view(part.shape[:-1] + shape)
        for here, of in self.same.items():
            if of not in found:
                stack, single = self.stacks[of], once or self.is_shared(*of)
                found[of] = stack[0] if single else stack.index_select(0, slots)
            found[here] = found[of]
        return found

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
