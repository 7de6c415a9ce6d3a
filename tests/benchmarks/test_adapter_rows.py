"""The rows of adapters, with counts so small that only what they say is tried."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from idiolect.core.requests import Fitted
from idiolect.models.hf import HFModel

SPEED = Path(__file__).parents[2] / "benchmarks" / "speed"


@pytest.fixture
def adapters(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module as the benchmarks import it, with counts of almost nothing."""
    monkeypatch.syspath_prepend(str(SPEED))
    import adapters

    for name, count in {"ROWS": 2, "TOKENS": 2, "USERS": 3, "TURNS": 2}.items():
        monkeypatch.setattr(adapters, name, count)
    return adapters


def test_what_is_timed_was_trained_alike_in_slots_and_one_by_one(adapters: Any, llama: HFModel) -> None:
    together, apart = adapters.training(llama)
    together()
    apart()


def test_losses_that_differ_are_not_timed(adapters: Any) -> None:
    one, other = (Fitted(users={}, losses={"ann": (2.0, loss)}) for loss in (1.0, 1.001))
    adapters.equal([one], [one], 1e-4)
    with pytest.raises(ValueError, match="user ann: losses"):
        adapters.equal([one], [other], 1e-4)
    with pytest.raises(ValueError, match="was not trained"):
        adapters.equal([one], [ValueError("no")], 1e-4)


def test_without_the_instructions_bf16_is_said_not_to_be_measured(
    adapters: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("idiolect.models.hf._cpu_flags", lambda: {"avx2"})
    assert list(adapters.half(HFModel.random("llama"), "")) == []
    assert (
        "not measured, no bf16 instructions here: train 3 users in slots / one by one, bf16" in capsys.readouterr().err
    )


def test_with_them_it_is_trained_alike_in_slots_and_one_by_one(adapters: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("idiolect.models.hf._cpu_flags", lambda: {"avx512_bf16"})
    model = HFModel.random("llama")
    (pair,) = adapters.half(model, ", embedded model")
    assert (pair.id, pair.goal) == ("train 3 users in slots / one by one, bf16, embedded model", 0.4)
    assert model.module.dtype == torch.bfloat16
    pair.ours()
    pair.theirs()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning")
def test_each_row_stands_there_for_the_random_and_for_the_embedded_model(
    adapters: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("idiolect.models.hf._cpu_flags", lambda: {"avx2"})
    rows = list(adapters.pairs())
    for row in rows:
        if isinstance(row, adapters.Pair) and "PEFT" not in row.id:
            row.ours()
            row.theirs()
    ids = [row.id for row in rows]
    random = ids[: len(ids) // 2]
    assert ids[len(ids) // 2 :] == [f"{id}, embedded model" for id in random]
    assert sum(row.goal is not None for row in rows) == 12
