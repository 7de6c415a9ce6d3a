"""`idiolect adapt` and `idiolect adapters`: published whole, resumed to the same end, carried to PEFT and back."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from idiolect.adaptation.adapters.personal.oppu import OPPU
from idiolect.cli import adapters, app
from idiolect.cli.own import rounds
from idiolect.cli.own.rounds import Job
from idiolect.cli.own.shelf import Shelf, plain
from idiolect.core.errors import BadInput, StoreError
from idiolect.core.requests import Recipe
from idiolect.core.types import Interaction, UserData
from idiolect.data import artifacts
from idiolect.data.codec import tensors_of
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.governance import derived
from idiolect.governance.erasure import erase
from idiolect.governance.view import view
from idiolect.models.hf import HFModel
from idiolect.training import export
from idiolect.training.parts import LowRank

run = CliRunner().invoke
QUICK = Recipe(lr=1e-2, epochs=2, batch=2)
METHOD = OPPU(task=LowRank(rank=2, sites="q,v"), task_recipe=QUICK, user=LowRank(rank=3, sites="q"), recipe=QUICK)


def silent(what: str, done: int, of: int) -> None:
    pass


def person(user: str, count: int = 3, label: str = "dull") -> UserData:
    records = (Interaction(id=f"{user}{i}", task="tag", prompt=f"film {i}", text=label) for i in range(count))
    return UserData(user, tuple(records))


def job(model: HFModel, users: int = 5, **more: Any) -> Job:
    people = {f"u{i}": person(f"u{i}", 1 + i) for i in range(users)} | more.pop("people", {})
    given = {"spec": "oppu", "method": METHOD, "options": {}, "seed": 0, "name": "oppu"} | more
    return Job(model=model, users=people, learners=(person("l0"), person("l1", label="odd")), **given)


@pytest.fixture
def shelf(tmp_path: Path) -> Any:
    store = SQLiteStore(tmp_path / "home")
    yield Shelf(store)
    store.close()


def numbers(shelf: Shelf, user: str) -> torch.Tensor:
    kept, _ = shelf.load(user, "oppu")
    return torch.cat([t.flatten() for t in tensors_of(kept["own"])])


def test_every_user_gets_an_adapter_in_his_own_folder(shelf: Shelf, llama: HFModel) -> None:
    done = rounds.adapt(job(llama, people={"empty": UserData("empty")}), shelf, silent, resume=False)
    assert done.published == [f"u{i}" for i in range(5)]  # one record is enough
    assert done.without == ["empty"]
    assert shelf.users() == tuple(done.published)
    about = shelf.about("u1", "oppu")
    assert (about["base"], about["method"], len(about["losses"])) == (llama.digest, "oppu", 2)
    assert not torch.equal(numbers(shelf, "u1"), numbers(shelf, "u2"))
    assert not (shelf.store.folder / "training" / "oppu").exists()
    assert not [p for p in shelf.store.home.rglob("*") if p.lstat().st_mode & 0o077]  # its owner's alone


class Killed(BaseException):
    """As if the process had been killed: nothing catches it."""


@pytest.mark.slow
def test_after_a_kill_the_same_adapters_are_published(
    tmp_path: Path, llama: HFModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "ROUND", 2)
    monkeypatch.setattr(rounds, "EVERY", 0.0)
    whole, cut = (Shelf(SQLiteStore(tmp_path / name)) for name in ("whole", "cut"))
    rounds.adapt(job(llama), whole, silent, resume=False)
    for step in (2, 5, 9):  # while theta is learnt; in the first round; in a later one
        seen = 0

        def kill(what: str, done: int, of: int, step: int = step) -> None:
            nonlocal seen
            seen += 1
            if seen == step:
                raise Killed

        with pytest.raises(Killed):
            rounds.adapt(job(llama), cut, kill, resume=True)
    done = rounds.adapt(job(llama), cut, silent, resume=True)
    assert done.kept
    assert sorted(done.kept + done.published) == [f"u{i}" for i in range(5)]
    for i in range(5):
        assert torch.equal(numbers(whole, f"u{i}"), numbers(cut, f"u{i}"))
        assert whole.about(f"u{i}", "oppu")["losses"] == cut.about(f"u{i}", "oppu")["losses"]
    for shelf in (whole, cut):
        shelf.store.close()


def test_what_was_cut_off_is_not_gone_on_with_under_another_plan(shelf: Shelf, llama: HFModel) -> None:
    def kill(what: str, done: int, of: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        rounds.adapt(job(llama), shelf, kill, resume=False)
    with pytest.raises(BadInput, match="have changed since. Leave --resume out"):
        rounds.adapt(job(llama, seed=1), shelf, silent, resume=True)
    assert rounds.adapt(job(llama, seed=1), shelf, silent, resume=False).published


def test_a_run_that_was_cut_off_does_not_go_on_with_texts_that_were_edited_since(shelf: Shelf, llama: HFModel) -> None:
    def kill(what: str, done: int, of: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        rounds.adapt(job(llama), shelf, kill, resume=False)
    edited = {"u4": person("u4", 5, label="odd")}  # the same ids
    with pytest.raises(BadInput, match="their records have changed since"):
        rounds.adapt(job(llama, people=edited), shelf, silent, resume=True)


def test_an_adapter_learnt_from_other_words_is_learnt_anew(shelf: Shelf, llama: HFModel) -> None:
    rounds.adapt(job(llama, users=2), shelf, silent, resume=False)
    before = numbers(shelf, "u1")
    assert rounds.adapt(job(llama, users=2), shelf, silent, resume=True).kept == ["u0", "u1"]
    done = rounds.adapt(job(llama, users=2, people={"u1": person("u1", 2, label="odd")}), shelf, silent, resume=True)
    assert (done.kept, done.published) == ([], ["u0", "u1"])
    assert not torch.equal(numbers(shelf, "u1"), before)


def test_what_neighbours_say_belongs_to_the_plan(llama: HFModel) -> None:
    one, other = (replace(person("u0"), neighbours=(person("n", label=label),)) for label in ("dull", "odd"))
    plans = {job(llama, users=0, people={"u0": u}).about["plan"] for u in (one, other)}
    assert len(plans) == 2


def test_one_user_whose_loss_is_no_number_stops_nobody_else(
    shelf: Shelf, llama: HFModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from idiolect.training import run as training

    plain_losses = training.Run.losses

    def broken(self: Any, some: Any, slots: torch.Tensor, noise: Any) -> torch.Tensor:
        losses = plain_losses(self, some, slots, noise)
        his = [x.first for x in self.live if x.users == ("u1",)]
        return torch.where(torch.isin(slots, torch.tensor(his, dtype=slots.dtype)), torch.nan, losses)

    monkeypatch.setattr(training.Run, "losses", broken)
    done = rounds.adapt(job(llama), shelf, silent, resume=False)
    assert list(done.failed) == ["u1"]
    assert "loss is nan" in done.failed["u1"]
    assert done.published == ["u0", "u2", "u3", "u4"]


def test_a_full_disk_is_one_sentence_and_the_old_adapter_stands(
    shelf: Shelf, llama: HFModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds.adapt(job(llama, users=1), shelf, silent, resume=False)
    before = numbers(shelf, "u0")

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(artifacts, "_publish", full)
    with pytest.raises(StoreError, match=r"own/oppu: No space left on device\. Free space"):
        shelf.publish("u0", "oppu", shelf.about("u0", "oppu"), None)
    monkeypatch.undo()
    assert torch.equal(numbers(shelf, "u0"), before)


def no_room(monkeypatch: pytest.MonkeyPatch, within: str) -> None:
    """The disk is full wherever a path holds this."""
    publish = artifacts._publish

    def full(path: Path, content: bytes) -> None:
        if within in str(path):
            raise OSError(28, "No space left on device")
        publish(path, content)

    monkeypatch.setattr(artifacts, "_publish", full)


def test_a_disk_that_is_full_for_one_stops_nobody_else_and_resume_ends_the_same(
    shelf: Shelf, llama: HFModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "ROUND", 2)
    for user in ("u0", "u1", "u2"):
        shelf.store.append(user, person(user).records)
    with shelf.store.unit("u1") as unit, monkeypatch.context() as patch:
        assert unit is not None
        no_room(patch, str(unit.path))
        done = rounds.adapt(job(llama, users=3), shelf, silent, resume=False)
    assert (done.published, list(done.failed)) == (["u0", "u2"], ["u1"])
    assert "own/oppu: No space left on device. Free space" in done.failed["u1"]
    again = rounds.adapt(job(llama, users=3), shelf, silent, resume=True)
    assert (again.kept, again.published, again.failed) == (["u2"], ["u0", "u1"], {})
    whole = Shelf(SQLiteStore(tmp_path / "whole"))
    rounds.adapt(job(llama, users=3), whole, silent, resume=False)
    assert torch.equal(numbers(whole, "u1"), numbers(shelf, "u1"))
    whole.store.close()


def test_a_disk_that_takes_no_states_does_not_stop_the_training(
    shelf: Shelf, llama: HFModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "EVERY", 0.0)
    save = rounds.saved

    def full(path: Path, value: object, *, theta: object = None) -> None:
        if path.name != rounds.OWNS:
            raise StoreError(path, "No space left on device", "Free space there, then do it again.")
        save(path, value, theta=theta)

    monkeypatch.setattr(rounds, "saved", full)
    done = rounds.adapt(job(llama, users=2), shelf, silent, resume=False)
    assert (done.published, done.failed) == (["u0", "u1"], {})
    assert "training/oppu/" in done.full
    assert not (shelf.store.folder / "training" / "oppu").exists()


def test_users_of_one_id_in_two_spaces_have_nothing_to_do_with_one_another(tmp_path: Path, llama: HFModel) -> None:
    one, other = (Shelf(SQLiteStore(tmp_path / "home", space)) for space in ("one", "other"))
    rounds.adapt(job(llama, users=1), one, silent, resume=False)
    assert other.names("u0") == ()
    rounds.adapt(job(llama, users=1, people={"u0": person("u0", label="odd")}), other, silent, resume=False)
    assert not torch.equal(numbers(one, "u0"), numbers(other, "u0"))
    other.delete("u0", "oppu")
    assert one.names("u0") == ("oppu",)
    for shelf in (one, other):
        shelf.store.close()


@pytest.fixture
def home(tmp_path: Path, llama: HFModel, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which u0 has an adapter; commands find the small model under any name."""
    where = tmp_path / "home"
    store = SQLiteStore(where)
    rounds.adapt(job(llama, users=1), Shelf(store), silent, resume=False)
    store.close()
    monkeypatch.setattr(adapters, "open_model", lambda *_, **__: llama)
    return where


