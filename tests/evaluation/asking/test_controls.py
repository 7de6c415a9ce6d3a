from __future__ import annotations

from idiolect.core.types import Turn, UserData
from idiolect.evaluation.asking.controls import shuffled

ANN = UserData("ann", tuple(Turn(id=str(n), time=float(n), text=f"said {n}") for n in range(12)))


def test_the_same_records_stand_in_another_order_oldest_first() -> None:
    found = shuffled(ANN)
    assert [r.time for r in found.records] == [r.time for r in ANN.records]
    assert [r.id for r in found.records] != [r.id for r in ANN.records]
    assert found.lineage == ANN.lineage


def test_the_order_is_the_users_own_and_the_seeds() -> None:
    bob = UserData("bob", ANN.records)
    orders = [[r.id for r in shuffled(*who).records] for who in ((ANN,), (ANN, 1), (bob,), (ANN, 0))]
    assert orders[0] == orders[3]
    assert orders[0] != orders[1]
    assert orders[0] != orders[2]
