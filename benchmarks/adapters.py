"""What personal adapters cost, as ratios within one run, so that they can be carried to another machine.

    python benchmarks/adapters.py [results.json]

Rows: id, ratio, low, high, goal, better, command, machine. Both sides of a ratio alternate, round by round; the ratio
is the median over rounds, its limits are the quartiles. The model is a decoder of about 14 M random weights.
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles
from typing import Any

import torch

from idiolect.core.idiolect import Edit, Idiolect, Stream
from idiolect.core.layout import ask
from idiolect.core.requests import Ask, Fit, Item, Key, Recipe, Sampling
from idiolect.forward.sites import resolve
from idiolect.forward.slots import Slots
from idiolect.models.hf import HFModel
from idiolect.training import export, loop, run
from idiolect.training.parts import LowRank, low_rank

RANK, ROWS, TOKENS, USERS, ROUNDS = 8, 32, 32, 64, 5


def edits(model: HFModel, user: int, sites: str) -> tuple[Edit, ...]:
    """One user's LoRA with random values, under a name that a slot can keep."""
    draw = torch.Generator().manual_seed(user)

    def one(path: str, d_in: int, d_out: int) -> Edit:
        a, b = (0.01 * torch.randn(*shape, generator=draw) for shape in ((RANK, d_in), (d_out, RANK)))
        rows = {"A": a, "B": b, "scale": torch.tensor(1.0)}
        return Edit(site=path, formula=low_rank, rows=rows, cached_as=f"user {user} {path}")

    return tuple(one(s.path, s.d_in, s.d_out) for s in resolve(model.module, sites))


def decoding(model: HFModel, sites: str) -> tuple[Callable[[], object], Callable[[], object]]:
    """32 users' answers in one batch, each under his own LoRA; and the base model's."""
    keys, sampling = [Key(user=str(i)) for i in range(ROWS)], Sampling(max_tokens=TOKENS)
    own = [Idiolect(streams=(Stream(edits=edits(model, i, sites)),)) for i in range(ROWS)]

    def asks(idiolects: list[Idiolect]) -> list[Ask]:
        return [Ask(query=ask("", "What do I like?"), idiolect=i, sampling=sampling) for i in idiolects]

    mixed, plain = asks(own), asks([Idiolect()] * ROWS)
    return lambda: model.answer(mixed, keys), lambda: model.answer(plain, keys)


def training(model: HFModel) -> tuple[Callable[[], object], Callable[[], object]]:
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


def activating(model: HFModel, folder: Path) -> tuple[Callable[[], object], Callable[[], object]]:
    """A cold adapter from its folder into a slot; and PEFT's hotswap of the same folder."""
    import copy

    from peft import PeftModel
    from peft.utils.hotswap import hotswap_adapter

    folders = [export.save(folder / str(i), edits(model, i, "linear")) for i in range(2)]
    theirs: Any = PeftModel.from_pretrained(copy.deepcopy(model.module), str(folders[0]))
    slots = Slots(model.device, model.module.dtype)
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


def seconds(work: Callable[[], object]) -> float:
    """Of one run."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def row(id: str, goal: float, pair: tuple[Callable[[], object], Callable[[], object]]) -> dict[str, Any]:
    """One row; each side runs once before it counts."""
    for work in pair:
        work()
    ratios = [seconds(pair[0]) / seconds(pair[1]) for _ in range(ROUNDS)]
    low, middle, high = quantiles(ratios, n=4)
    machine = (
        f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}"
    )
    found = {"id": id, "ratio": round(middle, 3), "low": round(low, 3), "high": round(high, 3), "goal": goal}
    return found | {"better": "lower", "command": "python benchmarks/adapters.py", "machine": machine}


def main() -> None:
    """Prints the rows, and writes them where a file is named."""
    warnings.filterwarnings("ignore", category=FutureWarning)  # PEFT asks transformers for an old name
    model = HFModel.random("llama", layers=6, width=512)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for id, goal, pair in (
            ("decode 32 users, LoRA on q,v / base", 1.10, decoding(model, "q,v")),
            ("decode 32 users, LoRA on all linear / base", 1.45, decoding(model, "linear")),
            ("train 64 users in slots / one by one, fp32", 0.60, training(model)),
            ("activate a cold adapter / PEFT hotswap", 0.30, activating(model, Path(folder))),
        ):
            rows.append(row(id, goal, pair))
            print(json.dumps(rows[-1]), flush=True)
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
