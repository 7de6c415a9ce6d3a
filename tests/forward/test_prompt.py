"""From query and stream to token ids."""

from __future__ import annotations

from typing import Any

import pytest

from idiolect.core import layout
from idiolect.core.errors import BadInput
from idiolect.core.idiolect import Block, Stream
from idiolect.core.types import Message, Query
from idiolect.forward.prompt import answer_ids, answer_text, glue, prompt_ids
from idiolect.models.families import byte_tokenizer

ASK = layout.ask("tag", "a film about ships")


@pytest.fixture(scope="module")
def ours() -> Any:
    return byte_tokenizer()


def templated(template: str | None) -> Any:
    tokenizer = byte_tokenizer()
    tokenizer.chat_template = template
    return tokenizer


def text(tokenizer: Any, ids: list[int]) -> str:
    return str(tokenizer.decode(ids, clean_up_tokenization_spaces=False))


def test_sections_stand_in_the_system_message_before_the_query(ours: Any) -> None:
    stream = Stream(context=(Block("About the user:", ("- wants: short answers",)),))
    assert text(ours, prompt_ids(ours, ASK, stream)) == (
        "<|begin|><|system|> About the user:\n- wants: short answers<|user|> Tag: a film about ships<|assistant|>"
    )


def test_prompt_and_answer_are_the_templates_own_conversation(ours: Any) -> None:
    whole = [{"role": "user", "content": ASK.text}, {"role": "assistant", "content": "salty"}]
    expected = ours(ours.apply_chat_template(whole, tokenize=False), add_special_tokens=False)["input_ids"]
    assert prompt_ids(ours, ASK, Stream()) + answer_ids(ours, "salty") == expected


@pytest.mark.parametrize("answer", ["salty", " two words ", "", "Zażółć 漢字 🙂"])
def test_the_text_of_an_answers_tokens_is_the_answer(ours: Any, answer: str) -> None:
    assert answer_text(ours, answer_ids(ours, answer)) == answer


def test_a_rewrite_takes_the_place_of_the_last_thing_said(ours: Any) -> None:
    query = Query(messages=(Message("user", "one"), Message("assistant", "two"), Message("user", "three")))
    said = text(ours, prompt_ids(ours, query, Stream(query="four")))
    assert "one" in said
    assert said.endswith("<|user|> four<|assistant|>")
    assert "three" not in said


def test_over_budget_the_lowest_priority_goes_first_and_its_oldest_lines(ours: Any) -> None:
    old = Block("Past examples by the user:", tuple(f"- line {i}" for i in range(5)))
    profile = Block("About the user:", ("- name: Ann",), priority=1)
    stream = Stream(context=(profile, old))
    full = len(prompt_ids(ours, ASK, stream))
    said = text(ours, prompt_ids(ours, ASK, stream, budget=full - 15))
    assert "line 0" not in said
    assert "line 1" not in said
    assert "line 2" in said
    assert "name: Ann" in said


def test_what_fits_is_left_alone_and_what_never_fits_is_refused(ours: Any) -> None:
    stream = Stream(context=(Block("About the user:", ("- name: Ann",)),))
    full = prompt_ids(ours, ASK, stream)
    assert prompt_ids(ours, ASK, stream, budget=len(full)) == full
    assert prompt_ids(ours, ASK, stream, budget=len(full) - 1) == prompt_ids(ours, ASK, Stream())
    with pytest.raises(BadInput, match="shorter query"):
        prompt_ids(ours, ASK, stream, budget=5)


def test_a_folder_without_a_template_gets_a_plain_one() -> None:
    plain = templated(None)
    assert text(plain, prompt_ids(plain, ASK, Stream())) == "User: Tag: a film about ships\nAssistant:"
    assert glue(plain) == " "


def test_a_template_without_a_system_role_gets_its_text_in_the_first_message() -> None:
    strict = templated(
        "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
        "[{{ m['role'] }}] {{ m['content'] }}\n{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
    )
    said = text(strict, prompt_ids(strict, ASK, Stream(context=(Block("Notes:", ("- a",)),))))
    assert said == "[user] Notes:\n- a\n\nTag: a film about ships\n[assistant]"


def test_chatml_needs_no_glue() -> None:
    chatml = templated(
        "{% for m in messages %}<s>{{ m['role'] }}\n{{ m['content'] }}</s>\n{% endfor %}"
        "{% if add_generation_prompt %}<s>assistant\n{% endif %}"
    )
    assert glue(chatml) == ""
    assert answer_ids(chatml, "ok")[-1] == chatml.eos_token_id
