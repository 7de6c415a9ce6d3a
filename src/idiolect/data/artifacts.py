"""theta and own on disk: one JSON, one safetensors, published at once or not at all.

    <home>/spaces/<space>/theta/<name>/             value.json   tensors-<hash>.safetensors
    <home>/spaces/<space>/users/<shard>/<key>/own/<name>/     the same

The tensors' file bears its content's hash in its name and is written first; renaming `value.json`, which names it and
its checksum, publishes both. A reader therefore sees one whole version, whenever a writer is killed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from idiolect.core.errors import BadInput
from idiolect.data import header
from idiolect.data.codec import Reader, Writer

if TYPE_CHECKING:
    from torch import Tensor

VALUE = "value.json"
FORMAT = 1
AGAIN = "Write it again with data.artifacts.save."
LARGEST_JSON = 256 * 2**20  # bytes


def save(path: str | Path, value: object, *, theta: object = None) -> None:
    """Writes a nest of plain values, tensors, edits and frozen dataclasses into a folder.

    Args:
        path: the artifact's folder; a version that is there is replaced at once.
        value: what `learn` or `adapt` returned.
        theta: what `value` was learnt under; tensors that are the very same objects are named, not written again.

    Raises:
        BadInput: a value that cannot be saved (a lambda, an object of one's own class), a tensor with NaN or Inf.
    """
    from safetensors.torch import save as serialise

    folder = Path(path)
    writer = Writer(theta)
    body = writer.encode(value, "value")
    packed = serialise(writer.tensors)
    digest = hashlib.sha256(packed).hexdigest()
    tensors = {"file": f"tensors-{digest[:16]}.safetensors", "sha256": digest}
    document = {"format": FORMAT, "tensors": tensors, "shapes": writer.shapes(), "value": body}
    text = json.dumps(document | {"sha256": _digest(document)}, ensure_ascii=False, separators=(",", ":"))
    folder.mkdir(parents=True, exist_ok=True)
    _no_link(folder)
    with _alone(folder):
        _publish(folder / tensors["file"], packed)
        _publish(folder / VALUE, text.encode())
        _sweep(folder, tensors["file"])


def load(path: str | Path, *, theta: object = None) -> Any:
    """What `save` wrote, tensors on the CPU; the same tensor twice is one tensor again.

    Raises:
        BadInput: nothing there, half of something, another format, a wrong checksum, shape or name, a symbolic link,
            a pickle, a tensor with NaN or Inf.
    """
    folder = Path(path)
    _no_link(folder)
    for attempt in range(64):  # a writer may replace both files between our two reads
        document, raw = _document(folder)
        try:
            tensors = _tensors(folder / document["tensors"]["file"], document)
        except BadInput:
            if attempt < 3 or _read(folder / VALUE, LARGEST_JSON) != raw:
                continue
            raise
        return Reader(tensors, theta, folder / VALUE).decode(document["value"])
    raise BadInput(folder, "is being replaced without pause", "Let one process at a time write it.")


def exists(path: str | Path) -> bool:
    """Whether a whole version lies there."""
    return (Path(path) / VALUE).is_file()


def names(folder: str | Path) -> tuple[str, ...]:
    """The artifacts directly in a folder, sorted; none that was never published."""
    return tuple(sorted(p.parent.name for p in Path(folder).glob(f"*/{VALUE}")))


def size(path: str | Path) -> int:
    """Bytes at rest of the version that `load` would read."""
    document, raw = _document(Path(path))
    file: str = document["tensors"]["file"]
    return len(raw) + (Path(path) / file).stat().st_size


def theta_folder(home: str | Path, space: str, name: str) -> Path:
    """Where a space keeps what was learnt from everybody."""
    return Path(home) / "spaces" / space / "theta" / name


def own_folder(home: str | Path, space: str, key: str, name: str) -> Path:
    """Where a space keeps what was learnt for the user who has this random key (hexadecimal digits)."""
    return Path(home) / "spaces" / space / "users" / key[:2] / key / "own" / name


def _document(folder: Path) -> tuple[dict[str, Any], bytes]:
    where = folder / VALUE
    raw = _read(where, LARGEST_JSON)
    try:
        document = json.loads(raw.decode("utf-8"))
        stated = document.pop("sha256")
        file = document["tensors"]["file"]
        named = Path(file).name == file
        whole = document["format"] == FORMAT and named and stated == _digest(document)
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError) as e:
        raise BadInput(where, f"not a saved value ({type(e).__name__}: {e})", AGAIN) from None
    if not whole:
        raise BadInput(where, "its checksum or format is wrong", AGAIN)
    return document, raw


def _tensors(path: Path, document: dict[str, Any]) -> dict[str, Tensor]:
    from safetensors.torch import load as parse

    header.check(path)
    packed = _read(path)
    if hashlib.sha256(packed).hexdigest() != document["tensors"]["sha256"]:
        raise BadInput(path, "its checksum is wrong", AGAIN)
    length = header.header_length(packed[:8], len(packed), path)
    listed = header.entries(packed[8 : 8 + length], len(packed) - 8 - length, path)
    if {name: [e.dtype, list(e.shape)] for name, e in listed.items()} != document["shapes"]:
        raise BadInput(path, f"its shapes are not those that {VALUE} states", AGAIN)
    tensors: dict[str, Tensor] = parse(packed)
    for name, tensor in tensors.items():
        if not bool(tensor.isfinite().all()):
            raise BadInput(path, f"tensor {name!r} holds NaN or Inf", "Learn it again, with a smaller learning rate.")
    return tensors


def _read(path: Path, largest: int | None = None) -> bytes:
    with open(header.open_regular(path), "rb") as file:
        if largest is not None and os.fstat(file.fileno()).st_size > largest:
            raise BadInput(path, f"larger than {largest} bytes", AGAIN)
        return file.read()


def _digest(document: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _publish(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with open(partial, "wb", opener=_private) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _private(path: str, flags: int) -> int:
    """A file that its owner alone reads: what was learnt of a person is his data."""
    return os.open(path, flags, 0o600)


def _sweep(folder: Path, current: str) -> None:
    for path in folder.iterdir():
        stale = path.name.startswith("tensors-") and path.name != current
        if stale or path.name.endswith(".partial"):
            path.unlink(missing_ok=True)


def _no_link(folder: Path) -> None:
    if folder.is_symlink():
        raise BadInput(folder, "a symbolic link", "Give the folder itself.")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One writer at a time: a killed process lets go of the lock."""
    with open(folder / ".lock", "w", opener=_private) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
