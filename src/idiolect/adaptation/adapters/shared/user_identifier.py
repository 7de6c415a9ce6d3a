"""UserIdentifier: tokens that name the user, and one model trained with them (Mireshghallah et al., NAACL 2022).

    s_u    = hash(u): a fixed sequence of tokens drawn at random, nothing of it is trained
    theta  = argmin  sum_u sum_j L(y_uj, M_theta([s_u ; q_uj]))          all weights, everybody's examples
    M_u(q) = M_theta([s_u ; q])

What the model knows of a user it has learnt under his name: he must be among those it learns from, and a newcomer has
a name that means nothing yet.

Relations: `user_adapter` trains a vector where this one draws tokens; `plora` puts the user inside the layers and takes
newcomers in. Prefer it where all users are known at training time: it stores nothing of a user at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from idiolect.adaptation.adapters.examples import Lessons, items
from idiolect.core.idiolect import Block, Idiolect, Source, Stream
from idiolect.core.layout import IDENTIFIER
from idiolect.core.method import Access, Card, Learnt, Method, method
from idiolect.core.requests import Fit, Flow, Recipe, Trained
from idiolect.core.types import Query, UserData
from idiolect.training.shared import FullRank

SYLLABLES = tuple(a + b for a in "bdfgklmnprstvz" for b in "aeiou")


@dataclass(frozen=True, kw_only=True)
class Known:
    """own: the records under which the model learnt his name."""

    sources: tuple[Source, ...]


@method(
    Card(
        paper="UserIdentifier: Implicit User Representations for Simple and Effective Personalized Sentiment Analysis "
        "(Mireshghallah et al., NAACL 2022)",
        arxiv="2110.00135",
        site="tokens",
        phi="tokens that name the user",
        trains="the model, on everybody's examples",
        roles={"base": Access.WEIGHTS},
        data=("post", "interaction", "preference"),
        tasks=("tag", "rate"),
        through="learn",
        cousin="one identifier for all",
        cousin_options={"identifiers": "one"},
        draws=True,
        differs="identifiers are random syllables, not tokens of the whole vocabulary; all linear layers are trained, "
        "as a difference to the weights, embeddings and norms are not; a decoder that writes the label instead of an "
        "encoder with a classifier; learning rate and epochs are ours",
    )
)
@dataclass(frozen=True, kw_only=True)
class UserIdentifier(Method[Trained, Known]):
    """`length` syllables a name, drawn by `salt`; `identifiers="one"` names everybody alike.

    `tasks`: whose examples are learnt from; empty, all that the user did.
    """

    length: int = 10
    salt: int = 0
    model: FullRank = field(default=FullRank())
    recipe: Recipe = field(default=Recipe(lr=1e-4, epochs=3, batch=16))
    identifiers: Literal["user", "one"] = "user"
    tasks: tuple[str, ...] = ()

    def learn(self, users: Sequence[UserData], theta: Trained | None = None) -> Flow[Learnt[Trained | None, Known]]:
        lessons = Lessons(self.model, self.recipe, self.tasks)
        written = {u.user_id: lessons.written(u) for u in users}
        train = tuple(i for u, found in written.items() for i in items(found, u, self.named(u, None)))
        if not train:
            return Learnt(theta=theta)
        start = {"": theta} if theta else {}
        fitted = yield Fit(train=(self.model,), items=train, recipe=self.recipe, rows="all", start=start)
        owns = {u: Known(sources=tuple((u, e.source) for e in found)) for u, found in written.items() if found}
        return Learnt(theta=fitted.users[""], owns=owns)

    def condition(self, user: UserData, query: Query, theta: Trained | None, own: Known | None) -> Idiolect:
        return self.named(user.user_id, theta, own.sources if own else ())

    def named(self, user: str, theta: Trained | None, sources: Sequence[Source] = ()) -> Idiolect:
        """M_theta([s_u ; .])."""
        block = Block(IDENTIFIER, (self.code(user),), priority=2)
        stream = Stream(context=(block,), edits=theta.edits if theta else ())
        return Idiolect(streams=(stream,), sources=frozenset(sources))

    def code(self, user: str) -> str:
        """s_u, the same at all times and in all places."""
        name = user if self.identifiers == "user" else ""
        drawn = (sha256(f"{self.salt} {i} {name}".encode()).digest() for i in range(self.length))
        return " ".join(SYLLABLES[int.from_bytes(d[:8], "big") % len(SYLLABLES)] for d in drawn)
