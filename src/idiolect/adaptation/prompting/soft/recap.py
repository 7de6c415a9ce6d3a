"""RECAP: retrieval-enhanced context-aware prefix (Liu et al., ACL 2023).

    e(q)    = what the user is foreseen to say to q, from what he said to like posts         (a trained retriever)
    D       = the k things he said that are most like e(q)
    C       = LN(S + Attn(S, q)),   Z = LN(C + Attn(C, D))                                   S: m trained slots
    M_u(q)  = M_0([past(Z) ; q]),   past(Z)_l = T_l + U_l tanh(W Z)                          keys and values of layer l
    theta   = (S, Attn, W, U, T) = argmin  sum_u sum_j L(y_uj, M_u(q_uj))                    M_0 is frozen

Relations: `ipa` writes what it retrieves into the prompt; `pplug` pools all of a user's items into one embedding.
Prefer RECAP where what he said is long and habits show in its words: m positions stand for k texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from idiolect.adaptation.prompting.foreseeing import Foreseeing, Said, Seer, shaped
from idiolect.adaptation.prompting.records import block
from idiolect.core.idiolect import Idiolect, Stream
from idiolect.core.layout import HISTORY
from idiolect.core.method import Access, Card, Learnt, Method, method
from idiolect.core.requests import Fit, Flow, Item, Recipe, Trained
from idiolect.core.types import Example, Query, UserData
from idiolect.training.computed.foresight import Foresight
from idiolect.training.computed.slotted import Slotted, past


@dataclass(frozen=True, kw_only=True, eq=False)
class Prefixing:
    """theta: the retriever, and the past that `Slotted` trained."""

    seer: Seer
    trained: Trained


@method(
    Card(
        paper="RECAP: Retrieval-Enhanced Context-Aware Prefix Encoder for Personalized Dialogue Response Generation "
        "(Liu et al., ACL 2023)",
        arxiv="2306.07206",
        site="keys and values",
        phi="what he is likely to say, retrieved by a foreseen vector and read by slots",
        trains="retriever, slots and prefix, on everybody",
        roles={"base": Access.WEIGHTS},
        data=("post", "interaction"),
        tasks=("headline", "rewrite"),
        cousin="the same records in the prompt",
        cousin_options={"shown": "prompt"},
        draws=True,
        differs="the base model's own hidden states encode posts and answers; the retriever is one layer of attention "
        "over the last posts, not a transformer of six; slots keep what they were beside what they read; keys and "
        "values begin as zero; the two are trained one after the other; learning rates and lengths are ours",
    )
)
@dataclass(frozen=True, kw_only=True)
class RECAP(Method[Prefixing, Said]):
    """`k` answers by a retriever that looks at the last `window` posts; items are read at `block`.

    `limit`: of every learner so many latest examples. `tasks`: whose examples count; empty, all that the user did.
    """

    slots: Slotted = field(default=Slotted())
    recipe: Recipe = field(default=Recipe(lr=5e-5, epochs=3, batch=128))
    retriever: Foresight = field(default=Foresight())
    retrieving: Recipe = field(default=Recipe(lr=5e-5, epochs=3, batch=8))
    block: str = "blocks.-1"
    window: int = 10
    k: int = 10
    limit: int = 128
    shown: Literal["keys", "prompt"] = "keys"
    tasks: tuple[str, ...] = ()

    @property
    def seeing(self) -> Foreseeing:
        return Foreseeing(self.retriever, self.retrieving, self.block, self.window)

    def learn(self, users: Sequence[UserData], theta: Prefixing | None = None) -> Flow[Learnt[Prefixing | None, Said]]:
        known = {u.user_id: mine for u in users if len(mine := self.written(u)[-self.limit :]) > 1}
        if not known:
            return Learnt(theta=theta)
        posts, answers = {}, {}
        for user, examples in known.items():
            posts[user] = yield from self.seeing.posts([e.query for e in examples], user)
            answers[user] = yield from self.seeing.answers(examples, user)
        people = {u: Said.of(posts[u], answers[u]) for u in known}
        seer = yield from self.seeing.learn(known, people, theta.seer if theta else None)
        train: list[Item] = []
        for user, examples in known.items():
            for j, e in enumerate(examples[1:], 1):  # each under what he said before it
                found = self.seeing.best(people[user].posts[j], people[user].first(j), seer, self.k)
                read = past(posts[user][j], [answers[user][i] for i in found], self.slots.count)
                under = Idiolect(streams=(Stream(past=read),))
                train.append(Item(query=e.query, answer=e.target, idiolect=under, user=user))
        part = yield from shaped(self.slots, train[0].query)
        start = {"": theta.trained} if theta else {}
        fitted = yield Fit(train=(part,), items=tuple(train), recipe=self.recipe, rows="all", start=start)
        return Learnt(theta=Prefixing(seer=seer, trained=fitted.users[""]))

    def adapt(self, user: UserData, theta: Prefixing | None, own: Said | None = None) -> Flow[Said | None]:
        fresh = {r.id for r in (user.after(own.upto) if own else user).records}
        examples = [e for e in self.written(user) if e.source in fresh]
        if not examples:
            return own
        posts = yield from self.seeing.posts([e.query for e in examples], user.user_id)
        answers = yield from self.seeing.answers(examples, user.user_id)
        sources = tuple((user.user_id, e.source) for e in examples)
        new = Said.of(posts, answers, sources=sources, upto=user.records[-1].id)
        return own.then(new) if own else new

    def condition(self, user: UserData, query: Query, theta: Prefixing | None, own: Said | None) -> Flow[Idiolect]:
        if theta is None:
            return Idiolect()
        (asked,) = yield from self.seeing.posts([query], user.user_id)
        found = self.seeing.best(asked.mean(0), own, theta.seer, self.k) if own else []
        ids = [own.sources[i][1] for i in found] if own else []
        sources = frozenset((user.user_id, id) for id in ids)
        if self.shown == "prompt":
            records = {r.id: r for r in user.records}
            return Idiolect(streams=(Stream(context=block(HISTORY, [records[i] for i in ids])),), sources=sources)
        examples = {e.source: e for e in user.examples()}
        answers = yield from self.seeing.answers([examples[i] for i in ids], user.user_id)
        computed = theta.trained.past.computed if theta.trained.past else None
        read = past(asked, answers, self.slots.count, computed.shared if computed else None)
        return Idiolect(streams=(Stream(past=read),), sources=sources)

    def written(self, user: UserData) -> list[Example]:
        """What the user wrote or chose himself, oldest first."""
        return [e for e in user.examples() if not e.rejected and (not self.tasks or e.query.task in self.tasks)]
