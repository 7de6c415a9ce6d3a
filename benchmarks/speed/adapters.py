"""What personal adapters cost: in decoding, in training, in coming and going; a decoder of 14 M random weights."""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any

import torch
from ratio import Pair, Row, Work, machine

from idiolect.adaptation.steering import steer
from idiolect.core.idiolect import Block, Combine, Edit, Idiolect, Stream
from idiolect.core.layout import PROFILE, ask
from idiolect.core.requests import Ask, Fit, Item, Key, Recipe, Sampling
from idiolect.forward.sites import resolve
from idiolect.forward.slots import Slots
from idiolect.generation.engine import Engine
from idiolect.models.hf import HFModel
from idiolect.training import export, loop, run
from idiolect.training.parts import LowRank, low_rank

RANK, ROWS, TOKENS, USERS = 8, 32, 32, 64
TURNS = 9  # of what is timed token by token


def edits(model: HFModel, user: int, sites: str) -> tuple[Edit, ...]:
    """One user's LoRA with random values, under a name that a slot can keep."""
    draw = torch.Generator().manual_seed(user)

    def one(path: str, d_in: int, d_out: int) -> Edit:
        a, b = (0.01 * torch.randn(*shape, generator=draw) for shape in ((RANK, d_in), (d_out, RANK)))
        rows = {"A": a, "B": b, "scale": torch.tensor(1.0)}
        return Edit(site=path, formula=low_rank, rows=rows, cached_as=f"user {user} {path}")

    return tuple(one(s.path, s.d_in, s.d_out) for s in resolve(model.module, sites))


def decoding(model: HFModel, sites: str) -> tuple[Work, Work]:
    """32 users' answers in one batch, each under his own LoRA; and the base model's."""
    keys, sampling = [Key(user=str(i)) for i in range(ROWS)], Sampling(max_tokens=TOKENS)
    own = [Idiolect(streams=(Stream(edits=edits(model, i, sites)),)) for i in range(ROWS)]

    def asks(idiolects: list[Idiolect]) -> list[Ask]:
        return [Ask(query=ask("", "What do I like?"), idiolect=i, sampling=sampling) for i in idiolects]

    mixed, plain = asks(own), asks([Idiolect()] * ROWS)
    return lambda: model.answer(mixed, keys), lambda: model.answer(plain, keys)


def training(model: HFModel) -> tuple[Work, Work]:
    """64 users, one example of 64 tokens each a step: in chunks of the loop's choice, and one after the other."""
    words = "a film about ships and the sea "
    items = [Item(query=ask("tag", words), answer="salty " * 4, user=str(i)) for i in range(USERS)]
    recipe = Recipe(lr=1e-3, steps=2, batch=1)
    fits = [Fit(train=(LowRank(rank=RANK),), items=(i,), recipe=recipe) for i in items]
    keys = [Key(user=i.user) for i in items]

    def at_most(slots: int) -> object:
        chosen, run.SLOTS = run.SLOTS, slots
        try:
            return loop.fit(model, fits, keys)
        finally:
            run.SLOTS = chosen

    return lambda: at_most(run.SLOTS), lambda: at_most(1)


def activating(model: HFModel, folder: Path) -> tuple[Work, Work]:
    """A cold adapter from its folder into a slot; and PEFT's hotswap of the same folder."""
    import copy

    from peft import PeftModel
    from peft.utils.hotswap import hotswap_adapter

    folders = [export.save(folder / str(i), edits(model, i, "linear")) for i in range(2)]
    theirs: Any = PeftModel.from_pretrained(copy.deepcopy(model.module), str(folders[0]))
    slots = Slots(model.device, model.module.dtype, capacity=1)  # as PEFT has one place, which each takes from the last
    turn = 0

    def ours() -> None:
        nonlocal turn
        turn += 1
        for i, edit in enumerate(export.load(folders[turn % 2])):
            slots.stack([Edit(site=edit.site, formula=edit.formula, rows=edit.rows, cached_as=f"{turn}/{i}")])

    def hotswap() -> None:
        nonlocal turn
        turn += 1
        hotswap_adapter(theirs, str(folders[turn % 2]), adapter_name="default")

    return ours, hotswap


def contrast(rows: int) -> tuple[list[Ask], list[Ask]]:
    """Answers that two streams decide together, with and without a profile; and those of the first stream alone."""
    sampling = Sampling(max_tokens=TOKENS)
    told = Stream(context=(Block(heading=PROFILE, lines=("wants: short answers",)),))
    two = Idiolect(streams=(told, Stream()), combine=Combine(formula=steer, rows={"strength": 1.0}))

    def asks(idiolect: Idiolect) -> list[Ask]:
        return [Ask(query=ask("", "What do I like?"), idiolect=idiolect, sampling=sampling)] * rows

    return asks(two), asks(Idiolect(streams=(told,)))


def per_token(model: HFModel, asks: Sequence[Ask]) -> float:
    """Seconds of writing the answers once the prompts are read: a second stream's prompt is no cost of a token."""
    engine = Engine(model.models)
    for number, asked in enumerate(asks):
        engine.submit(asked, Key(user=str(number)))
    engine.step()
    began = time.perf_counter()
    engine.run()
    return time.perf_counter() - began


def contrasts(model: HFModel) -> Iterator[Row | Pair]:
    """One distribution of two streams: a token of it, and a whole answer with its prompts."""
    for rows, goal in ((1, 1.25), (ROWS, 1.95)):
        two, one = contrast(rows)
        ratios = [per_token(model, two) / per_token(model, one) for _ in range(TURNS + 1)][1:]
        yield row(f"contrastive / base per token, batch {rows}", ratios, goal, "lower", "adapters")
        keys = [Key(user=str(i)) for i in range(rows)]
        yield Pair(
            id=f"contrastive / base, prompts and {TOKENS} tokens, batch {rows}",
            ours=lambda a=two, k=keys: model.answer(a, k),  # type: ignore[misc]
            theirs=lambda a=one, k=keys: model.answer(a, k),  # type: ignore[misc]
        )


def row(id: str, ratios: Sequence[float], goal: float | None, better: str, file: str) -> Row:
    """The median of ratios and their quartiles."""
    low, middle, high = quantiles(ratios, n=4)
    found = {"ratio": round(middle, 3), "low": round(low, 3), "high": round(high, 3)}
    return Row(id=id, **found, goal=goal, better=better, command=f"python benchmarks/speed {file}", machine=machine())


def pairs() -> Iterator[Row | Pair]:
    """The rows."""
    warnings.filterwarnings("ignore", category=FutureWarning)  # PEFT asks transformers for an old name
    model = HFModel.random("llama", layers=6, width=512)
    yield from contrasts(model)
    with tempfile.TemporaryDirectory() as folder:
        for id, goal, (ours, theirs) in (
            ("decode 32 users, LoRA on q,v / base", 1.10, decoding(model, "q,v")),
            ("decode 32 users, LoRA on all linear / base", 1.45, decoding(model, "linear")),
            ("activate a cold adapter / PEFT hotswap", 0.30, activating(model, Path(folder))),
            ("train 64 users in slots / one by one, fp32", 0.60, training(model)),
        ):
            yield Pair(id=id, goal=goal, ours=ours, theirs=theirs)
