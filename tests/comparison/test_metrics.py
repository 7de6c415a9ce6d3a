"""Our metrics are the libraries': the same numbers on random data, plain and weighed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from nltk.translate.meteor_score import single_meteor_score
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics.bleu import BLEU
from scipy.spatial.distance import jensenshannon
from scipy.stats import linregress
from sklearn import metrics as sk

from idiolect.evaluation.metrics import compute, get
from idiolect.evaluation.metrics.generation.meteor import meteor

SEEDS = range(5)
LABELS = {
    "accuracy": sk.accuracy_score,
    "f1_macro": lambda *a, **k: sk.f1_score(*a, average="macro", zero_division=0, **k),
    "f1_micro": lambda *a, **k: sk.f1_score(*a, average="micro", zero_division=0, **k),
    "mcc": sk.matthews_corrcoef,
}


def texts(seed: int, count: int, words: int = 30, longest: int = 25) -> list[str]:
    """Sentences that repeat words, with marks and capitals."""
    draw = np.random.default_rng(seed)
    pool = [f"{'W' if n % 7 == 0 else 'w'}ord{n}{',' if n % 5 == 0 else ''}" for n in range(words)]
    return [" ".join(draw.choice(pool, draw.integers(1, longest))) + "." for _ in range(count)]


@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize("classes", [2, 3, 20])
@pytest.mark.parametrize("seed", SEEDS)
def test_labels_are_scikit_learns(name: str, classes: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    gold, said = draw.integers(0, classes, (2, 50)).astype(str)
    said = np.where(draw.random(50) < 0.4, gold, said)
    assert compute(name, said.tolist(), gold.tolist()) == pytest.approx(LABELS[name](gold, said))


@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize("seed", SEEDS)
def test_weighed_labels_are_scikit_learns_under_sample_weight(name: str, seed: int) -> None:
    draw = np.random.default_rng(seed)
    gold, said = draw.integers(0, 4, (2, 30)).astype(str)
    weights = draw.random((3, 30))
    metric = get(name)
    ours = metric.reduce(metric.statistics(said.tolist(), gold.tolist()), weights)
    assert ours == pytest.approx([LABELS[name](gold, said, sample_weight=w) for w in weights])


@pytest.mark.parametrize("name", ["f1_macro", "mcc"])
def test_labels_of_a_resample_are_scikit_learns_of_the_drawn_examples(name: str) -> None:
    draw = np.random.default_rng(0)
    gold, said = draw.integers(0, 6, (2, 12)).astype(str)
    metric = get(name)
    statistics = metric.statistics(said.tolist(), gold.tolist())
    for _ in range(20):
        drawn = draw.integers(0, 12, 12)  # often without one of the classes
        ours = metric.reduce(statistics, np.bincount(drawn, minlength=12).astype(float))
        assert ours == pytest.approx(LABELS[name](gold[drawn], said[drawn]))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_positive_class_is_scikit_learns(seed: int) -> None:
    gold, said = np.random.default_rng(seed).integers(0, 2, (2, 40))
    assert compute("f1_binary", said.tolist(), gold.tolist()) == pytest.approx(sk.f1_score(gold, said))


@pytest.mark.parametrize("seed", SEEDS)
def test_ratings_are_scikit_learns(seed: int) -> None:
    gold, said = np.random.default_rng(seed).integers(1, 6, (2, 40))
    told = [f"I say {s}." for s in said]
    assert compute("mae", told, gold.tolist()) == pytest.approx(sk.mean_absolute_error(gold, said))
    assert compute("rmse", told, gold.tolist()) == pytest.approx(sk.root_mean_squared_error(gold, said))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("k", [1, 5, 12])
def test_ndcg_is_scikit_learns(seed: int, k: int) -> None:
    draw = np.random.default_rng(seed)
    grades, scores = draw.integers(0, 4, (6, 12)) + np.eye(6, 12, dtype=int), draw.random((6, 12))
    ranked = [[str(i) for i in np.argsort(-row)] for row in scores]
    wanted = [{str(i): float(g) for i, g in enumerate(row)} for row in grades]
    assert compute("ndcg", ranked, wanted, k=k) == pytest.approx(sk.ndcg_score(grades, scores, k=k))
    theirs = sk.ndcg_score(np.exp2(grades) - 1, scores, k=k)
    assert compute("ndcg_exponential", ranked, wanted, k=k) == pytest.approx(theirs)


@pytest.mark.parametrize(("name", "kind"), [("rouge_1", "rouge1"), ("rouge_l", "rougeL")])
@pytest.mark.parametrize("stemmer", [False, True])
def test_rouge_is_rouge_scores(name: str, kind: str, stemmer: bool) -> None:
    said, gold = texts(0, 20), texts(1, 20)
    scorer = RougeScorer([kind], use_stemmer=stemmer)
    theirs = np.mean([scorer.score(g, s)[kind].fmeasure for s, g in zip(said, gold, strict=True)])
    assert compute(name, said, gold, stemmer=stemmer) == pytest.approx(theirs)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("smooth", ["exp", "none"])
@pytest.mark.parametrize("tokenize", ["13a", "char"])
def test_bleu_is_sacrebleus(seed: int, smooth: str, tokenize: str) -> None:
    said, gold = texts(seed, 8, words=12), texts(seed + 100, 8, words=12)
    theirs = BLEU(smooth_method=smooth, tokenize=tokenize).corpus_score(said, [gold]).score
    assert compute("bleu", said, gold, smooth=smooth, tokenize=tokenize) == pytest.approx(theirs)


@pytest.mark.parametrize(("said", "gold"), [("a", "a"), ("a b c", "a b c"), ("a b c d", "a b x d"), ("", "a")])
def test_bleu_of_short_texts_is_sacrebleus(said: str, gold: str) -> None:
    assert compute("bleu", [said], [gold]) == pytest.approx(BLEU().corpus_score([said], [[gold]]).score)


def test_bleu_of_a_resample_is_sacrebleus_of_the_drawn_sentences() -> None:
    draw, metric = np.random.default_rng(0), get("bleu")
    said, gold = texts(0, 6, words=8), texts(1, 6, words=8)
    statistics = metric.statistics(said, gold)
    for _ in range(10):
        drawn = draw.integers(0, 6, 6)
        theirs = BLEU().corpus_score([said[i] for i in drawn], [[gold[i] for i in drawn]]).score
        assert metric.reduce(statistics, np.bincount(drawn, minlength=6).astype(float)) == pytest.approx(theirs)


class Nothing:
    """A lexicon without words, in place of WordNet's data."""

    def synsets(self, word: str) -> list[Any]:
        return []


