"""theta and own on disk: what goes in comes out, whole or not at all, and nothing else gets in."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save as serialise

from idiolect.core.errors import BadInput
from idiolect.core.idiolect import Block, Computed, Edit
from idiolect.core.method import Learnt
from idiolect.core.requests import Trained
from idiolect.data import artifacts
from idiolect.data.artifacts import load, save
from idiolect.training.parts import low_rank


def edit() -> Edit:
    rows = {"A": torch.randn(2, 4), "B": torch.randn(4, 2), "scale": torch.tensor(0.5)}
    return Edit(site="model.layers.0.self_attn.q_proj", formula=low_rank, rows=rows, cached_as="ann")


def test_a_nest_of_everything_comes_back_equal(tmp_path: Path) -> None:
    value = {
        "plain": [1, 2.5, "é", None, True, float("inf")],
        "tuple": (1, ("a",)),
        "keys": {1: "one", ("a", 2): "pair"},
        "$": frozenset({("ann", "r1")}),
        "block": Block("About the user:", ("- likes: tea",)),
        "array": np.arange(3, dtype=np.float16),
        "tensor": torch.arange(4, dtype=torch.bfloat16).reshape(2, 2),
    }
    save(tmp_path / "x", value)
    got = load(tmp_path / "x")
    assert torch.equal(got.pop("tensor"), value.pop("tensor"))  # type: ignore[arg-type]
    assert got["array"].dtype == np.float16
    assert got.pop("array").tolist() == value.pop("array").tolist()  # type: ignore[attr-defined]
    assert got == value


def test_a_trained_edit_comes_back_with_its_formula_and_tensors(tmp_path: Path) -> None:
    one = edit()
    save(tmp_path / "x", Learnt(theta=None, owns={"ann": Trained(edits=(one,))}))
    got = load(tmp_path / "x").owns["ann"].edits[0]
    assert got.formula is low_rank
    assert got.site == one.site
    assert all(torch.equal(got.rows[n], one.rows[n]) for n in one.rows)


def test_a_tensor_that_stands_twice_is_written_once_and_is_one_again(tmp_path: Path) -> None:
    shared = torch.randn(1000)
    save(tmp_path / "x", [shared, {"again": shared}])
    got = load(tmp_path / "x")
    assert got[0] is got[1]["again"]
    assert artifacts.size(tmp_path / "x") < 1.3 * shared.nbytes


def test_what_own_shares_with_theta_is_named_and_not_written_again(tmp_path: Path) -> None:
    theta = {"bank": torch.randn(1000)}
    save(tmp_path / "own", {"bank": theta["bank"], "mine": torch.ones(2)}, theta=theta)
    got = load(tmp_path / "own", theta=theta)
    assert got["bank"] is theta["bank"]
    assert artifacts.size(tmp_path / "own") < 1000


def test_own_is_refused_under_another_theta(tmp_path: Path) -> None:
    theta = {"bank": torch.randn(10)}
    save(tmp_path / "own", dict(theta), theta=theta)
    with pytest.raises(BadInput, match="another theta"):
        load(tmp_path / "own", theta={"bank": torch.randn(10)})


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_nan_and_inf_are_refused_when_saving_and_when_loading(bad: float, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="value\\['w'\\]: holds NaN or Inf"):
        save(tmp_path / "x", {"w": torch.tensor([1.0, bad])})
    save(tmp_path / "x", {"w": torch.tensor([1.0, 2.0])})
    forge(tmp_path / "x", packed={"0": torch.tensor([1.0, bad])})
    with pytest.raises(BadInput, match="NaN or Inf"):
        load(tmp_path / "x")


def forge(folder: Path, *, packed: dict[str, torch.Tensor] | None = None, **fields: Any) -> None:
    """An artifact with right checksums and wrong content, as one who knows the format would write it."""
    document = json.loads((folder / "value.json").read_text())
    document.pop("sha256")
    if packed is not None:
        content = serialise(packed)
        (folder / document["tensors"]["file"]).write_bytes(content)
        document["tensors"]["sha256"] = hashlib.sha256(content).hexdigest()
    document |= fields
    sealed = hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    (folder / "value.json").write_text(json.dumps(document | {"sha256": sealed}))


def test_tensors_of_other_shapes_than_stated_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "x", {"w": torch.ones(2)})
    forge(tmp_path / "x", packed={"0": torch.ones(3)})
    with pytest.raises(BadInput, match="shapes"):
        load(tmp_path / "x")


CODE = {
    "a function of the standard library": {"$": "function", "name": "os:system"},
    "a function that one of our modules imported": {"$": "function", "name": "idiolect.training.parts:dataclass"},
    "a function of ours that is no formula": {"$": "function", "name": "idiolect.data.artifacts:save"},
    "an attribute of an attribute": {"$": "function", "name": "idiolect.training.parts:LowRank.init"},
    "a class that is no dataclass": {"$": "object", "type": "idiolect.data.store:MemoryStore", "fields": {}},
    "a class from elsewhere": {"$": "object", "type": "subprocess:Popen", "fields": {"args": "true"}},
    "a field that the class does not have": {"$": "object", "type": "idiolect.core.idiolect:Block", "fields": {"x": 1}},
    "a kind that does not exist": {"$": "eval", "code": "1"},
    "a tensor that is not there": {"$": "tensor", "name": "7"},
    "a tensor of no theta": {"$": "theta", "index": 0, "sha256": ""},
    "nesting without end": json.loads("[" * 600 + "]" * 600),
}


@pytest.mark.parametrize("what", CODE)
def test_a_value_that_names_is_refused(what: str, tmp_path: Path) -> None:
    save(tmp_path / "x", {"w": torch.ones(2)})
    forge(tmp_path / "x", value={"$": "tuple", "items": [CODE[what]]})
    with pytest.raises(BadInput, match=r"value\.json"):
        load(tmp_path / "x")


def test_a_changed_byte_anywhere_is_noticed(tmp_path: Path) -> None:
    save(tmp_path / "x", {"w": torch.arange(8.0), "n": 1})
    files = [p for p in (tmp_path / "x").iterdir() if p.name != ".lock"]
    assert len(files) == 2
    for path in files:
        whole = path.read_bytes()
        for place in range(0, len(whole), 7):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with pytest.raises(BadInput):
                load(tmp_path / "x")
        path.write_bytes(whole)
    assert load(tmp_path / "x")["n"] == 1


def test_a_pickle_in_the_tensors_place_is_refused_and_does_not_run(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (os.mkdir, (str(tmp_path / "ran"),))

    save(tmp_path / "x", {"w": torch.ones(2)})
    next((tmp_path / "x").glob("tensors-*")).write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(BadInput, match="pickle"):
        load(tmp_path / "x")
    assert not (tmp_path / "ran").exists()


def test_links_are_refused_for_the_folder_and_for_its_files(tmp_path: Path) -> None:
    save(tmp_path / "x", {"w": torch.ones(2)})
    (tmp_path / "link").symlink_to(tmp_path / "x")
    with pytest.raises(BadInput, match="symbolic link"):
        load(tmp_path / "link")
    tensors = next((tmp_path / "x").glob("tensors-*"))
    tensors.rename(tmp_path / "elsewhere")
    tensors.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadInput, match="symbolic link"):
        load(tmp_path / "x")


def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "x", {"w": torch.ones(2)})
    document = json.loads((tmp_path / "x" / "value.json").read_text())
    forge(tmp_path / "x", tensors=document["tensors"] | {"file": "../y.safetensors"})
    with pytest.raises(BadInput, match="format"):
        load(tmp_path / "x")


@pytest.mark.parametrize(
    "value", [lambda x: x, object(), Computed(formula=pickle.dumps), torch.ones(1, dtype=torch.complex64)]
)
def test_what_cannot_be_read_again_is_not_written(value: object, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"value\[0\]"):
        save(tmp_path / "x", [value])
    assert not artifacts.exists(tmp_path / "x")


def test_only_published_artifacts_are_listed(tmp_path: Path) -> None:
    save(tmp_path / "b", 1)
    save(tmp_path / "a", 2)
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "tensors-0.safetensors").write_bytes(b"")
    assert artifacts.names(tmp_path) == ("a", "b")


def test_a_second_version_leaves_nothing_of_the_first(tmp_path: Path) -> None:
    save(tmp_path / "x", torch.ones(2))
    save(tmp_path / "x", torch.zeros(3))
    assert torch.equal(load(tmp_path / "x"), torch.zeros(3))
    assert len(list((tmp_path / "x").glob("tensors-*"))) == 1


def killed_while_publishing(folder: Path, rounds: int) -> None:
    """Writers are killed again and again while eight readers load; each load is one whole version."""

    def read(until: float) -> int:
        loads = 0
        while time.monotonic() < until or not loads:
            got = load(folder)
            assert bool((got["w"] == got["version"]).all())
            loads += 1
        return loads

    save(folder, {"version": 0, "w": torch.zeros(64, dtype=torch.float64)})
    with ThreadPoolExecutor(8) as pool:
        for n in range(rounds):
            child = os.fork()
            if child == 0:
                try:
                    for version in range(n * 1_000_000, 2**31):
                        save(folder, {"version": version, "w": torch.full((64,), version, dtype=torch.float64)})
                finally:
                    os._exit(1)  # a child that fails must not go on as a second pytest
            until = time.monotonic() + 0.05 + 0.013 * (n % 7)
            readers = [pool.submit(read, until) for _ in range(8)]
            time.sleep(0.04 + 0.013 * (n % 7))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            assert all(r.result() for r in readers)
    save(folder, {"version": -1, "w": torch.full((64,), -1.0)})
    assert load(folder)["version"] == -1
    assert len(list(folder.glob("tensors-*"))) == 1
    assert not list(folder.glob(".*partial"))


def test_readers_see_only_whole_versions_while_writers_are_killed(tmp_path: Path) -> None:
    killed_while_publishing(tmp_path / "x", 4)


@pytest.mark.long
def test_readers_see_only_whole_versions_while_a_hundred_writers_are_killed(tmp_path: Path) -> None:
    killed_while_publishing(tmp_path / "x", 100)


def test_the_folders_are_those_of_a_space() -> None:
    assert str(artifacts.theta_folder("h", "app", "oppu")) == "h/spaces/app/theta/oppu"
    assert str(artifacts.own_folder("h", "app", "9f3c", "oppu")) == "h/spaces/app/users/9f/9f3c/own/oppu"
