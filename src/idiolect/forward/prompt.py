"""A query and what a stream adds to it, as token ids, through the model's own chat template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeAlias

from idiolect.core import layout
from idiolect.core.errors import BadInput
from idiolect.core.idiolect import Block, Stream
from idiolect.core.types import Message, Query

Tokens: TypeAlias = list[int]


def prompt_ids(tokenizer: Any, query: Query, stream: Stream, budget: int | None = None) -> Tokens:
    """The conversation up to where the answer begins.

    Args:
        budget: tokens at most. Over it, lines of the block of lowest priority go first, from the top.

    Raises:
        BadInput: the query alone is longer than the budget.
    """
    if stream.query is not None:
        query = replace(query, messages=_rewritten(query.messages, stream.query))
    ids = _ids(tokenizer, query, stream.context)
    if budget is None or len(ids) <= budget:
        return ids
    low, high = 1, sum(len(b.lines) for b in stream.context)
    while low < high:  # fewest lines to drop
        middle = (low + high) // 2
        if len(_ids(tokenizer, query, _shortened(stream.context, middle))) <= budget:
            high = middle
        else:
            low = middle + 1
    ids = _ids(tokenizer, query, _shortened(stream.context, high))
    if len(ids) > budget:
        raise BadInput("query", f"{len(ids)} tokens where {budget} fit", "Send a shorter query or fewer messages.")
    return ids


def answer_ids(tokenizer: Any, text: str) -> Tokens:
    """An answer's tokens with the end token, so that prompt and answer are the template's whole conversation."""
    ids = tokenizer(glue(tokenizer) + text, add_special_tokens=False)["input_ids"]
    return [*ids, tokenizer.eos_token_id]


def answer_text(tokenizer: Any, ids: Sequence[int]) -> str:
    """The text of generated tokens: the inverse of `answer_ids`."""
    text: str = tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return text.removeprefix(glue(tokenizer))


@lru_cache(maxsize=64)
def glue(tokenizer: Any) -> str:
    """What the chat template writes between the generation prompt and an answer: mostly nothing, or a space."""
    asked = (Message("user", "?"),)
    start = render(tokenizer, asked)
    whole = render(tokenizer, (*asked, Message("assistant", "answer")), answer=True)
    if not whole.startswith(start):  # the template writes history and generation prompt differently
        return ""
    return whole[len(start) :].partition("answer")[0]


def render(tokenizer: Any, messages: Sequence[Message], *, answer: bool = False) -> str:
    """The conversation as text; `answer`: it ends in an answer, else in the place where one begins."""
    if not tokenizer.chat_template:
        lines = [m.content if m.role == "system" else f"{m.role.title()}: {m.content}" for m in messages]
        return "\n".join(lines if answer else [*lines, "Assistant:"])
    from jinja2 import TemplateError

    for said in (messages, _folded(messages)):
        turns = [{"role": m.role, "content": m.content} for m in said]
        try:
            return str(tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=not answer))
        except TemplateError as error:
            refused = error
    raise BadInput("chat template", str(refused), "Order the messages as this model's template wants them.")


def _folded(messages: Sequence[Message]) -> list[Message]:
    """Some templates know no system role: its text goes in front of the first user message."""
    given = "\n".join(m.content for m in messages if m.role == "system")
    rest = [m for m in messages if m.role != "system"]
    if given and rest:
        rest[0] = Message(rest[0].role, f"{given}\n\n{rest[0].content}")
    return rest


def _ids(tokenizer: Any, query: Query, context: Sequence[Block]) -> Tokens:
    messages = layout.messages(query, [layout.section(b.heading, b.lines) for b in context])
    text = render(tokenizer, messages)
    plain = not tokenizer.chat_template  # a template writes its own first token
    return list(tokenizer(text, add_special_tokens=plain)["input_ids"])


def _rewritten(messages: Sequence[Message], text: str) -> tuple[Message, ...]:
    last = max((i for i, m in enumerate(messages) if m.role == "user"), default=None)
    if last is None:
        return (*messages, Message("user", text))
    return (*messages[:last], Message("user", text), *messages[last + 1 :])


def _shortened(context: Sequence[Block], drop: int) -> list[Block]:
    kept = list(context)
    for i in sorted(range(len(kept)), key=lambda i: kept[i].priority):
        gone = min(drop, len(kept[i].lines))
        kept[i] = replace(kept[i], lines=kept[i].lines[gone:])
        drop -= gone
    return kept
