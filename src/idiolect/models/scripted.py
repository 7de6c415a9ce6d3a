"""A model that replays answers: the test double is public and real."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from idiolect.core import layout
from idiolect.core.errors import BadInput
from idiolect.core.method import Access
from idiolect.core.requests import Ask, Key, Request
from idiolect.core.types import Message


@dataclass(eq=False)
class ScriptedModel:
    """Answers by a function of the conversation, by the query's text, or in the order given.

    `asked` keeps each conversation, as it was after context and rewrite.
    """

    script: Callable[[Sequence[Message]], str] | Mapping[str, str] | Iterable[str]
    name: str = "scripted"
    digest: str = "scripted"
    access: Access = Access.TEXT
    asked: list[tuple[Message, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not callable(self.script) and not isinstance(self.script, Mapping):
            self.script = iter(self.script)

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        """Texts for `Ask`.

        Raises:
            BadInput: another kind of request, or nothing left to say.
        """
        return [self._texts(r) for r in requests]

    def _texts(self, request: Request) -> tuple[str, ...]:
        if not isinstance(request, Ask):
            raise BadInput(self.name, f"cannot answer {type(request).__name__}", "Script a model for Ask only.")
        said = conversation(request)
        self.asked.append(said)
        return tuple(self._say(said) for _ in range(request.n))

    def _say(self, said: Sequence[Message]) -> str:
        last = next((m.content for m in reversed(said) if m.role == "user"), "")
        if callable(self.script):
            return self.script(said)
        if isinstance(self.script, Mapping):
            if last not in self.script:
                raise BadInput(self.name, f"no answer to {last!r}", "Add it to the script.")
            return self.script[last]
        text = next(iter(self.script), None)
        if text is None:
            raise BadInput(self.name, "its answers are used up", "Give as many answers as are asked for.")
        return text


def conversation(ask: Ask) -> tuple[Message, ...]:
    """What a model that takes text alone is sent: the first stream's context and rewrite in the messages."""
    stream = ask.idiolect.streams[0]
    blocks = (*stream.context, *stream.passages)
    messages = layout.messages(ask.query, [layout.section(b.heading, b.lines) for b in blocks])
    if stream.query is None:
        return messages
    last = max((i for i, m in enumerate(messages) if m.role == "user"), default=len(messages))
    return (*messages[:last], Message("user", stream.query), *messages[last + 1 :])
