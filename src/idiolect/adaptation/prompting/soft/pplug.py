"""PPlug: a user's history as one embedding in front of the prompt (Liu et al., ACL 2025).

    h_j = Enc(item_j),  x = Enc(q)              unit vectors of the user's items and of the query
    w_j = softmax_j(x^T Q h_j)                  the items that bear on the query
    P_u = c Proj( sum_j w_j h_j )               Proj: linear, GELU, linear
    M_u(q) = M_0([I ; P_u ; q])                 I: one embedding for everybody; M_0 is frozen
    theta = (Q, Proj, I, c) = argmin  sum_u sum_j L(y_uj, M_0([I ; P_u ; q_uj]))

Relations: `ipa` writes the items themselves into the prompt; `user_adapter` trains a vector for each user, here nothing
is trained for a newcomer. Prefer PPlug where habits show over many items and the prompt is short.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from idiolect.core.idiolect import Computed, Idiolect, Source, Stream
from idiolect.core.method import Access, Card, Learnt, Method, method
from idiolect.core.requests import Fit, Flow, Item, Read, Recipe, Trained
from idiolect.core.types import Example, Query, UserData
from idiolect.training.computed.plug import Plug, plug


@dataclass(frozen=True, kw_only=True, eq=False)
class History:
    """own: vectors (n, d) of the user's items, their records, the last record seen."""

    vectors: Tensor
    sources: tuple[Source, ...]
    upto: str


@method(
    Card(
        paper="LLMs + Persona-Plug = Personalized LLMs (Liu et al., ACL 2025)",
        arxiv="2409.11901",
        site="embeddings",
        phi="his items, pooled by their likeness to the query and projected",
        trains="projector, pooling and instruction, on everybody",
        roles={"base": Access.WEIGHTS},
        data=("post", "interaction"),
        tasks=("tag", "headline"),
        cousin="uniform pooling: the same vector for every query",
        cousin_options={"pooling": "uniform"},
        draws=True,
        differs="the base model's own hidden states encode items and queries, and a trained matrix stands for the "
        "paper's trained query encoder; c is trained, not set by the embeddings' norm; the instruction is trained "
        "as it is, without a projector; learning rate and epochs are ours",
    )
)
@dataclass(frozen=True, kw_only=True)
class PPlug(Method[Trained, History]):
    """Items and queries are read at `block`, mean over tokens; the latest `limit` items are kept.

    `over`: whose tokens stand for an item, "all" (prompt and answer) or "answer", which has read the prompt.
    `tasks`: whose examples are items and are learnt from; empty, all that the user did.
    """

    head: Plug = field(default=Plug())
    recipe: Recipe = field(default=Recipe(lr=1e-4, epochs=2, batch=16, weight_decay=1e-4, warmup=0.05))
    block: str = "blocks.-1"
    limit: int = 512
    over: Literal["all", "answer"] = "all"
    pooling: Literal["query", "uniform"] = "query"
    tasks: tuple[str, ...] = ()

    def learn(self, users: Sequence[UserData], theta: Trained | None = None) -> Flow[Learnt[Trained | None, History]]:
        train: list[Item] = []
        for user in users:
            examples = self.written(user)
            if len(examples) < 2:
                continue
            vectors = yield from self.encoded(examples, user.user_id)
            asked = yield from self.read([Item(query=e.query, user=user.user_id) for e in examples], "prompt")
            for j, e in enumerate(examples[1:], 1):  # each under the items before it
                under = self.prefixed(asked[j], vectors[:j], None)
                train.append(Item(query=e.query, answer=e.target, idiolect=under, user=user.user_id))
        if not train:
            return Learnt(theta=theta)
        start = {"": theta} if theta else {}
        fitted = yield Fit(train=(self.head,), items=tuple(train), recipe=self.recipe, rows="all", start=start)
        return Learnt(theta=fitted.users[""])

    def adapt(self, user: UserData, theta: Trained | None, own: History | None = None) -> Flow[History | None]:
        fresh = {r.id for r in (user.after(own.upto) if own else user).records}
        examples = [e for e in self.written(user) if e.source in fresh]
        if not examples:
            return own
        vectors = yield from self.encoded(examples, user.user_id)
        seen = tuple((user.user_id, e.source) for e in examples)
        return History(
            vectors=torch.cat([*([own.vectors] if own else []), vectors])[-self.limit :],
            sources=(*(own.sources if own else ()), *seen)[-self.limit :],
            upto=user.records[-1].id,
        )

    def condition(self, user: UserData, query: Query, theta: Trained | None, own: History | None) -> Flow[Idiolect]:
        if theta is None:
            return Idiolect()
        (asked,) = yield from self.read([Item(query=query, user=user.user_id)], "prompt")
        return self.prefixed(asked, own.vectors if own else asked.new_zeros(0, len(asked)), theta, own)

    def written(self, user: UserData) -> list[Example]:
        """The user's items, oldest first."""
        return [e for e in user.examples() if not e.rejected and (not self.tasks or e.query.task in self.tasks)]

    def encoded(self, examples: Sequence[Example], user: str) -> Flow[Tensor]:
        """h (n, d) of items."""
        return self.read([Item(query=e.query, answer=e.target, user=user) for e in examples], self.over)

    def read(self, items: Sequence[Item], over: Literal["prompt", "all", "answer"]) -> Flow[Tensor]:
        states = yield Read(items=tuple(items), sites=(self.block,), over=over, reduce="mean")
        return torch.stack([next(iter(s.values())) for s in states])

    def prefixed(self, query: Tensor, history: Tensor, theta: Trained | None, own: History | None = None) -> Idiolect:
        """[I ; P_u ; .]: with what is trained, or, for training, with what it reads alone."""
        x = query if self.pooling == "query" else torch.zeros_like(query)  # likeness to nothing is the same for all
        given = {"query": x, "history": history, "there": torch.ones(len(history))}
        shared = theta.prefix.shared if theta and theta.prefix else {}
        prefix = Computed(formula=plug, shared=shared, rows=given)
        return Idiolect(streams=(Stream(prefix=prefix),), sources=frozenset(own.sources if own else ()))
