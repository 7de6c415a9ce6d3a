"""How far a method of the registry moves a language model towards each item.

    leaning(y) = [log p_i(y | q) - log p_0(y | q)] / |y|      nats a token; p_i under the method, p_0 without it

The difference is the reward that a personalised policy stands for (Rafailov et al., NeurIPS 2023, eq. 5): what the
model finds likely for everybody, and how long an item's name is, fall out.
"""

from __future__ import annotations

from collections.abc import Sequence

from idiolect import registry
from idiolect.core.errors import AccessError, BadInput
from idiolect.core.idiolect import Idiolect
from idiolect.core.layout import ask
from idiolect.core.method import Access
from idiolect.core.model import Model
from idiolect.core.requests import Item as Pair
from idiolect.core.requests import Key, Score
from idiolect.core.types import UserData
from idiolect.personalize import Personal, compose

REQUEST = "something for me"


def leanings(
    model: Model, pipeline: str, data: UserData, texts: Sequence[str], request: str = REQUEST
) -> tuple[list[float], frozenset[str]]:
    """One number a text, and the ids of the records that the method showed or counted.

    Raises:
        AccessError: the model gives no log-probabilities of given answers.
        BadInput: a method that has to be trained first.
        UnknownName: no such method.
    """
    for name in (part.strip() for part in pipeline.split("|")):
        if registry.card(name).trains != "nothing":
            raise BadInput(f"pipeline {pipeline!r}", f"{name} has to be trained first", "Take pag, ipa or 'ipa | cos'.")
    if model.access < Access.TOP_LOGITS:
        raise AccessError(f"{pipeline} scores given items, and {model.name} gives only text: leave the model out")
    personal, query = Personal(method=compose(pipeline), model=model), ask("recommend", request)
    personal.adapt(data)
    made = personal.condition(data, query)
    pairs = tuple(
        Pair(query=query, answer=text, idiolect=one, user=data.user_id) for text in texts for one in (made, Idiolect())
    )
    (scored,) = model.answer([Score(items=pairs)], [Key(method="recommend", user=data.user_id)])
    means = [float(one.log_probs.mean()) for one in scored]
    found = [with_him - alone for with_him, alone in zip(means[::2], means[1::2], strict=True)]
    return found, frozenset(id for _, id in made.sources)
