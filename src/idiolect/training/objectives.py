"""What a `Fit` minimises: named functions ``(outputs, numbers) -> loss (B,)``, one loss an example.

| name | reads | loss of one example |
|---|---|---|
| sft | | - mean_t log p(y_t) |
| dpo | rejected, reference | - log sigmoid(beta (lr(chosen) - lr(rejected))) |
| modpo | rejected, reference | - log sigmoid((beta (lr(chosen) - lr(rejected)) - margin) / weight) |
| bradley_terry | rejected | - log sigmoid(r(chosen) - r(rejected)) |
| kl | reference distribution | mean_t KL(reference or policy) |
| td | | mean_t (v_t - G_t^lambda)^2 |

lr(y) = log p(y) - log p_ref(y), summed over tokens. `numbers` are the `Fit`'s options, (B,) each: an option is one
number, or one for every item. A function of one's own says what it reads with ``@reads("rejected", ...)``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias, TypeVar

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, logsigmoid

from idiolect.core.errors import UnknownName


@dataclass(frozen=True)
class Answers:
    """The model's word on B answers, all answer tokens in one list of n.

    logits: (n, V), or (n, 1) where a head gives a value. row: (n,) which answer. target: (n,) the token there.
    """

    logits: Tensor
    row: Tensor
    target: Tensor
    size: int  # B

    @cached_property
    def picked(self) -> Tensor:
        """log p of each answer token: (n,)."""
        return -cross_entropy(self.logits, self.target, reduction="none")

    @cached_property
    def counts(self) -> Tensor:
        """Tokens of each answer: (B,)."""
        return torch.bincount(self.row, minlength=self.size).clamp(min=1)

    def total(self, values: Tensor | None = None) -> Tensor:
        """Sum over each answer's tokens, of its log p or of given values (n,): (B,)."""
        values = self.picked if values is None else values
        return values.new_zeros(self.size).index_add(0, self.row, values)

    def mean(self, values: Tensor | None = None) -> Tensor:
        """Mean over each answer's tokens: (B,)."""
        return self.total(values) / self.counts

    def halves(self, count: int) -> list[Answers]:
        """The same as `count` lists of B / count answers each."""
        if count == 1:
            return [self]
        each = self.size // count
        parts = [(self.row // each == k, k * each) for k in range(count)]
        return [Answers(self.logits[on], self.row[on] - start, self.target[on], each) for on, start in parts]

    @cached_property
    def last(self) -> Tensor:
        """The value head's number at each answer's last token: (B,)."""
        end = torch.zeros(self.size, dtype=torch.long, device=self.row.device)
        end = end.scatter_reduce(0, self.row, torch.arange(len(self.row), device=self.row.device), "amax")
        return self.logits[end, 0]


@dataclass(frozen=True)
class Outputs:
    """What an objective may look at; what it did not ask for is None.

    reference, reference_rejected: log p of whole answers under the policy to stay near, (B,).
    reference_log_probs: its full log-probabilities at the answer tokens, (n, V).
    parts: the trained tensors of each part at each site, as the examples' users have them: a penalty reads them, or
    the loss of a module of the method's own, whose items have no stream.
    """

    answers: Answers
    rejected: Answers | None = None
    reference: Tensor | None = None
    reference_rejected: Tensor | None = None
    reference_log_probs: Tensor | None = None
    parts: Sequence[Mapping[str, Tensor]] = ()

    def margin(self) -> Tensor:
        """lr(chosen) - lr(rejected): (B,)."""
        assert self.rejected is not None
        assert self.reference is not None
        assert self.reference_rejected is not None
        return (self.answers.total() - self.reference) - (self.rejected.total() - self.reference_rejected)


Numbers: TypeAlias = Mapping[str, Tensor]
Objective: TypeAlias = Callable[[Outputs, Numbers], Tensor]
F = TypeVar("F", bound=Objective)


def reads(*what: str) -> Callable[[F], F]:
    """Says what it needs beside the answers: "rejected", "reference", "reference_log_probs", "parts"."""

    def mark(function: F) -> F:
        function.reads = frozenset(what)  # type: ignore[attr-defined]
        return function

    return mark


def sft(outputs: Outputs, numbers: Numbers) -> Tensor:
    """Cross-entropy, the mean over an example's answer tokens."""
    return -outputs.answers.mean()


@reads("rejected", "reference")
def dpo(outputs: Outputs, numbers: Numbers) -> Tensor:
    """Direct preference optimisation (Rafailov et al., NeurIPS 2023, eq. 7); beta 0.1."""
    return -logsigmoid(_number(numbers, "beta", 0.1) * outputs.margin())


@reads("rejected", "reference")
def modpo(outputs: Outputs, numbers: Numbers) -> Tensor:
    """Multi-objective DPO (Zhou et al., Findings of ACL 2024): `weight` is w_k, `margin` the other objectives'
    w_-k . (r_-k(chosen) - r_-k(rejected)), one number an item. With weight 1 and no margin it is dpo."""
    beta, weight, margin = (_number(numbers, k, d) for k, d in (("beta", 0.1), ("weight", 1.0), ("margin", 0.0)))
    return -logsigmoid((beta * outputs.margin() - margin) / weight)


@reads("rejected")
def bradley_terry(outputs: Outputs, numbers: Numbers) -> Tensor:
    """A reward from pairs (Bradley and Terry, 1952): the value head's number at the answers' last tokens."""
    assert outputs.rejected is not None
    return -logsigmoid(outputs.answers.last - outputs.rejected.last)


@reads("reference_log_probs")
def kl(outputs: Outputs, numbers: Numbers) -> Tensor:
    """KL(reference || policy), the mean over an example's answer tokens: distillation."""
    theirs = outputs.reference_log_probs
    assert theirs is not None
    ours = outputs.answers.logits.log_softmax(-1)
    return outputs.answers.mean((theirs.exp() * (theirs - ours)).sum(-1))


def td(outputs: Outputs, numbers: Numbers) -> Tensor:
    """TD(lambda) without discount (Sutton, 1988): the value head learns the `reward` that ends each answer.

    G_T = reward, G_t = (1 - lambda) v_{t+1} + lambda G_{t+1}; no gradient flows through G.
    """
    values = outputs.answers.logits[:, 0]
    rewards, mix = _number(numbers, "reward", 0.0), _number(numbers, "lambda", 0.95)
    goals = torch.empty_like(values)
    for b in range(outputs.answers.size):
        places = (outputs.answers.row == b).nonzero().squeeze(1)
        goal = rewards if rewards.dim() == 0 else rewards[b]
        share = mix if mix.dim() == 0 else mix[b]
        for t, place in enumerate(places.flip(0)):
            if t:
                goal = (1 - share) * values[place + 1].detach() + share * goal
            goals[place] = goal
    return outputs.answers.mean((values - goals.detach()).square())


def _number(numbers: Numbers, name: str, default: float) -> Tensor:
    return numbers[name] if name in numbers else torch.tensor(default)


OBJECTIVES: Mapping[str, Objective] = {f.__name__: f for f in (sft, dpo, modpo, bradley_terry, kl, td)}


def objective(name: str | Objective) -> Objective:
    """A named objective, or the function itself.

    Raises:
        UnknownName: no objective of that name.
    """
    if not isinstance(name, str):
        return name
    if name not in OBJECTIVES:
        raise UnknownName("objective", name, OBJECTIVES)
    return OBJECTIVES[name]
