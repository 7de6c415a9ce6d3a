"""Published memories on public sets, each as its file has it.

    python benchmarks/memories.py DATA --vectors FOLDER [--set "personabench 0.5"] [--only omem,amem] [--every 3]

A memory is asked every question that has evidence, alone, right after the person's last record; none is told what is
important or what was recalled, as nobody was there to recall it. What it leaves out counts as not found. Figures are
means over questions with 95 % intervals over 2,000 draws of whole users; `given` is the mean number of records that a
memory gives when asked for ten. The shipped blend stands in `retrieval.py`, on the same questions.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from idiolect.core.types import Turn
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
from retrieval import SETS, Cached, Set, figures

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


def row(make: Callable[[Encoder, float], Retriever], given: Set, encoder: Encoder, every: int) -> str:
    """What one memory finds: by measure its mean with limits, how much it gives, and its time a question."""
    found: dict[str, list[list[float]]] = {name: [] for name in given.measures}
    counts, began, blind = [], time.process_time(), make is MEMORIES["personamem"]
    for user in given.users:
        pool = tuple(Turn(id=str(i), text=d.text, session=d.session, time=d.time) for i, d in enumerate(user.documents))
        memory, questions = make(encoder, pool[-1].time), user.questions[::every]
        note = memory.rank("", pool, K) if blind else Hits()  # it reads no question: once will do
        hits = [note if blind else memory.rank(q.text, pool, K) for q in questions]
        counts += [len(h.ids) for h in hits]
        orders = [np.array([int(id) for id in h.ids], dtype=np.int64) for h in hits]
        for name, of in given.measures.items():
            measure = of(user)
            pairs = zip(orders, questions, strict=True)
            found[name].append([measure(o, q.gold) if len(o) else 0.0 for o, q in pairs])
    spent = (time.process_time() - began) / len(counts) * 1e3
    shown = "  ".join(figures(rows) for rows in found.values())
    return f"{shown}  given {np.mean(counts):4.1f}  {spent:6.1f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--set", choices=SETS, default="locomo")
    parser.add_argument("--only", default=",".join(MEMORIES))
    parser.add_argument("--every", type=int, default=1)
    chosen = parser.parse_args()
    encoder, given = Cached(chosen.vectors), SETS[chosen.set](chosen.data)
    for user in given.users:
        encoder.encode([*(d.text for d in user.documents), *(q.text for q in user.questions)])
    encoder.save(re.sub(r"\W+", "-", f"{chosen.set} memories"))
    asked = sum(len(user.questions[:: chosen.every]) for user in given.users)
    print(f"{chosen.set}: {len(given.users)} users, {asked} questions; {', '.join(given.measures)}")
    for name in chosen.only.split(","):
        print(f"{name:18} {row(MEMORIES[name], given, encoder, chosen.every)}", flush=True)


if __name__ == "__main__":
    main()
