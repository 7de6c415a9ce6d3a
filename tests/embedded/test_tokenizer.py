"""The embedded model's tokenizer: any text comes back, whole or piece by piece."""

from __future__ import annotations

from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream

from idiolect.embedded.tokenizer import UP, decoder

SHIPPED = Tokenizer.from_file(str(files("idiolect.embedded").joinpath("weights/tokenizer.json")))


def pieces(text: str) -> list[int]:
    return list(SHIPPED.encode(text, add_special_tokens=False).ids)


@settings(max_examples=300)
@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=40))
def test_any_text_comes_back_unchanged(text: str) -> None:
    assert SHIPPED.decode(pieces(text), skip_special_tokens=False) == text


@pytest.mark.parametrize(
    "text", [" The Trip Was Good. OK", f" a mark {UP} in a Text {UP}", " Zoë goes Home :P", " NASA"]
)
def test_a_text_decoded_piece_by_piece_is_the_text(text: str) -> None:
    stream = DecodeStream(skip_special_tokens=True)
    assert "".join(stream.step(SHIPPED, i) or "" for i in pieces(text)) == text


def test_a_word_has_the_same_pieces_in_any_case_but_for_the_mark() -> None:
    assert [i for i in pieces(" River") if i not in pieces(UP)][-1:] == pieces(" river")


def test_the_shipped_decoder_is_the_one_in_the_code() -> None:
    fresh = Tokenizer.from_str(SHIPPED.to_str())
    fresh.decoder = decoder()
    assert fresh.to_str() == SHIPPED.to_str()


def test_a_mark_without_its_letter_is_not_shown() -> None:
    (mark,) = SHIPPED.encode("A", add_special_tokens=False).ids[:1]
    assert SHIPPED.decode([*pieces(" in"), mark, *pieces(".")]) == " in."
