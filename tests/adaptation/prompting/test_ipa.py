"""IPA: which records are shown, in which order."""

from __future__ import annotations

import pytest

from adaptation.people import ANN, person
from idiolect.adaptation.prompting.retrieval.ipa import IPA
from idiolect.core.errors import UnknownName
from idiolect.core.layout import HISTORY, ask


def lines(ipa: IPA, task: str, text: str) -> tuple[str, ...]:
    made = ipa.condition(ANN, ask(task, text), None, None)
    return made.streams[0].context[0].lines


def test_a_task_is_shown_its_own_records_oldest_first() -> None:
    assert lines(IPA(k=2), "tag", "a film about ships at war") == (
        "- a film about ships => salty",
        "- a film about ships and war => salty",
    )


def test_a_question_is_shown_whatever_bears_on_it() -> None:
    assert lines(IPA(k=1), "fact", "Which tea is my favourite?") == ("- My favourite tea is oolong.",)


def test_recency_shows_the_newest() -> None:
    assert lines(IPA(k=1, retriever="recency"), "tag", "a film about ships") == ("- a film about love => sweet",)


def test_a_reply_is_shown_pairs_of_replies() -> None:
    assert lines(IPA(), "reply", "How are you?") == ("- How are you? => Fine. (not: I am very well.)",)


def test_the_day_may_stand_before_each() -> None:
    assert lines(IPA(k=1, dated=True), "fact", "Which tea is my favourite?")[0].startswith("- 1970-01-02: ")


def test_what_was_shown_is_the_sources_and_stands_under_the_heading() -> None:
    made = IPA(k=1).condition(ANN, ask("tag", "love"), None, None)
    assert made.sources == {("ann", "a5")}
    assert made.streams[0].context[0].heading == HISTORY


def test_nobody_is_shown_nothing() -> None:
    made = IPA().condition(person("new"), ask("tag", "love"), None, None)
    assert made.streams[0].context == ()
    assert not made.sources


def test_a_misspelt_retriever_gets_the_near_one() -> None:
    with pytest.raises(UnknownName, match="bm25"):
        IPA(retriever="bm52").condition(ANN, ask("tag", "love"), None, None)  # type: ignore[arg-type]