def said(*command: str | Path) -> Any:
    done = run(app, [str(c) for c in command])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout) if "--json" in command else done.stdout


def test_adapters_are_listed_shown_and_deleted(home: Path) -> None:
    (row,) = said("adapters", "list", "--home", home, "--json")
    assert (row["user"], row["name"], row["method"]) == ("u0", "oppu", "oppu")
    shown = said("adapters", "show", "u0", "oppu", "--home", home, "--json")
    assert shown["parameters"] == 2 * 2 * 3 * 32  # A and B of rank 3 on q in two layers of width 32
    assert "losses: " in said("adapters", "show", "u0", "oppu", "--home", home)
    said("adapters", "delete", "u0", "oppu", "--home", home)
    assert said("adapters", "list", "--home", home, "--json") == []
    missing = run(app, ["adapters", "show", "u0", "oppu", "--home", str(home)])
    assert (missing.exit_code, "no adapter 'oppu'" in missing.stderr) == (2, True)


@pytest.mark.parametrize("end", [0, 40, None], ids=["empty", "cut", "without tensors"])
def test_a_damaged_adapter_is_marked_with_the_fix_and_hides_no_other(
    home: Path, llama: HFModel, end: int | None
) -> None:
    store = SQLiteStore(home)
    shelf = Shelf(store)
    rounds.adapt(job(llama, users=2), shelf, silent, resume=False)
    with store.unit("u0") as unit:
        assert unit is not None
        own = unit.path / "own" / "oppu"
    if end is None:
        next(own.glob("tensors-*")).unlink()
    else:
        (own / "value.json").write_bytes((own / "value.json").read_bytes()[:end])
    damaged, whole = said("adapters", "list", "--home", home, "--json")
    assert (whole["user"], whole["method"]) == ("u1", "oppu")
    assert (damaged["user"], damaged["name"]) == ("u0", "oppu")
    assert "Adapt the user again, or delete it." in damaged["damage"]
    first, second = said("adapters", "list", "--home", home).splitlines()
    assert first.split()[:3] == ["damaged", "u0", "oppu"]
    assert second.split()[1:3] == ["u1", "oppu"]
    done = rounds.adapt(job(llama, users=2), shelf, silent, resume=True)  # and it is mended as the fix says
    assert sorted(done.published) == ["u0", "u1"]
    assert not any("damage" in row for row in said("adapters", "list", "--home", home, "--json"))
    store.close()


