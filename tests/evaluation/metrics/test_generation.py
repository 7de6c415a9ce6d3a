from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics import compute, get
from idiolect.evaluation.metrics.chunks import chunks, extended
from idiolect.evaluation.metrics.generation import meteor as meteor_file
from idiolect.evaluation.metrics.generation.meteor import meteor
from idiolect.evaluation.metrics.words import lcs, tokens, words

CAT = "the cat sat on the mat"
PAIR = ("the cat lay on a mat", CAT)


@pytest.mark.parametrize(
    ("name", "said", "gold", "score"),
    [
        ("rouge_1", *PAIR, 0.666667),
        ("rouge_1", "the the the the", "the cat", 0.333333),
        ("rouge_1", "mat the on sat cat the", CAT, 1.0),
        ("rouge_l", *PAIR, 0.666667),
        ("rouge_l", "mat the on sat cat the", CAT, 0.5),
        ("rouge_l", "", CAT, 0.0),
        ("survey_rouge_1", *PAIR, 0.8),
        ("survey_rouge_l", *PAIR, 0.8),
        ("survey_bleu", *PAIR, 0.666667),
        ("survey_bleu", "the cat", CAT, math.exp(1 - 6 / 2)),
        ("bleu", "the cat sat on the", CAT, 81.873075),
        ("bleu", *PAIR, 19.304870),
        ("meteor", *PAIR, 0.526042),
        ("meteor", "a b c d e f", "a b c d e f", 0.997685),
        ("meteor", "d c b a", "a b c d", 0.5),
        ("meteor", "a b", "a b c d", 0.493421),
        ("meteor", "x", "a b", 0.0),
        ("jsd", "a b", "a c", 0.5),
        ("jsd", "a", "a", 0.0),
        ("jsd", "a", "b", 1.0),
        ("jsd", "a a b", "a b b", 0.081704),
    ],
)
def test_texts_by_hand(name: str, said: str, gold: str, score: float) -> None:
    assert compute(name, [said], [gold]) == pytest.approx(score, abs=1e-6)


@pytest.mark.parametrize("name", ["rouge_1", "rouge_l", "bleu", "meteor", "survey_rouge_1", "survey_bleu"])
def test_an_empty_answer_is_worth_nothing(name: str) -> None:
    assert compute(name, [""], [CAT]) == compute(name, ["."], [CAT]) == 0


def test_bleu_without_smoothing_needs_four_words_in_a_row() -> None:
    assert compute("bleu", *([t] for t in PAIR), smooth="none") == 0


def test_bleu_of_a_corpus_is_no_mean_of_sentences() -> None:
    said, gold = ["a b c d", "x y"], ["a b c d", "v w"]
    assert [compute("bleu", [s], [g]) for s, g in zip(said, gold, strict=True)] == pytest.approx([100, 0])
    assert compute("bleu", said, gold) == pytest.approx(100 * (4 / 6 * 3 / 4) ** 0.25)


@pytest.mark.parametrize("options", [{"smooth": "floor"}, {"tokenize": "13b"}])
def test_bleu_says_which_options_there_are(options: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="Use one of"):
        compute("bleu", ["a"], ["a"], **options)


def test_stemming_is_another_number() -> None:
    assert compute("rouge_1", ["running cats"], ["run cat"]) == 0
    assert compute("rouge_1", ["running cats"], ["runs cat"], stemmer=True) == 1


def test_rouge_reads_other_scripts_when_told_to() -> None:
    assert compute("rouge_l", ["我爱猫"], ["我爱狗"]) == 0
    assert compute("rouge_l", ["我爱猫"], ["我爱狗"], script="any") == pytest.approx(2 / 3)
    with pytest.raises(BadInput, match="no script 'greek'"):
        compute("rouge_l", ["a"], ["a"], script="greek")


def test_words_drop_marks_and_tokens_keep_them() -> None:
    assert words("Don't! 猫だ") == ["don", "t", "猫", "だ"]
    assert tokens("It's 3.") == ["it", "'", "s", "3", "."]


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=8))
def test_the_longest_common_subsequence_is_the_longest(a: list[str], b: list[str]) -> None:
    within = {tuple(c) for n in range(len(a) + 1) for c in itertools.combinations(a, n)}
    assert lcs(a, b) == max(
        len(c) for n in range(len(b) + 1) for c in itertools.combinations(b, n) if tuple(c) in within
    )


