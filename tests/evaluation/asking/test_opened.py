"""How a model is stated, and what is told of it before it is open."""

from __future__ import annotations

from typing import Any

import pytest

from evaluation.parrot import Parrot
from idiolect.core.errors import BadInput
from idiolect.core.method import Access
from idiolect.core.requests import Ask, Key, Sampling
from idiolect.core.types import Message, Query
from idiolect.evaluation.asking.opened import Address, Long, address, gives, one_key_each, short

QUERY = Query(messages=(Message("user", "hello"),))


def test_an_address_ends_in_the_models_name() -> None:
    assert address("http://127.0.0.1:8000/v1#qwen/2:7b") == Address("http://127.0.0.1:8000/v1", "qwen/2:7b")


def test_an_address_may_say_which_variable_holds_its_key() -> None:
    found = address("https://example.org/v1?key=OTHER_KEY#x")
    assert found == Address("https://example.org/v1", "x", "OTHER_KEY")


@pytest.mark.parametrize("query", ["key=sk-123", "kee=A", "key"])
def test_what_else_stands_behind_the_question_mark_is_refused(query: str) -> None:
    with pytest.raises(BadInput, match="the name of a variable") as caught:
        address(f"https://example.org/v1?{query}#x")
    assert "sk-123" not in str(caught.value)


def test_no_key_is_sent_to_two_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    both = ("https://a.org/v1#x", "http://127.0.0.1:8000/v1#y", "embedded")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    one_key_each(both)
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    with pytest.raises(BadInput, match=r"a\.org and 127\.0\.0\.1:8000 would both be sent the key in OPENAI_API_KEY"):
        one_key_each(both)
    one_key_each(("https://a.org/v1#x", "https://a.org/v1#z", "http://127.0.0.1:8000/v1?key=MINE#y"))


def test_an_address_without_a_name_says_how_to_write_it() -> None:
    with pytest.raises(BadInput, match=r"#NAME"):
        address("http://127.0.0.1:8000/v1")


def test_a_secret_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(BadInput, match="OPENAI_API_KEY") as caught:
        address("https://me:sesame@example.org/v1#x")
    assert "sesame" not in str(caught.value)


def test_a_server_gives_text_and_a_folder_its_weights() -> None:
    assert (gives("https://example.org/v1#x"), gives("embedded")) == (Access.TEXT, Access.WEIGHTS)
    assert [short(m) for m in ("https://example.org/v1#x", "models/llama", "embedded")] == ["x", "llama", "embedded"]


def test_only_answers_whose_length_nobody_chose_are_made_longer() -> None:
    class Noting(Parrot):
        def answer(self, requests: Any, keys: Any) -> list[Any]:
            self.lengths = [r.sampling.max_tokens for r in requests]
            return super().answer(requests, keys)

    model = Noting()
    asks = [Ask(query=QUERY), Ask(query=QUERY, sampling=Sampling(max_tokens=7))]
    Long(model, 500).answer(asks, [Key(), Key()])
    assert model.lengths == [500, 7]
