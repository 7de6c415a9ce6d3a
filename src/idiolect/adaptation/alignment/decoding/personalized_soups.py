"""Personalized Soups: a user's policy as the mean of the policies he wants (Jang et al., 2023).

    theta_p = argmax_theta R_p(theta)            one LoRA a preference p, two opposite ones a dimension, from one start
    theta_i = 1/|S_i| sum_{p in S_i} theta_p     S_i: of each dimension the end that user i wants
    A_i, B_i are means of the A_p and of the B_p apart:  B_i A_i  !=  mean of B_p A_p

O(n) policies serve O(2^n) users.

Relations: `mod` mixes the same policies' log-probabilities, with weights, at K passes; `oppu` trains for each user.
Prefer soups where users are combinations of few preferences and every pass counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from idiolect.adaptation.alignment.choosing import answered
from idiolect.adaptation.alignment.preferences import Policies, Preferring, Standing, standing
from idiolect.core.idiolect import Idiolect, Stream
from idiolect.core.method import Access, Card, Learnt, Method, method
from idiolect.core.requests import Flow, Recipe
from idiolect.core.types import Query, UserData
from idiolect.training.merging import soup
from idiolect.training.parts import LowRank


@method(
    Card(
        paper="Personalized Soups: Personalized Large Language Model Alignment via Post-hoc Parameter Merging "
        "(Jang et al., 2023)",
        arxiv="2310.11564",
        site="weights",
        phi="which end of each objective his choices want",
        trains="two LoRAs an objective, on everybody's pairs",
        roles={"base": Access.WEIGHTS},
        data=("preference",),
        tasks=("reply", "choose"),
        pooled="theta",
        cousin="the even soup of all policies, the same for everybody",
        cousin_options={"soup": "even"},
        draws=True,
        differs="dimensions are found in users' pairs, not given; which end a user wants is read from his pairs, not "
        "stated; policies are trained by DPO instead of PPO on a reward model; the input carries no preference "
        "prompt (`pag | personalized_soups` adds it); of two replies side by side the one is named that his soup makes "
        "likelier than the base does",
    )
)
@dataclass(frozen=True, kw_only=True)
class PersonalizedSoups(Method[Policies, Standing]):
    """`count` dimensions of two ends each; `soup="even"` averages all ends for everybody."""

    count: int = 3
    policy: LowRank = field(default=LowRank(rank=16, alpha=32.0, sites="q,v", dropout=0.05, seed=0))
    recipe: Recipe = field(default=Recipe(lr=5e-4, epochs=3, batch=16))
    beta: float = 0.1
    ridge: float = 1.0
    soup: Literal["own", "even"] = "own"

    def learn(
        self, users: Sequence[UserData], theta: Policies | None = None
    ) -> Flow[Learnt[Policies | None, Standing]]:
        training = Preferring(self.policy, self.recipe, self.beta)
        return Learnt(theta=(yield from training.policies(users, self.count, theta)))

    def adapt(self, user: UserData, theta: Policies | None, own: Standing | None = None) -> Standing | None:
        return standing(user, theta.axes, own) if theta and self.soup == "own" else own

    def condition(self, user: UserData, query: Query, theta: Policies | None, own: Standing | None) -> Idiolect:
        if theta is None:
            return Idiolect()
        known = own is not None and not own.silent
        wanted = theta.chosen(own.weights(self.ridge)) if own and known else [*theta.more, *theta.less]
        merged = soup(wanted)
        return Idiolect(streams=(Stream(edits=merged.edits),), sources=frozenset(own.sources if own else ()))

    def respond(self, user: UserData, query: Query, theta: Policies | None, own: Standing | None) -> Flow[str]:
        return answered(query, self.condition(user, query, theta, own), user.user_id)
