"""The layout that methods write is the layout the embedded model was trained on."""

from __future__ import annotations

import json
from random import Random

import pytest

from idiolect.core import layout
from idiolect.core.types import Message, Post, Query, Turn
from idiolect.embedded.evaluate import WEIGHTS
from idiolect.embedded.jobs import facts, judging, writing
from idiolect.embedded.lesson import Lesson, plain, shown
from idiolect.simulation.language import Language

shipped = pytest.mark.skipif(not (WEIGHTS / "config.json").exists(), reason="no embedded model in this checkout")


@shipped
def test_the_shipped_model_was_trained_on_this_layout() -> None:
    config = json.loads((WEIGHTS / "config.json").read_text())
    assert config["idiolect_layout"] == layout.FINGERPRINT


@shipped
def test_the_shipped_chat_template_is_the_layouts() -> None:
    template = WEIGHTS / "chat_template.jinja"
    assert template.read_text() == layout.CHAT_TEMPLATE


@shipped
def test_the_shipped_model_is_at_most_24_megabytes() -> None:
    assert sum(f.stat().st_size for f in WEIGHTS.iterdir()) <= 24e6


@shipped
@pytest.mark.parametrize("draw", [facts.facts, writing.style, judging.tag])
def test_a_lesson_is_the_templates_rendering_of_the_same_conversation(draw: object) -> None:
    from transformers import AutoTokenizer

    tok = AutoTokenizer.from_pretrained(WEIGHTS)
    lesson: Lesson = draw(Random(4), Language.load(held=True), 4)  # type: ignore[operator]
    asked = lesson.asked[0]
    sections = [
        layout.section(h, ["-" + "".join(t for t, _ in line) for line in lines]) for h, lines in lesson.sections
    ]
    query = Query(messages=(Message("user", asked.question),))
    messages = [{"role": m.role, "content": m.content} for m in layout.messages(query, sections)]
    assert tok.apply_chat_template(messages, tokenize=False, add_generation_prompt=True) == lesson.prompt(
        asked.question
    )


def test_a_records_line_is_the_lessons_line() -> None:
    post = Post(id="1", task="tag", prompt="a film about ships", text="salty")
    assert layout.line(post) == "-" + "".join(t for t, _ in shown(post.prompt, [(" salty", 1.0)], learn=True))
    assert layout.line(Turn(id="2", text="I  live\nhere.")) == "-" + plain(["I live here."])[0][0][0]


def test_the_applications_system_message_keeps_the_first_place() -> None:
    query = Query(messages=(Message("system", "Be kind."), Message("user", "hi")))
    system, user = layout.messages(query, [layout.section(layout.PROFILE, ["- name: Ann"])])
    assert system.content == "Be kind.\nAbout the user:\n- name: Ann"
    assert user.content == "hi"


def test_without_sections_nothing_is_added() -> None:
    query = Query(messages=(Message("user", "hi"),))
    assert layout.messages(query, [""]) == query.messages
