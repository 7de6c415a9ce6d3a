"""What is flagged as sensitive, and what is not."""

from __future__ import annotations

import pytest

from idiolect.core.types import Attribute, Turn
from idiolect.governance import sensitive
from idiolect.governance.sensitive import categories, of

FLAGGED = {
    "health": [
        *("I take insulin twice a day", "My therapist thinks it is burnout", "She is pregnant", "I have ADHD"),
        *("Plums bring me out in hives", "My throat closes up near cats", "Keep nuts away, I carry an EpiPen"),
        *("My body does not tolerate milk", "I get ill from shrimps", "Prawns are not safe for me"),
        *("I nearly died after eating plums", "My eyes water near hay", "I must stay away from nuts"),
    ],
    "sexuality": ["I came out as bisexual last year", "Dating as a trans man is hard"],
    "religion": ["We pray at the mosque on Fridays", "I am an atheist", "I went to confession to a priest"],
    "politics": ["I voted for the greens", "I joined a trade union"],
    "origin": ["My asylum claim was refused", "I am still undocumented"],
    "money": ["My salary is 40,000", "I owe the bank a lot, the mortgage too"],
    "law": ["I was arrested in 2019", "She is on parole"],
    "numbers": [
        "My card is 4111 1111 1111 1111",
        "It is DE89 3704 0044 0532 0130 00",
        "My SSN: 078-05-1120",
        "passport C01X00T47",
    ],
}
PLAIN = [
    "I like green tea in the morning",
    "My sister Anna lives in Kyoto",
    "The order number is 4111 1111 1111 1112",
    "We watched a film about ships",
    "Call me at noon",
    "The sermonette of a cooking show",
    "We flew with British Airways and the bee was in its hive",
    "She reacted to my message at once",
    "We painted the kitchen wall",
    "version 12345678901234567890",
]


@pytest.mark.parametrize(("category", "text"), [(c, t) for c, texts in FLAGGED.items() for t in texts])
def test_what_is_sensitive_is_flagged(category: str, text: str) -> None:
    assert category in of(text)


@pytest.mark.parametrize("text", PLAIN)
def test_plain_words_are_not_flagged(text: str) -> None:
    assert of(text) == frozenset()


def test_the_name_of_an_attribute_counts_as_its_value_does() -> None:
    assert categories(Attribute(id="1", name="religion", value="none")) == {"religion"}
    assert categories(Turn(id="2", text="nothing to see")) == frozenset()


def test_a_text_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "My doctor said that 4111 1111 1111 1111 is no good password."
    found = sensitive.of(text)
    assert {"health", "numbers"} <= found
    monkeypatch.setattr(sensitive, "PATTERNS", {})
    assert sensitive.of(text) == found


def test_no_more_texts_are_remembered_than_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensitive, "MOST", 2)
    monkeypatch.setattr(sensitive, "REMEMBERED", {})
    for text in ("a", "b", "my doctor", "c"):
        sensitive.of(text)
    assert len(sensitive.REMEMBERED) <= 2
    assert sensitive.of("my doctor") == {"health"}
