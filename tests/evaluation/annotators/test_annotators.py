"""Readers who disagree: the splits of the data's own README, the comparisons, and that methods tell readers apart."""

from __future__ import annotations

import csv
import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from idiolect.adaptation.adapters.shared.plora import PLoRA
from idiolect.core.errors import BadInput, UnknownName
from idiolect.core.layout import ask
from idiolect.core.requests import Recipe
from idiolect.evaluation.annotators import arms
from idiolect.evaluation.annotators.__main__ import READERS, WORDS, answer, todo
from idiolect.evaluation.annotators.compare import by_reader, table
from idiolect.evaluation.annotators.judgements import LABELS, Judgements, read
from idiolect.evaluation.benchmarks.annotators import Judgement
from idiolect.evaluation.benchmarks.card import digest
from idiolect.models.encoder import EncoderModel
from idiolect.training.shared import Coded

BENCHMARKS = Path(os.environ.get("IDIOLECT_BENCHMARKS", "benchmarks-are-elsewhere"))
TEXTS = [f"{a} {b}" for a in ("good", "bad", "long", "short") for b in ("day", "night", "walk", "film", "book")]


def judged(reader: str, item: int, label: int) -> Judgement:
    return Judgement(str(item), TEXTS[item % len(TEXTS)], reader, label)


def contrary(readers: int = 3) -> Judgements:
    """Every other reader says yes to all, the others no; one text in four is asked."""
    learnt, asked = (
        tuple(judged(f"r{u}", i, u % 2) for u in range(readers) for i in range(len(TEXTS)) if (i % 4 == 0) == late)
        for late in (False, True)
    )
    return Judgements(task="joy", learnt=learnt, asked=asked, cold=frozenset({"r2"}))


@pytest.fixture
def studemo(tmp_path: Path) -> Path:
    with gzip.open(tmp_path / "text_data.csv.gz", "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([("text_id", "text"), *((i, f"text {i}") for i in range(60))])
    with (tmp_path / "annotation_data.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text_id", "annotator_id", "joy", "anger", "sadness"))
        writer.writerows((i, f"a{u}", float((i + u) % 4), 0.0, 0.0) for u in range(6) for i in range(60))
    return tmp_path


def test_texts_are_split_by_the_hash_of_their_names_and_cold_readers_show_ten(studemo: Path) -> None:
    found = read(studemo, "joy")
    assert all(digest(f"valid/{j.item}") % 10 >= 8 for j in found.asked)
    assert not {j.item for j in found.asked} & {j.item for j in found.learnt}
    shown = {u: sum(j.annotator == u for j in found.learnt) for u in (f"a{i}" for i in range(6))}
    assert sorted(shown.values()) == [10] * 4 + [max(shown.values())] * 2
    assert found.cold == {u for u, n in shown.items() if n == 10}
    assert next(j.label for j in found.learnt if int(j.item) % 4 == 1 and j.annotator == "a0") == 1


def test_lewidi_is_split_as_it_comes_and_who_is_in_dev_alone_is_thin(tmp_path: Path) -> None:
    (tmp_path / "HS-Brexit").mkdir()
    for part, readers in (("train", "Ann1,Ann2"), ("dev", "Ann1,Ann9")):
        rows = {str(i): {"text": f"{part} {i}", "annotations": "0,1", "annotators": readers} for i in range(12)}
        with gzip.open(tmp_path / "HS-Brexit" / f"HS-Brexit_{part}.json.gz", "wt", encoding="utf-8") as file:
            json.dump(rows, file)
    found = read(tmp_path, "HS-Brexit")
    assert len(found.asked) == 24
    assert found.group("Ann9") == "thin"
    assert {j.label for j in found.learnt if j.annotator == "Ann2"} == {1}


def test_what_is_no_such_data_is_one_sentence(studemo: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="glee"):
        read(studemo, "glee")
    with pytest.raises(BadInput, match="nothing"):
        read(tmp_path / "nothing", "joy")


def test_f1_of_a_reader_is_over_the_labels_that_occur_with_him() -> None:
    found = by_reader(["a", "b", "c", "c"], ["yes", "no", "yes", "no"], ["yes", "yes", "yes", "yes"])
    assert found == {"a": (1.0, 1.0), "b": (0.0, 0.0), "c": (0.5, pytest.approx((2 / 3 + 0) / 2))}


def test_differences_are_paired_over_readers() -> None:
    found = contrary()
    right = found.wanted
    rows = {(r["group"], r["arm"]): r for r in table(found, {"right": right, "yes": ["yes"] * len(right)}, ("yes",))}
    above = rows["all", "right"]["accuracy above yes"]
    assert (above["mean"], above["users"]) == (pytest.approx(2 / 3, abs=1e-4), 3)
    assert rows["cold", "right"]["readers"] == 1


