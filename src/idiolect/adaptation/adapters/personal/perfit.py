"""PerFit: personalisation by two interventions on hidden states (Liu et al., ICLR 2026).

    h'  = h + R^T (W h + b - R h)                      LoReFT: R (r, d) with orthonormal rows, at a block's output
    phi   = argmin  sum_i sum_j  L(y_ij, M_0(q_ij; phi))                 what all users share, then frozen
    phi_i = argmin  sum_j        L(y_ij, M_0(q_ij; phi, phi_i))          the user's own, on top of it

What sets a user apart lies in few directions of the hidden states, around a mean that all share.

Relations: `oppu` is the same two stages on weights, at some hundred times the numbers a user; `stylevector` moves the
same states along one direction and trains nothing. Prefer PerFit where thousands of adapters must be stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from idiolect.adaptation.adapters.examples import Lessons, Owned, personal, pooled, stacked
from idiolect.core.idiolect import Idiolect
from idiolect.core.method import Access, Card, Learnt, Method, method
from idiolect.core.requests import Flow, Recipe, Trained
from idiolect.core.types import Query, UserData
from idiolect.training.reft import Reft


@method(
    Card(
        paper="PerFit: personalised representation fine-tuning (Liu et al., ICLR 2026)",
        site="hidden states",
        phi="the user's own intervention at a block's output",
        trains="one intervention for everybody, then one a user",
        roles={"base": Access.WEIGHTS},
        data=("post", "interaction", "preference"),
        tasks=("tag", "rewrite"),
        resume="approximate",
        cousin="stage 1 alone: the intervention trained on everybody",
        cousin_options={"stages": 1},
        draws=True,
        differs="every position is changed, not chosen ones; W begins as R, so that an untrained intervention changes "
        "nothing; ranks, blocks, rates and lengths are ours, the paper's could not be read",
        reconstructed=True,
    )
)
@dataclass(frozen=True, kw_only=True)
class PerFit(Method[Trained, Owned]):
    """`common` and `common_recipe` are stage 1, `user` and `recipe` stage 2; `stages=1` leaves the second out.

    `tasks`: whose examples are learnt from; empty, all that the user did.
    """

    common: Reft = field(default=Reft(rank=8, sites="blocks.0.5"))
    common_recipe: Recipe = field(default=Recipe(lr=1e-3, epochs=3, batch=16, warmup=0.1, schedule="linear"))
    user: Reft = field(default=Reft(rank=4, sites="blocks.0.5"))
    recipe: Recipe = field(default=Recipe(lr=1e-3, epochs=5, batch=8))
    stages: int = 2
    tasks: tuple[str, ...] = ()

    def learn(self, users: Sequence[UserData], theta: Trained | None = None) -> Flow[Learnt[Trained | None, Owned]]:
        lessons = Lessons(self.common, self.common_recipe, self.tasks)
        theta = yield from pooled(users, lessons, under=Idiolect(), start=theta)
        return Learnt(theta=theta)

    def adapt(self, user: UserData, theta: Trained | None, own: Owned | None = None) -> Flow[Owned | None]:
        if self.stages < 2:
            return None
        lessons = Lessons(self.user, self.recipe, self.tasks)
        return (yield from personal(user, lessons, under=stacked(theta, None), own=own))

    def condition(self, user: UserData, query: Query, theta: Trained | None, own: Owned | None) -> Idiolect:
        return stacked(theta, own)
