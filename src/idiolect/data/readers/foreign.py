"""What other programs keep of a user, told apart by its form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from idiolect.core.errors import BadInput, UnknownName
from idiolect.data.dataset import Dataset
from idiolect.data.readers import chat, chatgpt, letta, mem0, messages
from idiolect.data.readers.text import document

READERS: dict[str, Callable[[Path], Dataset]] = {
    "chatgpt": chatgpt.read,
    "mem0": mem0.read,
    "letta": letta.read,
    "messages": messages.read,
}
FORMS = (*READERS, "chat")
TEXTS = (".txt", ".log")


def read(path: str | Path, form: str | None = None, *, speaker: str = "") -> Dataset:
    """A file of another program.

    Args:
        form: one of `FORMS`; told from the file where it is left out.
        speaker: whose side of a chat log it is.

    Raises:
        UnknownName: no such form.
        BadInput: a file that cannot be read, or has none of these forms.
    """
    path = Path(path)
    form = form or recognised(path)
    if form not in FORMS:
        raise UnknownName("form", form, FORMS)
    if form == "chat":
        return chat.read(path, speaker)
    return READERS[form](path)


def recognised(path: Path) -> str:
    """The form of a file.

    Raises:
        BadInput: none that is known.
    """
    endings = [ending for ending in path.suffixes if ending != ".gz"]
    if endings[-1:] == [".jsonl"]:
        return "messages"
    if endings[-1:] and endings[-1] in TEXTS:
        return "chat"
    raw = document(path)
    for name, reader in (("chatgpt", chatgpt), ("mem0", mem0), ("letta", letta)):
        if reader.recognises(raw):
            return name
    first = raw[0] if isinstance(raw, list) and raw else raw
    if isinstance(first, dict) and {"messages", "text"} & set(first):
        return "messages"
    raise BadInput(path, "none of the forms that are known", f"Name its form: {', '.join(FORMS)}.")
