"""The page as a person uses it, in a real browser, at a door that answers from a script."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

import pytest

from applications.page.conftest import Opens
from browser import Tab

pytestmark = pytest.mark.slow
VIEWS = ("ask", "knows", "say", "operator", "connect")
HEADINGS = {
    "ask": "One question",
    "knows": "What it knows",
    "say": "Your say",
    "operator": "Operator",
    "connect": "Connect",
}


def asked(tab: Tab, method: str, *parts: str) -> list[dict[str, Any]]:
    """What the page sent to one route, oldest first."""
    sent = tab.run("fetch('/v1/asked', {headers: {authorization: 'Bearer secret'}}).then((r) => r.json())")
    return [one for one in sent if one["method"] == method and tuple(one["parts"]) == parts]


def go(tab: Tab, view: str) -> None:
    tab.run(f"location.hash = '#/{view}'")
    tab.reads(HEADINGS[view], "h1")
    tab.until("!document.querySelector('main [aria-busy]')")


def ask(tab: Tab, question: str) -> None:
    before = tab.run("document.querySelectorAll('.turn').length")
    tab.write(".composer textarea", question)
    tab.key("Enter")
    tab.until(f"document.querySelectorAll('.turn').length === {before + 1}")
    tab.until("!document.querySelector('.answer[aria-busy]')")


def slide(tab: Tab, selector: str, value: float) -> None:
    event = (
        "e.dispatchEvent(new Event('input', {bubbles: true})); e.dispatchEvent(new Event('change', {bubbles: true}))"
    )
    tab.run(f"(e => {{ e.value = {value}; {event}; }})(document.querySelector({json.dumps(selector)}))")


def test_a_newcomer_sees_the_difference_with_one_click(opens: Opens) -> None:
    tab = opens()
    tab.reads("Maya is invented")
    tab.reads("A very small model is answering")
    tab.press("What is my dog called?")
    tab.reads("Your dog is called Rufus.", ".side.own .answer")
    tab.reads("something I do not know", ".side.alone .answer")
    tab.reads("Why: 3 records used")
    assert tab.run("[...document.querySelectorAll('.why mark')].map((e) => e.innerText)") == ["Rufus"]
    assert tab.run("document.querySelector('.side.own .answer mark').innerText") == "Rufus"
    assert tab.run("[...document.querySelectorAll('.why .asked')].map((e) => e.innerText)") == ["dog", "called"]
    assert not tab.faults()


def test_the_generic_side_names_nobody_and_leaves_no_trace(opens: Opens) -> None:
    tab = opens()
    tab.press("What is my dog called?")
    tab.reads("Why:")
    sent = [one["body"] for one in asked(tab, "POST", "chat", "completions")]
    (alone,) = [body for body in sent if "user" not in body]
    (own,) = [body for body in sent if body.get("user") == "maya"]
    assert alone["idiolect"] == {"pipeline": "none"}
    assert own["idiolect"] == {"strength": 1}
    assert own["stream"] is True
    assert own["messages"] == alone["messages"] == [{"role": "user", "content": "What is my dog called?"}]


def test_bars_are_as_long_as_the_records_weigh(opens: Opens) -> None:
    tab = opens()
    tab.press("What is my dog called?")
    tab.reads("62 %", ".why")
    share = "(b => b.firstChild.offsetWidth / b.offsetWidth)(document.querySelector('.why .bar'))"
    assert tab.run(share) == pytest.approx(0.62, abs=0.02)
    tab.press("Measure how much each mattered")
    tab.reads("+4.1", ".why")
    assert tab.run(share) == pytest.approx(1, abs=0.02)


def test_turning_the_dial_offers_the_last_question_again(opens: Opens) -> None:
    tab = opens()
    tab.press("What is my dog called?")
    tab.reads("Why:")
    slide(tab, ".composer input[type=range]", 0)
    tab.press("Ask again at 0 %")
    tab.reads("At 0 %", ".side.own .why")
    tab.reads("I do not know", ".side.own .answer")
    assert asked(tab, "POST", "chat", "completions")[-1]["body"]["idiolect"] == {"strength": 0}
    assert len(asked(tab, "POST", "chat", "completions")) == 3


def test_a_record_is_corrected_and_deleted_where_it_was_used(opens: Opens) -> None:
    tab = opens()
    tab.press("Where does my sister live?")
    tab.reads("Why:")
    tab.press("Correct: My sister lives in Kyoto")
    tab.write(".why textarea", "My sister lives in Oslo")
    tab.run("document.querySelectorAll('.why input[type=radio]')[1].click()")
    tab.press("Save", ".why")
    tab.reads("My sister lives in Oslo", ".why")
    assert asked(tab, "PATCH", "users", "maya", "memories", "m5")[0]["body"] == {
        "text": "My sister lives in Oslo",
        "keep_old": False,
    }
    tab.reads("What is known has changed.", ".again")
    tab.press("Delete: I went to Lisbon by train")
    assert not asked(tab, "DELETE", "users", "maya", "memories", "m7"), "it asks before it deletes"
    tab.press("Delete", ".why .twice:has(.sure)")
    tab.until("!document.querySelector('.why').innerText.includes('Lisbon')")
    assert len(asked(tab, "DELETE", "users", "maya", "memories", "m7")) == 1


def test_choosing_and_putting_right_become_feedback(opens: Opens) -> None:
    tab = opens()
    tab.press("What is my dog called?")
    tab.reads("Why:")
    tab.press("This one is better", ".side.own")
    tab.reads("Noted", "#toast")
    (sent,) = asked(tab, "POST", "feedback")
    assert sent["body"]["chosen"] == "Your dog is called Rufus."
    assert sent["body"]["rejected"].startswith("Your sister")
    tab.press("Put it right")
    tab.write(".better textarea", "Rufus!")
    tab.press("Save", ".better")
    tab.until("!document.querySelector('.better textarea')")
    assert asked(tab, "POST", "feedback")[1]["body"]["edited"] == "Rufus!"


def test_a_real_model_gets_the_dialogue_and_says_what_it_cannot(opens: Opens) -> None:
    tab = opens("--real")
    tab.reads("Maya is invented")
    assert "very small model" not in tab.text()
    ask(tab, "What is my dog called?")
    tab.reads("cos did not run: needs LOGITS, this model gives TEXT.", ".why")
    tab.press("Measure how much each mattered")
    tab.reads("This model gives no probabilities", ".why")
    ask(tab, "Where does my sister live?")
    own = [one["body"] for one in asked(tab, "POST", "chat", "completions") if "user" in one["body"]]
    assert [m["content"] for m in own[1]["messages"]] == [
        "What is my dog called?",
        "Your dog is called Rufus.",
        "Where does my sister live?",
    ]
    assert own[0]["conversation"] == own[1]["conversation"]


def test_what_goes_wrong_is_said_where_it_happened(opens: Opens) -> None:
    tab = opens()
    tab.reads("Maya")
    ask(tab, "fail")
    tab.reads("too many requests wait Try again in a few seconds.", ".side.own .answer")
    ask(tab, "What is my dog called?")
    tab.reads("Rufus", ".turn:last-child .side.own .answer")


def test_memories_are_searched_added_corrected_pinned_and_deleted(opens: Opens) -> None:
    tab = opens(fragment="#/knows")
    tab.reads("12 memories")
    tab.write("input[type=search]", "dog")
    tab.reads("1 match")
    assert tab.run("document.querySelector('.memories mark').innerText") == "dog"
    tab.press("Pin: Rufus is what my dog is called")
    tab.until("document.querySelector('.memories .tag')")
    tab.press("Correct: Rufus is what my dog is called")
    tab.write(".memories textarea", "Rex is what my dog is called")
    tab.press("Save", ".memories")
    tab.reads("corrected", ".memories")
    tab.press("History: Rex is what my dog is called")
    tab.reads("Rufus is what my dog is called", ".history")
    tab.press("Delete: Rex is what my dog is called")
    tab.press("Delete", ".memories .twice:has(.sure)")
    tab.reads("Nothing is known that matches.")
    tab.reads("11 memories")
    tab.write("main form:not(.search) input", "I play the cello")
    tab.press("Add", "main")
    tab.write("input[type=search]", "cello")
    tab.reads("I play the cello", ".memories")


def test_facts_stand_on_a_timeline_and_the_past_can_be_asked_for(opens: Opens) -> None:
    tab = opens(fragment="#/knows")
    tab.reads("ramen", ".timeline")
    edges = "[...document.querySelectorAll('.span')].map((e) => [e.innerText, e.offsetLeft])"
    left = dict(tab.run(edges))
    assert left["Kyoto"] < left["Anna"] < left["baker"] < left["ramen"]
    slide(tab, "#as-of", 100)
    tab.reads("2 of 2 on")
    assert "ramen" not in tab.text(".memories")
    assert not tab.run("document.querySelector('.memories button')"), "the past cannot be changed"
    slide(tab, "#as-of", 99999)
    tab.reads("12 of 12")


def test_a_past_value_says_why_it_ended_and_can_be_taken_back(opens: Opens) -> None:
    tab = opens(fragment="#/knows")
    tab.reads("chess", ".timeline")
    tab.run("[...document.querySelectorAll('.span.past')].find((e) => e.innerText === 'chess').click()")
    tab.reads("It ended: the user says that it changed.", ".told")
    tab.press("It still holds", ".told")
    tab.reads("It holds again.", "#toast")
    assert asked(tab, "POST", "users", "maya", "facts", "1", "reinstate")
    tab.until("[...document.querySelectorAll('.span:not(.past)')].some((e) => e.innerText === 'chess')")


def test_wishes_are_dials_and_consents_are_switches(opens: Opens) -> None:
    tab = opens(fragment="#/say")
    tab.reads("80 %")
    slide(tab, ".wishdials input", 0.3)
    tab.reads("It counts", "#toast")
    assert asked(tab, "PUT", "users", "maya", "preferences")[0]["body"] == {
        "preferences": [{"dimension": "short answers", "weight": 0.3}]
    }
    tab.press("a smiley")
    tab.reads("100 %", ".wishdials")
    tab.press("Take away: a smiley")
    tab.until("document.querySelectorAll('.wishdials li').length === 1")
    assert tab.run("[...document.querySelectorAll('.switch')].map((e) => e.ariaChecked)") == [
        *("true", "true", "true", "false", "false")
    ]
    tab.run("[...document.querySelectorAll('.switch')].at(-1).click()")
    tab.reads("Let it leave this machine: on.", "#toast")
    assert asked(tab, "PUT", "users", "maya", "consents")[0]["body"] == {
        "consents": ["assist", "train", "share_with_provider"]
    }


def test_erasure_wants_the_name_and_gives_a_receipt(opens: Opens) -> None:
    tab = opens(fragment="#/say")
    tab.reads("Be forgotten")
    tab.write(".line:has(.danger) input", "may")
    tab.press("Erase everything")
    assert not asked(tab, "DELETE", "users", "maya")
    tab.write(".line:has(.danger) input", "maya")
    tab.press("Erase everything")
    tab.reads("Receipt")
    assert re.search(r"Memories erased\s+12", tab.text(".receipt"))
    tab.press("Done")
    tab.reads("How Tom wants to be answered")


def test_the_invented_people_go_with_one_click_and_the_first_word_makes_a_person(opens: Opens) -> None:
    tab = opens()
    tab.press("Remove the invented people")
    tab.reads("Who are you?")
    fields = "main input"
    tab.write(fields, "ann")
    tab.press("I work as a baker")
    tab.press("Begin")
    tab.reads("what it knows of Ann")
    assert "invented" not in tab.text()


def test_a_door_with_a_token_opens_by_the_link_and_by_hand(opens: Opens) -> None:
    tab = opens("--token", "secret", fragment="#token=secret")
    tab.reads("Maya is invented")
    assert "secret" not in tab.run("location.href")
    other = opens("--token", "secret")
    other.reads("Who is there?")
    other.write("#token", "wrong")
    other.key("Enter")
    other.reads("no or a wrong token")
    other.write("#token", "secret")
    other.key("Enter")
    other.reads("Maya is invented")


def test_words_never_become_markup(opens: Opens) -> None:
    tab = opens(fragment="#/knows")
    tab.reads("<img src=x onerror=")
    go(tab, "ask")
    tab.reads("Maya")
    ask(tab, "<b>bold</b>")
    tab.reads("<b>bold</b>", ".question")
    assert not tab.run("document.querySelector('main img, main b')")
    assert tab.run("document.title") != "broken"
    assert not tab.faults()


@pytest.mark.parametrize("width", [390, 1200])
def test_no_view_is_wider_than_the_window(opens: Opens, width: int) -> None:
    tab = opens(width=width)
    tab.press("What is my dog called?")
    tab.reads("Why:")
    for view in VIEWS:
        go(tab, view)
        assert tab.run("document.documentElement.scrollWidth") <= width, view


def test_every_control_has_a_name_and_every_view_a_heading(opens: Opens) -> None:
    tab = opens()
    tab.press("What is my dog called?")
    tab.reads("Why:")
    tab.send("Accessibility.enable")
    for view in VIEWS:
        go(tab, view)
        nodes = [n for n in tab.send("Accessibility.getFullAXTree")["nodes"] if not n.get("ignored")]
        kinds = {"button", "link", "textbox", "searchbox", "slider", "combobox", "switch", "radio"}
        controls = [n for n in nodes if n["role"]["value"] in kinds]
        assert len(controls) > 8
        assert not [n for n in controls if not n.get("name", {}).get("value")], view
        assert tab.run("document.querySelectorAll('h1').length") == 1
        levels = tab.run("[...document.querySelectorAll('main :is(h1,h2,h3)')].map((e) => Number(e.tagName[1]))")
        assert all(b - a <= 1 for a, b in pairwise(levels)), view


def test_the_keyboard_reaches_everything_in_order(opens: Opens) -> None:
    tab = opens()
    tab.reads("Maya is invented")
    tab.run("document.activeElement.blur()")
    seen = []
    for _ in range(14):
        tab.key("Tab")
        seen.append(
            tab.run("document.activeElement.ariaLabel || document.activeElement.innerText || document.activeElement.id")
        )
        assert tab.run("getComputedStyle(document.activeElement).outlineStyle !== 'none'"), seen[-1]
    assert seen[0] == "Skip to the content"
    assert seen.index("Connect") < seen.index("Remove the invented people") < seen.index("What is my dog called?")


def test_colours_follow_the_system_until_they_are_chosen(opens: Opens) -> None:
    tab = opens(dark=True)
    tab.reads("Maya")
    paper = "getComputedStyle(document.body).backgroundColor"
    assert tab.run(paper) == "rgb(20, 23, 26)"
    tab.press("Colours: as the system has them")
    assert tab.run(paper) == "rgb(250, 249, 246)"
    tab.send("Page.reload")
    tab.until("document.documentElement?.dataset.theme === 'light'")
    assert tab.run(paper) == "rgb(250, 249, 246)"


def test_nothing_moves_for_who_wants_no_movement(opens: Opens) -> None:
    tab = opens()
    tab.reads("Maya")
    moving = "getComputedStyle(document.querySelector('#toast')).transitionDuration"
    assert tab.run(moving) == "0s"
    tab.view(1200, 1000, calm=False)
    assert tab.run(moving) != "0s"


def test_the_operator_sees_figures_and_no_words(opens: Opens) -> None:
    tab = opens(fragment="#/operator")
    tab.reads("40 answers: half began within 346 ms, 95 % within 750 ms.")
    each = "[...document.querySelectorAll('.tiles .card')].map((e) => e.innerText.split('\\n').reverse())"
    tiles = f"Object.fromEntries({each})"
    assert tab.run(tiles) == {"people": "2", "answers": "40", "being written": "2", "waiting": "3"}
    assert tab.run("[...document.querySelectorAll('circle.own')].length") == 3
    assert tab.run("[...document.querySelectorAll('circle.unsure')].length") == 1
    tab.press("As a table")
    assert re.search(r"oppu\s+headline\s+\+0.03\s+−0.02 to \+0.08\s+48", tab.text("details"))
    assert "Kyoto" not in tab.text()
    assert not tab.faults()
