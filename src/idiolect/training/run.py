"""One slot-wise run: learners of equal parts and recipe take slots, step together as if each were alone, and leave.

    loss = sum over learners of the mean over each one's batch

so that every learner's gradient is what it would be alone; clipping, moments, schedule and stopping are kept apart by
slot (see `optim`). Memory grows with the slots in use, not with the users who wait.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from idiolect.core.errors import BadInput, IdiolectError
from idiolect.forward.feed import Backbone
from idiolect.training.examples import Example, example
from idiolect.training.learner import Learner, generator
from idiolect.training.objectives import Answers, Outputs, objective
from idiolect.training.optim import SlotAdamW, clip_scale, norms, rate
from idiolect.training.passes import alike, read
from idiolect.training.slots import Place, Slots, Tensors, beginning, places

SLOTS = 32  # learners in one batch at most
TOKENS = 4096  # of one step, at most where there is more than one learner
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
        self._leave()  # who was done when the run was stopped
        self._seat()
        while self.live:
            self.step()
            if each_step:
                each_step(self)
            self._leave()
            self._seat()

    def _seat(self) -> None:
        """Who waits sits down while slots are free and the step's tokens stay within bounds."""
        while self.waiting and len(self.free) >= len(self.waiting[0].users):
            learner = self.waiting[0]
            try:
                self.prepare(learner)
                if self.live and sum(x.tokens for x in (*self.live, learner)) > TOKENS:
                    return
                self._sit(learner, self.free[: len(learner.users)])
            except IdiolectError as error:  # his alone: the others go on
                learner.error = error
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
        context = {"tokenizer": self.backbone.tokenizer, "places": self.places, "reads": self.reads}
        fit = learner.fit
        learner.examples = [example(fit, i, of.get(fit.items[i].user, 0), **context) for i in learner.items]
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
        """Everyone's next batch, one update. Long and short examples are read apart where that saves more than it
        costs; what their gradients add up to is the same."""
        batches = [x.draw() for x in self.live]
        flat, noise = [e for batch in batches for e in batch], self._noise(batches)
        slots = torch.tensor([x.first + e.slot for x, batch in zip(self.live, batches, strict=True) for e in batch])
        shares = torch.tensor([1 / len(batch) for batch in batches for _ in batch])
        stacks = self.optimiser.stacks
        losses, grads = torch.zeros(len(flat)), [torch.zeros_like(s) for s in stacks]
        for part in alike([e.length for e in flat]):
            drawn = [{k: t[part] for k, t in tensors.items()} for tensors in noise]
            loss = self.losses([flat[i] for i in part], slots[part].to(self.backbone.device), drawn)
            total = (loss * shares[part].to(loss)).sum()
            for grad, found in zip(grads, torch.autograd.grad(total, self.leaves, allow_unused=True), strict=True):
                if found is not None:
                    grad += found.view_as(grad)
            losses = losses.to(loss.dtype)
            losses[part] = loss.detach().cpu()
        self._update(grads, batches, torch.split(losses, [len(b) for b in batches]))

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
                }
