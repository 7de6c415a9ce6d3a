"""Edits of many rows on one batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from idiolect.core.errors import UnknownName
from idiolect.core.idiolect import Edit
from idiolect.forward.attach import At, Plain, attached, gather, pad_stack, recorded
from idiolect.training.shared import full_rank


class Toy(nn.Module):
    """One layer that returns what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)


def add(x: Tensor, h: Tensor, t: Mapping[str, Tensor], at: At) -> Tensor:
    return h + t["by"][:, None, None]


def times(x: Tensor, h: Tensor, t: Mapping[str, Tensor], at: At) -> Tensor:
    return h * t["by"][:, None, None]


def low_rank(x: Tensor, h: Tensor, t: Mapping[str, Tensor], at: At) -> Tensor:
    return h + x @ t["A"].transpose(1, 2) @ t["B"].transpose(1, 2)


def shared_shift(x: Tensor, h: Tensor, t: Mapping[str, Tensor], at: At) -> Tensor:
    return h + t["v"]


def to_partner(x: Tensor, h: Tensor, t: Mapping[str, Tensor], at: At) -> Tensor:
    assert at.partner is not None
    return at.partner


def where(batch: int, length: int = 2) -> At:
    ones = torch.ones(batch, length, dtype=torch.bool)
    return At(positions=ones.long().cumsum(1) - 1, valid=ones, answer=ones)


def edit(formula: Any, by: float, **more: Any) -> Edit:
    return Edit(site="layer", formula=formula, rows={"by": torch.tensor(by)}, **more)


def run(edits: list[list[Edit]], x: Tensor, partners: Any = None) -> Tensor:
    toy = Toy()
    with attached(toy, gather(edits, partners), where(*x.shape[:2])):
        out: Tensor = toy(x)
    assert not toy.layer._forward_hooks
    return out


def test_each_row_gets_its_own_edit_and_a_row_without_one_none() -> None:
    out = run([[edit(add, 1.0)], [], [edit(add, 3.0)]], torch.zeros(3, 2, 1))
    assert out[:, 0, 0].tolist() == [1.0, 0.0, 3.0]


def test_edits_on_one_site_keep_their_order() -> None:
    first = [edit(add, 1.0), edit(times, 3.0)]  # (2 + 1) * 3
    second = [edit(times, 3.0), edit(add, 1.0)]  # 2 * 3 + 1
    out = run([first, second], torch.full((2, 2, 1), 2.0))
    assert out[:, 0, 0].tolist() == [9.0, 7.0]


def test_rows_of_one_formula_share_one_call() -> None:
    assert len(gather([[edit(add, 1.0)], [edit(add, 2.0)], []])) == 1


def test_other_shared_tensors_are_another_group() -> None:
    v, w = torch.ones(1), torch.full((1,), 5.0)
    edits = [[Edit(site="layer", formula=shared_shift, shared={"v": s})] for s in (v, w, v)]
    assert len(gather(edits)) == 2
    assert run(edits, torch.zeros(3, 1, 1)).flatten().tolist() == [1.0, 5.0, 1.0]


def test_a_lora_padded_in_rank_adds_exactly_what_it_adds_alone() -> None:
    generator = torch.Generator().manual_seed(0)

    def lora(rank: int) -> Edit:
        a, b = torch.randn(rank, 4, generator=generator), torch.randn(4, rank, generator=generator)
        return Edit(site="layer", formula=low_rank, rows={"A": a, "B": b})

    edits, x = [lora(1), lora(3)], torch.randn(2, 2, 4)
    together = run([[e] for e in edits], x)
    alone = torch.cat([run([[e]], x[i : i + 1]) for i, e in enumerate(edits)])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-6)


def test_padding_is_zeros_at_the_end() -> None:
    assert pad_stack([torch.ones(1), torch.ones(2)]).tolist() == [[1.0, 0.0], [1.0, 1.0]]


def test_a_partner_gives_the_other_streams_state() -> None:
    pair = [Edit(site="layer", formula=to_partner, partner=1)]
    out = run([pair, []], torch.tensor([1.0, 2.0]).reshape(2, 1, 1), [[0, 1], [0, 1]])
    assert out.flatten().tolist() == [2.0, 2.0]


def test_hooks_come_off_when_a_formula_fails() -> None:
    toy = Toy()
    with (
        pytest.raises(KeyError),
        attached(toy, gather([[Edit(site="layer", formula=add)]]), where(1)),
    ):
        toy(torch.zeros(1, 2, 1))
    assert not toy.layer._forward_hooks


def test_a_site_that_is_not_there_is_refused_and_nothing_stays_hooked() -> None:
    toy = Toy()
    wrong = [edit(add, 1.0), Edit(site="nowhere", formula=add)]
    with pytest.raises(UnknownName, match="nowhere"), attached(toy, gather([wrong]), where(1)):
        pass
    assert not toy.layer._forward_hooks


def test_what_is_recorded_is_what_the_edits_left() -> None:
    toy = Toy()
    with attached(toy, gather([[edit(add, 4.0)]]), where(1)), recorded(toy, ["layer"]) as seen:
        toy(torch.zeros(1, 2, 1))
    assert seen["layer"].flatten().tolist() == [4.0, 4.0]


def test_a_value_head_stands_in_every_column_of_its_row_alone() -> None:
    def value(x: Tensor, h: Tensor, t: Mapping[str, Tensor], at: At) -> Tensor:
        return h.sum(-1, keepdim=True)

    out = run([[Edit(site="layer", formula=value)], []], torch.ones(2, 1, 3))
    assert out[:, 0].tolist() == [[3.0, 3.0, 3.0], [1.0, 1.0, 1.0]]


def test_an_edit_without_rows_is_put_where_the_model_is_and_takes_its_type() -> None:
    everybody = Edit(site="q", formula=full_rank, shared={"D": torch.zeros(2, 2)})
    (placed,) = gather([(everybody,), (everybody,)], stack=Plain(torch.device("meta"), torch.bfloat16))
    assert (placed.shared["D"].device.type, placed.shared["D"].dtype) == ("meta", torch.bfloat16)
