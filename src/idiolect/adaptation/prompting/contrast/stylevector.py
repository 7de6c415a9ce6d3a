"""StyleVector: the user's style as a direction among hidden states (Zhang et al., ACL 2025, eq. 2-5).

    y^_j = M_0(x_j)                                               an answer without style
    s_i  = 1/n sum_j [ h_l(x_j (+) y_j) - h_l(x_j (+) y^_j) ]     h_l: output of block l, mean over the answer's tokens
    h_l <- h_l + alpha * s_i                                      at every generated position

Relations: `cos` takes the difference among log-probabilities and for one query; `oppu` trains where this one subtracts.
Prefer StyleVector where style shows in every example and nothing may be trained: d numbers a user, 2n passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor

from idiolect.core.idiolect import Edit, Idiolect, Source, Stream
from idiolect.core.method import Access, Card, Method, method
from idiolect.core.requests import Ask, Flow, Item, Read
from idiolect.core.types import Query, UserData


@dataclass(frozen=True, kw_only=True, eq=False)
class Direction:
    """own: the sum of differences (d,) at `site`, over the records in `sources`; the last record seen."""

    site: str
    total: Tensor
    sources: tuple[Source, ...]
    upto: str


@method(
    Card(
        paper="Personalized Text Generation with Contrastive Activation Steering (Zhang et al., ACL 2025)",
        arxiv="2503.05213",
        site="hidden states",
        phi="mean difference between his answers and neutral ones",
        roles={"base": Access.WEIGHTS},
        data=("post",),
        tasks=("headline", "rewrite"),
        differs="neutral answers come from the base model itself, not from another one; the mean is over the answer's "
        "tokens (`over='last'` is the paper's last token)",
    )
)
@dataclass(frozen=True, kw_only=True)
class StyleVector(Method[None, Direction]):
    """`strength` is alpha, `block` l ("blocks.0.5" is the block at half depth); `tasks`: whose posts, empty for all."""

    strength: float = 1.0
    block: str = "blocks.0.5"
    over: Literal["mean", "last"] = "mean"
    tasks: tuple[str, ...] = ()

    def adapt(self, user: UserData, theta: None, own: Direction | None = None) -> Flow[Direction | None]:
        fresh = {r.id for r in (user.after(own.upto) if own else user).records}
        posts = {r.id for r in user.records if r.kind == "post"}
        pairs = [
            e for e in user.examples() if e.source in fresh & posts and (not self.tasks or e.query.task in self.tasks)
        ]
        if not pairs:
            return own
        total: Any = own.total if own else 0.0
        for e in pairs:
            (neutral,) = yield Ask(query=e.query)
            two = (Item(query=e.query, answer=text, user=user.user_id) for text in (e.target, neutral))
            his, plain = yield Read(items=tuple(two), sites=(self.block,), over="answer", reduce=self.over)
            (site,) = his  # the block's path in this model
            difference = his[site] - plain[site]
            total = total + difference
        seen = (*(own.sources if own else ()), *((user.user_id, e.source) for e in pairs))
        return Direction(site=site, total=total, sources=seen, upto=user.records[-1].id)

    def condition(self, user: UserData, query: Query, theta: None, own: Direction | None) -> Idiolect:
        if own is None:
            return Idiolect()
        shift = self.strength * own.total / len(own.sources)
        edit = Edit(site=own.site, formula=add_style, rows={"shift": shift})
        return Idiolect(streams=(Stream(edits=(edit,)),), sources=frozenset(own.sources))


def add_style(x: Tensor, h: Tensor, tensors: Mapping[str, Tensor], at: Any) -> Tensor:
    """h + alpha s at generated positions: h (B, T, d), shift (B, d), at.answer (B, T)."""
    answer: Tensor = at.answer.unsqueeze(-1).to(h.dtype)
    return h + answer * tensors["shift"].unsqueeze(-2)
