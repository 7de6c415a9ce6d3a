"""PAG: profile-augmented generation, a summary of the user before few of his records (Richardson et al., 2023).

    s_i    = S(C_i)                                       once a user, then kept up with his records
    M_i(q) = M_0([s_i ; R(q, C_i, k) ; q])                k smaller than retrieval alone would need

S is counted, not written by a model: the label a user gives most often or the middle one of his ratings, the label that
goes with a word, his way of writing, and what he says of himself.

Relations: `ipa` is the second half alone; ``pag | oppu`` is OPPU with a profile. Prefer PAG where a habit shows only
over many records and the prompt is short.
"""

from __future__ import annotations

from dataclasses import dataclass

from idiolect.adaptation.prompting.counting import Habits, counted, counts, told
from idiolect.adaptation.prompting.records import RetrieverName, block, retrieved, sources
from idiolect.core.idiolect import Block, Idiolect, Source, Stream
from idiolect.core.layout import HISTORY, PROFILE
from idiolect.core.method import Access, Card, Method, method
from idiolect.core.types import Query, UserData


@dataclass(frozen=True, kw_only=True)
class Profile:
    """own: the counts, the records that were counted, the last record seen."""

    habits: Habits
    sources: tuple[Source, ...]
    upto: str


@method(
    Card(
        paper="Integrating Summarization and Retrieval for Enhanced Personalization via Large Language Models "
        "(Richardson et al., 2023)",
        arxiv="2310.20081",
        site="tokens",
        phi="a profile counted from the records, and the k records that bear on the query",
        roles={"base": Access.TEXT},
        data=("attribute", "relation", "turn", "post", "interaction", "preference"),
        tasks=("tag", "rate"),
        differs="the profile is counted from the records, not summarised by a model; of the counts by word, those "
        "of the query's words come first",
    )
)
@dataclass(frozen=True, kw_only=True)
class PAG(Method[None, Profile]):
    """`k` records by `retriever` behind the profile; `words` bounds its lines of counts by word."""

    retriever: RetrieverName = "bm25"
    k: int = 1
    words: int = 12

    def adapt(self, user: UserData, theta: None, own: Profile | None = None) -> Profile | None:
        fresh = user.after(own.upto) if own else user
        if not fresh.records:
            return own
        seen = tuple((user.user_id, r.id) for r in fresh.records if counts(r))
        return Profile(
            habits=counted(own.habits if own else Habits(), fresh.records),
            sources=(*(own.sources if own else ()), *seen),
            upto=fresh.records[-1].id,
        )

    def condition(self, user: UserData, query: Query, theta: None, own: Profile | None) -> Idiolect:
        lines = told(own.habits, query.task, query.input, self.words) if own else []
        profile = (Block(PROFILE, tuple(lines), priority=1),) if lines else ()
        shown = retrieved(user, query, self.k, by=self.retriever)
        return Idiolect(
            streams=(Stream(context=profile + block(HISTORY, shown)),),
            sources=frozenset(own.sources if own else ()) | sources(user, shown),
        )
