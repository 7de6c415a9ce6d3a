"""PLoRA: personalised low-rank adaptation (Zhang et al., AAAI 2024).

    y = W_0 x + alpha/r B (A x + P p_u)               A, B, P: everybody's; p_u: the user's
    theta, p = argmin  sum_u sum_j L(y_uj, M_0(q_uj; theta, p_u))          users known from the start, all together
    p_u      = argmin  sum_j       L(y_uj, M_0(q_uj; theta, p_u))          a user who comes later: his vector alone

With a small chance an example is trained without p_u (personal dropout), so that theta also answers for nobody.

Relations: `oppu` gives each user a LoRA of his own; here he is a bias of rank r, thousands cost one LoRA, and what
one user teaches serves others. Prefer PLoRA for labels and ratings of very many users with few examples each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from idiolect.adaptation.adapters.examples import Lessons, Owned, items, personal
from idiolect.core.idiolect import Edit, Idiolect, Stream
from idiolect.core.method import Access, Card, Learnt, Method, method
from idiolect.core.requests import Fit, Flow, Recipe, Trained
from idiolect.core.types import Query, UserData
from idiolect.training.shared import Coded

if TYPE_CHECKING:
    from torch import Tensor

    Row: TypeAlias = Mapping[str, Tensor]


@method(
    Card(
        paper="Personalized LoRA for Human-Centered Text Understanding (Zhang et al., AAAI 2024)",
        arxiv="2403.06208",
        site="weights",
        phi="the user's own vector inside the low-rank path",
        trains="one LoRA for everybody and one vector a user, together; for a newcomer the vector alone",
        roles={"base": Access.WEIGHTS},
        data=("post", "interaction", "preference"),
        tasks=("tag", "rate"),
        resume="approximate",
        cousin="p = none: the same LoRA without the user",
        cousin_options={"personal": False},
        draws=True,
        differs="no item vectors; the term that keeps both branches near is off, as in the paper's settings; a decoder "
        "that writes the label instead of an encoder with a classifier; learning rate and epochs are ours",
    )
)
@dataclass(frozen=True, kw_only=True)
class PLoRA(Method[tuple[Edit, ...], Owned]):
    """`layer` and `recipe` for everybody together, `newcomer` for a vector alone; `personal=False` leaves it out.

    `tasks`: whose examples are learnt from; empty, all that the user did.
    """

    layer: Coded = field(default=Coded())
    recipe: Recipe = field(default=Recipe(lr=1e-4, epochs=3, batch=16))
    newcomer: Recipe = field(default=Recipe(lr=1e-2, epochs=10, batch=8))
    personal: bool = True
    tasks: tuple[str, ...] = ()

    def learn(
        self, users: Sequence[UserData], theta: tuple[Edit, ...] | None = None
    ) -> Flow[Learnt[tuple[Edit, ...] | None, Owned]]:
        lessons = Lessons(self.layer, self.recipe, self.tasks)
        written = {u.user_id: lessons.written(u) for u in users}
        train = tuple(i for u, examples in written.items() for i in items(examples, u, Idiolect()))
        if not train:
            return Learnt(theta=theta)
        start = {"": Trained(edits=theta)} if theta else {}
        fitted = yield Fit(train=(self.layer,), items=train, recipe=lessons.recipe, start=start)
        theta = tuple(replace(e, rows={}, cached_as=None) for e in next(iter(fitted.users.values())).edits)
        if not self.personal:
            return Learnt(theta=theta)
        owns = {
            u.user_id: Owned(
                trained=under(theta, fitted.users[u.user_id]),
                sources=tuple((u.user_id, e.source) for e in written[u.user_id]),
                upto=u.records[-1].id,
            )
            for u in users
            if u.user_id in fitted.users
        }
        return Learnt(theta=theta, owns=owns)

    def adapt(self, user: UserData, theta: tuple[Edit, ...] | None, own: Owned | None = None) -> Flow[Owned | None]:
        if theta is None or not self.personal:
            return None
        lessons = Lessons(replace(self.layer, closed=True), self.newcomer, self.tasks)
        new = yield from personal(user, lessons, under=Idiolect(), own=own, start=Trained(edits=theta))
        return replace(new, trained=under(theta, new.trained)) if new else None

    def condition(self, user: UserData, query: Query, theta: tuple[Edit, ...] | None, own: Owned | None) -> Idiolect:
        edits = own.trained.edits if own else theta or ()
        return Idiolect(streams=(Stream(edits=edits),), sources=frozenset(own.sources if own else ()))


def under(theta: tuple[Edit, ...], trained: Trained) -> Trained:
    """The user's vectors beside everybody's own tensors, not copies of them: one copy serves a batch of users."""
    edits = []
    for common, mine in zip(theta, trained.edits, strict=True):
        rows = {k: t for k, t in {**mine.shared, **mine.rows}.items() if k not in common.shared}
        edits.append(replace(mine, shared=common.shared, rows=rows))
    return Trained(edits=tuple(edits))
