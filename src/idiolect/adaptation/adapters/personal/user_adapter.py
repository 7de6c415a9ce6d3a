"""UserAdapter: a vector per user in front of a tuned, frozen model (Zhong et al., Findings of ACL 2021).

    theta = argmin  sum_i sum_j  L(y_ij, M_0(q_ij; theta))                  the task, everybody's, then frozen
    e_i   = argmin  sum_j        L(y_ij, M_0([e_i ; q_ij]; theta))          e_i (1, d), zero at the start
    M_i(q) = M_0([e_i ; q]; theta)

The vector stands at the second position, behind the mark that begins a text.

Relations: `oppu` trains a LoRA in the same two stages; at d numbers a user this is the smallest thing that can be
stored of him. Prefer it for labels and ratings of very many users.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from idiolect.adaptation.adapters.examples import Lessons, Owned, personal, pooled
from idiolect.core.idiolect import Idiolect, Stream
from idiolect.core.method import Access, Card, Learnt, Method, method
from idiolect.core.requests import Flow, Recipe, Trained
from idiolect.core.types import Query, UserData
from idiolect.training.parts import LowRank, Vector


@dataclass(frozen=True, kw_only=True, eq=False)
class Tuned:
    """theta: `task` tunes the model, `vector` is everybody's where users have none of their own."""

    task: Trained | None = None
    vector: Trained | None = None


@method(
    Card(
        paper="UserAdapter: Few-Shot User Learning in Sentiment Analysis (Zhong et al., Findings of ACL 2021)",
        site="embeddings",
        phi="the user's own vector",
        trains="one LoRA for everybody, then one vector a user",
        roles={"base": Access.WEIGHTS},
        data=("post", "interaction", "preference"),
        tasks=("tag", "rate"),
        resume="approximate",
        cousin="one vector shared by everybody",
        cousin_options={"vectors": "one"},
        draws=True,
        differs="a decoder that writes the label instead of an encoder with a classifier; stage 1 trains a LoRA "
        "instead of all weights; learning rates and lengths are ours, the paper's could not be read",
        reconstructed=True,
    )
)
@dataclass(frozen=True, kw_only=True)
class UserAdapter(Method[Tuned, Owned]):
    """`tune=False` leaves stage 1 out; `vectors="one"` trains one vector for everybody in stage 2.

    `tasks`: whose examples are learnt from; empty, all that the user did.
    """

    task: LowRank = field(default=LowRank(rank=8, alpha=8.0, sites="q,v"))
    task_recipe: Recipe = field(default=Recipe(lr=1e-4, epochs=3, batch=16, warmup=0.1, schedule="linear"))
    vector: Vector = field(default=Vector(length=1, sites="prefix", scale=0.0))
    recipe: Recipe = field(default=Recipe(lr=1e-2, epochs=10, batch=8))
    tune: bool = True
    vectors: Literal["user", "one"] = "user"
    tasks: tuple[str, ...] = ()

    @property
    def lessons(self) -> Lessons:
        """Stage 2: what is trained for a user, or for everybody."""
        return Lessons(self.vector, self.recipe, self.tasks)

    def learn(self, users: Sequence[UserData], theta: Tuned | None = None) -> Flow[Learnt[Tuned, Owned]]:
        task, vector = (theta.task, theta.vector) if theta else (None, None)
        if self.tune:
            tuning = Lessons(self.task, self.task_recipe, self.tasks)
            task = yield from pooled(users, tuning, under=Idiolect(), start=task)
        if self.vectors == "one":
            under = placed(Tuned(task=task), None)
            vector = yield from pooled(users, self.lessons, under=under, start=vector)
        return Learnt(theta=Tuned(task=task, vector=vector))

    def adapt(self, user: UserData, theta: Tuned | None, own: Owned | None = None) -> Flow[Owned | None]:
        if self.vectors == "one":
            return None
        return (yield from personal(user, self.lessons, under=placed(theta, None), own=own))

    def condition(self, user: UserData, query: Query, theta: Tuned | None, own: Owned | None) -> Idiolect:
        return placed(theta, own)


def placed(theta: Tuned | None, own: Owned | None) -> Idiolect:
    """M_0([e ; .]; theta) with the user's vector, or everybody's, or none."""
    theta = theta or Tuned()
    vector = own.trained if own else theta.vector
    stream = Stream(
        prefix=vector.prefix if vector else None,
        edits=theta.task.edits if theta.task else (),
    )
    return Idiolect(streams=(stream,), sources=frozenset(own.sources if own else ()))
