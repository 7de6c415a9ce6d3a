"""The handle on one user: whatever is reached through it is his, and nothing of anybody else's can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from idiolect.core.errors import ConsentError
from idiolect.core.types import Record
from idiolect.data.sqlite import rows
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.data.sqlite.unit import setting
from idiolect.governance.derived import unfinished
from idiolect.governance.erasure import Erasure, erase
from idiolect.memory import portable
from idiolect.memory.context import Count, context, estimate, profile
from idiolect.memory.filters import asked
from idiolect.memory.known import Known
from idiolect.memory.messages import Given, Moment, coming, records, seconds
from idiolect.memory.portable import Tell, untold
from idiolect.memory.results import kind, result, same, saying
from idiolect.memory.search import CATCH_UP, search

if TYPE_CHECKING:
    from idiolect.retrieval.protocol import Encoder

Results = dict[str, list[dict[str, Any]]]
NEVER = 0  # as the setting "remember"


class User(Known):
    """What `space.user(id)` gives. Nothing is made on disk before something is added or set.

    Every method is one transaction: it happens whole or not at all, and what it acknowledged is on the disk.
    """

    def __init__(self, store: SQLiteStore, id: str, *, encoder: Encoder | None, actor: str) -> None:
        super().__init__(store, id, actor)
        self._encoder = encoder

    def add(
        self,
        messages: Given,
        *,
        metadata: Mapping[str, Any] | None = None,
        session: str = "",
        time: Moment | None = None,
        expires: Moment | None = None,
        key: str | None = None,
        wait: bool = False,
    ) -> Results:
        """Keeps texts, OpenAI messages or typed records; their words can be searched when this returns.

        Args:
            messages: one or many.
            metadata: JSON values to find them by again, the same for all.
            session: the conversation they belong to.
            time: when those were said that state no time themselves; now where it is left out.
            expires: from then on they are in no read, and are erased, as `delete` does it, with what corrected them and
                what was learnt from them.
            key: of this write. Done again under the same key, after a crash or an answer that was lost, it adds nothing
                for thirty days.
            wait: also for their sentence vectors and facts, which else are made by later searches and by `flush`.

        Returns:
            An entry for each that is new (event "ADD"), or is there from the same write before ("NONE"); none where the
            user does not want to be remembered.

        Raises:
            BadInput: something that is no message, an id that another record of his has, the key of another write, or
                `expires` is over.
        """
        now = self._store.clock() if time is None else seconds(time)
        until = None if expires is None else coming(expires, self._store.clock())
        undated = now if key is None or time is not None else rows.UNDATED  # else the same again would differ
        given = records(messages, user=self.id, session=session, now=undated, key=key)
        if not given:
            return {"results": []}
        with self._own() as unit, unit.writing() as connection:
            if setting(connection, "remember") == NEVER:
                return {"results": []}
            if key is not None and (there := rows.again(connection, self.id, key, given, now)) is not None:
                return {"results": [result(row, event="NONE") for row in there]}
            added = rows.append(connection, self.id, given, metadata, now=now, expires=until)
            self._store.ending(self.id, until)
            unit.changed(connection, self._actor, "add", count=len(added))
        if wait:
            self.flush()
        return {"results": [result(row, event="ADD") for row in added]}

    def search(
        self,
        query: str,
        top_k: int = 10,
        filters: Mapping[str, Any] | None = None,
        as_of: Moment | None = None,
        *,
        explain: bool = False,
    ) -> Results:
        """The memories that bear on a question, best first, by words and by meaning.

        Args:
            filters: conditions on metadata and kind, see `memory.filters`. A record and what was understood of it are
                one entry: where {"kind": "fact"} is asked for, a turn stands there as the facts that it states.
            as_of: what held then, later corrections left aside; now where it is left out.
            explain: adds "parts", the place and own score of a memory by words and by vectors; "shares", what each
                signal of `retrieval.blend` gave to its score; and "rules", what a rule added or took.

        Returns:
            Entries with "score": 1 is first in every list.
        """
        with self._store.unit(self.id) as unit:
            if unit is None:
                return {"results": []}
            self._catch_up(unit)
            question = self._question(query, top_k, filters, as_of)
            found = search(unit, question, self._encoder, explain=explain)
            unit.note(self._actor, "search", purpose="assist", count=len(found))
        return {"results": [result(f.row, f.stated, score=f.score, sources=f.sources, **f.why) for f in found]}

    def get(self, id: str) -> dict[str, Any] | None:
        """One memory as it is now; None where he has none of that id."""
        found = [row for row in self._versions(id, "get") if row.replaced is None]
        return result(found[0]) if found else None

    def get_all(
        self, filters: Mapping[str, Any] | None = None, limit: int | None = None, as_of: Moment | None = None
    ) -> Results:
        """All memories that hold, oldest first; with a limit the newest of them."""
        found = self._entries(self._question(filters=filters, as_of=as_of), "get_all")
        return {"results": [result(*one) for one in (found if limit is None else found[max(len(found) - limit, 0) :])]}

    def update(
        self, id: str, text: str, *, metadata: Mapping[str, Any] | None = None, erase_old: bool = False
    ) -> dict[str, Any]:
        """Corrects a memory; the old text stays in `history` and for `as_of`, or is erased. What says the same again
        changes nothing.

        Args:
            metadata: replaces the old where it is given.

        Raises:
            BadInput: an empty text, or an id that is none of his.
        """
        with self._present(id) as unit, unit.writing() as connection:
            known = self._known(connection, id)
            now = self._store.clock()
            record = saying(known[-1].record, text, now)
            noted = rows.written(known[-1].metadata if metadata is None else metadata)
            if not erase_old and same(record, known[-1].record) and noted == rows.written(known[-1].metadata):
                return result(known[-1])
            n = rows.replace(connection, record, noted, now)
            if erase_old:
                rows.delete(connection, known)
            row = rows.at(connection, [n])[n]
            unit.changed(connection, self._actor, "update", record=n)
        self._settle()
        return result(row)

    def delete(self, id: str, *, missing_ok: bool = False) -> None:
        """Erases a memory with its history: out of every read now, out of the bytes within a second.

        On a server the bytes stay in its files until `idiolect doctor --purge`: `space.receipts()` has an open receipt
        of it until then, as of all that erases records.

        Args:
            missing_ok: so that it may be done again: nothing happens where he has none of that id.

        Raises:
            BadInput: an id that is none of his.
        """
        if missing_ok and self.get(id) is None:
            return
        with self._present(id) as unit, unit.writing() as connection:
            rows.delete(connection, self._known(connection, id))
            unit.changed(connection, self._actor, "delete")
        self._settle()

    def delete_all(self, filters: Mapping[str, Any] | None = None, *, ended: bool = False) -> int:
        """Erases all memories, or those that pass the filters, with their history; gives how many. A fact goes with
        the turns that state it.

        Args:
            ended: only those whose `valid_to` is over, which until they are erased `as_of` still finds.
        """
        with self._store.unit(self.id) as unit:
            if unit is None:
                return 0
            while "kind" in asked(filters or {}) and self._work(unit):  # facts are found by what states them
                continue
            with unit.writing() as connection:
                gone = self._delete(connection, filters, ended=ended)
                unit.changed(connection, self._actor, "delete_all", count=gone)
        self._settle()
        return gone

    def profile(self) -> dict[str, dict[str, list[str]]]:
        """What is stated of him: attributes, relations and wishes by name, the newest value first."""
        return profile([*(row.record for row in self._holding(self._question(), "profile")), *self._of_himself()[0]])

    def context(self, max_tokens: int, query: str | None = None, *, count: Count = estimate) -> str:
        """What is known of him as lines of prompt; empty where he does not allow "assist".

        Args:
            max_tokens: never more, as `count` counts; without one, a token is taken for three bytes.
            query: what the lines are to bear on; the newest ones where it is left out.
        """
        if "assist" not in self.consents():
            return ""
        stated, over = self._of_himself()
        held = self._holding(self._question(), "context")[::-1]
        facts = [row.record for row in held if kind(row.record) == "fact"] + stated[::-1]
        rest: Sequence[Record] = [row.record for row in held if kind(row.record) != "fact" and row.n not in over]
        if query is not None:
            ids = [entry["id"] for entry in self.search(query, top_k=50)["results"]]
            by_id = {record.id: record for record in rest}
            rest = [by_id[id] for id in ids if id in by_id]
        return context(facts, rest, max_tokens, count)

    def export(self, folder: str | Path, tell: Tell = untold) -> int:
        """Writes all of him into a folder that `import_` reads; gives the number of versions of records."""
        with self._store.unit(self.id) as unit:
            if unit is not None:
                unit.note(self._actor, "export")
            return portable.export(unit, Path(folder), tell)

    def import_(self, folder: str | Path, tell: Tell = untold) -> int:
        """Reads what `export` wrote; gives how many versions are new.

        Raises:
            BadInput: a folder that is damaged, or an id that another record of his has.
            ConsentError: he does not want to be remembered.
        """
        manifest, given = portable.read(Path(folder))
        with self._own() as unit:
            with unit.writing() as connection:
                if given and setting(connection, "remember") == NEVER:
                    raise ConsentError(f"user {self.id!r} does not want to be remembered. {portable.ASK}")
                new = portable.enter(connection, manifest, given, self.id, now=self._store.clock(), tell=tell)
                self._store.ending(self.id, rows.ends(connection))
                if not (manifest.get("remember", True) or rows.current(connection)):
                    connection.execute("INSERT OR REPLACE INTO meta VALUES ('remember', ?)", (NEVER,))
                unit.changed(connection, self._actor, "import", count=new)
            portable.adapters(Path(folder), unit, manifest, given)
        return new

    def erase(self, *, strict: bool = False, wait: bool = True) -> Erasure:
        """Erases him: everything that was kept or learnt of him alone is gone when this returns.

        Args:
            strict: what was learnt from many, him included, goes out of service at once.
            wait: also for the search for residue outside his folder; else it runs behind and closes the receipt.
        """
        return erase(self._store, self.id, strict=strict, wait=wait)

    @property
    def remembered(self) -> bool:
        """Whether anything is kept of what he says."""
        with self._store.unit(self.id) as unit:
            if unit is None:
                return self._store.policy.remember
            with unit.reading() as connection:
                return setting(connection, "remember") != NEVER

    def remember(self, on: bool) -> None:
        """Whether to remember at all. Switching it off erases what was kept; `add` then keeps nothing."""
        with self._own() as unit, unit.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('remember', ?)", (int(on),))
            gone = 0 if on else self._delete(connection, None)
            unit.changed(connection, self._actor, "remember" if on else "forget", count=gone)
        self._settle()

    def consents(self) -> frozenset[str]:
        """The purposes that he allows."""
        return self._store.consents(self.id)

    def consent(self, *purposes: str) -> None:
        """Replaces what he allows; "train" withdrawn drops what was trained on him, "share" what others have of him."""
        if "train" in self.consents() - set(purposes):
            unfinished(self._store)
        self._store.consent(self.id, *purposes)
        self._settle()

    def flush(self) -> None:
        """Waits for what else happens later: vectors, facts, audit lines, the bytes of what was deleted."""
        with self._store.unit(self.id) as unit:
            if unit is not None:
                while self._encoder is not None and unit.embed(self._encoder, CATCH_UP):
                    continue
                while self._work(unit):
                    continue
                unit.record()
                unit.scrub()
