"""A safetensors file that lies is refused by its header, before anything is allocated."""

from __future__ import annotations

import json
import os
import pickle
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError
from safetensors.torch import load, save, save_file

from idiolect.core.errors import BadInput
from idiolect.data.header import LARGEST_HEADER, check

TENSORS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(4, dtype=torch.int64)}


def file(tmp_path: Path, header: Any, data: bytes = b"", claim: int | None = None) -> Path:
    """A file with any header; `claim` is the length that it states."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path = tmp_path / "x.safetensors"
    path.write_bytes((len(text) if claim is None else claim).to_bytes(8, "little") + text + data)
    return path


def entry(dtype: Any = "F32", shape: Any = (1,), offsets: Any = (0, 4), **more: Any) -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}


def test_a_good_file_gives_its_tensors_names_types_and_shapes(tmp_path: Path) -> None:
    save_file(TENSORS, tmp_path / "x.safetensors")
    found = check(tmp_path / "x.safetensors")
    assert {n: (e.dtype, e.shape) for n, e in found.items()} == {"a": ("F32", (2, 3)), "b": ("I64", (4,))}


LIES = {
    "overlapping offsets": ({"a": entry(), "b": entry(offsets=(0, 4))}, 8),
    "a hole between tensors": ({"a": entry(), "b": entry(offsets=(8, 12))}, 12),
    "bytes after the last tensor": ({"a": entry()}, 8),
    "a tensor beyond the end": ({"a": entry()}, 0),
    "a shape that does not fill its bytes": ({"a": entry(shape=(2,))}, 4),
    "a shape whose product overflows": ({"a": entry(shape=(2**32, 2**32))}, 4),
    "a negative shape": ({"a": entry(shape=(-1,))}, 4),
    "a fractional shape": ({"a": entry(shape=(1.0,))}, 4),
    "an end before its begin": ({"a": entry(offsets=(4, 0))}, 4),
    "an unknown dtype": ({"a": entry(dtype="object")}, 4),
    "an unknown field in an entry": ({"a": entry(code="import os")}, 4),
    "an entry that is a list": ({"a": [1, 2]}, 0),
    "metadata that is no text": ({"__metadata__": {"a": 1}}, 0),
    "a header that is a list": ([], 0),
    "a name that stands there twice": (b'{"a":1,"a":2}', 0),
    "a header that is not UTF-8": (b'{"\xff":1}', 0),
    "a header nested a hundred thousand deep": (b"[" * 100_000, 0),
}


@pytest.mark.parametrize("lie", LIES)
def test_is_refused(lie: str, tmp_path: Path) -> None:
    header, size = LIES[lie]
    with pytest.raises(BadInput, match=r"x\.safetensors"):
        check(file(tmp_path, header, bytes(size)))


@pytest.mark.parametrize("claim", [1, 10**6, LARGEST_HEADER + 1, 2**40, 2**63, 2**64 - 1])
def test_a_header_that_claims_more_than_there_is_is_refused_without_allocating_it(claim: int, tmp_path: Path) -> None:
    path = file(tmp_path, {}, claim=claim)
    tracemalloc.start()
    with pytest.raises(BadInput, match="claims"):
        check(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**18


def test_a_pickle_is_called_a_pickle_and_nothing_in_it_runs(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (os.mkdir, (str(tmp_path / "ran"),))

    path = tmp_path / "x.safetensors"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(BadInput, match="pickle"):
        check(path)
    torch.save(TENSORS, path)
    with pytest.raises(BadInput, match="pickle"):
        check(path)
    assert not (tmp_path / "ran").exists()


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    save_file(TENSORS, tmp_path / "real.safetensors")
    (tmp_path / "link.safetensors").symlink_to(tmp_path / "real.safetensors")
    with pytest.raises(BadInput, match="symbolic link"):
        check(tmp_path / "link.safetensors")


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="not a regular file"):
        check(tmp_path / "pipe")


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=8) | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
ENTRY = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F32", "I64", "BF16", "BOOL"]) | JUNK,
        "shape": st.lists(st.integers(0, 4), max_size=3) | JUNK,
        "data_offsets": st.lists(st.integers(0, 64), min_size=2, max_size=2) | JUNK,
    }
)
HEADER = st.dictionaries(st.text(max_size=4), ENTRY | JUNK, max_size=4) | JUNK


def either_refused_or_readable(raw: bytes, folder: Path) -> None:
    """No error but ours; what we let through the parser reads too, in no more tensors than we listed."""
    path = folder / "fuzzed.safetensors"
    path.write_bytes(raw)
    try:
        found = check(path)
    except BadInput:
        return
    with suppress(SafetensorError):  # stricter than we are is as good
        assert set(load(raw)) == set(found)


def fuzz(folder: Path, examples: int) -> None:
    quiet = settings(
        max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    whole = save(TENSORS)

    @quiet
    @given(header=HEADER, size=st.integers(0, 64))
    def headers(header: Any, size: int) -> None:
        text = json.dumps(header).encode()
        either_refused_or_readable(len(text).to_bytes(8, "little") + text + bytes(size), folder)

    @quiet
    @given(place=st.integers(0, len(whole) - 1), value=st.integers(0, 255), cut=st.integers(1, len(whole)))
    def bytes_of_a_good_file(place: int, value: int, cut: int) -> None:
        either_refused_or_readable((whole[:place] + bytes([value]) + whole[place + 1 :])[:cut], folder)

    headers()
    bytes_of_a_good_file()


def test_no_fuzzed_file_does_anything_but_be_refused(tmp_path: Path) -> None:
    fuzz(tmp_path, 150)


@pytest.mark.long
def test_none_of_ten_thousand_fuzzed_files_does_anything_but_be_refused(tmp_path: Path) -> None:
    fuzz(tmp_path, 5000)


@pytest.mark.parametrize("tensors", range(1, 5))
def test_a_sound_file_whose_length_looks_like_a_pickles_mark_is_read(tensors: int, tmp_path: Path) -> None:
    named = {f"{i}": torch.zeros(1) for i in range(tensors)}
    for more in range(256):  # until the header is 256 n + 128 bytes long
        save_file(named, tmp_path / "a", metadata={"note": "x" * more})
        if (tmp_path / "a").read_bytes()[0] == 0x80:
            break
    assert (tmp_path / "a").read_bytes()[0] == 0x80
    assert len(check(tmp_path / "a")) == tensors
