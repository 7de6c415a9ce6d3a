"""One answer being written, and the handle by which its asker follows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from idiolect.core.idiolect import Combine
from idiolect.core.requests import Sampling
from idiolect.forward.prompt import answer_text
from idiolect.generation.lane import Line


@dataclass(kw_only=True, eq=False)
class Row:
    """One answer being written. `finish`: "" while it is, then "stop", "length", "cancelled" or "error"; `error` is
    then what it failed with."""

    number: int
    lines: list[tuple[str, Line]]  # (model, line), stream by stream
    combine: Combine | None
    sampling: Sampling
    generator: torch.Generator
    tokenizer: Any
    ends: frozenset[int]
    tokens: list[int] = field(default_factory=list)
    state: dict[str, Tensor] | None = None
    finish: str = ""
    error: Exception | None = None
    keep_scores: bool = False
    scores: list[Tensor] = field(default_factory=list)  # (V,) a token, where asked for

    @property
    def text(self) -> str:
        """What has been written, cut before a stop string."""
        text = answer_text(self.tokenizer, self.tokens)
        cuts = [text.index(s) for s in self.sampling.stop if s in text]
        return text[: min(cuts)] if cuts else text

    @property
    def settled(self) -> str:
        """The part of the text that no later token can change."""
        text = self.text
        if self.finish:
            return text
        text = text.rstrip("\ufffd")  # bytes of a character that is not complete
        held = [n for s in self.sampling.stop for n in range(1, len(s)) if text.endswith(s[:n])]
        return text[: len(text) - max(held, default=0)]

    def fail(self, error: Exception) -> None:
        """Ends it here."""
        self.finish, self.error = "error", error

    def take(self, token: int) -> None:
        """One more token, which may end the row."""
        if token in self.ends:
            self.finish = "stop"
            return
        self.tokens.append(token)
        if self.sampling.stop and any(s in answer_text(self.tokenizer, self.tokens) for s in self.sampling.stop):
            self.finish = "stop"
        elif len(self.tokens) >= self.sampling.max_tokens:
            self.finish = "length"


@dataclass(frozen=True, eq=False)
class Handle:
    """One `Ask` on its way: a row for each of its n texts."""

    rows: tuple[Row, ...]

    @property
    def done(self) -> bool:
        return all(r.finish for r in self.rows)

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(r.text for r in self.rows)

    @property
    def prompt_tokens(self) -> int:
        """Tokens read before the first one was written, over all streams, prefixes and pasts included."""
        return sum(line.size for _, line in self.rows[0].lines)

    @property
    def error(self) -> Exception | None:
        """What the first of its rows that failed failed with."""
        return next((r.error for r in self.rows if r.error), None)

    def cancel(self) -> None:
        """Its rows leave before the next step."""
        for row in self.rows:
            row.finish = row.finish or "cancelled"