def test_words_alone_cannot_tell_readers_apart_and_their_names_can(tmp_path: Path) -> None:
    found = contrary()
    wanted = todo(found, [], {}, arms.Setting(), tmp_path, seed=0)
    hits = {
        name: sum(a == b for a, b in zip(wanted[name](), found.wanted, strict=True)) / len(found.wanted)
        for name in (WORDS, READERS)
    }
    assert hits[WORDS] < 0.7
    assert hits[READERS] == 1.0


def small() -> EncoderModel:
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers

    torch.manual_seed(0)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *sorted({w for t in TEXTS for w in t.split()})]
    tokens = Tokenizer(models.WordLevel({w: i for i, w in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokens.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    size: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = transformers.BertConfig(vocab_size=len(vocabulary), intermediate_size=32, **size)
    marks = {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]"}
    pieces = transformers.PreTrainedTokenizerFast(tokenizer_object=tokens, **marks)
    encoder = transformers.BertModel(config).eval()
    return EncoderModel.over(encoder, pieces, LABELS, layers=1, tokens=16, span=1, name="small")


def test_a_method_tells_readers_apart_cold_ones_among_them() -> None:
    found, model = contrary(), small()
    model.teach([ask("joy", j.text) for j in found.learnt], [LABELS[j.label] for j in found.learnt])
    quick = Recipe(lr=3e-2, epochs=4, batch=8)
    method = PLoRA(layer=Coded(rank=2, code=4, sites="linear,head"), recipe=quick, newcomer=quick, tasks=("joy",))
    met = arms.meet(model, found, method)
    assert arms.predictions(model, found, met) == found.wanted
    other = arms.predictions(model, found, met, found.strangers)
    warm = [i for i, j in enumerate(found.asked) if j.annotator != "r2"]  # the only newcomer has no stranger
    assert all(other[i] != found.wanted[i] for i in warm)
    blind = {(j.text, label) for j, label in zip(found.asked, arms.predictions(model, found), strict=True)}
    assert len(blind) == len({j.text for j in found.asked})  # the same for every reader


def test_arms_that_were_answered_are_not_asked_again(tmp_path: Path) -> None:
    asked: list[str] = []

    def arm(name: str) -> Any:
        return lambda: asked.append(name) or ["yes"]

    for names in (("a",), ("a", "b")):
        found = answer({n: arm(n) for n in names}, tmp_path / "out" / "answers.jsonl")
    assert found == {"a": ["yes"], "b": ["yes"]}
    assert asked == ["a", "b"]


def test_answers_to_other_judgements_are_not_gone_on_with(tmp_path: Path) -> None:
    answer({"a": lambda: ["yes"]}, tmp_path / "answers.jsonl", contrary(3).name)
    with pytest.raises(BadInput, match="other judgements"):
        answer({"a": lambda: ["yes"]}, tmp_path / "answers.jsonl", contrary(4).name)


def test_a_stranger_is_another_reader_of_the_same_group() -> None:
    found = Judgements(task="joy", learnt=contrary(6).learnt, asked=contrary(6).asked, cold=frozenset({"r2", "r3"}))
    assert sorted(found.strangers.values()) == sorted(found.strangers)
    assert all(u != v and found.group(u) == found.group(v) for u, v in found.strangers.items())


def test_few_readers_keep_all_that_they_judged() -> None:
    whole = contrary(6)
    found = whole.few(2, seed=1)
    kept = {j.annotator for j in found.asked}
    assert len(kept) == 2
    assert found.learnt == tuple(j for j in whole.learnt if j.annotator in kept)
    assert found.cold == whole.cold & kept


@pytest.mark.skipif(not (BENCHMARKS / "studemo").is_dir(), reason="IDIOLECT_BENCHMARKS names no folder with StudEmo")
def test_studemo_has_the_counts_of_its_readme() -> None:
    found = read(BENCHMARKS / "studemo", "joy")
    assert len(found.asked) == 866
    assert len({j.annotator for j in found.asked}) == 20
    assert sum(j.annotator in found.cold for j in found.asked) == 183


@pytest.mark.skipif(not (BENCHMARKS / "lewidi").is_dir(), reason="IDIOLECT_BENCHMARKS names no folder with LeWiDi")
def test_md_agreement_has_the_counts_of_its_readme() -> None:
    found = read(BENCHMARKS / "lewidi", "MD-Agreement")
    groups = [found.group(j.annotator) for j in found.asked]
    assert (len(groups), groups.count("warm"), groups.count("cold")) == (4451, 3606, 837)
