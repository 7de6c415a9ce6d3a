"""What a user's memory costs: writing, finding, erasing, bytes; beside plain SQLite with numpy, and mem0 where it is.

2,000 facts that differ in names, places and things only; their vectors and the questions' are made before the clock
starts. The floor is one SQLite file (WAL, every transaction synchronised) with texts, vectors and FTS5, a matrix in
memory, and no framework. Counts: IDIOLECT_BENCH_FACTS, IDIOLECT_BENCH_CROWD.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from statistics import quantiles

import numpy as np
from ratio import Pair, Row, machine, there

from idiolect.memory.opening import open
from idiolect.memory.space import Space
from idiolect.memory.user import User
from idiolect.retrieval.dense import MiniLM
from idiolect.retrieval.signals.meaning import meaning

FACTS = int(os.environ.get("IDIOLECT_BENCH_FACTS", "2000"))
CROWD = int(os.environ.get("IDIOLECT_BENCH_CROWD", "10000"))  # users of 20 facts
ASKED, BATCH, TOP, FEW = 50, 100, 10, 20
MEMORY = Path("/dev/shm")
NAMES = "Abel Bente Cyril Dunja Edda Fabio Gunvor Hamid Ilse Jovan Katrin Leila Milo Noor Otto Petra Ravi Signe"
TOWNS = "Aarhus Brno Cadiz Delft Essen Faro Graz Hobart Izmir Jaipur Kobe Lucca Mysore Narvik Odense Porto Riga"
THINGS = "a kite,a samovar,two violins,blue paint,an atlas,lemon cake,a canoe,seed potatoes,a telescope,old coins"
SAID = (
    "With {name} in {town} I looked for {thing} until it was dark outside.",
    "{name} once sent me {thing} from {town} in a box without a letter.",
    "Next year {name} and I will take {thing} to the market of {town}.",
    "In {town} I had to leave {thing} behind, and {name} found it later.",
)
ASKING = "What about {thing} with {name} in {town}?"


def facts(n: int) -> list[tuple[str, str]]:
    """(what is said, a question that it answers), all different."""
    every = [(s, a, t, o) for s in SAID for a in NAMES.split() for t in TOWNS.split() for o in THINGS.split(",")]
    chosen = random.Random(5).sample(every, n)
    return [(said.format(name=a, town=t, thing=o), ASKING.format(name=a, town=t, thing=o)) for said, a, t, o in chosen]


class Floor:
    """The same work without a framework."""

    def __init__(self, folder: Path, encoder: MiniLM) -> None:
        self.encoder = encoder
        folder.mkdir()
        self.file = sqlite3.connect(folder / "floor.db")
        self.file.executescript(
            "PRAGMA journal_mode=wal; PRAGMA synchronous=full;"
            "CREATE TABLE said (id INTEGER PRIMARY KEY, text, vector);"
            "CREATE VIRTUAL TABLE word USING fts5 (text, tokenize='porter unicode61', content='')"
        )

    def add(self, texts: list[str]) -> None:
        with self.file:
            for text, vector in zip(texts, self.encoder.encode(texts), strict=True):
                row = self.file.execute("INSERT INTO said (text, vector) VALUES (?, ?)", (text, vector.tobytes()))
                self.file.execute("INSERT INTO word (rowid, text) VALUES (?, ?)", (row.lastrowid, text))

    def search(self, question: str) -> list[str]:
        words = " OR ".join(f'"{word}"' for word in dict.fromkeys(re.findall(r"\w+", question)))
        query = "SELECT rowid FROM word WHERE word MATCH ? ORDER BY bm25(word) LIMIT ?"
        ids = [n for (n,) in self.file.execute(query, (words, TOP))]
        return [self.file.execute("SELECT text FROM said WHERE id = ?", (n,)).fetchone()[0] for n in ids]

    def matrix(self) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        raw = b"".join(v for (v,) in self.file.execute("SELECT vector FROM said ORDER BY id"))
        return np.frombuffer(raw, np.float32).reshape(-1, self.encoder.dim)


class Bench:
    """A home and a floor in a folder that goes away."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.encoder, self.numbers = folder, MiniLM(), count()
        self.given = facts(FACTS)
        self.said, self.asked = [said for said, _ in self.given], [asked for _, asked in self.given[:ASKED]]
        self.encoder.encode([*self.said, *self.asked])
        self.space = open(folder / "home", encoder=self.encoder)

    def fresh(self) -> User:
        """A user of whom nothing is kept yet."""
        return self.space.user(f"user {next(self.numbers)}")

    def floor(self) -> Floor:
        return Floor(self.folder / f"floor{next(self.numbers)}", self.encoder)

    def filled(self, space: Space, user: str, texts: list[str]) -> User:
        made = self.embedded(space, user, texts)
        made.flush()
        return made

    def embedded(self, space: Space, user: str, texts: list[str]) -> User:
        """With vectors, before facts are taken from it."""
        made = space.user(user)
        for start in range(0, len(texts), BATCH):
            made.add(texts[start : start + BATCH])
        with space.store.unit(user) as unit:
            while unit is not None and unit.embed(self.encoder, BATCH):
                continue
        return made


