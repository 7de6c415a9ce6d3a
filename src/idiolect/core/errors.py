"""Everything the library raises on purpose. Each message says what is wrong, where, and how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class IdiolectError(Exception):
    """Root of every error that a caller may want to catch."""


class AccessError(IdiolectError):
    """A method asks for more than the model gives (text < top logits < logits < weights)."""


class CompositionError(IdiolectError):
    """Two methods write the same site, or both bring several streams."""


class BadInput(IdiolectError):
    """A file or value that cannot be read: names the file, the place in it and the fix."""

    def __init__(self, where: object, what: str, fix: str) -> None:
        super().__init__(f"{where}: {what}. {fix}")
        self.where, self.what, self.fix = str(where), what, fix


class MissingExtra(IdiolectError):
    """An optional dependency is not installed; the message names the extra."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed. Install it with: pip install 'idiolect[{extra}]'")


class UnknownName(IdiolectError, KeyError):
    """No such method, metric, task, world or option; names up to three near ones."""

    def __init__(self, kind: str, name: str, among: Iterable[str]) -> None:
        known = sorted(among)
        near = difflib.get_close_matches(name, known, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(known[:20])}"
        super().__init__(f"no {kind} called {name!r}; {hint}")

    def __str__(self) -> str:  # KeyError would print the repr
        return str(self.args[0])


class TrainingError(IdiolectError):
    """A user's training cannot go on; whoever trains beside him goes on."""

    def __init__(self, who: str, what: str) -> None:
        super().__init__(
            f"training {who}: {what}. Lower Recipe.lr or Recipe.clip, or look at these examples and `start`."
        )
        self.who = who


class ConsentError(IdiolectError):
    """The user has not allowed this purpose or destination."""


class StoreError(IdiolectError):
    """What is on disk cannot be read or written; it is as it was before, or as it would be after."""

    def __init__(self, where: object, what: str, fix: str) -> None:
        super().__init__(f"{where}: {what}. {fix}")
        self.where, self.what, self.fix = str(where), what, fix
