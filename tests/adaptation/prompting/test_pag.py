"""PAG: a counted profile before few records."""

from __future__ import annotations

from adaptation.people import ANN, person
from idiolect.adaptation.prompting.profile.pag import PAG
from idiolect.core.layout import HISTORY, PROFILE, ask


def test_the_profile_stands_before_the_one_record_that_bears_on_the_query() -> None:
    own = PAG().adapt(ANN, None)
    profile, history = PAG().condition(ANN, ask("tag", "a film about ships"), None, own).streams[0].context
    assert (profile.heading, history.heading) == (PROFILE, HISTORY)
    assert "- usual tag: salty" in profile.lines
    assert "- tag for ships: salty" in profile.lines
    assert history.lines == ("- a film about ships => salty",)


def test_the_profile_outlives_the_records_where_the_prompt_is_short() -> None:
    own = PAG().adapt(ANN, None)
    profile, history = PAG().condition(ANN, ask("tag", "a film about ships"), None, own).streams[0].context
    assert profile.priority > history.priority


def test_a_way_of_writing_is_told_to_tasks_of_writing() -> None:
    own = PAG(k=0).adapt(ANN, None)
    (profile,) = PAG(k=0).condition(ANN, ask("headline", "a storm"), None, own).streams[0].context
    assert {"- opener: Well", "- mark: !", "- emoticon: :)"} <= set(profile.lines)


def test_two_halves_make_the_profile_of_the_whole() -> None:
    first = PAG().adapt(ANN.until(4), None)
    assert PAG().adapt(ANN, None, first) == PAG().adapt(ANN, None)


def test_what_was_counted_and_what_was_shown_are_the_sources() -> None:
    own = PAG().adapt(ANN, None)
    made = PAG().condition(ANN, ask("fact", "Which tea?"), None, own)
    ids = {id for _, id in made.sources}
    assert ids == {"a0", "a1", "a3", "a4", "a5", "a6", "a7", "a2"}  # the turn was shown, the pair of replies neither


def test_nobody_has_no_profile() -> None:
    assert PAG().adapt(person("new"), None) is None
    assert PAG().condition(person("new"), ask("tag", "x"), None, None).streams[0].context == ()
