"""The nouns: what a user has said and done (C_i), what is asked (q), what it was answered (y)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, TypeAlias, TypeVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """What all records share. Times are POSIX seconds, `None` where open."""

    id: str
    time: float = 0.0
    asserted_by: str = "user"
    valid_from: float | None = None
    valid_to: float | None = None
    local_only: bool = False  # may not leave this machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute(Stamped):
    """Profile: ``Attribute(id="1", name="occupation", value="singer")``; `name="wants"` is a stated wish."""

    kind: ClassVar[str] = "attribute"
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation(Stamped):
    """Someone or something in the user's life: ``Relation(id="2", name="sister", value="Anna")``."""

    kind: ClassVar[str] = "relation"
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn(Stamped):
    """One turn of a dialogue; `role` is who spoke."""

    kind: ClassVar[str] = "turn"
    text: str
    role: Literal["user", "assistant", "system", "tool"] = "user"
    session: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post(Stamped):
    """A text the user wrote for `task`, given `prompt`: a headline for a note, a rewritten sentence, a review."""

    kind: ClassVar[str] = "post"
    task: str
    prompt: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction(Stamped):
    """What the user did with an item: the tag or the rating he gave it, whether he took it."""

    kind: ClassVar[str] = "interaction"
    task: str
    prompt: str
    text: str
    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference(Stamped):
    """Of two answers to `prompt` he preferred `chosen`; or, without a prompt, a stated dimension and its weight."""

    kind: ClassVar[str] = "preference"
    prompt: str = ""
    chosen: str = ""
    rejected: str = ""
    dimension: str = ""
    weight: float = 0.0


Record: TypeAlias = Attribute | Relation | Turn | Post | Interaction | Preference
KINDS: dict[str, type[Record]] = {c.kind: c for c in (Attribute, Relation, Turn, Post, Interaction, Preference)}
R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation, roles as in the OpenAI API."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """q_ij. `messages` is all that the application sends; `input` the bare item of a task ("a film about ships")."""

    messages: tuple[Message, ...]
    task: str = ""
    input: str = ""
    candidates: tuple[str, ...] = ()
    time: float | None = None

    @property
    def text(self) -> str:
        """The last thing the user says."""
        return next((m.content for m in reversed(self.messages) if m.role == "user"), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """y_ij with what it cost."""

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    milliseconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A supervised pair made from one record; `before` is the user as he was just before it."""

    query: Query
    target: str
    before: UserData
    source: str  # the record's id
    rejected: str = ""  # for preferences: the answer he did not choose


@dataclass(frozen=True, slots=True)
class UserData:
    """C_i: the consented records of one user, oldest first. Made only by `governance.view`.

    `lineage` names every record that was read to make it; `neighbours` are users who consented to share.
    """

    user_id: str
    records: tuple[Record, ...] = ()
    neighbours: tuple[UserData, ...] = field(default=(), repr=False)

    def of(self, kind: type[R]) -> Iterator[R]:
        """His records of one kind, oldest first."""
        return (r for r in self.records if isinstance(r, kind))

    @property
    def lineage(self) -> frozenset[tuple[str, str]]:
        """(owner, record id) of everything in here, neighbours included."""
        own = frozenset((self.user_id, r.id) for r in self.records)
        return own.union(*(n.lineage for n in self.neighbours))

    def until(self, position: int) -> UserData:
        """The user as he was before his record at `position`."""
        return replace(self, records=self.records[:position])

    def after(self, record_id: str) -> UserData:
        """What came after one record (all of it, if that record is not there)."""
        ids = [r.id for r in self.records]
        start = ids.index(record_id) + 1 if record_id in ids else 0
        return replace(self, records=self.records[start:])

    def examples(self, task: str | None = None) -> Iterator[Example]:
        """Each record that answers a task as (query, target, before), oldest first: the one source of training pairs.

        Posts and interactions give sft pairs; preferences between two answers give chosen and rejected.
        """
        from idiolect.core.layout import ask

        for i, r in enumerate(self.records):
            if isinstance(r, (Post, Interaction)) and task in (None, r.task):
                yield Example(
                    query=ask(r.task, r.prompt, time=r.time), target=r.text, before=self.until(i), source=r.id
                )
            elif isinstance(r, Preference) and r.prompt and task in (None, "reply"):
                yield Example(
                    query=ask("reply", r.prompt, time=r.time),
                    target=r.chosen,
                    rejected=r.rejected,
                    before=self.until(i),
                    source=r.id,
                )