def writing(bench: Bench) -> Iterator[Pair]:
    """One synchronised transaction for each fact, and for each hundred."""

    def single(add: Callable[[str], object]) -> None:
        for said in bench.said:
            add(said)

    def many(add: Callable[[list[str]], object]) -> None:
        for start in range(0, FACTS, BATCH):
            add(bench.said[start : start + BATCH])

    def floor(one: bool) -> None:
        made = bench.floor()
        single(lambda said: made.add([said])) if one else many(made.add)

    more = {"rate": True, "better": "higher", "rounds": 3}
    yield Pair(
        id=f"memory: {FACTS} single adds against SQLite",
        ours=lambda: single(bench.fresh().add), theirs=lambda: floor(True), goal=0.5, **more,
    )  # fmt: skip
    yield Pair(
        id=f"memory: {FACTS} adds by the {BATCH} against SQLite",
        ours=lambda: many(bench.fresh().add), theirs=lambda: floor(False), goal=0.25, **more,
    )  # fmt: skip
    if there("mem0", "single adds against mem0"):
        mem0 = rival(bench)
        yield Pair(
            id=f"memory: {FACTS} single adds against mem0 with Qdrant",
            ours=lambda: single(bench.fresh().add), theirs=lambda: single(mem0()), goal=5.0, **more,
        )  # fmt: skip


def finding(bench: Bench) -> Iterator[Pair]:
    """Fifty questions each time, with their vectors at hand."""
    ann, floor = bench.filled(bench.space, "ann", bench.said), bench.floor()
    floor.add(bench.said)
    matrix, questions = floor.matrix(), bench.encoder.encode(bench.asked)
    owners = np.arange(len(matrix))
    for asked in bench.asked[:3]:
        ann.search(asked)  # the index of the last change is made once

    def ranked(scores: Callable[[np.ndarray[tuple[int, ...], np.dtype[np.float32]]], object]) -> None:
        for _ in range(20):
            for question in questions:
                np.argpartition(-np.asarray(scores(question)), TOP)[:TOP]

    def searched(search: Callable[[str], object]) -> None:
        for asked in bench.asked:
            search(asked)

    def plain() -> None:
        ranked(lambda q: matrix @ q)

    yield Pair(
        id=f"memory: hybrid search of {FACTS} against SQLite's bm25",
        ours=lambda: searched(ann.search), theirs=lambda: searched(floor.search), goal=2.0, cpu=True,
    )  # fmt: skip
    yield Pair(
        id=f"memory: ranking {FACTS} vectors against numpy",
        ours=lambda: ranked(lambda q: meaning(q, matrix, owners, len(matrix))), theirs=plain, goal=1.5, cpu=True,
    )  # fmt: skip
    yield Pair(
        id=f"memory: whole search of {FACTS} against numpy's ranking, 20 times as many",
        ours=lambda: searched(ann.search), theirs=plain, cpu=True,
    )  # fmt: skip


def crowd(bench: Bench) -> Iterator[Pair]:
    """One user among very many, and among a hundred; filled in memory where there is such a folder, as what waits for
    the disk is not counted."""
    made = []
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else bench.folder) as folder:
        for users in (CROWD, min(100, CROWD)):
            space = open(Path(folder, f"crowd{users}-{next(bench.numbers)}"), encoder=bench.encoder)
            for n in range(users - 1):
                space.user(f"{n}").add(bench.said[:FEW])
            made.append((space, bench.filled(space, "ann", bench.said[:FEW])))
        yield among(bench, made[0][1], made[1][1])
        for space, _ in made:
            space.close()


