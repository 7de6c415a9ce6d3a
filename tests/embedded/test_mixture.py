"""The mixture teaches what is true in its own history, and never a held-out word or frame."""

from __future__ import annotations

from random import Random

from idiolect.embedded.exam import papers
from idiolect.embedded.jobs import facts
from idiolect.embedded.mixture import TOP, draw
from idiolect.simulation.language import Language
from idiolect.simulation.words import held_out


def test_the_value_asked_for_stands_in_the_history() -> None:
    r, lang = Random(0), Language.load(wild=True)
    for _ in range(300):
        lesson = facts.facts(r, lang, 5, updates=1)
        text = "".join(t for t, _ in lesson.head())
        for a in lesson.asked:
            assert a.kind == "unknown" or a.value in text


def test_an_updated_fact_is_answered_with_its_newest_value() -> None:
    r, lang = Random(1), Language.load(held=True)
    for _ in range(100):
        lesson = facts.facts(r, lang, 4, updates=2, dated=False)
        text = "".join(t for t, _ in lesson.head())
        for a in lesson.asked:
            if a.old:
                assert text.rindex(a.value) > text.index(a.old)


def test_training_never_draws_a_held_out_frame_or_word() -> None:
    r, lang, held = Random(2), Language.load(wild=True), Language.load(held=True)
    forbidden = {f.split("{")[0].split("[")[0] for f in held.frames("facts", "home", "statements")}
    allowed = {f.split("{")[0].split("[")[0] for f in lang.frames("facts", "home", "statements")}
    starts = {f for f in forbidden - allowed if len(f) > 12 and not any(a.startswith(f) for a in allowed)}
    assert starts, "the test looks for nothing"
    for _ in range(400):
        lesson = draw(r, lang, TOP)
        text = "".join(t for t, _ in lesson.segments())
        assert not any(s in text for s in starts)
        values = {w.lower() for a in lesson.asked if a.kind in ("fact", "update") for w in a.value.split()}
        assert not any(held_out(w) for w in values - lang.known)


def test_every_rung_has_as_many_questions_as_asked_for() -> None:
    sets = papers(5, 12)
    assert all(len(p.pairs()) == 12 for p in sets.values())


def test_a_strangers_history_does_not_hold_the_answer() -> None:
    paper = papers(6, 60)["fact"]
    leaks = [
        a
        for (prompt, _), a in zip(paper.strangers(), paper.asked, strict=True)
        if a.value in prompt.split("<|user|>")[0]
    ]
    assert not leaks
