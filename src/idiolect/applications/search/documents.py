"""What is searched: a folder of texts, a `.json` or `.jsonl` file, or texts and objects.

    {"id": "n7", "title": "Harbour", "text": "The old harbour ...", "time": "2024-05-01"}

Of a folder every file is read whose name ends as a text's does, deeper ones too; hidden files and links are left alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from idiolect.core.errors import BadInput
from idiolect.data.readers import text as reading
from idiolect.retrieval.split import pieces

Given: TypeAlias = str | Mapping[str, Any]
ENDINGS = (".txt", ".md", ".markdown", ".rst", ".org", ".tex")
LARGEST = 2**20  # bytes of one file of a folder
FORM = 'Give texts, or objects such as {"id": "n7", "title": "Harbour", "text": "The old harbour ..."}.'
SNIPPET = 240  # characters


@dataclass(frozen=True, kw_only=True)
class Document:
    """time: POSIX seconds, 0 where nothing is said of it."""

    id: str
    text: str
    title: str = ""
    time: float = 0.0

    @property
    def whole(self) -> str:
        """Title and text."""
        return f"{self.title}\n{self.text}" if self.title else self.text


def documents(given: Iterable[Given] | str | Path) -> list[Document]:
    """Documents of a folder, a file, or texts and objects.

    Raises:
        BadInput: there are none, one says nothing, two of one id; names the place.
    """
    if isinstance(given, (str, Path)):
        path = Path(given)
        found = _folder(path) if path.is_dir() else [_document(one, where) for where, one in _entries(path)]
    else:
        found = [_document(one, f"document {n}") for n, one in enumerate(given)]
    if not found:
        fix = f"A folder needs files that end in {', '.join(ENDINGS)}." if isinstance(given, (str, Path)) else FORM
        raise BadInput(given if isinstance(given, (str, Path)) else "documents", "there are none to search", fix)
    ids = [one.id for one in found]
    if len(set(ids)) < len(ids):
        twice = next(id for n, id in enumerate(ids) if id in ids[:n])
        raise BadInput("documents", f"two have the id {twice!r}", "Give every document an id of its own.")
    return found


def snippet(document: Document, near: int) -> str:
    """The piece of a document that is nearest to the question, shortened."""
    parts = pieces(document.whole)
    words = " ".join(parts[near].removeprefix(document.title).split())
    return words if len(words) <= SNIPPET else f"{words[: SNIPPET - 1].rstrip()}…"


def _entries(path: Path) -> list[tuple[str, Any]]:
    if path.suffixes[-1:] == [".jsonl"] or path.suffixes[-2:] == [".jsonl", ".gz"]:
        return list(reading.lines(path))
    if path.suffix not in (".json", ".gz"):
        raise BadInput(path, "is neither a folder nor JSON", "Give a folder of texts, a .json or a .jsonl file.")
    return [(f"{path}, entry {n}", one) for n, one in enumerate(reading.listing(reading.document(path), path))]


def _document(one: Any, where: str) -> Document:
    if isinstance(one, str):
        one = {"text": one}
    if not isinstance(one, Mapping):
        raise BadInput(where, f"is a {type(one).__name__}", FORM)
    text, title = reading.text(one.get("text") or "", where), reading.text(one.get("title") or "", where)
    if not f"{text}{title}".strip():
        raise BadInput(where, "says nothing", FORM)
    id = reading.text(one["id"], where) if one.get("id") is not None else reading.ident(title, text)
    return Document(id=id, text=text, title=title, time=reading.instant(one.get("time"), where))


def _folder(root: Path) -> list[Document]:
    """Ids are paths within the folder; the order is that of their names."""
    found = []
    for path in sorted(_files(root)):
        if path.stat().st_size > LARGEST:
            raise BadInput(path, f"is larger than {LARGEST} bytes", "Split it, or take it out of the folder.")
        text = reading.whole(path)
        if text.strip():
            time = path.stat().st_mtime
            found.append(Document(id=path.relative_to(root).as_posix(), title=path.stem, text=text, time=time))
    return found


def _files(root: Path) -> Iterable[Path]:
    for place, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(place, name)
            if path.suffix.lower() in ENDINGS and not name.startswith(".") and not path.is_symlink():
                yield path
