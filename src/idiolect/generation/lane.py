"""The streams of the active rows that go through one model: one memory, one set of gathered edits, one call a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from idiolect.core.idiolect import Stream
from idiolect.forward.attach import Placed, gather
from idiolect.forward.feed import Backbone, Feed, before, feed, past_of, prefix_of, run
from idiolect.forward.memory import Memory
from idiolect.forward.sites import resolve
from idiolect.forward.slots import Slots


@dataclass(kw_only=True, eq=False)
class Line:
    """One resolved stream of one row, ready to be read. written: the row's answer so far, read again with the prompt
    where the row joins once more. reads: sites that the row's combine looks at."""

    row: int  # number of the row in its engine
    place: int = 0  # among the streams of its Idiolect
    stream: Stream
    prompt: list[int]
    written: list[int] = field(default_factory=list)
    reads: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Positions read before the first token of the answer."""
        return before(self.stream) + len(self.prompt)


@dataclass(eq=False)
class Lane:
    """lines: S of them, row after row. logits: (S, V) for the next token. hidden: by site, (S, d) of the last one."""

    backbone: Backbone
    slots: Slots
    lines: list[Line] = field(default_factory=list)
    memory: Memory | None = None
    placed: list[Placed] | None = None  # gathered when next needed
    logits: Tensor = field(default_factory=lambda: torch.zeros(0, 0))
    hidden: dict[str, Tensor] = field(default_factory=dict)

    def join(self, lines: Sequence[Line]) -> None:
        """Read the prompts of new lines in one call and put them beside the old."""
        streams = [x.stream for x in lines]
        memory = Memory.of(self.backbone.module, past_of(self.backbone, streams))
        prefixes = prefix_of(self.backbone, streams)
        answers = [1 + len(x.written) for x in lines]
        given = feed(self.backbone, [x.prompt + x.written for x in lines], answers, prefixes)
        placed = _placed(lines, self.slots)
        logits, hidden = self._run(given, lines, placed, memory)
        if self.memory is None:
            self.memory, self.logits, self.hidden = memory, logits, hidden
        else:
            self.memory = self.memory.beside(memory)
            self.logits = torch.cat([self.logits, logits])
            self.hidden = _beside(self.hidden, len(self.lines), hidden, len(lines))
        self.lines, self.placed = [*self.lines, *lines], None if self.lines else placed

    def keep(self, rows: set[int]) -> None:
        """Forget the lines of all other rows."""
        index = [i for i, x in enumerate(self.lines) if x.row in rows]
        if len(index) == len(self.lines):
            return
        self.lines, self.placed = [self.lines[i] for i in index], None
        if not index or self.memory is None:
            self.memory = None
            self.logits, self.hidden = torch.zeros(0, 0), {}
            return
        self.memory, self.logits = self.memory.pick(index), self.logits[index]
        self.hidden = {site: h[index] for site, h in self.hidden.items()}

    def step(self, tokens: dict[int, int]) -> None:
        """Read one more token of each row; rows without one (finished, not yet taken out) read anything."""
        if self.memory is None:
            return
        if self.placed is None:
            self.placed = _placed(self.lines, self.slots)
        ids = torch.tensor([[tokens.get(x.row, 0)] for x in self.lines], device=self.backbone.device)
        ones = torch.ones_like(ids, dtype=torch.bool)
        writing = torch.tensor([x.row in tokens for x in self.lines], device=ids.device)
        self.memory.position = self.memory.position * writing  # a finished row must not run over the model's end
        self.logits, self.hidden = self._run(
            Feed(ids=ids, valid=ones, answer=ones), self.lines, self.placed, self.memory
        )

    def ahead(self, lines: Sequence[int], ids: Tensor) -> Tensor:
        """What the heads of some lines say one token on: (n, k) for candidates (n, k). Nothing is remembered."""
        assert self.memory is not None
        index = [i for i in lines for _ in range(ids.shape[1])]
        forked = self.memory.pick(index)
        some = [self.lines[i] for i in index]
        ones = torch.ones(len(index), 1, dtype=torch.bool, device=ids.device)
        given = Feed(ids=ids.reshape(-1, 1), valid=ones, answer=ones)
        logits, _ = self._run(given, some, _placed(some, self.slots), forked)
        return logits[:, 0].reshape(ids.shape)

    def _run(
        self, given: Feed, lines: Sequence[Line], placed: Sequence[Placed], memory: Memory
    ) -> tuple[Tensor, dict[str, Tensor]]:
        reads = sorted({site for x in lines for site in x.reads})
        paths = {site: resolve(self.backbone.module, site)[0].path for site in reads}
        ran = run(self.backbone, given, placed, memory, sites=list(paths.values()))
        return ran.logits[:, -1], {site: ran.hidden[path][:, -1] for site, path in paths.items()}


def _placed(lines: Sequence[Line], slots: Slots) -> list[Placed]:
    """The lines' edits; a partner is another line of the same row."""
    beside: dict[int, dict[int, int]] = {}
    for i, x in enumerate(lines):
        beside.setdefault(x.row, {})[x.place] = i
    return gather([x.stream.edits for x in lines], [beside[x.row] for x in lines], stack=slots)


def _beside(old: dict[str, Tensor], rows: int, new: dict[str, Tensor], more: int) -> dict[str, Tensor]:
    """Hidden states of both; zeros where one side did not look at a site."""
    some = {**old, **new}
    blank = {site: h.new_zeros(1, h.shape[1]) for site, h in some.items()}
    return {
        site: torch.cat([old.get(site, blank[site].expand(rows, -1)), new.get(site, blank[site].expand(more, -1))])
        for site in some
    }
