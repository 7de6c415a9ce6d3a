"""OPPU: one PEFT per user (Tan et al., EMNLP 2024, eq. 4-6).

    theta   = argmin  sum_i sum_j  L(y_ij, M_0(q_ij; theta))                task LoRA, everybody's, then frozen
    theta_i = argmin  sum_j        L(y_ij, M_0(q_ij; theta + theta_i))      user LoRA, on the user's own history
    M_i(q)  = M_0(q; theta + theta_i)              L: cross-entropy of the answer's tokens

Every user starts anew from theta: the order of users changes nothing.

Relations: ``ipa | oppu`` and ``pag | oppu`` are the paper's OPPU+RAG and OPPU+PAG; `user_adapter` keeps one vector a
user instead of a LoRA. Prefer OPPU where habits (labels, style) show in dozens of examples; facts are better retrieved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from idiolect.adaptation.adapters.examples import Lessons, Owned, personal, pooled, stacked
from idiolect.core.idiolect import Idiolect
from idiolect.core.method import Access, Card, Learnt, Method, method
from idiolect.core.requests import Flow, Recipe, Trained
from idiolect.core.types import Query, UserData
from idiolect.training.parts import LowRank

PAPER = Recipe(lr=1e-4, weight_decay=1e-2, batch=16, warmup=0.1, schedule="linear", clip=0.3)


@method(
    Card(
        paper="Democratizing Large Language Models via Personalized Parameter-Efficient Fine-tuning "
        "(Tan et al., EMNLP 2024)",
        arxiv="2402.04401",
        site="weights",
        phi="the user's own LoRA",
        trains="one LoRA for everybody, then one a user",
        roles={"base": Access.WEIGHTS},
        data=("post", "interaction", "preference"),
        tasks=("tag", "rewrite"),
        resume="approximate",
        cousin="stage 1 alone: the LoRA trained on everybody",
        cousin_options={"stages": 1},
        draws=True,
        differs="the task LoRA stays an edit of its own instead of being merged into the weights",
    )
)
@dataclass(frozen=True, kw_only=True)
class OPPU(Method[Trained, Owned]):
    """`task` and `task_recipe` are stage 1, `user` and `recipe` stage 2; `stages=1` leaves the second out.

    `tasks`: whose examples are learnt from; empty, all that the user did.
    """

    task: LowRank = field(default=LowRank(rank=8, alpha=8.0, sites="q,k,v", dropout=0.05))
    task_recipe: Recipe = field(default=replace(PAPER, epochs=3))
    user: LowRank = field(default=LowRank(rank=8, alpha=8.0, sites="q,v", dropout=0.05))
    recipe: Recipe = field(default=replace(PAPER, epochs=2))
    stages: int = 2
    tasks: tuple[str, ...] = ()

    def learn(self, users: Sequence[UserData], theta: Trained | None = None) -> Flow[Learnt[Trained | None, Owned]]:
        lessons = Lessons(self.task, self.task_recipe, self.tasks)
        theta = yield from pooled(users, lessons, under=Idiolect(), start=theta)
        return Learnt(theta=theta)

    def adapt(self, user: UserData, theta: Trained | None, own: Owned | None = None) -> Flow[Owned | None]:
        if self.stages < 2:
            return None
        lessons = Lessons(self.user, self.recipe, self.tasks)
        return (yield from personal(user, lessons, under=stacked(theta, None), own=own))

    def condition(self, user: UserData, query: Query, theta: Trained | None, own: Owned | None) -> Idiolect:
        return stacked(theta, own)
