"""An encoder-decoder folder: texts and log-probabilities, in any company; everything else is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from torch import Tensor

from idiolect.core.errors import AccessError, BadInput, UnknownName
from idiolect.core.idiolect import Block, Combine, Edit, Idiolect, Stream
from idiolect.core.layout import PROFILE, ask
from idiolect.core.method import Access
from idiolect.core.requests import Ask, Fit, Item, Key, Read, Request, Sampling, Score
from idiolect.forward.prompt import answer_ids, prompt_ids
from idiolect.models.families import byte_tokenizer
from idiolect.models.hf import HFModel
from idiolect.models.t5 import T5Model

SEA = ask("tag", "a film about ships")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("t5")
    size = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4, "vocab_size": 262}
    ends = {"pad_token_id": 0, "eos_token_id": 2, "decoder_start_token_id": 0}
    torch.manual_seed(0)
    config = transformers.T5Config(**size, **ends, initializer_factor=2.0, tie_word_embeddings=False)
    module = transformers.T5ForConditionalGeneration(config)
    with torch.no_grad():
        module.lm_head.weight.mul_(0.1)  # else a random model is so sure that float32 itself rounds by more than 1e-5
    module.save_pretrained(root)
    tokenizer = byte_tokenizer()
    tokenizer.chat_template = None
    tokenizer.save_pretrained(root)
    return root


@pytest.fixture(scope="module")
def model(folder: Path) -> HFModel:
    return HFModel.open(folder, dtype="float32", device="cpu")


def steer(step: Any, rows: Mapping[str, Tensor]) -> Tensor:
    with_context, without = step.log_probs.unbind(1)
    mixed: Tensor = with_context + rows["strength"][:, None] * (with_context - without)
    return mixed.log_softmax(-1)


def under(i: int) -> Idiolect:
    """The i-th asker's: context of its own length, every third one with two streams."""
    stream = Stream(context=(Block(PROFILE, tuple(f"- likes: number {n}" for n in range(i % 4))),))
    if i % 3:
        return Idiolect(streams=(stream,))
    return Idiolect(streams=(stream, Stream()), combine=Combine(formula=steer, rows={"strength": 0.5}))


def asked(i: int) -> Ask:
    heat = 0.9 if i % 4 == 3 else 0.0
    return Ask(
        query=ask("tag", "a film " * (i + 1)), idiolect=under(i), sampling=Sampling(max_tokens=3 + i, temperature=heat)
    )


def test_a_folder_opens_and_gives_logits(model: HFModel) -> None:
    assert isinstance(model, T5Model)
    assert model.access is Access.LOGITS


def test_without_a_template_it_reads_bare_text_and_an_end_token(model: HFModel) -> None:
    ids = prompt_ids(model.tokenizer, SEA, Stream(context=(Block(PROFILE, ("- wants: short answers",)),)))
    assert model.tokenizer.decode(ids[:-1]) == "About the user:\n- wants: short answers\nTag: a film about ships"
    assert ids[-1] == model.tokenizer.eos_token_id


def test_greedy_texts_are_those_of_the_librarys_own_generate(model: HFModel) -> None:
    queries = [SEA, ask("rate", "a book"), ask("rewrite", "the trip was good")]
    asks = [Ask(query=q, sampling=Sampling(max_tokens=12)) for q in queries]
    texts = [text for (text,) in model.answer(asks, [Key()] * 3)]
    for query, text in zip(queries, texts, strict=True):
        ids = torch.tensor([prompt_ids(model.tokenizer, query, Stream())])
        reference = model.module.generate(ids, max_new_tokens=12, do_sample=False, num_beams=1)[0]
        assert text == model.tokenizer.decode(reference, skip_special_tokens=True)
    assert max(len(set(text)) for text in texts) > 2


def test_scores_are_the_librarys_own_losses(model: HFModel) -> None:
    (((scored),),) = model.answer([Score(items=(Item(query=SEA, answer="salty"),))], [Key()])
    ids = torch.tensor([prompt_ids(model.tokenizer, SEA, Stream())])
    labels = torch.tensor([answer_ids(model.tokenizer, "salty")])
    loss = model.module(input_ids=ids, labels=labels).loss
    assert len(scored.log_probs) == labels.shape[1]
    assert -scored.log_probs.mean().item() == pytest.approx(loss.item(), abs=1e-5)


def test_texts_are_the_same_alone_and_in_any_company(model: HFModel) -> None:
    asks, keys = [asked(i) for i in range(8)], [Key(user=str(i)) for i in range(8)]
    together = model.answer(asks, keys)
    assert together == [model.answer([a], [k])[0] for a, k in zip(asks, keys, strict=True)]
    assert len({t for texts in together for t in texts}) > 4


def test_rows_join_and_leave_between_steps_and_keep_their_distributions(model: HFModel) -> None:
    def written(*asks: Ask) -> list[Any]:
        engine, handles = model.engine, []
        for one in asks:
            handles.append(engine.submit(one, Key(), scores=True))
            engine.step()
            engine.step()
        engine.run()
        return [h.rows[0] for h in handles]

    for one, beside in zip([asked(i) for i in (5, 2, 6)], written(asked(5), asked(2), asked(6)), strict=True):
        (alone,) = written(one)
        assert alone.tokens == beside.tokens
        assert torch.allclose(torch.stack(alone.scores), torch.stack(beside.scores), atol=1e-5)


