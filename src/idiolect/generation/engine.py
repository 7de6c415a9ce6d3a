"""Rows of different users in one batch: they join, leave and are cancelled between any two steps.

A row is one answer being written: K streams, which may go through different models, and one combine. A step is one
call a model and what is drawn from it: newcomers' prompts and their first tokens, or the last token of all who are
written and their next. A token is read with the step after the one that drew it, so that whoever follows a row has it
before the model runs again, and who leaves on seeing it costs no further pass. Memory and edits are batched anew only
when the set of rows changes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from idiolect.core.errors import BadInput, UnknownName
from idiolect.core.idiolect import Stream
from idiolect.core.requests import Ask, Key
from idiolect.forward.feed import Backbone, resolved, room
from idiolect.forward.prompt import prompt_ids
from idiolect.forward.slots import Slots
from idiolect.generation.decode import Step, combined, draw, kind, log_probs
from idiolect.generation.lane import Lane, Line
from idiolect.generation.row import Handle, Row

LANES = 8  # kept while nobody is written through them; each holds a model and its slots
IDLE = 4  # finished rows are taken out of the batch when they are a fourth of it, or when others join


class Engine:
    """Continuous batching over `models` ("base" and whatever streams name); not for several threads at once."""

    def __init__(
        self, models: Mapping[str, Backbone], *, max_rows: int = 64, slots: int = 256, lane: type[Lane] = Lane
    ) -> None:
        """max_rows: streams in one batch. slots: users' edits kept on the device, by site and shape. lane: how the
        streams of one model are read."""
        self.models, self.max_rows, self.capacity, self.lane = models, max_rows, slots, lane
        self.waiting: deque[Row] = deque()
        self.active: list[Row] = []
        self.lanes: dict[str, Lane] = {}
        self.count = 0
        self.joined = False  # whether the last step read prompts

    @torch.no_grad()
    def submit(self, ask: Ask, key: Key, *, scores: bool = False) -> Handle:
        """Queue an `Ask`; `step` does the work. scores: keep each token's distribution in `Row.scores`.

        Raises:
            BadInput: the query does not fit the model, or a stream cannot run here.
            UnknownName: a stream names a model that is not here.
        """
        lines = [(s.model, line(self._model(s), ask, s)) for s in ask.idiolect.streams]
        if len(lines) > 1 and ask.idiolect.combine is None:
            fix = "Give the Idiolect a Combine."
            raise BadInput(f"the Idiolect of {key.method or 'a query'}", f"{len(lines)} streams and no combine", fix)
        return Handle(tuple(self._row(ask, key, i, lines, scores) for i in range(ask.n)))

    @torch.no_grad()
    def step(self) -> list[Row]:
        """One token for every row that joins, or else for every active one; returns those that ended.

        Who waits joins before others are written on, but never twice in a row. A row that fails ends with its `error`;
        the others are read anew and go on. What no row fails with alone (memory that is short for all together) ends
        all that run.
        """
        was = [r for r in (*self.active, *self.waiting) if not r.finish]
        try:
            self._token()
        except BaseException as error:
            rows = self._cut_off()
            if not isinstance(error, Exception):
                raise
            errors = [self._alone(r) for r in rows] if len(rows) > 1 else [error]
            for row, own in zip(rows, errors if any(errors) else [error] * len(rows), strict=True):
                if own is not None:
                    row.fail(own)
        return [r for r in was if r.finish]

    def _cut_off(self) -> list[Row]:
        """The rows of a step that did not come to its end; what lanes remember of them is half, and they wait again."""
        rows, self.active = [r for r in self.active if not r.finish], []
        self.waiting.extendleft(reversed(rows))
        for lane in self.lanes.values():
            lane.keep(set())
        return rows

    def _alone(self, row: Row) -> Exception | None:
        """What a row fails with by itself: reading what it has, choosing from it, reading one token more."""
        probe = Engine(self.models, lane=self.lane)
        probe.waiting.append(row)
        try:
            probe._join()
            scores, _ = probe._distributions([row])
            draw(scores, [row.sampling], [torch.Generator()])
            for lane in probe.lanes.values():
                lane.step({row.number: 0})
        except Exception as error:
            return error
        return None

    def _token(self) -> None:
        self._leave()
        turn = self.joined and self.active  # of those who wrote while others joined
        rows = [] if turn else self._join()
        self.joined = bool(rows)
        if not rows:
            rows = list(self.active)
            self._read()
        if not rows:
            return
        scores, states = self._distributions(rows)
        tokens = draw(scores, [r.sampling for r in rows], [r.generator for r in rows])
        for row, token, distribution in zip(rows, tokens, scores, strict=True):
            row.state = states.get(row.number)
            if row.keep_scores:
                row.scores.append(distribution.clone())
            row.take(token)
        self.active = [r for r in self.active if not r.finish]
        if not self.active:  # nothing of them stays behind
            for lane in self.lanes.values():
                lane.keep(set())

    def _read(self) -> None:
        """The token that each active row has drawn last."""
        written = {r.number: r.tokens[-1] for r in self.active}
        for lane in self.lanes.values():
            if written:
                lane.step(written)

    def run(self) -> None:
        """Steps until nothing is left to do."""
        while self.active or self.waiting:
            self.step()

    def stream(self, handle: Handle) -> Iterator[str]:
        """Pieces of the first text as they settle; other rows go on beside it."""
        row, sent = handle.rows[0], 0
        while True:
            text = row.settled
            if len(text) > sent:
                yield text[sent:]
                sent = len(text)
            if row.error:
                raise row.error
            if row.finish:
                return
            self.step()

    def forget(self, name: str) -> None:
        """Overwrite the slots kept under a name (`Edit.cached_as`): its user was erased."""
        for lane in self.lanes.values():
            lane.slots.forget(name)

    def _model(self, stream: Stream) -> Backbone:
        if stream.model not in self.models:
            raise UnknownName("model", stream.model, self.models)
        return self.models[stream.model]

    def _row(self, ask: Ask, key: Key, sample: int, lines: Sequence[tuple[str, Line]], scores: bool) -> Row:
        self.count += 1
        base = self._model(ask.idiolect.streams[0])
        written: list[int] = []
        row = Row(
            number=self.count,
            lines=[(m, replace(x, row=self.count, place=k, written=written)) for k, (m, x) in enumerate(lines)],
            tokens=written,
            combine=ask.idiolect.combine,
            sampling=ask.sampling,
            generator=torch.Generator().manual_seed(key.derive(f"sample {sample}")),
            tokenizer=base.tokenizer,
            ends=end_ids(base),
            keep_scores=scores,
        )
        if ask.sampling.max_tokens > 0:
            self.waiting.append(row)
        else:
            row.finish = "length"
        return row

    def _leave(self) -> None:
        self.active = [r for r in self.active if not r.finish]
        alive = {r.number for r in self.active}
        for lane in self.lanes.values():
            idle = sum(x.row not in alive for x in lane.lines)
            if idle * IDLE >= max(len(lane.lines), 1):
                lane.keep(alive)
        empty = [name for name, lane in self.lanes.items() if not lane.lines]
        for name in empty[:-LANES]:
            del self.lanes[name]

    def _join(self) -> list[Row]:
        """Reads the prompts of those who wait, as many as there is room for."""
        self.waiting = deque(r for r in self.waiting if not r.finish)
        free = self.max_rows - sum(len(r.lines) for r in self.active)
        asked = sum(len(r.lines) for r in self.waiting)
        if self.active and free < min(asked, self.max_rows // 8):
            return []  # where many wait, they join by eighths of the batch, so that it is put together less often
        new: list[Row] = []
        while self.waiting and (len(self.waiting[0].lines) <= free or not (self.active or new)):
            new.append(self.waiting.popleft())
            free -= len(new[-1].lines)
        alive = {r.number for r in self.active}
        self.active += new  # before anything can fail, so that they are among those of whom one failed
        for model in {model for r in new for model, _ in r.lines}:
            lane = self._lane(model)
            lane.keep(alive)
            lane.join([x for r in new for name, x in r.lines if name == model])
        return new

    def _lane(self, model: str) -> Lane:
        backbone, lane = self.models[model], self.lanes.pop(model, None)
        if lane is None or (lane.backbone.module is not backbone.module and not lane.lines):
            lane = self.lane(backbone, Slots(backbone.device, backbone.module.dtype, self.capacity))
        self.lanes[model] = lane  # used last at the end
        return lane

    def _distributions(self, rows: Sequence[Row]) -> tuple[Tensor, dict[int, dict[str, Tensor]]]:
        """(B, V): one call for each combine formula and number of streams; by row number, what formulas remember."""
        busy = [lane for lane in self.lanes.values() if lane.lines]
        where = {id(x): i for i, x in enumerate(x for lane in busy for x in lane.lines)}
        table = log_probs(torch.cat([lane.logits for lane in busy]))
        places = [[where[id(x)] for _, x in r.lines] for r in rows]
        out = table[[p[0] for p in places]]
        groups: dict[tuple[Any, ...], list[int]] = {}
        remembered: dict[int, dict[str, Tensor]] = {}
        for i, r in enumerate(rows):
            if r.combine:
                groups.setdefault(kind(r.combine, len(r.lines), r.state), []).append(i)
        for members in groups.values():
            some = [rows[i] for i in members]
            index = torch.tensor([places[i] for i in members], device=table.device)  # (b, K)
            step = self._seen(some, table[index])
            mixed, states = combined([r.combine for r in some if r.combine], step)
            out[members] = mixed
            remembered |= zip((r.number for r in some), states or [], strict=bool(states))
        return out, remembered

    def _seen(self, rows: Sequence[Row], each: Tensor) -> Step:
        """What the formula that these rows share is given; each: (B, K, V)."""
        first = rows[0]
        assert first.combine is not None
        state = first.state and {k: torch.stack([r.state[k] for r in rows if r.state]) for k in first.state}
        hidden = {site: torch.stack([self._hidden(r, site) for r in rows]) for site in first.combine.reads}
        if not first.combine.lookahead:
            return Step(log_probs=each, state=state or None, hidden=hidden)
        ids = each[:, 0].topk(first.combine.lookahead).indices
        values = ids.new_zeros(ids.shape, dtype=each.dtype)
        for model in {r.lines[-1][0] for r in rows}:
            lane = self.lanes[model]
            at = {id(x): i for i, x in enumerate(lane.lines)}
            own = [i for i, r in enumerate(rows) if r.lines[-1][0] == model]
            values[own] = lane.ahead([at[id(rows[i].lines[-1][1])] for i in own], ids[own]).to(each.dtype)
        return Step(log_probs=each[:, :-1], state=state or None, hidden=hidden, ids=ids, values=values)

    def _hidden(self, row: Row, site: str) -> Tensor:
        """(K, d) at the last token read."""
        found = []
        for model, x in row.lines:
            lane = self.lanes[model]
            found.append(lane.hidden[site][next(i for i, other in enumerate(lane.lines) if other is x)])
        return torch.stack(found)


def line(backbone: Backbone, ask: Ask, stream: Stream) -> Line:
    """A stream of an `Ask` ready to be read: resolved, its prompt within what the model can take.

    Raises:
        BadInput: the query does not fit, or the stream brings what this model cannot read.
    """
    stream = resolved(backbone, stream)
    prompt = prompt_ids(backbone.tokenizer, ask.query, stream, room(backbone, stream, ask.sampling.max_tokens))
    reads = ask.idiolect.combine.reads if ask.idiolect.combine else ()
    return Line(row=0, stream=stream, prompt=prompt, reads=reads)


def end_ids(backbone: Backbone) -> frozenset[int]:
    """Tokens that end an answer."""
    config = getattr(backbone.module, "generation_config", None)
    more = getattr(config, "eos_token_id", None)
    ids = {backbone.tokenizer.eos_token_id, *(more if isinstance(more, list) else [more])}
    return frozenset(i for i in ids if i is not None)
