"""One slot-wise run: learners of equal parts and recipe take slots, step together as if each were alone, and leave.

    loss = sum over learners of the mean over each one's batch

so that every learner's gradient is what it would be alone; clipping, moments, schedule and stopping are kept apart by
slot (see `optim`). Memory grows with the slots in use, not with the users who wait.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from functools import partial

import torch
from torch import Tensor

from idiolect.core.errors import BadInput
from idiolect.forward.feed import Backbone
from idiolect.training.examples import Example, example
from idiolect.training.learner import Learner, generator
from idiolect.training.objectives import Answers, Outputs, objective
from idiolect.training.optim import SlotAdamW, clip_scale, norms, rate
from idiolect.training.passes import alike, read
from idiolect.training.slots import Place, Slots, Tensors, beginning, places

SLOTS = 32  # learners in one batch at most
TOKENS = 4096  # of one step, at most where there is more than one learner
WITNESSES = 8  # other users who are asked whether what all share is sound
AHEAD = 16  # answers at once in the pass over the reference


class Run:
    """Trains learners of one kind.

    Args:
        learners: of equal parts, objective, recipe; more than one only if they share no trained tensor.
        weights: parameters of a derived model, trained beside the parts and shared by all.
    """

    def __init__(self, backbone: Backbone, learners: Sequence[Learner], weights: Sequence[Tensor] = ()) -> None:
        fit = learners[0].fit
        self.backbone, self.fit, self.recipe = backbone, fit, fit.recipe
        self.objective = objective(fit.objective)
        self.reads: frozenset[str] = getattr(self.objective, "reads", frozenset())
        self.places: list[Place] = places(backbone.module, fit.train)
        self.waiting = deque(sorted(learners, key=lambda x: x.size))  # alike lengths side by side: less padding
        self.live: list[Learner] = []
        self.count = max(min(SLOTS, len(learners)), *(len(x.users) for x in learners))
        like = [p.part.init(p.site, torch.Generator()) for p in self.places]
        everybody = self.count == 1 and learners[0].users == ("",)
        self.slots = Slots(backbone, self.places, self.count, like, everybody=everybody)
        self.free = list(range(self.count))
        self.weights = list(weights)
        self.leaves = [*self.slots.leaves, *weights]
        if not self.leaves:
            raise BadInput("Fit.train", "its parts have nothing to train", "Leave some tensor out of `frozen`.")
        self.shared = [*self.slots.common, *(True for _ in weights)]
        stacks = [*(t.detach() for t in self.slots.leaves), *(w.detach()[None] for w in weights)]
        self.optimiser = SlotAdamW(stacks, self.recipe.weight_decay)

    def train(self, each_step: Callable[[Run], None] | None = None) -> None:
        """Until every learner has a result or an error; `each_step` sees the run after each step."""
        while self._ready():
            self.step()
            if each_step:
                each_step(self)

    def _ready(self) -> bool:
        """Who is done leaves and who waits sits down, until all who sit have a step to take; False if nobody does."""
        self._leave()
        self._seat()
        while any(x.done for x in self.live):
            self._leave()
            self._seat()
        return bool(self.live)

    def _seat(self) -> None:
        """Who waits sits down while slots are free and the step's tokens stay within bounds."""
        while self.waiting and len(self.free) >= len(self.waiting[0].users):
            learner = self.waiting[0]
            try:
                self.prepare(learner)
                if self.live and sum(x.tokens for x in (*self.live, learner)) > TOKENS:
                    return
                self._sit(learner, self.free[: len(learner.users)])
            except Exception as error:  # his alone: the others go on
                learner.failed(error)
            self.waiting.popleft()

    def _sit(self, learner: Learner, slots: list[int]) -> None:
        beginnings = [self._beginning(learner, user) for user in learner.users]
        self.free, learner.first = [s for s in self.free if s not in slots], slots[0]
        for slot, tensors in zip(slots, beginnings, strict=True):
            self.slots.sit(slot, tensors)
        self.optimiser.forget([torch.tensor([0] if shared else slots) for shared in self.shared])
        self.live.append(learner)

    def prepare(self, learner: Learner) -> None:
        """Tokenise, and let the reference answer once where the objective stays near one."""
        if learner.examples:
            return
        of = {user: i for i, user in enumerate(learner.users)}
        fit, made = learner.fit, partial(example, backbone=self.backbone, places=self.places, reads=self.reads)
        learner.examples = [made(fit, i, of.get(fit.items[i].user, 0)) for i in learner.items]
        if "reference" not in self.reads:
            return
        for start in range(0, len(learner.examples), AHEAD):
            some = learner.examples[start : start + AHEAD]
            for k, name in enumerate(("reference", "reference_rejected")[: len(some[0].near)]):
                with torch.no_grad():
                    totals = read(self.backbone, [e.near[k] for e in some]).total()
                for e, total in zip(some, totals, strict=True):
                    e.known[name] = total

    def _beginning(self, learner: Learner, user: str) -> list[Tensors]:
        """Row tensors from the user's own numbers, shared ones from the `Fit`'s."""
        start = learner.fit.start
        own = beginning(self.places, start.get(user), generator(learner.key, "init", user))
        if not any(p.part.shared for p in self.places):
            return own
        common = beginning(
            self.places, start.get("", next(iter(start.values()), None)), generator(learner.key, "init", "")
        )
        return [
            {n: (theirs if n in p.part.shared else mine)[n] for n in mine}
            for p, mine, theirs in zip(self.places, own, common, strict=True)
        ]

    def step(self) -> None:
        """Everyone's next batch and update. Who fails by himself leaves, and the others step without him."""
        batches = [x.draw() for x in self.live]
        noise = self._noise(batches)
        try:
            grads, losses = self._gradients(batches, noise, self.live)
        except Exception as error:
            self._excuse(batches, noise, error)
            grads, losses = self._gradients(batches, noise, [x for x in self.live if x.error is None])
        while self._several and not _finite(grads, losses) and (found := self._apart(batches[0], noise)):
            batches, noise = found
            grads, losses = self._gradients(batches, noise, self.live)
        self._update(grads, batches, torch.split(losses, [len(b) for b in batches]))

    @property
    def _several(self) -> bool:
        """Whether users learn together what they share; whoever does is alone in a run."""
        return len(self.live) == 1 and len(self.live[0].users) > 1 and self.live[0].error is None

    def _apart(
        self, batch: Sequence[Example], noise: Sequence[Tensors]
    ) -> tuple[list[list[Example]], list[Tensors]] | None:
        """A batch of users who share tensors, without those whose numbers are none; None if nobody has any: then it is
        what they share, and no user's fault."""
        (learner,) = self.live

        def sound(some: list[Example], drawn: Sequence[Tensors]) -> bool:
            return _finite(*self._gradients([some], drawn, self.live))

        slots = {e.slot: [i for i, x in enumerate(batch) if x.slot == e.slot] for e in batch}
        of = {s: sound([batch[i] for i in own], _some(noise, own)) for s, own in slots.items()}
        others = {e.slot: e for e in learner.examples if e.slot not in learner.left and e.slot not in of}
        if not any(of.values()) and not any(sound([e], self._noise([[e]])) for e in list(others.values())[:WITNESSES]):
            return None
        learner.leave_out([s for s, fine in of.items() if not fine])
        kept = [i for i, e in enumerate(batch) if of[e.slot]]
        if kept and len(kept) < len(batch):
            return [[batch[i] for i in kept]], _some(noise, kept)
        if kept:
            return None  # each by himself is finite, all together are not
        new = learner.draw()
        return [new], self._noise([new])

    def _excuse(self, batches: Sequence[Sequence[Example]], noise: Sequence[Tensors], error: Exception) -> None:
        """Whoever fails alone as well is given his error.

        Raises:
            Exception: the error itself, where it is nobody's alone.
        """
        if isinstance(error, torch.OutOfMemoryError):
            raise error
        for learner in self.live:
            try:
                self._gradients(batches, noise, [learner])
            except Exception as own:
                learner.failed(own)
        if not any(x.error for x in self.live):
            raise error

    def _gradients(
        self, batches: Sequence[Sequence[Example]], noise: Sequence[Tensors], who: Collection[Learner]
    ) -> tuple[list[Tensor], Tensor]:
        """What the batches of some learners add up to in each stack, and the losses of all examples, others' zero.
        Long and short examples are read apart where that saves more than it costs; the sums are the same."""
        flat = [e for batch in batches for e in batch]
        of = [x for x, batch in zip(self.live, batches, strict=True) for _ in batch]
        slots = torch.tensor([x.first + e.slot for x, e in zip(of, flat, strict=True)])
        shares = torch.tensor([1 / len(batch) for batch in batches for _ in batch])
        losses, grads = torch.zeros(len(flat)), [torch.zeros_like(s) for s in self.optimiser.stacks]
        among = {id(x) for x in who}
        chosen = [i for i, x in enumerate(of) if id(x) in among]
        for members in alike([flat[i].length for i in chosen]):
            part = [chosen[i] for i in members]
            drawn = [{k: t[part] for k, t in tensors.items()} for tensors in noise]
            loss = self.losses([flat[i] for i in part], slots[part].to(self.backbone.device), drawn)
            total = (loss * shares[part].to(loss)).sum()
            for grad, found in zip(grads, torch.autograd.grad(total, self.leaves, allow_unused=True), strict=True):
                if found is not None:
                    grad += found.view_as(grad)
            losses = losses.to(loss.dtype)
            losses[part] = loss.detach().cpu()
        return grads, losses

    def losses(self, some: Sequence[Example], slots: Tensor, noise: Sequence[Tensors]) -> Tensor:
        """The objective of B examples, times their weights: (B,). slots: (B,). noise: one a place, (B, ...) each."""
        answers = self._answers(some, slots, noise).halves(len(some[0].answers))
        known = {k: torch.stack([e.known[k] for e in some]) for k in some[0].known}
        if "reference_log_probs" in self.reads:
            with torch.no_grad():
                known["reference_log_probs"] = read(self.backbone, [e.near[0] for e in some]).logits.log_softmax(-1)
        parts = self.slots.values(slots) if "parts" in self.reads else ()
        outputs = Outputs(answers[0], answers[1] if len(answers) > 1 else None, parts=parts, **known)
        numbers = {k: torch.stack([e.numbers[k] for e in some]).to(slots.device) for k in some[0].numbers}
        weights = torch.tensor([e.weight for e in some], device=slots.device)
        loss: Tensor = self.objective(outputs, numbers) * weights
        return loss

    def _answers(self, some: Sequence[Example], slots: Tensor, noise: Sequence[Tensors]) -> Answers:
        """All chosen answers, then all rejected ones, in one pass; an example's rows see the same noise."""
        which = [(i, e.answers[k]) for k in range(len(some[0].answers)) for i, e in enumerate(some)]
        rows = torch.tensor([i for i, b in which for _ in b.rows], dtype=torch.long, device=slots.device)
        inputs = [given for _, b in which for given in b.inputs]
        drawn = [{k: t.to(rows.device)[rows] for k, t in tensors.items()} for tensors in noise]
        return read(self.backbone, [b for _, b in which], self.slots.gather(slots[rows], inputs, drawn))

    def _noise(self, batches: Sequence[Sequence[Example]]) -> list[Tensors]:
        """Each place's random tensors, drawn by every learner for its own examples."""
        out = []
        for p in self.places:
            drawn = [p.part.noise(p.site, len(b), x.chance) for x, b in zip(self.live, batches, strict=True)]
            out.append({k: torch.cat([d[k] for d in drawn]) for k in drawn[0]})
        return out

    def _update(self, grads: list[Tensor], batches: Sequence[Sequence[Example]], losses: Sequence[Tensor]) -> None:
        """Clip, note and step: a learner at a time in its numbers, all at once in the tensors."""
        norm = self._norm(grads)
        sizes = norm.tolist()  # one wait for the device
        lr, active, going = torch.zeros_like(norm), torch.zeros_like(norm, dtype=torch.bool), False
        for learner, batch, loss in zip(self.live, batches, losses, strict=True):
            if learner.error is not None:
                continue
            slots = sorted({learner.first + e.slot for e in batch})
            lr[slots] = rate(self.recipe, learner.step, learner.total)
            if learner.note(batch, loss, sizes[slots[0]]):
                active[slots], going = True, True
        scale = clip_scale(norm, self.recipe.clip)
        every = lr.max().expand(1), active.new_full((1,), going)
        for g in grads:
            g.mul_(scale[: len(g)].view(-1, *(1,) * (g.dim() - 1)))
        self.optimiser.step(
            grads, [every[0] if s else lr for s in self.shared], [every[1] if s else active for s in self.shared]
        )

    def _norm(self, grads: Sequence[Tensor]) -> Tensor:
        """Of each slot's gradient, (N,); where tensors are shared, of everything together."""
        if any(self.shared):
            return torch.cat([norms([g]) for g in grads]).square().sum().sqrt().expand(self.count)
        return norms(grads)

    def _leave(self) -> None:
        """Who is done takes his tensors along and gives his slots back."""
        for learner in [x for x in self.live if x.done]:
            self.live.remove(learner)
            slots = range(learner.first, learner.first + len(learner.users))
            self.free = [*self.free, *slots]
            learner.examples = []
            if learner.error is None:
                name = f"{learner.key.method}/{learner.key.number}"
                learner.result = {
                    user: self.slots.take(slot, everybody=user == "", name=f"{name}/{user}")
                    for slot, user in zip(slots, learner.users, strict=True)
                    if slot - learner.first not in learner.left
                }


def _finite(grads: Sequence[Tensor], losses: Tensor) -> bool:
    return bool(losses.isfinite().all()) and all(bool(g.isfinite().all()) for g in grads)


def _some(noise: Sequence[Tensors], members: Sequence[int]) -> list[Tensors]:
    """What was drawn for some of a batch's examples."""
    return [{k: t[list(members)] for k, t in drawn.items()} for drawn in noise]
