"""One training example: a conversation as (text, loss weight) segments, laid out as `core.layout` lays out prompts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from idiolect.core.layout import CHAT_TEMPLATE

BOS, END, SYSTEM, USER, ASSISTANT = "<|bos|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"
SPECIAL = ["<|pad|>", BOS, END, SYSTEM, USER, ASSISTANT]
VALUE, DECIDE, WORDS = 3.0, 2.0, 1.0  # loss weights: words of a value, words that show a decision, other answer words

Segments = list[tuple[str, float]]
assert all(mark in CHAT_TEMPLATE for mark in (SYSTEM, USER, ASSISTANT))


@dataclass(kw_only=True)
class Answer:
    """A question with its answer; `kind` is the job it belongs to, `value` what the answer turns on."""

    kind: str
    question: str
    answer: Segments
    value: str = ""
    old: str = ""
    truth: Mapping[str, Any] = field(default_factory=dict)  # what a finer oracle needs

    @property
    def text(self) -> str:
        return "".join(t for t, _ in self.answer)


@dataclass(kw_only=True)
class Lesson:
    """Sections of the system message (heading, lines as segments) and the questions asked after them."""

    sections: list[tuple[str, list[Segments]]] = field(default_factory=list)
    asked: list[Answer] = field(default_factory=list)

    def head(self) -> Segments:
        """The system message; empty without sections."""
        out: Segments = [(BOS, 0.0)]
        shown = [(h, lines) for h, lines in self.sections if lines]
        for i, (heading, lines) in enumerate(shown):
            out.append(((f"{SYSTEM} " if i == 0 else "\n") + heading, 0.0))
            for line in lines:
                out.append(("\n-", 0.0))
                out += line
        return out

    def prompt(self, question: str) -> str:
        """The text that a model sees when it is asked one question after these sections."""
        return "".join(t for t, _ in self.head()) + f"{USER} {question}{ASSISTANT}"

    def segments(self) -> Segments:
        """The whole conversation."""
        out = self.head()
        for a in self.asked:
            out += [(f"{USER} {a.question}{ASSISTANT}", 0.0), *a.answer, (END, WORDS)]
        return out


def plain(lines: Iterable[str]) -> list[Segments]:
    """Lines without loss."""
    return [[(f" {line}", 0.0)] for line in lines]


def shown(prompt: str, answer: Sequence[tuple[str, float]], *, learn: bool) -> Segments:
    """A line "prompt => answer"; with `learn`, the model also practises on it."""
    return [(f" {prompt} =>", 0.0), *((t, w if learn else 0.0) for t, w in answer)]