@pytest.mark.parametrize("seed", range(20))
def test_meteor_is_nltks_where_no_stem_repeats(seed: int) -> None:
    draw = np.random.default_rng(seed)
    pool = ["running", "cats", "happy", "walked", "trees", "sky", "was", "it", "moving", "blue"]
    twins = {"running": "runs", "cats": "cat", "walked": "walking", "trees": "tree"}
    gold = draw.permutation(pool)[: draw.integers(2, 10)].tolist()
    said = [twins.get(w, w) if draw.random() < 0.5 else w for w in draw.permutation(pool)[: draw.integers(2, 10)]]
    assert meteor(said, gold) == pytest.approx(single_meteor_score(gold, said, wordnet=Nothing()))


@pytest.mark.parametrize("seed", range(20))
def test_meteor_is_never_below_nltks_where_words_repeat(seed: int) -> None:
    draw = np.random.default_rng(seed)
    said, gold = (draw.choice(list("abcd"), draw.integers(2, 12)).tolist() for _ in range(2))
    assert meteor(said, gold) >= single_meteor_score(gold, said, wordnet=Nothing()) - 1e-12


@pytest.mark.parametrize("seed", SEEDS)
def test_divergence_is_scipys(seed: int) -> None:
    draw = np.random.default_rng(seed)
    said, gold = (draw.choice(list("abcdef"), 20) for _ in range(2))
    p, q = ([float((side == w).mean()) for w in "abcdef"] for side in (said, gold))
    theirs = jensenshannon(p, q, base=2) ** 2
    assert compute("jsd", [" ".join(said)], [" ".join(gold)]) == pytest.approx(theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_line_over_turns_is_scipys(seed: int) -> None:
    levels = np.random.default_rng(seed).random(7)
    theirs = linregress(np.arange(1, 8), levels)
    assert compute("alignment_slope", [levels.tolist()]) == pytest.approx(theirs.slope)
    assert compute("alignment_r2", [levels.tolist()]) == pytest.approx(theirs.rvalue**2)
