"""Texts as a user writes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import idiolect
from idiolect.applications.rewrite import rewrite
from idiolect.applications.rewrite.manner import fits, usually
from idiolect.applications.rewrite.material import material
from idiolect.core.errors import AccessError, BadInput, ConsentError, UnknownName
from idiolect.core.types import Attribute, Interaction, Message, Post, Preference, Turn, UserData
from idiolect.memory.space import Space
from idiolect.models.scripted import ScriptedModel

CANARY = "canary-5c5c"
POSTS = [
    Post(id="p1", task="mail", prompt="", text=f"hey all, the ship sails at noon! cheers {CANARY}"),
    Post(id="p2", task="mail", prompt="", text="hey all, i bought a boat! cheers"),
]


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Space]:
    with idiolect.open(tmp_path / "home", encoder=None) as found:
        found.user("ann").add(POSTS)
        found.user("ann").add("My sister lives in Kyoto, in a small house")
        yield found


@pytest.fixture
def seen() -> list[str]:
    return []


@pytest.fixture
def model(seen: list[str]) -> ScriptedModel:
    def answer(said: Sequence[Message]) -> str:
        seen.append(str(said))
        return " hey all, the boat leaves! cheers "

    return ScriptedModel(answer)


def test_a_draft_is_written_from_his_own_posts_which_are_shown(
    space: Space, model: ScriptedModel, seen: list[str]
) -> None:
    found = rewrite(space, "ann", "The boat leaves.", model=model)
    assert (found.text, found.personal, found.note) == ("hey all, the boat leaves! cheers", True, "")
    assert {r.id for r in found.used} == {"p1", "p2"}
    assert "Rewrite: The boat leaves." in seen[0]
    assert CANARY in seen[0]
    assert "Kyoto" not in seen[0]


def test_it_says_whether_the_text_came_nearer_to_him(space: Space, model: ScriptedModel) -> None:
    made = rewrite(space, "ann", "The boat leaves.", model=model).manner
    assert made.usual["opener"] == "hey all"
    assert made.before is not None
    assert made.after is not None
    assert made.before < made.after


def test_an_instruction_is_put_as_it_is(space: Space, model: ScriptedModel, seen: list[str]) -> None:
    found = rewrite(space, "ann", "Invite everybody to the boat", model=model, kind="write")
    assert "'Invite everybody to the boat'" in seen[0]
    assert found.personal
    assert found.manner.before is None


def test_so_many_examples_are_shown_as_asked_for(space: Space, model: ScriptedModel) -> None:
    (used,) = rewrite(space, "ann", "I bought a boat.", model=model, shown=1).used
    assert used.id == "p2"


def test_of_somebody_unknown_it_is_what_everybody_gets(space: Space, model: ScriptedModel, seen: list[str]) -> None:
    found = rewrite(space, "bob", "The boat leaves.", model=model)
    assert (found.personal, found.used, found.manner.after) == (False, (), None)
    assert "everybody gets: nothing that bears on this is known" in found.note
    assert CANARY not in seen[0]


def test_without_his_consent_nothing_of_his_is_shown(space: Space, model: ScriptedModel, seen: list[str]) -> None:
    space.user("ann").consent()
    found = rewrite(space, "ann", "The boat leaves.", model=model)
    assert "does not allow" in found.note
    assert CANARY not in seen[0]


def test_a_model_elsewhere_needs_his_consent(space: Space) -> None:
    class Elsewhere(ScriptedModel):
        url = "https://models.example.org/v1"

    with pytest.raises(ConsentError, match="share_with_provider"):
        rewrite(space, "ann", "x", model=Elsewhere(lambda said: "x"))
    space.user("ann").consent("assist", "share_with_provider")
    assert rewrite(space, "ann", "x", model=Elsewhere(lambda said: "x")).personal


def test_he_finds_it_in_his_audit_trail_and_nothing_else_is_written(space: Space, model: ScriptedModel) -> None:
    before = space.user("ann").get_all()
    rewrite(space, "ann", "The boat leaves.", model=model)
    assert ("rewrite", "assist") in [(line["action"], line["purpose"]) for line in space.user("ann").audit()]
    assert space.user("ann").get_all() == before


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"text": " "}, BadInput, "is empty"),
        ({"kind": "sing"}, BadInput, "'sing' is none"),
        ({"pipeline": "oppu"}, BadInput, "trained first"),
        ({"pipeline": "ipa | nothing"}, UnknownName, "nothing"),
        ({"pipeline": "cos"}, AccessError, "LOGITS"),
        ({"shown": -1}, BadInput, "-1 examples"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_fix(
    space: Space, model: ScriptedModel, options: dict[str, object], error: type[Exception], says: str
) -> None:
    space.user("ann").add(Attribute(id="a", name="casing", value="lower"))
    given = {"text": "a draft", **options}
    with pytest.raises(error, match=says):
        rewrite(space, "ann", model=model, **given)  # type: ignore[arg-type]


def test_methods_of_wishes_choose_among_several_draws(space: Space) -> None:
    texts = ["a very long answer, in which far more is said than anybody wants to read", "short"]
    space.user("ann").add(Preference(id="w", dimension="brevity", weight=1.0))
    found = rewrite(space, "ann", "a draft", model=ScriptedModel([*texts, *texts]), pipeline="pref")
    assert found.text == "short"
    assert [r.id for r in found.used] == ["w"]


def test_posts_of_the_task_stand_before_other_posts_and_these_before_turns() -> None:
    own = Post(id="r", task="rewrite", prompt="a", text="b")
    turns = (Turn(id="t", text="I wrote all of this at noon today"), Turn(id="s", text="ok then"))
    stated = Attribute(id="a", name="casing", value="lower")
    rated = Interaction(id="i", task="rate", prompt="x", text="5")

    def kept(*records: object) -> list[tuple[str, str]]:
        data = UserData(user_id="u", records=records)  # type: ignore[arg-type]
        return [(r.id, getattr(r, "task", "")) for r in material(data, "rewrite").records]

    assert kept(POSTS[0], own, *turns, stated, rated) == [("r", "rewrite"), ("a", "")]
    assert kept(POSTS[0], *turns, stated) == [("p1", "rewrite"), ("a", "")]
    assert kept(*turns, stated) == [("t", "rewrite"), ("a", "")]


def test_his_usual_way_is_what_more_than_half_of_his_texts_have() -> None:
    usual = usually(["yo, hello!", "yo, all!", "Nothing like it."])
    assert (usual["opener"], usual["mark"], usual["casing"]) == ("yo", "!", "lower")
    assert fits("yo, again!", usual) == 1.0
    assert fits("anything", {}) is None
    assert usually([]) == {}


@pytest.mark.slow
def test_the_embedded_model_writes_as_invented_people_do(tmp_path: Path) -> None:
    from idiolect.simulation import world

    invented = world.make(73, 4, held=False, history=6, probes=1)
    model = idiolect.open_embedded()
    nearer = []
    with idiolect.open(tmp_path / "home", encoder=None) as space:
        invented.fill(space.store)
        for user in invented.users:
            (probe,) = invented.probes(user, "rewrite")
            found = rewrite(space, user, probe.query.input, model=model, tokens=48)
            assert found.manner.before is not None
            assert found.manner.after is not None
            nearer.append(found.manner.after - found.manner.before)
    assert sum(nearer) / len(nearer) > 0
