"""What users' own edits cost in a mixed batch: a ratio within one run, so that it can be carried to another machine.

32 rows decode together, first without edits, then each with a LoRA of its own (rank 8 on q and v). Rounds alternate and
the fastest of each kind counts, so that other work on the machine disturbs neither alone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import torch

from idiolect.core.idiolect import Edit, Idiolect, Stream
from idiolect.core.layout import ask
from idiolect.core.requests import Ask, Key, Sampling
from idiolect.forward.sites import resolve
from idiolect.models.hf import HFModel
from idiolect.training.parts import low_rank

ROWS, TOKENS, RANK, ROUNDS = 32, 32, 8, 5


def edits(model: HFModel, user: int) -> tuple[Edit, ...]:
    """One user's LoRA, with random values, under a name that a slot can keep."""
    r = torch.Generator().manual_seed(user)

    def one(path: str, d_in: int, d_out: int) -> Edit:
        a, b = torch.randn(RANK, d_in, generator=r), torch.randn(d_out, RANK, generator=r)
        rows = {"A": 0.01 * a, "B": 0.01 * b, "scale": torch.tensor(1.0)}
        return Edit(site=path, formula=low_rank, rows=rows, cached_as=f"user {user} {path}")

    return tuple(one(s.path, s.d_in, s.d_out) for s in resolve(model.module, "q,v"))


def asks(idiolects: list[Idiolect]) -> list[Ask]:
    """The same question under each."""
    query, sampling = ask("", "What do I like?"), Sampling(max_tokens=TOKENS)
    return [Ask(query=query, idiolect=i, sampling=sampling) for i in idiolects]


def fastest(run: Callable[[], object], so_far: float) -> float:
    """Seconds of the faster of this run and those before."""
    began = time.perf_counter()
    run()
    return min(so_far, time.perf_counter() - began)


def main() -> None:
    """Prints one JSON object."""
    model = HFModel.random("llama", layers=4, width=256)
    keys = [Key(user=str(i)) for i in range(ROWS)]
    plain = asks([Idiolect()] * ROWS)
    mixed = asks([Idiolect(streams=(Stream(edits=edits(model, i)),)) for i in range(ROWS)])
    base = own = float("inf")
    for _ in range(ROUNDS):
        base = fastest(lambda: model.answer(plain, keys), base)
        own = fastest(lambda: model.answer(mixed, keys), own)
    seconds = {"base_seconds": round(base, 3), "mixed_seconds": round(own, 3)}
    print(json.dumps({"rows": ROWS, "rank": RANK, **seconds, "ratio": round(own / base, 3)}))


if __name__ == "__main__":
    main()
