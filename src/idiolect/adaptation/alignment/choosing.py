"""Choosing between two replies: by how much likelier a user's policy makes each than the model alone does.

    r_i(y) = log p_i(y | q) - log p_0(y | q)      the reward that a policy stands for, up to a factor and to what hangs
                                                  on q alone (Rafailov et al., NeurIPS 2023, eq. 5)

The two are read as replies, the form in which pairs are learnt from: naming the better of two texts by its letter is a
skill of its own, which a small model lacks however well its policy knows what the user prefers. In ``a | b`` the policy
is what both make of the model, so that what `a` learnt bears on the choice too.
"""

from __future__ import annotations

import re

from idiolect.core.idiolect import Idiolect, Stream
from idiolect.core.layout import ask
from idiolect.core.requests import Ask, Flow, Item, Score
from idiolect.core.types import Query

ALONE = Idiolect(streams=(Stream(inherits=False),))  # the model without any method, those left in ``a | b`` too
OFFER = re.compile(r"(.+?) A: (.+?) B: (.+)", re.DOTALL)


def offered(query: Query) -> tuple[Query, str, str] | None:
    """The question and the replies A and B that a query of the task "choose" puts side by side; None of any other."""
    found = OFFER.fullmatch(query.input) if query.task == "choose" else None
    return (ask("reply", found[1], time=query.time), found[2], found[3]) if found else None


def answered(query: Query, made: Idiolect, user: str) -> Flow[str]:
    """The letter of the reply that `made` prefers; any other query, and any under nothing, is put to the model."""
    offer = offered(query)
    if offer is None or (made.combine is None and not made.streams[0].edits):
        texts = yield Ask(query=query, idiolect=made)
        return str(texts[0])
    question, *replies = offer
    items = (Item(query=question, answer=y, idiolect=i, user=user) for y in replies for i in (made, ALONE))
    scored = yield Score(items=tuple(items))
    a, plain_a, b, plain_b = (s.total for s in scored)
    return "A" if a - plain_a >= b - plain_b else "B"