def test_scores_are_the_same_alone_and_in_any_company(model: HFModel) -> None:
    items = [
        Item(query=ask("tag", "a film " * (i + 1)), answer="salt " * (i + 1), rejected="x", idiolect=under(i))
        for i in range(6)
    ]
    (together,) = model.answer([Score(items=tuple(items))], [Key()])
    for item, scored in zip(items, together, strict=True):
        (((alone),),) = model.answer([Score(items=(item,))], [Key()])
        assert torch.allclose(alone.log_probs, scored.log_probs, atol=1e-5)
        assert torch.allclose(alone.rejected, scored.rejected, atol=1e-5)


def test_a_combine_mixes_the_streams_own_tables(model: HFModel) -> None:
    def scored(idiolect: Idiolect) -> Tensor:
        (((one),),) = model.answer([Score(items=(Item(query=SEA, answer="a", idiolect=idiolect),))], [Key()])
        found: Tensor = one.log_probs
        return found

    both = under(3)
    still = Idiolect(streams=both.streams, combine=Combine(formula=steer, rows={"strength": 0.0}))
    assert torch.allclose(scored(still), scored(Idiolect(streams=both.streams[:1])), atol=1e-5)
    assert not torch.allclose(scored(both), scored(still), atol=1e-3)


EDITED = Idiolect(streams=(Stream(edits=(Edit(site="lm_head", formula=steer),)),))
PREFIXED = Idiolect(streams=(Stream(prefix=torch.zeros(1, 32)),))


@pytest.mark.parametrize(
    "request_",
    [
        Ask(query=SEA, idiolect=EDITED),
        Ask(query=SEA, idiolect=PREFIXED),
        Score(items=(Item(query=SEA, idiolect=EDITED),)),
        Read(items=(Item(query=SEA),), sites=("blocks.-1",)),
        Fit(train=(), items=(Item(query=SEA),)),
    ],
)
def test_what_needs_weights_is_refused(request_: Request, model: HFModel) -> None:
    with pytest.raises(AccessError, match="needs WEIGHTS of .*, which gives LOGITS"):
        model.answer([request_], [Key()])


def test_the_engine_itself_takes_no_edits(model: HFModel) -> None:
    handle = model.engine.submit(Ask(query=SEA, idiolect=PREFIXED), Key())
    with pytest.raises(AccessError, match="decoder-only"):
        list(model.engine.stream(handle))


def test_an_idiolect_that_cannot_run_is_refused(model: HFModel) -> None:
    with pytest.raises(BadInput, match="no combine"):
        model.answer([Ask(query=SEA, idiolect=Idiolect(streams=(Stream(), Stream())))], [Key()])
    with pytest.raises(UnknownName, match="other"):
        model.answer([Ask(query=SEA, idiolect=Idiolect(streams=(Stream(model="other"),)))], [Key()])


def of(*passages: str) -> Idiolect:
    return Idiolect(streams=(Stream(passages=tuple(Block(PROFILE, (f"- likes: {text}",)) for text in passages)),))


def probabilities(model: HFModel, idiolect: Idiolect) -> Tensor:
    (((one),),) = model.answer([Score(items=(Item(query=SEA, answer="salty", idiolect=idiolect),))], [Key()])
    found: Tensor = one.log_probs
    return found


def test_one_passage_is_read_as_the_same_text_in_the_context(model: HFModel) -> None:
    context = Idiolect(streams=(Stream(context=(Block(PROFILE, ("- likes: ships",)),)),))
    assert torch.allclose(probabilities(model, of("ships")), probabilities(model, context), atol=1e-5)


def test_the_order_of_passages_changes_nothing_and_each_of_them_does(model: HFModel) -> None:
    both = probabilities(model, of("ships", "old films at night"))
    assert torch.allclose(both, probabilities(model, of("old films at night", "ships")), atol=1e-5)
    assert not torch.allclose(both, probabilities(model, of("ships")), atol=1e-3)
    one = Idiolect(streams=(Stream(context=(Block(PROFILE, ("- likes: ships", "- likes: old films at night")),)),))
    assert not torch.allclose(both, probabilities(model, one), atol=1e-3)


def test_passages_are_written_from_in_any_company(model: HFModel) -> None:
    asks = [
        Ask(query=SEA, idiolect=i, sampling=Sampling(max_tokens=6)) for i in (of("a", "bb", "ccc"), Idiolect(), of("z"))
    ]
    together = model.answer(asks, [Key()] * 3)
    assert together == [model.answer([a], [Key()])[0] for a in asks]


def test_a_decoder_refuses_passages_and_says_where_to_put_them() -> None:
    llama = HFModel.random("llama")
    with pytest.raises(BadInput, match=r"Stream\.context"):
        llama.answer([Ask(query=SEA, idiolect=of("x"))], [Key()])


def test_another_encoder_decoder_is_refused(folder: Path, tmp_path: Path) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "config.json").write_text(json.dumps(config | {"model_type": "bart"}), encoding="utf-8")
    with pytest.raises(BadInput, match="encoder-decoder of kind bart"):
        HFModel.open(tmp_path)