def among(bench: Bench, many: User, few: User) -> Pair:
    """The same questions to the same user in two homes."""

    def asked(user: User) -> None:
        for _ in range(5):  # the few questions that his few facts answer are quick
            for question in bench.asked[:FEW]:
                user.search(question)

    id = f"memory: one among {CROWD} users against one among 100"
    return Pair(id=id, ours=lambda: asked(many), theirs=lambda: asked(few), goal=1.2, cpu=True)


def erasing(bench: Bench, times: int = 20) -> Iterator[Row]:
    """Seconds of `erase` against the 0.2 that it may take: the 95th of a hundred, between median and longest."""
    users = [bench.embedded(bench.space, f"gone {n}", bench.said) for n in range(times)]
    spent = []
    for user in users:
        began = time.perf_counter()
        user.erase(wait=False)
        spent.append((time.perf_counter() - began) / 0.2)
    cuts = quantiles(spent, n=20, method="inclusive")
    yield row(f"memory: erasing {FACTS} memories, p95 of 0.2 s", cuts[-1], 1.0, cuts[9], max(spent))


def size(bench: Bench, texts: int = 1000) -> Iterator[Row]:
    """Bytes of a closed unit, before facts are taken from it, against what they may be."""
    said = [" ".join(text.split()[:15]) for text in bench.said[:texts]]
    budget = 4 * sum(len(text.encode()) for text in said) + 2 * bench.encoder.dim * len(said) + 64_000
    home = bench.folder / f"size{next(bench.numbers)}"
    with open(home, encoder=bench.encoder) as space:
        bench.embedded(space, "ann", said)
        with space.store.unit("ann") as unit:
            assert unit is not None
            with unit.writing() as connection:
                connection.execute("INSERT OR REPLACE INTO meta VALUES ('unclean', 1)")
            unit.scrub()
        space.user("nobody").remember(True)
    sizes = sorted(sum(f.stat().st_size for f in p.iterdir()) for p in home.glob("spaces/default/users/*/*"))
    yield row(f"memory: bytes of {len(said)} facts against what they may be", sizes[1] / budget, 1.0)
    yield row("memory: bytes of an empty user against 128 kB", sizes[0] / 128_000, 1.0)


def row(id: str, ratio: float, goal: float, low: float | None = None, high: float | None = None) -> Row:
    return Row(
        id=id,
        ratio=round(ratio, 3),
        low=round(ratio if low is None else low, 3),
        high=round(ratio if high is None else high, 3),
        goal=goal,
        better="lower",
        command="python benchmarks/speed memory",
        machine=machine(),
    )


def rival(bench: Bench) -> Callable[[], Callable[[str], object]]:
    """mem0 on Qdrant in a folder, without a model: each time a fresh user, to whom one text at a time is added."""
    os.environ |= {"MEM0_TELEMETRY": "False", "MEM0_DIR": str(bench.folder / "mem0")}
    from mem0 import Memory  # type: ignore[import-not-found]
    from mem0.embeddings.base import EmbeddingBase  # type: ignore[import-not-found]
    from mem0.utils.factory import EmbedderFactory  # type: ignore[import-not-found]

    class Given(EmbeddingBase):  # type: ignore[misc]
        def embed(self, text: str, memory_action: str | None = None) -> list[float]:
            found: list[float] = bench.encoder.encode([text])[0].tolist()
            return found

    create, EmbedderFactory.create = EmbedderFactory.create, classmethod(lambda *_, **__: Given())
    place = {"path": str(bench.folder / "qdrant"), "on_disk": True, "embedding_model_dims": bench.encoder.dim}
    memory = Memory.from_config(
        {
            "vector_store": {"provider": "qdrant", "config": {"collection_name": "m", **place}},
            "llm": {"provider": "openai", "config": {"api_key": "none", "openai_base_url": "http://127.0.0.1:9/v1"}},
            "history_db_path": str(bench.folder / "history.db"),
        }
    )
    EmbedderFactory.create = create
    users = count()
    return lambda: partial(memory.add, user_id=f"user {next(users)}", infer=False)


def pairs() -> Iterator[Pair | Row]:
    folder = Path(tempfile.mkdtemp(prefix="idiolect-bench-"))
    try:
        bench = Bench(folder)
        for part in (writing, finding, erasing, size, crowd):
            yield from part(bench)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
