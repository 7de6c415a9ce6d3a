"""Parts beside LoRA: worked on paper, and what they are at the start of training."""

from __future__ import annotations

import torch

from idiolect.core.requests import Site
from idiolect.training.parts import LowRank, low_rank
from idiolect.training.reft import Reft, loreft, orthonormal
from idiolect.training.shared import Coded, FullRank, coded, full_rank

SITE = Site("model.layers.0.self_attn.q_proj", 6, 6)
X, H = torch.randn(2, 2, 3, 6, generator=torch.Generator().manual_seed(0))


def drawn(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_code_is_a_bias_of_rank_r() -> None:
    t = Coded(rank=2, alpha=4.0, code=3).init(SITE, drawn()) | {"B": torch.randn(6, 2, generator=drawn(1))}
    rows = {**t, "p": torch.randn(2, 3, generator=drawn(2))}
    bias = 2.0 * rows["p"] @ t["P"].mT @ t["B"].mT
    plain = low_rank(X, H, {k: t[k] for k in ("A", "B", "scale")}, None)
    torch.testing.assert_close(coded(X, H, rows, None), plain + bias[:, None])
    torch.testing.assert_close(coded(X, H, {k: v for k, v in t.items() if k != "p"}, None), plain)


def test_an_example_seen_without_its_user_is_a_plain_lora() -> None:
    t = Coded(rank=2, code=3).init(SITE, drawn()) | {"B": torch.ones(6, 2), "p": torch.ones(2, 3)}
    forgotten = coded(X, H, {**t, "known": torch.tensor([0.0, 1.0])}, None)
    nobody = coded(X, H, {k: v for k, v in t.items() if k != "p"}, None)
    torch.testing.assert_close(forgotten[0], nobody[0])
    torch.testing.assert_close(forgotten[1], coded(X, H, t, None)[1])
    assert Coded(forget=1.0).noise(SITE, 4, drawn())["known"].tolist() == [0.0] * 4
    assert Coded(forget=1.0, closed=True).noise(SITE, 4, drawn()) == {}


def test_an_intervention_changes_its_subspace_alone() -> None:
    t = Reft(rank=2).init(SITE, drawn())
    torch.testing.assert_close(loreft(X, H, t, None), H)  # W begins as R, b as zero
    basis = orthonormal(torch.randn(2, 6, generator=drawn(1)))
    tensors = {"R": basis, "W": torch.zeros(2, 6), "b": torch.tensor([3.0, -1.0])}
    made = loreft(X, H, tensors, None)
    torch.testing.assert_close(made @ basis.mT, torch.tensor([3.0, -1.0]).expand(2, 3, 2))
    rest = torch.eye(6) - basis.mT @ basis
    torch.testing.assert_close(made @ rest, H @ rest, atol=1e-5, rtol=0)


def test_rows_stay_orthonormal_and_padding_in_rank_adds_nothing() -> None:
    raw = torch.randn(3, 2, 6, generator=drawn())
    basis = orthonormal(raw)
    torch.testing.assert_close(basis @ basis.mT, torch.eye(2).expand(3, 2, 2), atol=1e-5, rtol=0)
    torch.testing.assert_close(orthonormal(basis), basis)
    padded = {"R": torch.cat([basis[0], torch.zeros(1, 6)]), "W": torch.zeros(3, 6), "b": torch.zeros(3)}
    want = loreft(X, H, {"R": basis[0], "W": torch.zeros(2, 6), "b": torch.zeros(2)}, None)
    torch.testing.assert_close(loreft(X, H, padded, None), want)


def test_full_rank_is_the_layer_with_other_weights() -> None:
    weight, difference = torch.randn(2, 6, 6, generator=drawn())
    made = full_rank(X, X @ weight.mT, {"D": difference}, None)
    torch.testing.assert_close(made, X @ (weight + difference).mT)
    assert not FullRank().init(SITE, drawn())["D"].any()


def test_with_a_seed_every_lora_begins_at_one_point_at_each_site() -> None:
    one, other = (LowRank(seed=0).init(SITE, drawn(s))["A"] for s in (1, 2))
    assert torch.equal(one, other)
    elsewhere = LowRank(seed=0).init(Site("model.layers.1.self_attn.q_proj", 6, 6), drawn(1))["A"]
    assert not torch.equal(one, elsewhere)
    assert not torch.equal(LowRank().init(SITE, drawn(1))["A"], LowRank().init(SITE, drawn(2))["A"])
