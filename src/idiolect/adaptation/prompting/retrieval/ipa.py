"""IPA: in-prompt augmentation, the retrieval baseline of LaMP (Salemi et al., ACL 2024, section 4).

    M_i(q) = M_0([R(phi_q(q), C_i, k) ; q])

phi_q takes the bare item out of the task's wording; R ranks the user's records by BM25, by sentence vectors or by age.
The k records stand in the prompt oldest first, each as one line; what exceeds the token budget goes from the oldest on.

Relations: `pag` puts a summary before fewer records; `oppu` learns from the same records instead of showing them, and
``ipa | oppu`` does both. Prefer IPA where answers turn on single facts, or where only text goes in and out.
"""

from __future__ import annotations

from dataclasses import dataclass

from idiolect.adaptation.prompting.records import RetrieverName, block, retrieved, sources
from idiolect.core.idiolect import Idiolect, Stream
from idiolect.core.layout import HISTORY
from idiolect.core.method import Access, Card, Method, method
from idiolect.core.types import Query, UserData


@method(
    Card(
        paper="LaMP: When Large Language Models Meet Personalization (Salemi et al., ACL 2024)",
        arxiv="2304.11406",
        site="tokens",
        phi="the k records that bear on the query",
        roles={"base": Access.TEXT},
        data=("attribute", "relation", "turn", "post", "interaction", "preference"),
        tasks=("fact", "tag"),
        differs="BM25 lower-cases and reads letters and digits only; records stand under one heading in the system "
        "message, a line each, instead of clauses in one sentence; whole lines are dropped where the budget is short, "
        "not a share of each",
    )
)
@dataclass(frozen=True, kw_only=True)
class IPA(Method[None, None]):
    """`k` records by `retriever`; `dated` writes the day before each."""

    retriever: RetrieverName = "bm25"
    k: int = 4
    dated: bool = False

    def condition(self, user: UserData, query: Query, theta: None, own: None) -> Idiolect:
        shown = retrieved(user, query, self.k, by=self.retriever)
        context = block(HISTORY, shown, dated=self.dated)
        return Idiolect(streams=(Stream(context=context),), sources=sources(user, shown))
