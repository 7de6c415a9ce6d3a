"""A load of one's own, as JSON:

{"said": {"ann": ["Rex is old", {"text": "I sold the car", "session": "monday", "time": 1714555800}]},
 "asked": [{"user": "ann", "query": "How is Rex?", "wanted": ["Rex is old"]}]}
"""

from __future__ import annotations

from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import document, instant, listing, mapping, text
from idiolect.evaluation.rivals.load import Asked, Load, Said


def read(path: Path) -> Load:
    """Texts by user in the order they are said, and questions with the texts that answer them; a question's sessions
    are those of its answers.

    Raises:
        BadInput: names the text or the question that cannot be read, or whose answer nobody said.
    """
    raw = mapping(document(path), path, "said", "asked")
    said = {
        user: tuple(_said(one, f"{path}, text {n} of {user}") for n, one in enumerate(listing(told, path)))
        for user, told in mapping(raw["said"], path).items()
    }
    asked = tuple(_asked(one, said, f"{path}, question {n}") for n, one in enumerate(listing(raw["asked"], path)))
    if not asked:
        raise BadInput(path, "it asks nothing", "Give at least one question")
    return Load(said, asked)


def _said(raw: object, where: str) -> Said:
    if isinstance(raw, str):
        return Said(raw)
    one = mapping(raw, where, "text")
    time = None if one.get("time") is None else instant(one["time"], where)
    return Said(text(one["text"], where), text(one.get("session", ""), where), time)


def _asked(raw: object, said: dict[str, tuple[Said, ...]], where: str) -> Asked:
    one = mapping(raw, where, "user", "query", "wanted")
    user, wanted = text(one["user"], where), tuple(text(t, where) for t in listing(one["wanted"], where))
    told = {s.text: s.session for s in said.get(user, ())}
    unsaid = [t for t in wanted if t not in told]
    if unsaid or not wanted:
        what = f"{user!r} never said {unsaid[0]!r}" if unsaid else "nothing answers it"
        raise BadInput(where, what, "Let `wanted` hold texts of that user, word for word")
    sessions = frozenset(s.session for s in said[user] if s.text in wanted and s.session)
    return Asked(user, text(one["query"], where), wanted, sessions)
