"""Retrieval on public sets, with one configuration for all: figures, intervals over users, and what each signal adds.

    python benchmarks/retrieval.py DATA [--vectors FOLDER] [--only locomo,ikat,...] [--ablate]

DATA holds the sets' folders (`locomo`, `personabench`, `prefeval`, `ikat`) as they were published; nothing of them
is kept but sentence vectors under FOLDER, so that each text is encoded once. Every question is scored alone.
Intervals: 2,000 draws of whole users (conversations, people, topics); differences are paired with MiniLM alone,
over the same draws.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.data.readers import locomo
from idiolect.retrieval.blend import SHIPPED, Blend, Blended, blend
from idiolect.retrieval.corpus import Corpus, Document
from idiolect.retrieval.dense import MiniLM
from idiolect.retrieval.signals.around import neighbours
from idiolect.retrieval.split import pieces

SIGNALS = tuple(SHIPPED.__dataclass_fields__)
DRAWS = 2000
Order = NDArray[np.int64]
Measure = Callable[[Order, Any], float]


class Cached:
    """MiniLM, with the vectors of texts kept in a folder between runs."""

    dim = 384

    def __init__(self, folder: Path | None) -> None:
        self.folder, self.held, self.fresh = folder, {}, []  # type: ignore[var-annotated]
        for path in sorted(folder.glob("*.npy")) if folder else ():
            texts = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            self.held |= dict(zip(texts, np.load(path), strict=True))

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if new := [t for t in dict.fromkeys(texts) if t not in self.held]:
            self.held |= dict(zip(new, MiniLM().encode(new), strict=True))
            self.fresh += new
        return np.stack([self.held[t] for t in texts]) if texts else np.zeros((0, self.dim), np.float32)

    def words(self, terms: Sequence[str]) -> NDArray[np.float32]:
        return MiniLM().words(terms)

    def save(self, name: str) -> None:
        if self.folder and self.fresh:
            np.save(self.folder / f"{name}.npy", self.encode(self.fresh))
            (self.folder / f"{name}.json").write_text(json.dumps(self.fresh), encoding="utf-8")
            self.fresh = []


@dataclass(frozen=True)
class Asked:
    """`before`: the user's turn before this one; `gold`: places of documents, as the set's measures want them."""

    text: str
    gold: Any
    before: str = ""


@dataclass(frozen=True)
class User:
    name: str
    documents: tuple[Document, ...]
    questions: tuple[Asked, ...]


@dataclass(frozen=True)
class Set:
    users: tuple[User, ...]
    measures: dict[str, Callable[[User], Measure]]


def opened(path: Path) -> Any:
    """JSON, gzipped or not."""
    found = path if path.exists() else path.with_name(f"{path.name}.gz")
    return json.loads(gzip.decompress(found.read_bytes()) if found.suffix == ".gz" else found.read_bytes())


def share(k: int) -> Measure:
    return lambda order, gold: len(gold.intersection(order[:k].tolist())) / len(gold)


def ndcg(order: Order, gold: Any) -> float:
    gains = sum(1 / math.log2(place + 2) for place, i in enumerate(order[:3].tolist()) if i in gold)
    return gains / sum(1 / math.log2(place + 2) for place in range(min(3, len(gold))))


def covered(order: Order, gold: Any) -> float:
    """The best over all choices of one segment for each value that the answer has."""
    first = set(order[:5].tolist())
    choices = itertools.islice(itertools.product(*gold), 5000)
    return max((len(first.intersection(choice)) / len(set(choice)) for choice in choices), default=0.0)


def session(user: User) -> Measure:
    names = [d.session for d in user.documents]
    return lambda order, gold: float(names[order[0]] in {names[i] for i in gold})


def conversations(data: Path) -> Set:
    found = locomo.read(str(data / "locomo"))
    users = []
    for name, turns in found.people.items():
        places = {t.id: i for i, t in enumerate(turns)}
        documents = tuple(Document(text=t.text, session=t.session, time=t.time) for t in turns)
        mine = [q for q in found.questions if q.user == name and q.evidence]
        asked = tuple(Asked(q.query.text, {places[e] for e in q.evidence}) for q in mine)
        users.append(User(name, documents, asked))
    return Set(tuple(users), {"turn R@10": lambda _: share(10), "session Hit@1": session})


def documents(data: Path, noise: str) -> Set:
    root = data / "personabench/community_0"
    gold = {g["q_id"]: g["segment_id"] for g in opened(root / f"eval_info/qa_gt_context_all_noise_{noise}.json")}
    held: dict[str, dict[str, str]] = {}
    for kind in ("conversation", "user_ai_interaction", "purchase_history"):
        for person in opened(root / f"private_data/noise_{noise}/{kind}_data_all.json"):
            nested = [one.get("Conversations", [one]) for one in person["Data"]]
            for segment in itertools.chain.from_iterable(nested):
                body = {k: v for k, v in segment.items() if k not in ("segment_id", "session")}
                text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
                held.setdefault(person["Name"], {})[segment["segment_id"]] = text
    users = []
    for person in opened(root / "eval_info/eval_info_all.json"):
        mine = held.get(person["Name"], {})
        places = {id: i for i, id in enumerate(mine)}
        asked = [q for q in person["Eval_Info"]["qa"] if q["q_id"] in gold and q["type"] != "Subjective"]
        if mine:
            wanted = [[[places[s] for s in v if s in places] for v in gold[q["q_id"]].values()] for q in asked]
            kept = [Asked(q["question"], [v for v in w if v]) for q, w in zip(asked, wanted, strict=True)]
            users.append(User(person["Name"], tuple(Document(text=t) for t in mine.values()), tuple(kept)))
    return Set(tuple(users), {"recall@5": lambda _: covered})


def preferences(data: Path) -> Set:
    users = []
    for path in sorted((data / "prefeval/explicit_preference").iterdir()):
        rows = opened(path)
        asked = tuple(Asked(row["question"], {i}) for i, row in enumerate(rows))
        users.append(User(path.stem, tuple(Document(text=row["preference"]) for row in rows), asked))
    return Set(tuple(users), {"R@5": lambda _: share(5)})


def statements(data: Path, part: str) -> Set:
    judged: dict[str, set[str]] = {}
    if part != "train":
        for line in (data / f"ikat/2023_ptkb_rel_{part}").read_text(encoding="utf-8").splitlines():
            turn, _, statement, grade = line.split()
            if int(grade) > 0:
                judged.setdefault(turn, set()).add(statement)
    users = []
    for topic in opened(data / f"ikat/2023_{'train' if part == 'train' else 'test'}_topics.json"):
        places = {id: i for i, id in enumerate(topic["ptkb"])}
        asked, before = [], ""
        for turn in topic["turns"]:
            given = map(str, turn.get("ptkb_provenance") or ())
            gold = set(given) if part == "train" else judged.get(f"{topic['number']}_{turn['turn_id']}", set())
            if found := {places[s] for s in gold if s in places}:
                asked.append(Asked(turn["utterance"], found, before))
            before = turn["utterance"]
        if asked:
            users.append(User(topic["number"], tuple(Document(text=t) for t in topic["ptkb"].values()), tuple(asked)))
    return Set(tuple(users), {"nDCG@3": lambda _: ndcg})


SETS: dict[str, Callable[[Path], Set]] = {
    "locomo": conversations,
    "personabench 0.5": lambda data: documents(data, "0.5"),
    "personabench 0.0": lambda data: documents(data, "0.0"),
    "ikat train": lambda data: statements(data, "train"),
    "ikat nist": lambda data: statements(data, "nist"),
    "ikat organisers": lambda data: statements(data, "org"),
    "prefeval": preferences,
}


def plain(given: Set, encoder: Cached) -> dict[str, list[list[float]]]:
    """MiniLM alone, texts cut where the encoder cuts them: {measure: a list a user, a figure a question}."""
    found: dict[str, list[list[float]]] = {name: [] for name in given.measures}
    for user in given.users:
        rows, asked = encoder.encode([d.text for d in user.documents]), encoder.encode([q.text for q in user.questions])
        orders = np.argsort(-(asked @ rows.T).round(5), axis=1, kind="stable")
        for name, make in given.measures.items():
            measure = make(user)
            found[name].append([measure(o, q.gold) for o, q in zip(orders, user.questions, strict=True)])
    return found


def blended(given: Set, encoder: Cached, variants: Sequence[str]) -> dict[tuple[str, str], list[list[float]]]:
    """{(variant, measure): a list a user, a figure a question}; a variant names the signal that is left out, or
    none."""
    found: dict[tuple[str, str], list[list[float]]] = {}
    retriever = Blend(encoder=encoder)
    for user in given.users:
        corpus = indexed(user, encoder)
        measures = {name: make(user) for name, make in given.measures.items()}
        for asked in user.questions:
            made = blend(corpus, asked.text, retriever.question(asked.text, asked.before))
            for variant in variants:
                total = without(corpus, made, variant).round(9)
                order = np.lexsort((-np.arange(corpus.count), -total))
                for name, measure in measures.items():
                    rows = found.setdefault((variant, name), [[] for _ in given.users])
                    rows[given.users.index(user)].append(measure(order, asked.gold))
    return found


def without(corpus: Corpus, made: Blended, left_out: str) -> NDArray[np.float64]:
    """(n,) the scores that the blend would give without one signal."""
    spread = ("around", "session")
    lines = sum((s for name, s in made.shares.items() if name not in (left_out, *spread)), corpus.zeros())
    total = lines if left_out == "around" else neighbours(lines, corpus.sessions)
    return total if left_out == "session" else total + made.shares["session"]


def indexed(user: User, encoder: Cached) -> Corpus:
    parts = [(i, p) for i, d in enumerate(user.documents) for p in pieces(d.text)]
    rows = encoder.encode([p for _, p in parts])
    return Corpus(user.documents, lexicon=encoder, pieces=rows, owners=[i for i, _ in parts])


def interval(rows: Sequence[Sequence[float]]) -> tuple[float, float, float]:
    """(mean over questions, 2.5 % and 97.5 % over draws of whole users)."""
    sums, counts = np.array([sum(r) for r in rows]), np.array([len(r) for r in rows])
    draws = np.random.default_rng(0).integers(0, len(rows), (DRAWS, len(rows)))
    low, high = np.quantile(sums[draws].sum(1) / counts[draws].sum(1), (0.025, 0.975))
    return float(sums.sum() / counts.sum()), float(low), float(high)


def lines(name: str, given: Set, encoder: Cached, *, ablate: bool) -> Iterator[str]:
    base = plain(given, encoder)
    for measure, rows in base.items():
        yield f"{name:17} {measure:13} {'MiniLM':17} {figures(rows)}"
    for (left_out, measure), rows in blended(given, encoder, ["", *(SIGNALS if ablate else ())]).items():
        paired = [[a - b for a, b in zip(x, y, strict=True)] for x, y in zip(rows, base[measure], strict=True)]
        variant = f"without {left_out}" if left_out else "shipped"
        yield f"{name:17} {measure:13} {variant:17} {figures(rows)}  more than MiniLM: {figures(paired)}"


def figures(rows: Sequence[Sequence[float]]) -> str:
    return "{:.3f} [{:.3f}, {:.3f}]".format(*interval(rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--only", default=",".join(SETS))
    parser.add_argument("--ablate", action="store_true")
    chosen = parser.parse_args()
    encoder = Cached(chosen.vectors)
    for name in chosen.only.split(","):
        given = SETS[name](chosen.data)
        for line in lines(name, given, encoder, ablate=chosen.ablate):
            print(line, flush=True)
        encoder.save(re.sub(r"\W+", "-", name))


if __name__ == "__main__":
    main()
