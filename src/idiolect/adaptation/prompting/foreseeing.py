"""A trained retriever: foresees what a user will say to a post, and finds what he said that is most like it.

p_j, r_j = Enc(post_j), Enc(what he said to it)        unit vectors, everybody's mean taken off
e(x)     = V sum_j softmax_j(x . Q p_j) r_j + W x      over the last `window` pairs before x
(Q, V, W) = argmin  sum_u sum_j  1 - cos(e(p_uj), r_uj)
R(x, u, k) = the k records with the largest cos(e(x), r_j)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn.functional import normalize

from idiolect.core.idiolect import Idiolect, Source
from idiolect.core.requests import Fit, Flow, Item, Read, Recipe, Trained
from idiolect.core.types import Example, Query
from idiolect.training.computed.foresight import Foresight, foreseen, unlike
from idiolect.training.computed.slotted import Slotted

NOWHERE = Idiolect(streams=())  # of items that train a module of the method's own


@dataclass(frozen=True, kw_only=True, eq=False)
class Said:
    """own: vectors (n, d) of a user's posts and of what he said to them, the records, the last record seen."""

    posts: Tensor
    answers: Tensor
    sources: tuple[Source, ...] = ()
    upto: str = ""

    @classmethod
    def of(cls, posts: Sequence[Tensor], answers: Sequence[Tensor], **more: Any) -> Said:
        """From every token of each text, (T, d)."""
        means = [torch.stack([t.mean(0) for t in texts]) for texts in (posts, answers)]
        return cls(posts=means[0], answers=means[1], **more)

    def then(self, new: Said) -> Said:
        """These, and those that came since."""
        return Said(
            posts=torch.cat([self.posts, new.posts]),
            answers=torch.cat([self.answers, new.answers]),
            sources=(*self.sources, *new.sources),
            upto=new.upto,
        )

    def first(self, count: int) -> Said:
        """The oldest."""
        return Said(posts=self.posts[:count], answers=self.answers[:count], sources=self.sources[:count])


@dataclass(frozen=True, kw_only=True, eq=False)
class Seer:
    """theta: everybody's mean vectors (d,), and what `Foresight` trained."""

    post: Tensor
    answer: Tensor
    trained: Trained


@dataclass(frozen=True)
class Foreseeing:
    """How items are encoded (hidden states at `block`), and how the retriever is trained."""

    part: Foresight
    recipe: Recipe
    block: str
    window: int

    def posts(self, queries: Iterable[Query], user: str) -> Flow[list[Tensor]]:
        """Of each query every token (T, d)."""
        return self._read([Item(query=q, user=user) for q in queries], "prompt")

    def answers(self, examples: Iterable[Example], user: str) -> Flow[list[Tensor]]:
        """Of each example's answer every token (T, d)."""
        return self._read([Item(query=e.query, answer=e.target, user=user) for e in examples], "answer")

    def _read(self, items: Sequence[Item], over: Literal["prompt", "answer"]) -> Flow[list[Tensor]]:
        if not items:
            return []
        states = yield Read(items=tuple(items), sites=(self.block,), over=over, reduce="none")
        return [next(iter(s.values())) for s in states]

    def learn(
        self, known: Mapping[str, Sequence[Example]], people: Mapping[str, Said], start: Seer | None
    ) -> Flow[Seer]:
        """The retriever, from everybody's examples as `people` holds them, each under those before it."""
        post = start.post if start else torch.cat([p.posts for p in people.values()]).mean(0)
        answer = start.answer if start else torch.cat([p.answers for p in people.values()]).mean(0)
        seer = Seer(post=post, answer=answer, trained=Trained())
        numbers = [self.numbers(p.posts[j], p.first(j), seer) for p in people.values() for j in range(1, len(p.posts))]
        said = [normalize(r - answer, dim=-1) for p in people.values() for r in p.answers[1:]]
        options = {k: [n[k] for n in numbers] for k in numbers[0]}
        fitted = yield Fit(
            train=(self.part,),
            items=tuple(Item(query=e.query, user=u, idiolect=NOWHERE) for u in people for e in known[u][1:]),
            objective=unlike,
            recipe=self.recipe,
            rows="all",
            start={"": start.trained} if start else {},
            options={**options, "said": said},
        )
        return Seer(post=post, answer=answer, trained=fitted.users[""])

    def numbers(self, post: Tensor, before: Said, seer: Seer) -> dict[str, Tensor]:
        """What `foreseen` reads of one query: the last `window` pairs before it, zeros where there are fewer."""
        posts, answers = before.posts[-self.window :], before.answers[-self.window :]
        blank = post.new_zeros(self.window - len(posts), len(post))
        return {
            "query": normalize(post - seer.post, dim=-1),
            "posts": torch.cat([normalize(posts - seer.post, dim=-1), blank]),
            "answers": torch.cat([normalize(answers - seer.answer, dim=-1), blank]),
            "there": torch.cat([post.new_ones(len(posts)), post.new_zeros(len(blank))]),
        }

    def best(self, post: Tensor, before: Said, seer: Seer, k: int) -> list[int]:
        """Places of the k answers most like the one foreseen, oldest first."""
        numbers = {name: n.unsqueeze(0) for name, n in self.numbers(post, before, seer).items()}
        (expected,) = foreseen(numbers, seer.trained.edits[0].shared)
        likeness = normalize(before.answers - seer.answer, dim=-1) @ normalize(expected, dim=-1)
        return sorted(likeness.topk(min(k, len(likeness))).indices.tolist())


def shaped(slots: Slotted, query: Query) -> Flow[Slotted]:
    """The slots with layers and heads of the model at hand, as the keys of a text show them."""
    (state,) = yield Read(items=(Item(query=query),), past=True)
    keys = state["past"].keys
    heads, _, width = next(iter(keys.values())).shape
    return replace(slots, layers=tuple(sorted(map(int, keys))), heads=heads, width=width)
