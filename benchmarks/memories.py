"""Published memories on LoCoMo, each as its file has it.

    python benchmarks/memories.py DATA --vectors FOLDER [--only omem,amem] [--every 3]

A memory is asked every question that has evidence, alone, right after the dialogue's last turn; none is told what is
important or what was recalled, as nobody was there to recall it. What it leaves out counts as not found. Figures are
means over questions with 95 % intervals over 2,000 draws of whole dialogues; `given` is the mean number of turns that
a memory gives when asked for ten. The shipped blend stands in `retrieval.py`, on the same questions.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from idiolect.core.types import Turn
from idiolect.data.readers import locomo
from idiolect.memory.presets.amem import AMem
from idiolect.memory.presets.generative_agents import GenerativeAgents
from idiolect.memory.presets.hipporag import HippoRAG
from idiolect.memory.presets.ldagent import LDAgent
from idiolect.memory.presets.malp import MaLP
from idiolect.memory.presets.map import MAP
from idiolect.memory.presets.memorybank import MemoryBank
from idiolect.memory.presets.memoryos import MemoryOS
from idiolect.memory.presets.memprompt import MemPrompt
from idiolect.memory.presets.omem import OMem
from idiolect.memory.presets.personamem import PersonaMem
from idiolect.memory.presets.teachme import TeachMe
from idiolect.retrieval.dense import Dense
from idiolect.retrieval.protocol import Encoder, Hits, Retriever
from retrieval import Cached, figures

K = 10
MEMORIES: dict[str, Callable[[Encoder, float], Retriever]] = {
    "MiniLM alone": lambda encoder, _: Dense(encoder=encoder),
    "generative_agents": lambda encoder, now: GenerativeAgents(now=now, relevance=Dense(encoder=encoder)),
    "memorybank": lambda encoder, now: MemoryBank(now=now, relevance=Dense(encoder=encoder)),
    "memoryos": lambda encoder, _: MemoryOS(encoder=encoder),
    "malp": lambda encoder, _: MaLP(encoder=encoder),
    "ldagent": lambda encoder, now: LDAgent(now=now, encoder=encoder),
    "memprompt": lambda encoder, _: MemPrompt(encoder=encoder),
    "teachme": lambda _, __: TeachMe(),
    "omem": lambda encoder, _: OMem(encoder=encoder),
    "hipporag": lambda encoder, _: HippoRAG(relevance=Dense(encoder=encoder)),
    "amem": lambda encoder, _: AMem(encoder=encoder),
    "personamem": lambda _, __: PersonaMem(),
    "map": lambda encoder, _: MAP(encoder=encoder),
}
Dialogue = tuple[tuple[Turn, ...], list[tuple[str, frozenset[str]]]]


def dialogues(data: Path, every: int) -> list[Dialogue]:
    """Of each its turns, and every so many-th of its questions, with the ids of their evidence."""
    found = locomo.read(str(data / "locomo"))
    made = []
    for name, turns in found.people.items():
        mine = [q for q in found.questions if q.user == name and q.evidence]
        made.append((tuple(turns), [(q.query.text, frozenset(q.evidence)) for q in mine[::every]]))
    return made


def row(make: Callable[[Encoder, float], Retriever], given: list[Dialogue], encoder: Encoder) -> str:
    recalls: list[list[float]] = []
    sessions: list[list[float]] = []
    counts, began, blind = [], time.process_time(), make is MEMORIES["personamem"]
    for turns, questions in given:
        memory, session = make(encoder, turns[-1].time), {turn.id: turn.session for turn in turns}
        note = memory.rank("", turns, K) if blind else Hits()  # it reads no question: once will do
        found = [note if blind else memory.rank(question, turns, K) for question, _ in questions]
        counts += [len(hits.ids) for hits in found]
        recalls.append([len(gold & set(h.ids)) / len(gold) for h, (_, gold) in zip(found, questions, strict=True)])
        wanted = [{session[id] for id in gold} for _, gold in questions]
        first = [session.get(next(iter(hits.ids), "")) for hits in found]
        sessions.append([float(one in several) for one, several in zip(first, wanted, strict=True)])
    spent = (time.process_time() - began) / sum(map(len, recalls)) * 1e3
    return f"{figures(recalls)}  {figures(sessions)}  given {np.mean(counts):4.1f}  {spent:6.1f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--only", default=",".join(MEMORIES))
    parser.add_argument("--every", type=int, default=1)
    chosen = parser.parse_args()
    encoder, given = Cached(chosen.vectors), dialogues(chosen.data, chosen.every)
    encoder.encode([text for turns, asked in given for text in (*(t.text for t in turns), *(q for q, _ in asked))])
    encoder.save("locomo-memories")
    asked = sum(len(questions) for _, questions in given)
    print(f"{len(given)} dialogues, {asked} questions; turn recall@{K}, session hit@1")
    for name in chosen.only.split(","):
        print(f"{name:18} {row(MEMORIES[name], given, encoder)}", flush=True)


if __name__ == "__main__":
    main()
