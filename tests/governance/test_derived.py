"""What was learnt knows its sources, and goes or is learnt again when one of them goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import torch

from idiolect.core.errors import BadInput
from idiolect.core.types import Turn, UserData
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.governance import erasure
from idiolect.governance.derived import Settled, keep, load, parts, relearn, reopened, settle
from idiolect.governance.view import population, view

PEOPLE = ("ann", "bob", "eve")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    made = SQLiteStore(tmp_path / "home")
    for place, user in enumerate(PEOPLE):
        made.append(user, [Turn(id=f"{user}{i}", text=f"{user} says {place * 7 + i}") for i in range(3)])
        made.consent(user, "assist", "train", "share")
    yield made
    made.close()


def mean(users: Sequence[UserData]) -> torch.Tensor:
    """A stand-in for learning: one number from all that was seen."""
    said = [float(r.text.split()[-1]) for u in users for r in u.records if isinstance(r, Turn)]
    return torch.tensor([sum(said) / len(said)], dtype=torch.float64)


def learn(store: SQLiteStore, name: str = "mean") -> None:
    seen = population(store)
    keep(store, name, mean(seen), seen)


def delete(store: SQLiteStore, user: str, id: str) -> None:
    from idiolect.data.sqlite import rows

    with store.unit(user) as unit:
        assert unit is not None
        with unit.writing() as connection:
            rows.delete(connection, rows.versions(connection, id))


def test_what_was_kept_is_there_again_while_its_sources_are(store: SQLiteStore) -> None:
    keep(store, "voice", torch.ones(2), [view(store, "ann", purpose="train")], user="ann")
    learn(store)
    assert settle(store) == Settled()
    assert load(store, "voice", user="ann").tolist() == [1, 1]
    assert load(store, "mean").item() == pytest.approx(8.0)


def test_withdrawing_train_drops_his_adapters_and_reopens_what_is_shared(store: SQLiteStore) -> None:
    path = keep(store, "voice", torch.ones(2), [view(store, "ann", purpose="train")], user="ann")
    learn(store)
    store.consent("ann", "assist", "share")
    settled = settle(store, "ann")
    assert [len(settled.dropped), settled.reopened] == [1, ("theta/mean",)]
    assert not path.exists()
    assert reopened(store) == ("mean",)
    with pytest.raises(BadInput):
        load(store, "voice", user="ann")


def test_withdrawing_assist_or_the_provider_erases_nothing(store: SQLiteStore) -> None:
    store.consent("ann", "assist", "train", "share", "share_with_provider")
    keep(store, "voice", torch.ones(2), [view(store, "ann", purpose="train")], user="ann")
    keep(store, "notes", torch.ones(1), [view(store, "ann")], user="ann", purpose="assist")
    learn(store)
    store.consent("ann", "train", "share")
    assert settle(store) == Settled()


def test_withdrawing_share_takes_him_out_of_what_others_have(store: SQLiteStore) -> None:
    keep(store, "peers", torch.ones(1), [view(store, "bob", purpose="train", neighbours=("ann",))], user="bob")
    keep(store, "alone", torch.ones(1), [view(store, "bob", purpose="train")], user="bob")
    keep(store, "voice", torch.ones(1), [view(store, "ann", purpose="train")], user="ann")
    store.consent("ann", "assist", "train")
    (dropped,) = settle(store, "ann").dropped
    assert dropped.endswith("own/peers")
    assert load(store, "alone", user="bob").item() == load(store, "voice", user="ann").item() == 1


def test_a_deleted_record_takes_along_what_was_learnt_from_it(store: SQLiteStore) -> None:
    early = UserData("ann", view(store, "ann", purpose="train").records[:1])
    keep(store, "early", torch.ones(1), [early], user="ann")
    keep(store, "late", torch.ones(1), [view(store, "ann", purpose="train")], user="ann")
    delete(store, "ann", "ann2")
    assert [path.rpartition("/")[2] for path in settle(store, "ann").dropped] == ["late"]
    assert load(store, "early", user="ann").item() == 1


def test_a_record_that_came_later_changes_nothing(store: SQLiteStore) -> None:
    learn(store)
    store.append("ann", [Turn(id="new", text="ann says 99")])
    assert settle(store) == Settled()


def test_an_own_whose_source_went_is_not_served_even_if_nobody_settled(store: SQLiteStore) -> None:
    keep(store, "voice", torch.ones(1), [view(store, "ann", purpose="train")], user="ann")
    delete(store, "ann", "ann0")
    with pytest.raises(BadInput):
        load(store, "voice", user="ann")


def test_learning_again_equals_never_having_seen_him(store: SQLiteStore) -> None:
    learn(store)
    erased = erasure.erase(store, "ann")
    assert (erased.shared, erased.status) == (1, "open")
    relearn(store, "mean", mean)
    without = mean(population(store, ["bob", "eve"]))
    assert torch.allclose(load(store, "mean"), without, rtol=0, atol=1e-6)
    assert [r.status for r in erasure.receipts(store)] == ["closed"]
    assert reopened(store) == ()


def test_learning_again_takes_in_nobody_who_was_no_source(store: SQLiteStore) -> None:
    learn(store)
    store.append("new", [Turn(id="n", text="new says 1000")])
    store.consent("new", "assist", "train")
    erasure.erase(store, "ann")
    relearn(store, "mean", mean)
    assert load(store, "mean").item() == pytest.approx(mean(population(store, ["bob", "eve"])).item())


def test_strict_takes_what_is_shared_out_of_service_at_once(store: SQLiteStore) -> None:
    learn(store)
    erased = erasure.erase(store, "ann", strict=True)
    assert (erased.shared, erased.status) == (0, "closed")
    with pytest.raises(BadInput):
        load(store, "mean")
    assert not (store.folder / "theta" / "mean").exists()


def test_an_additive_theta_loses_exactly_him(store: SQLiteStore) -> None:
    for data in population(store):
        keep(store, "sums", mean([data]), [data], part_of=data.user_id)
    rest = [mean([data]) for data in population(store, ["bob", "eve"])]
    assert len(parts(store, "sums")) == 3
    assert erasure.erase(store, "ann").status == "closed"
    assert sorted(p.item() for p in parts(store, "sums")) == sorted(p.item() for p in rest)


def test_erasing_takes_him_out_of_what_others_learnt_from_him(store: SQLiteStore) -> None:
    path = keep(store, "peers", torch.ones(1), [view(store, "bob", purpose="train", neighbours=("ann",))], user="bob")
    assert erasure.erase(store, "ann").status == "closed"
    assert not path.exists()


def cut_off(store: SQLiteStore) -> Path:
    """What a training leaves that was stopped: its plan, and the state of a round."""
    from idiolect.data.sqlite import folder

    path = folder.private(folder.private(store.folder / "training") / "oppu")
    (path / "plan").write_text("of ann and bob")
    (path / "0123-0").mkdir()
    (path / "0123-0" / "state.safetensors").write_bytes(b"numbers of ann and bob")
    return path


def test_erasing_leaves_no_state_of_a_training_and_no_line_of_a_journal(store: SQLiteStore) -> None:
    path = cut_off(store)
    keep(store, "voice", torch.ones(2), [view(store, "ann", purpose="train")], user="ann")
    learn(store)
    unit = store.key("ann")
    assert unit is not None
    erasure.erase(store, "ann")
    assert (path.exists(), list(path.iterdir())) == (True, [])
    for side in store.folder.glob("*-*"):  # logs of databases that are still open
        content = side.read_bytes()
        assert not [text for text in (b"ann says", b"ann0") if text in content]
    journals = b"".join(p.read_bytes() for p in store.folder.glob("catalogue.db*"))
    assert b"ann" not in journals


def test_erasing_a_stranger_touches_no_training(store: SQLiteStore) -> None:
    path = cut_off(store)
    erasure.erase(store, "nobody")
    assert (path / "plan").exists()


def test_the_ledger_says_nothing_of_what_was_said(store: SQLiteStore) -> None:
    store.append("ann", [Turn(id="canary-id-17", text="a canary of 17")])
    learn(store)
    content = b"".join(p.read_bytes() for p in store.folder.glob("lineage.db*"))
    assert not [word for word in (b"canary", b"ann says") if word in content]
    assert erasure.erase(store, "ann").residue == 0


def test_an_erasure_that_was_broken_off_reaches_what_is_shared_later(store: SQLiteStore) -> None:
    path = keep(store, "peers", torch.ones(1), [view(store, "bob", purpose="train", neighbours=("ann",))], user="bob")
    store.erase("ann")  # as far as a process came that was killed then
    assert [r.status for r in erasure.receipts(store)] == ["open"]
    erasure.finish(store)
    assert [r.status for r in erasure.receipts(store)] == ["closed"]
    assert not path.exists()


def test_a_new_version_from_fewer_people_forgets_the_others(store: SQLiteStore) -> None:
    learn(store)
    few = population(store, ["bob"])
    keep(store, "mean", mean(few), few)
    assert erasure.erase(store, "ann").shared == 0


@pytest.mark.parametrize("name", ["../x", "", "A", "a/b"])
def test_a_name_is_a_plain_word(store: SQLiteStore, name: str) -> None:
    with pytest.raises(BadInput, match="not a plain word"):
        keep(store, name, torch.ones(1), population(store))


def test_a_stranger_has_no_own(store: SQLiteStore) -> None:
    with pytest.raises(BadInput, match="nothing is kept of him"):
        keep(store, "voice", torch.ones(1), [], user="nobody")
