"""MODPO: multi-objective direct preference optimisation (Zhou et al., Findings of ACL 2024).

    lr(y) = log pi(y | q) - log pi_ref(y | q)
    L_k   = - log sigmoid( 1/w_k [ beta (lr(y+) - lr(y-)) - w_-k . (r_-k(y+) - r_-k(y-)) ] )
    theta_i = argmin  sum over the user's pairs, ordered by objective k, of L_k at his weights w_i

r are the objectives' rewards and w_i how much he wants of each, both learnt from choices; k is what he wants most.
With one objective this is DPO.

Relations: `mod` combines policies of single objectives while it writes and trains nothing for a newcomer; `oppu` learns
from what a user wrote. Prefer MODPO where a user has dozens of pairs and every pass counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from idiolect.adaptation.adapters.examples import Owned, stacked
from idiolect.adaptation.alignment.choosing import answered
from idiolect.adaptation.alignment.preferences import differences, items, objectives, ordered, pairs, standing
from idiolect.core.idiolect import Idiolect
from idiolect.core.method import Access, Card, Learnt, Method, method
from idiolect.core.requests import Fit, Flow, Recipe
from idiolect.core.types import Query, UserData
from idiolect.training.parts import LowRank


@method(
    Card(
        paper="Beyond One-Preference-Fits-All Alignment: Multi-Objective Direct Preference Optimization "
        "(Zhou et al., Findings of ACL 2024)",
        arxiv="2310.03708",
        site="weights",
        phi="a LoRA trained on his pairs, at his weights over the objectives",
        trains="one LoRA a user, on his pairs",
        roles={"base": Access.WEIGHTS},
        data=("preference",),
        tasks=("reply", "choose"),
        resume="approximate",
        cousin="DPO on his pairs as he ordered them, all objectives mixed",
        cousin_options={"loss": "dpo"},
        draws=True,
        differs="one policy a user at his own weights, not a front of policies over a grid; objectives are found in "
        "users' pairs and their rewards are linear in measures of the text, not implicit rewards of DPO policies; a "
        "user's weights come from his pairs in closed form; of two replies side by side the one is named that his "
        "policy makes likelier than the base does",
    )
)
@dataclass(frozen=True, kw_only=True)
class MODPO(Method[Tensor, Owned]):
    """theta are `count` objectives (K, D). `scale`: how many units of reward one of w . r is worth."""

    count: int = 3
    policy: LowRank = field(default=LowRank(rank=64, alpha=1.0, sites="q,k,v,o"))
    recipe: Recipe = field(default=Recipe(lr=5e-4, epochs=3, batch=12))
    beta: float = 0.1
    ridge: float = 1.0
    scale: float = 1.0
    least: float = 0.1
    loss: Literal["modpo", "dpo"] = "modpo"

    def learn(self, users: Sequence[UserData], theta: Tensor | None = None) -> Learnt[Tensor | None, Owned]:
        known = [u for u in users if pairs(u)]
        return Learnt(theta=objectives(known, self.count) if theta is None and known else theta)

    def adapt(self, user: UserData, theta: Tensor | None, own: Owned | None = None) -> Flow[Owned | None]:
        fresh = user.after(own.upto) if own else user
        ids = {r.id for r in fresh.records}
        unseen = [e for e in pairs(user) if e.source in ids]
        if not unseen:
            return own
        options: dict[str, object] = {"beta": self.beta}
        stands = None if theta is None else standing(user, theta, None)
        if self.loss == "modpo" and theta is not None and stands is not None and not stands.silent:
            wanted = stands.weights(self.ridge)
            main = int(wanted.abs().argmax())
            unseen = [ordered(e, wanted[main].sign() * theta[main]) for e in unseen]
            share, margins = trade(wanted, differences(unseen) @ theta.T, least=self.least)
            options |= {"weight": [share] * len(margins), "margin": (self.scale * margins).tolist()}
        train = items(unseen, user.user_id)
        start = {user.user_id: own.trained} if own else {}
        fitted = yield Fit(
            train=(self.policy,),
            items=tuple(train),
            objective="modpo",
            recipe=self.recipe,
            start=start,
            options=options,
        )
        seen = tuple((user.user_id, e.source) for e in unseen)
        return Owned(
            trained=fitted.users[user.user_id],
            sources=(*(own.sources if own else ()), *seen),
            upto=user.records[-1].id,
        )

    def condition(self, user: UserData, query: Query, theta: Tensor | None, own: Owned | None) -> Idiolect:
        return stacked(None, own)

    def respond(self, user: UserData, query: Query, theta: Tensor | None, own: Owned | None) -> Flow[str]:
        return answered(query, self.condition(user, query, theta, own), user.user_id)


def trade(wanted: Tensor, rewards: Tensor, *, least: float) -> tuple[float, Tensor]:
    """w_k and the margins w_-k . (r_-k(y+) - r_-k(y-)), of the objective k that is wanted most.

    Args:
        wanted: w (K,), scaled here so that their sizes add up to one.
        rewards: r(y+) - r(y-) (n, K) of n pairs.
        least: w_k is at least this: the loss divides by it.
    """
    shares = wanted / wanted.abs().sum().clamp(min=1e-9)
    main = int(shares.abs().argmax())
    others = shares * (torch.arange(len(shares)) != main)
    return max(least, float(shares[main].abs())), rewards @ others
