"""What personal adapters cost: in decoding, in training, in coming and going.

Each row on a decoder of 14 M random weights, and on the embedded model. What is trained in slots is compared with what
is trained one by one before it is timed. In bf16 only where the hardware multiplies it.
"""

from __future__ import annotations

import sys
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
from idiolect.core.requests import Ask, Fit, Fitted, Item, Key, Recipe, Sampling
from idiolect.forward.sites import resolve
from idiolect.forward.slots import Slots
from idiolect.generation.engine import Engine
from idiolect.models.embedded import open_embedded
from idiolect.models.hf import HFModel
from idiolect.training import export, loop, run
from idiolect.training.parts import LowRank, low_rank

RANK, ROWS, TOKENS, USERS = 8, 32, 32, 64
TURNS = 9  # of what is timed token by token
NEAR = {torch.float32: 1e-4, torch.bfloat16: 2e-2}  # of two losses, in parts of them: as the contract has it, and bf16


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

    made: list[Sequence[Any]] = []

    def at_most(slots: int) -> Sequence[Any]:
        chosen, run.SLOTS = run.SLOTS, slots
        try:
            return loop.fit(model, fits, keys)
        finally:
            run.SLOTS = chosen

    def together() -> None:
        made[:] = [at_most(run.SLOTS)]

    def apart() -> None:
        alone = at_most(1)
        if made:
            equal(made.pop(), alone, NEAR[model.module.dtype])

    return together, apart


def equal(ours: Sequence[Any], theirs: Sequence[Any], near: float) -> None:
    """Every user's loss at every step, trained in slots and alone.

    Raises:
        ValueError: somebody's differ by more than the share `near`, or he was not trained: there is nothing to time.
    """
    for one, other in zip(ours, theirs, strict=True):
        if not (isinstance(one, Fitted) and isinstance(other, Fitted)):
            raise ValueError(f"a user was not trained: {one} and {other}")
        for user, losses in other.losses.items():
            if not torch.allclose(torch.tensor(one.losses[user]), torch.tensor(losses), rtol=near, atol=0):
                raise ValueError(f"user {user}: losses {one.losses[user]} in slots, {losses} alone")


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


def contrasts(model: HFModel, on: str) -> Iterator[Row | Pair]:
    """One distribution of two streams: a token of it, and a whole answer with its prompts."""
    for rows, goal in ((1, 1.25), (ROWS, 1.95)):
        two, one = contrast(rows)
        ratios = [per_token(model, two) / per_token(model, one) for _ in range(TURNS + 1)][1:]
        yield row(f"contrastive / base per token, batch {rows}{on}", ratios, goal, "lower", "adapters")
        keys = [Key(user=str(i)) for i in range(rows)]
        yield Pair(
            id=f"contrastive / base, prompts and {TOKENS} tokens, batch {rows}{on}",
            ours=lambda a=two, k=keys: model.answer(a, k),  # type: ignore[misc]
            theirs=lambda a=one, k=keys: model.answer(a, k),  # type: ignore[misc]
        )


def row(id: str, ratios: Sequence[float], goal: float | None, better: str, file: str) -> Row:
    """The median of ratios and their quartiles."""
    low, middle, high = quantiles(ratios, n=4)
    found = {"ratio": round(middle, 3), "low": round(low, 3), "high": round(high, 3)}
    return Row(id=id, **found, goal=goal, better=better, command=f"python benchmarks/speed {file}", machine=machine())


def half(model: HFModel, on: str) -> Iterator[Pair]:
    """Training in bf16, where "auto" takes it for this hardware; elsewhere says that it is not measured."""
    id = f"train {USERS} users in slots / one by one, bf16{on}"
    if open_embedded(device="cpu", dtype="auto").module.dtype != torch.bfloat16:
        print(f"not measured, no bf16 instructions here: {id}", file=sys.stderr)
        return
    model.module.to(torch.bfloat16)
    ours, theirs = training(model)
    yield Pair(id=id, goal=0.40, ours=ours, theirs=theirs)


def of(model: HFModel, on: str) -> Iterator[Row | Pair]:
    """The rows of one model; `on` names it in them."""
    yield from contrasts(model, on)
    with tempfile.TemporaryDirectory() as folder:
        for id, goal, (ours, theirs) in (
            (f"decode {ROWS} users, LoRA on q,v / base", 1.10, decoding(model, "q,v")),
            (f"decode {ROWS} users, LoRA on all linear / base", 1.45, decoding(model, "linear")),
            ("activate a cold adapter / PEFT hotswap", 0.30, activating(model, Path(folder))),
            (f"train {USERS} users in slots / one by one, fp32", 0.60, training(model)),
        ):
            yield Pair(id=f"{id}{on}", goal=goal, ours=ours, theirs=theirs)
    yield from half(model, on)


def pairs() -> Iterator[Row | Pair]:
    """The rows."""
    warnings.filterwarnings("ignore", category=FutureWarning)  # PEFT asks transformers for an old name
    yield from of(HFModel.random("llama", layers=6, width=512), "")
    yield from of(open_embedded(device="cpu"), ", embedded model")
