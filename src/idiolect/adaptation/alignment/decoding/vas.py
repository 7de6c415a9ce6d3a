"""VAS: value-augmented sampling (Han et al., 2024).

    V_k      = argmin  sum_t ( V_k(s_t) - G_t )^2,     G_t: TD(lambda) returns of r_k, which comes with the last token
    V_i      = sum_k w_ik V_k,                          sum_k |w_ik| = 1: how much of each objective user i wants
    log p(a) = log pi_0(a | s) + beta ( V_i(s a) - mean over the k best )  - log Z       for the k best tokens a

pi_0 is frozen; the others of its tokens keep their logits. beta = 0 is pi_0.

Relations: `mod` mixes policies that were trained for single objectives, here only values are, and strength is chosen
while writing; `amulet` needs no training but a prompt that works. Prefer VAS where the base must stay as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from idiolect.adaptation.alignment.choosing import offered
from idiolect.adaptation.alignment.preferences import Standing, measures, objectives, pairs, rewarded, standing
from idiolect.core.idiolect import Combine, Idiolect, Stream
from idiolect.core.method import Access, Card, Learnt, Method, method
from idiolect.core.requests import Fit, Flow, Recipe, Trained
from idiolect.core.types import Query, UserData
from idiolect.training.merging import soup
from idiolect.training.parts import Value


@dataclass(frozen=True, kw_only=True, eq=False)
class Values:
    """theta: the objectives (K, D), and a value head for each."""

    axes: Tensor
    heads: tuple[Trained, ...]


@method(
    Card(
        paper="Value Augmented Sampling for Language Model Alignment and Personalization (Han et al., 2024)",
        arxiv="2405.06639",
        site="logits",
        phi="the value of the next token, at his weights over the objectives",
        trains="one value head an objective, on everybody's pairs",
        roles={"base": Access.WEIGHTS},
        data=("preference",),
        tasks=("reply", "choose"),
        pooled="theta",
        cousin="beta 0: the base model",
        cousin_options={"beta": 0.0},
        draws=True,
        differs="values are linear heads on the frozen base model, not a model of their own; their squared error "
        "has no factor one half, which moves no minimum and doubles the gradient that is clipped; they learn from the "
        "replies that users compared, not from samples of the base; objectives and their rewards, linear in measures "
        "of the text, are found in users' pairs; a user's weights come from his pairs in closed form; of two replies "
        "side by side the one of larger reward is named",
    )
)
@dataclass(frozen=True, kw_only=True)
class VAS(Method[Values, Standing]):
    """`count` objectives; `beta` weighs the value of the `best` tokens; `trace` is the lambda of the returns."""

    count: int = 3
    beta: float = 3.0
    best: int = 20
    trace: float = 0.95
    head: Value = field(default=Value())
    recipe: Recipe = field(default=Recipe(lr=1.41e-5, epochs=2, batch=32))
    ridge: float = 1.0

    def learn(self, users: Sequence[UserData], theta: Values | None = None) -> Flow[Learnt[Values | None, Standing]]:
        known = [u for u in users if pairs(u)]
        if not known:
            return Learnt(theta=theta)
        axes = theta.axes if theta else objectives(known, self.count)
        train, rewards = rewarded(known, axes)
        heads = []
        for k, reward in enumerate(rewards.T):
            fitted = yield Fit(
                train=(self.head,),
                items=train,
                objective="td",
                recipe=self.recipe,
                rows="all",
                start={"": theta.heads[k]} if theta else {},
                options={"reward": reward, "lambda": self.trace},
            )
            heads.append(fitted.users[""])
        return Learnt(theta=Values(axes=axes, heads=tuple(heads)))

    def adapt(self, user: UserData, theta: Values | None, own: Standing | None = None) -> Standing | None:
        return standing(user, theta.axes, own) if theta else own

    def condition(self, user: UserData, query: Query, theta: Values | None, own: Standing | None) -> Idiolect:
        if theta is None or own is None or own.silent:
            return Idiolect()
        wanted = own.weights(self.ridge)
        merged = soup(theta.heads, (wanted / wanted.abs().sum().clamp(min=1e-9)).tolist())
        return Idiolect(
            streams=(Stream(), Stream(edits=merged.edits)),
            combine=Combine(formula=augment, rows={"beta": self.beta}, lookahead=self.best),
            sources=frozenset(own.sources),
        )

    def respond(self, user: UserData, query: Query, theta: Values | None, own: Standing | None) -> Flow[str]:
        """Of two whole replies nothing is left to foresee: the value of each is its reward."""
        offer = offered(query)
        if offer is None or theta is None or own is None or own.silent or not self.beta:
            return (yield from super().respond(user, query, theta, own))
        a, b = (float(own.weights(self.ridge) @ theta.axes @ measures(y)) for y in offer[1:])
        return "A" if a >= b else "B"


def augment(step: Any, rows: Mapping[str, Tensor]) -> Tensor:
    """step.log_probs (B, 1, V), step.ids and step.values (B, k), rows["beta"] (B,) -> log-probabilities (B, V)."""
    centred = step.values - step.values.mean(-1, keepdim=True)
    added = torch.zeros_like(step.log_probs[:, 0]).scatter(1, step.ids, rows["beta"].unsqueeze(-1) * centred)
    augmented: Tensor = step.log_probs[:, 0] + added
    return augmented.log_softmax(-1)