def test_task_and_user_adapter_leave_as_one_lora_and_come_back(home: Path, llama: HFModel, tmp_path: Path) -> None:
    made = said("adapters", "export", "u0", "oppu", tmp_path / "peft", "--home", home, "--json")
    assert made["ranks"] == [2, 5]  # v has the task's alone, q both
    said("adapters", "import", "bob", tmp_path / "peft", "--name", "mine", "--home", home)
    store = SQLiteStore(home)
    kept, theta = Shelf(store).load("bob", "mine")
    store.close()
    assert theta is None
    ours = export.load(tmp_path / "peft")
    for a, b in zip(kept["own"].trained.edits, ours, strict=True):
        assert a.site == b.site
        assert all(torch.equal(a.rows[k], b.rows[k]) for k in b.rows)


def test_a_lora_of_another_base_is_refused(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said("adapters", "export", "u0", "oppu", tmp_path / "peft", "--home", home)
    monkeypatch.setattr(adapters, "open_model", lambda *_, **__: HFModel.random("llama", seed=1))
    refused = run(app, ["adapters", "import", "bob", str(tmp_path / "peft"), "--home", str(home)])
    assert refused.exit_code == 2
    assert "belongs to the base" in refused.stderr


def test_adapting_the_users_of_a_space_from_the_command_line(home: Path) -> None:
    store = SQLiteStore(home)
    store.append("ann", person("ann").records)
    store.consent("ann", "train")
    store.close()
    done = said("adapt", "perfit", "--home", home, "--name", "p", "--tasks", "tag", "--json")
    assert done["published"] == ["ann"]
    assert not done["failed"]


def adapted(home: Path) -> SQLiteStore:
    """ann and bob have adapters learnt from what this space keeps of them."""
    store = SQLiteStore(home)
    for user in ("ann", "bob"):
        store.append(user, person(user).records)
        store.consent(user, "train")
    done = said("adapt", "oppu", "--home", home, "--tasks", "tag", "--json")
    assert done["published"] == ["ann", "bob"]
    return store


def test_withdrawing_the_leave_to_train_drops_his_adapter_and_reopens_what_was_learnt_from_all(home: Path) -> None:
    store = adapted(home)
    store.consent("ann", "remember")
    settled = derived.settle(store, "ann")
    assert [Path(p).name for p in settled.dropped] == ["oppu"]
    assert (Shelf(store).names("ann"), Shelf(store).names("bob")) == ((), ("oppu",))
    assert derived.reopened(store) == ("oppu",)
    store.close()


def test_an_adapter_that_was_deleted_is_nothing_to_drop_later(home: Path) -> None:
    store = adapted(home)
    Shelf(store).delete("ann", "oppu")
    store.consent("ann", "remember")
    derived.settle(store, "ann")
    assert Shelf(store).names("ann") == ()
    store.close()


def test_what_was_learnt_from_somebody_who_went_is_learnt_again(home: Path) -> None:
    store = adapted(home)
    store.consent("ann", "remember")
    derived.settle(store, "ann")
    before = Shelf(store).theta("oppu")
    said("adapt", "oppu", "--home", home, "--tasks", "tag", "--resume", "--json")
    after = Shelf(store).theta("oppu")
    assert before is not None
    assert after is not None
    assert before["plan"] != after["plan"]
    assert derived.reopened(store) == ()
    store.close()


def test_nothing_of_a_user_lies_in_what_was_learnt_from_all(home: Path) -> None:
    store = adapted(home)
    kept = Shelf(store).theta("oppu")
    assert kept is not None
    assert "owns" not in kept
    store.close()


def test_a_user_who_is_erased_while_he_is_trained_does_not_come_back(shelf: Shelf, llama: HFModel) -> None:
    for user in ("ann", "bob"):
        shelf.store.append(user, person(user).records)
        shelf.store.consent(user, "train")
    ann, bob = (view(shelf.store, user, purpose="train") for user in ("ann", "bob"))
    erase(shelf.store, "ann")
    given = replace(job(llama, users=0, people={"ann": ann, "bob": bob}, kept=True), learners=(bob,))
    done = rounds.adapt(given, shelf, silent, resume=False)
    assert done.published == ["bob"]
    assert "nothing is kept of him" in done.failed["ann"]
    assert shelf.store.users() == ("bob",)


def test_names_of_compositions_are_names_of_folders() -> None:
    assert plain("ipa | oppu") == "ipa+oppu"
    with pytest.raises(BadInput, match="not a name for an adapter"):
        plain("../up")


@pytest.mark.slow
def test_what_a_run_holds_grows_with_a_round_and_not_with_the_users(
    tmp_path: Path, llama: HFModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "ROUND", 2)
    most = {}
    for users in (2, 8):
        shelf = Shelf(SQLiteStore(tmp_path / str(users)))
        people = {f"u{i}": person(f"u{i}", 2) for i in range(users)}
        most[users] = held_while_published(job(llama, users=0, people=people), shelf, monkeypatch)
        shelf.store.close()
    assert most[2] > 0
    assert most[8] <= 1.05 * most[2]


def held_while_published(given: Job, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> int:
    """Bytes of all tensors made since the start, at most, while an adapter is published."""
    publish, seen = Shelf.publish, list[int]()

    def watched(self: Shelf, *args: Any, **more: Any) -> Path:
        gc.collect()
        made = {t.untyped_storage().data_ptr(): t for t in gc.get_objects() if isinstance(t, torch.Tensor)}
        seen.append(sum(t.untyped_storage().nbytes() for t in made.values()))
        return publish(self, *args, **more)

    gc.collect()
    gc.freeze()  # what is there already is no longer listed
    try:
        with monkeypatch.context() as patch:
            patch.setattr(Shelf, "publish", watched)
            rounds.adapt(given, shelf, silent, resume=False)
    finally:
        gc.unfreeze()
    return max(seen)


def published_files(home: Path) -> set[str]:
    """Names of the tensors' files in all users' folders, which are digests of what is in them."""
    return {p.name for p in home.glob("spaces/*/users/*/*/own/oppu/tensors-*.safetensors")}


@pytest.mark.slow
def test_after_kill_9_of_the_command_the_same_adapters_are_published(tmp_path: Path) -> None:
    model = HFModel.random("llama")
    model.module.save_pretrained(tmp_path / "model")
    model.tokenizer.save_pretrained(tmp_path / "model")
    said = (
        {"user": f"u{i}", "text": f"film {n} of {i} is about the sea", "time": n} for i in range(4) for n in range(6)
    )
    (tmp_path / "said.jsonl").write_text("".join(json.dumps(x) + "\n" for x in said))

    def command(home: Path) -> subprocess.Popen[bytes]:
        given = ["oppu", "--model", "model", "--users", "said.jsonl", "--tasks", "continue", "--device", "cpu"]
        more = ["--home", str(home), "--resume", "--json", "--presets", ""]
        return subprocess.Popen(
            [sys.executable, "-m", "idiolect", "adapt", *given, *more], cwd=tmp_path, stdout=subprocess.DEVNULL
        )

    def killed_once(home: Path, pattern: str) -> None:
        """With SIGKILL as soon as a file of this pattern lies there."""
        with command(home) as running:
            while not any(home.glob(pattern)):
                assert running.poll() is None, f"it ended before there was any {pattern}"
                time.sleep(0.002)
            running.kill()
        assert running.returncode == -9

    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert command(whole).wait() == 0
    killed_once(cut, "spaces/*/training/oppu/plan")  # before anything is learnt
    killed_once(cut, "spaces/*/theta/oppu/value.json")  # before anybody is trained
    killed_once(cut, "spaces/*/users/*/*/own/oppu/value.json")  # among the publications
    assert command(cut).wait() == 0
    assert len(published_files(whole)) == 3  # of four one is only learnt from
    assert published_files(cut) == published_files(whole)