def test_perplexity_by_hand() -> None:
    assert compute("perplexity", [[math.log(p) for p in (0.5, 0.25, 0.125)]]) == pytest.approx(4)


def test_perplexity_is_of_all_tokens_together() -> None:
    assert compute("perplexity", [[math.log(0.5)] * 3, [math.log(0.125)]]) == pytest.approx(2 ** (6 / 4))


@pytest.mark.parametrize(("row", "what"), [([], "has no token"), ([0.5], "above 0")])
def test_perplexity_wants_logarithms(row: list[float], what: str) -> None:
    with pytest.raises(BadInput, match=f"example 1 .*{what}"):
        compute("perplexity", [[-1.0], row])


@dataclass(frozen=True)
class Two:
    """An encoder that knows two texts."""

    dim: int = 3

    def encode(self, texts: Sequence[str]) -> Any:
        return np.array([{"a": (1, 2, 2), "b": (2, 1, 2)}[t] for t in texts], np.float32) / 3


def test_sbert_is_the_cosine_of_an_encoders_vectors() -> None:
    assert compute("sbert", ["a", "b"], ["b", "b"], encoder=Two()) == pytest.approx((8 / 9 + 1) / 2)


def fewest(said: str, gold: str) -> tuple[int, int]:
    """Most links, and the fewest chunks of so many, by trying all."""
    found = []
    for places in itertools.product([None, *range(len(gold))], repeat=len(said)):
        links = {i: j for i, j in enumerate(places) if j is not None and gold[j] == said[i]}
        if len(links) == sum(j is not None for j in places) and len(set(links.values())) == len(links):
            found.append((-len(links), chunks(links)))
    return min(found)


@given(st.text("abc", max_size=5), st.text("abc", max_size=5))
@settings(max_examples=60)
def test_an_alignment_has_most_links_and_then_fewest_chunks(said: str, gold: str) -> None:
    links = extended({}, said, gold)
    assert all(said[i] == gold[j] for i, j in links.items())
    assert (-len(links), chunks(links)) == fewest(said, gold)


def test_repeated_words_are_not_torn_apart() -> None:
    assert chunks(extended({}, list("abcad"), list("adeabc"))) == 2


def test_links_that_are_there_stay_and_are_gone_on_from() -> None:
    assert extended({0: 1}, ["x", "a"], ["a", "x", "a"]) == {0: 1, 1: 2}


def test_a_stem_matches_after_the_word_itself() -> None:
    assert meteor(["cats", "cat"], ["cat"]) == meteor(["x", "cat"], ["cat"])
    assert meteor(["cats"], ["cat"]) == meteor(["cat"], ["cat"]) == 0.5


class Lexicon:
    """WordNet for four words."""

    def synsets(self, word: str) -> list[Any]:
        class Synset:
            def lemma_names(self) -> list[str]:
                return ["car", "automobile"] if word in ("car", "automobile") else [word]

        return [Synset()]


def test_synonyms_match_where_the_lexicon_is_there_and_the_signature_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from idiolect.evaluation.metrics.generation.meteor import METEOR

    monkeypatch.setattr(meteor_file, "_wordnet", lambda: None)
    assert meteor(["my", "automobile"], ["my", "car"]) == meteor(["my", "boat"], ["my", "car"])
    assert METEOR().signature.endswith("synonyms=none")
    meteor_file._synonyms.cache_clear()
    monkeypatch.setattr(meteor_file, "_wordnet", Lexicon)
    assert meteor(["my", "automobile"], ["my", "car"]) == meteor(["my", "car"], ["my", "car"])
    assert METEOR().signature.endswith("synonyms=wordnet")
    meteor_file._synonyms.cache_clear()


def test_a_text_that_repeats_its_words_many_times_is_aligned_in_bounded_time() -> None:
    said, gold = ("the cat and the dog " * 20).split(), ("the dog and the cat " * 20).split()
    assert len(extended({}, said, gold)) == 100


def test_higher_is_better_but_for_distances() -> None:
    assert not get("jsd").higher_is_better
    assert get("meteor").higher_is_better
