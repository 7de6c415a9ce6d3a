"""How answers should be: dials fed by what was chosen, and the next choice that is put to a person."""

from __future__ import annotations

import pytest

from applications.page.conftest import Opens
from applications.page.test_flow import asked, slide
from browser import Tab

pytestmark = pytest.mark.slow
FIRST = "document.querySelector('.tastes input')"


def say(opens: Opens) -> Tab:
    tab = opens(fragment="#/say")
    tab.reads("How answers should be")
    tab.until("document.querySelectorAll('.tastes li').length === 2")
    return tab


def test_a_dial_says_what_its_ends_are_and_what_it_rests_on(opens: Opens) -> None:
    tab = say(opens)
    assert tab.run(f"{FIRST}.ariaLabel") == "long replies or short replies"
    assert tab.run(f"{FIRST}.getAttribute('aria-valuetext')") == "neither"
    tab.reads("Not known yet.", ".tastes li")


def test_a_dial_set_by_hand_counts_until_choices_decide_again(opens: Opens) -> None:
    tab = say(opens)
    slide(tab, ".tastes input", -0.5)
    tab.reads("Set by you.", ".tastes li")
    assert asked(tab, "PUT", "users", "maya", "preferences")[0]["body"] == {
        "preferences": [{"dimension": "brevity", "weight": -0.5}]
    }
    assert tab.run(f"{FIRST}.getAttribute('aria-valuetext')") == "50 % long replies"
    tab.press("Let my choices decide")
    tab.reads("Not known yet.", ".tastes li")


def test_one_is_asked_which_of_two_answers_one_likes(opens: Opens) -> None:
    tab = say(opens)
    tab.press("Ask me which of two answers I like")
    tab.reads("When does it close?", ".asking")
    tab.reads("This tells most about formality.", ".asking")
    tab.press("I like this one: Yeah, six!")
    tab.reads("Learnt from what you said to 1 answer.", ".tastes li")
    assert asked(tab, "POST", "feedback")[0]["body"] == {
        "user": "maya",
        "prompt": "When does it close?",
        "chosen": "Yeah, six!",
        "rejected": "Certainly. It closes at 6.",
    }
    assert tab.run(f"{FIRST}.value") == "0.6"


def test_neither_is_an_answer_too(opens: Opens) -> None:
    tab = say(opens)
    tab.press("Ask me which of two answers I like")
    tab.press("Neither")
    tab.until("[...document.querySelectorAll('.asking button')].length === 1")
    assert not asked(tab, "POST", "feedback")
