"""Keys and values through slots, and vectors foreseen from like posts: worked out on paper."""

from __future__ import annotations

import math

import pytest
import torch

from idiolect.core.requests import Site
from idiolect.training.computed.foresight import Foresight, foreseen, unlike
from idiolect.training.computed.slotted import Slotted, attend, past, slotted
from idiolect.training.objectives import Answers, Outputs

SITE = Site("past", 4, 4)
SHAPE = Slotted(count=3, hidden=5, layers=(1, 3), heads=2, width=6)


def drawn(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_slot_takes_what_matches_it() -> None:
    # one slot (2, 0); tokens normalised are (1, -1) and (-1, 1): scores +-2 / sqrt 2, weights e^(2 sqrt 2) : 1
    text = torch.tensor([[[3.0, 1.0], [1.0, 3.0]]])
    weight = math.exp(2 * math.sqrt(2)) / (1 + math.exp(2 * math.sqrt(2)))
    made = attend(torch.tensor([[[2.0, 0.0]]]), text, torch.ones(1, 2), torch.eye(2), 10 * torch.eye(2))
    assert made[0, 0].tolist() == pytest.approx([10 * (2 * weight - 1), -10 * (2 * weight - 1)], rel=1e-4)


def test_where_no_token_is_there_a_slot_takes_nothing() -> None:
    made = attend(torch.ones(2, 1, 4), torch.randn(2, 3, 4), torch.zeros(2, 3), torch.eye(4), torch.eye(4))
    assert not made.any()


def test_padding_of_what_is_read_changes_nothing() -> None:
    tensors = SHAPE.init(SITE, drawn()) | {"up": torch.randn(2, 2, 2, 6, 5, generator=drawn(1))}
    query, text = torch.randn(2, 4, generator=drawn(2)), torch.randn(3, 4, generator=drawn(3))

    def rows(more: int) -> dict[str, torch.Tensor]:
        read = past(torch.cat([query, torch.ones(more, 4)]), [torch.cat([text, torch.ones(more, 4)])], 3).computed
        assert read is not None
        made = {k: v.clone() for k, v in read.rows.items()}
        made["query_there"][2:] = made["retrieved_there"][3:] = 0
        return {k: v[None] for k, v in made.items()}

    bare, padded = (slotted({**tensors, **rows(n)}, None) for n in (0, 2))
    assert set(bare) == {"1", "3"}
    for layer in bare:
        for one, other in zip(bare[layer], padded[layer], strict=True):
            assert one.shape == (1, 2, 3, 6)  # heads, slots, d_head
            torch.testing.assert_close(one, other)


def test_before_training_keys_and_values_are_zero_and_the_table_adds_to_them() -> None:
    read = past(torch.randn(2, 4), [], 3).computed
    assert read is not None
    rows = {k: v[None] for k, v in read.rows.items()}
    tensors = SHAPE.init(SITE, drawn())
    assert not any(t.any() for pair in slotted({**tensors, **rows}, None).values() for t in pair)
    table = torch.randn(tensors["table"].shape)
    (keys, values), _ = slotted({**tensors, **rows, "table": table}, None).values()
    assert torch.equal(keys[0], table[0, 0])
    assert torch.equal(values[0], table[0, 1])


def test_at_first_one_is_foreseen_to_say_what_one_said_to_like_posts() -> None:
    tensors = Foresight(sharpness=math.log(3)).init(SITE, drawn())
    posts = torch.eye(4)[None, :2]
    numbers = {"query": posts[:, 0], "posts": posts, "answers": torch.eye(4)[None, 2:], "there": torch.ones(1, 2)}
    assert foreseen(numbers, tensors).tolist() == [pytest.approx([0.0, 0.0, 0.75, 0.25])]


def test_the_loss_is_nothing_where_the_direction_is_right() -> None:
    nothing = torch.zeros(0, dtype=torch.long)
    tensors = Foresight().init(SITE, drawn()) | {"W": torch.eye(4)}
    outputs = Outputs(Answers(torch.zeros(0, 1), nothing, nothing, 2), parts=[tensors])
    blank = {"posts": torch.zeros(2, 1, 4), "answers": torch.zeros(2, 1, 4), "there": torch.zeros(2, 1)}
    x = torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0]])
    losses = unlike(outputs, {"query": x, **blank, "said": torch.tensor([[3.0, 0, 0, 0], [0.0, -1.0, 0, 0]])})
    assert losses.tolist() == pytest.approx([0.0, 2.0])
