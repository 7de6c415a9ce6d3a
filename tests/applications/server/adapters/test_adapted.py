"""What `idiolect adapt` published answers at the local engine's door, for each user as the library answers him."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from idiolect import config, open
from idiolect.applications.server.adapters.adapted import standing
from idiolect.applications.server.adapters.stored import Owns
from idiolect.applications.server.answering.pipeline import Wanted
from idiolect.cli import app
from idiolect.cli.own.shelf import Shelf
from idiolect.core.idiolect import Idiolect
from idiolect.core.layout import ask
from idiolect.core.method import Card, Method
from idiolect.core.requests import Ask
from idiolect.core.types import Attribute, Post, Preference, UserData
from idiolect.generation.drive import run
from idiolect.governance.view import view
from idiolect.models.hf import HFModel
from idiolect.personalize import Personal, compose
from live import until

if TYPE_CHECKING:
    from tests.applications.conftest import Opener, Running

USERS = ("ann", "bob", "cem")
STRANGER = "dan"
QUESTION = "a film about ships"
SLOW = [pytest.param(s, marks=pytest.mark.slow) for s in ("perfit", "user_adapter", "mod", "stylevector", "pplug")]
PRESETS = """
[methods.oppu]
task = { rank = 2, sites = "q" }
task_recipe = { lr = 0.1, steps = 3, batch = 4 }
user = { rank = 2, sites = "q,v", dropout = 0.0 }
recipe = { lr = 0.2, steps = 6, batch = 4 }
[methods.perfit]
common = { rank = 2 }
common_recipe = { lr = 0.1, steps = 3, batch = 4 }
user = { rank = 2 }
recipe = { lr = 0.2, steps = 6, batch = 4 }
[methods.user_adapter]
tune = false
vector = { length = 1, scale = 0.5 }
recipe = { lr = 0.5, steps = 6, batch = 4 }
[methods.mod]
count = 2
policy = { rank = 2, sites = "q,v", seed = 0, dropout = 0.0 }
recipe = { lr = 0.2, steps = 4, batch = 4 }
[methods.stylevector]
strength = 6.0
[methods.pplug]
recipe = { lr = 0.1, steps = 3, batch = 4 }
"""


def records(user: str, place: int) -> list[Any]:
    """What he wrote, in a manner of his own, and what he likes better."""
    mark = "!?#"[place]
    posts = [Post(id=f"{user} p{n}", time=n, task="rewrite", prompt=f"item {n}", text=mark * (n + 2)) for n in range(4)]
    short, long = "Yes.", f"{mark * 3} it is so, as ever it was, and will be"
    chosen = (short, long) if place % 2 else (long, short)
    pairs = [
        Preference(id=f"{user} c{n}", time=9 + n, prompt=f"shop {n}?", chosen=chosen[0], rejected=chosen[1])
        for n in range(3)
    ]
    return [*posts, *pairs, Attribute(id=f"{user} a", time=20, name="city", value=["Oslo", "Bath", "Rome"][place])]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model's folder."""
    folder, model = tmp_path_factory.mktemp("adapted") / "base", HFModel.random("llama")
    model.module.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def model(base: Path) -> HFModel:
    return HFModel.open(base, dtype="float32", device="cpu")


class Place:
    """A home in which `idiolect adapt` is run, method by method, when its adapters are first asked for."""

    def __init__(self, base: Path, folder: Path) -> None:
        self.base, self.home, self.presets = base, folder / "home", folder / "small.toml"
        self.presets.write_text(PRESETS)
        self._learnt: set[str] = set()
        with open(self.home, encoder=None) as space:
            for number, user in enumerate(USERS):
                space.user(user).consent("assist", "train")
                space.user(user).add(records(user, number))
            space.user(STRANGER).consent("assist", "train")
            space.user(STRANGER).add("I am new here")

    def learn(self, *specs: str) -> None:
        for spec in [s for s in specs if s not in self._learnt]:
            words = ["adapt", spec, "--model", str(self.base), "--home", str(self.home), "--dtype", "float32"]
            done = CliRunner().invoke(app, [*words, "--presets", str(self.presets), "--device", "cpu"])
            assert done.exit_code == 0, done.output
            self._learnt.add(spec)


@pytest.fixture(scope="module")
def place(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(base, tmp_path_factory.mktemp("learnt"))


Doors = Callable[..., "Running"]


@pytest.fixture
def doors(opened: Opener, place: Place, model: HFModel, tmp_path: Path) -> Doors:
    """Opens a door on a copy of the home, once these are learnt."""

    def open(*specs: str, **given: Any) -> Running:
        place.learn(*specs)
        home = shutil.copytree(place.home, tmp_path / "home")
        return opened(home=home, feedback={"adapter": ""}, **{"model": model, **given})

    return open


def library(place: Place, model: HFModel, spec: str, user: str, question: str = QUESTION) -> str:
    """The same adapters through `Personal`."""
    name, presets = spec.replace(" | ", "+"), config.load(place.presets)
    personal = Personal(method=compose(spec, presets.methods), model=model)
    with open(place.home, encoder=None) as space:
        shelf, kept = Shelf(space.store), Shelf(space.store).theta(name)
        personal.theta = kept["theta"] if kept else None
        if name in shelf.names(user):
            personal.owns[user] = shelf.load(user, name)[0]["own"]
        return personal.respond(view(space.store, user), question)


def say(door: Running, spec: str, user: str | None = "ann", **more: Any) -> Any:
    given = {"user": user} if user else {}
    name, messages = f"base@{spec.replace(' ', '')}", [{"role": "user", "content": QUESTION}]
    return door.client().chat.completions.create(model=name, messages=messages, **{"max_tokens": 48, **given, **more})


def text(answer: Any) -> str:
    return str(answer.choices[0].message.content)


@pytest.mark.parametrize("spec", ["oppu", *SLOW])
def test_each_user_is_answered_as_the_library_answers_him(
    doors: Doors, place: Place, model: HFModel, spec: str
) -> None:
    door = doors(spec)
    theirs = {user: library(place, model, spec, user) for user in USERS}
    assert len(set(theirs.values())) > 1  # they do differ
    for user in USERS:
        answer = say(door, spec, user)
        assert text(answer) == theirs[user]
        assert (answer.idiolect["methods"], answer.idiolect["degraded"]) == ([spec], [])
        assert answer.idiolect["learnt_from"] > 0
        assert answer.idiolect["sources"] == []  # nothing of his stands in the prompt


@pytest.mark.slow
def test_different_adapters_steering_and_streams_in_one_batch_are_as_one_by_one(doors: Doors) -> None:
    door = doors("oppu", "perfit", "stylevector")
    local = door.service.local
    assert local is not None
    asked = [(spec, user) for spec in ("oppu", "perfit", "stylevector", "cos|oppu") for user in USERS]
    short = {"max_tokens": 12}
    alone = [text(say(door, *one, **short)) for one in asked]
    held, begun, rows = threading.Event(), threading.Event(), list[int]()
    work = threading.Thread(target=local.call, args=(lambda: (begun.set(), held.wait(60)),))
    work.start()
    begun.wait(60)
    hook = local.model.module.register_forward_pre_hook(lambda *_: rows.append(len(local.model.engine.active)))
    with ThreadPoolExecutor(len(asked)) as pool:
        found = [pool.submit(say, door, *one, **short) for one in asked]
        until(lambda: local.waiting == len(asked))
        held.set()
        together = [text(one.result(120)) for one in found]
    work.join()
    hook.remove()
    assert together == alone
    assert max(rows) == len(asked)
    assert len(set(alone)) > len(asked) // 2


def test_who_has_none_is_answered_by_what_was_learnt_from_everybody(doors: Doors, place: Place, model: HFModel) -> None:
    door = doors("oppu")
    answer = say(door, "oppu", STRANGER)
    assert text(answer) == library(place, model, "oppu", STRANGER)
    (lacks,) = answer.idiolect["degraded"]
    assert (lacks["method"], "learnt nothing of him" in lacks["why"], "everybody" in lacks["why"]) == (
        "oppu",
        True,
        True,
    )
    assert answer.idiolect["learnt_from"] == 0
    assert text(say(door, "oppu", None)) == text(say(door, "none", None))  # nobody is nobody


def test_where_nobody_learnt_anything_the_method_is_left_out(doors: Doors) -> None:
    door = doors()
    answer = say(door, "plora")
    assert answer.idiolect["methods"] == []
    assert answer.idiolect["degraded"] == [{"method": "plora", "why": "has learnt nothing of him yet"}]
    assert text(answer) == text(say(door, "none", None))


def test_where_nothing_may_be_left_out_he_is_refused(doors: Doors) -> None:
    strict = doors("oppu", pipeline={"degrade": "refuse"})
    assert say(strict, "oppu", "ann").idiolect["degraded"] == []
    for spec, user in (("oppu", STRANGER), ("plora", "ann")):
        body = {"model": f"base@{spec}", "messages": [{"role": "user", "content": "hello"}], "user": user}
        found = strict.http.post("/v1/chat/completions", json=body, headers=strict.bearer)
        assert (found.status_code, found.json()["error"]["code"]) == (400, "method_unavailable")


@pytest.mark.slow
def test_without_the_consent_to_train_his_own_is_not_used(doors: Doors, place: Place, model: HFModel) -> None:
    door = doors("oppu")
    say(door, "oppu")  # it is held in memory
    store = door.service.space("default").store
    store.consent("ann", "assist")  # behind the door's back: the files still lie there
    answer = say(door, "oppu")
    assert "does not allow 'train'" in answer.idiolect["degraded"][0]["why"]
    assert text(answer) == library(place, model, "oppu", STRANGER)
    store.consent("ann", "assist", "train")
    assert say(door, "oppu").idiolect["degraded"] == []
    door.http.put("/v1/users/ann/consents", json={"consents": ["assist"]}, headers=door.bearer)
    door.http.put("/v1/users/ann/consents", json={"consents": ["assist", "train"]}, headers=door.bearer)
    assert "learnt nothing of him" in say(door, "oppu").idiolect["degraded"][0]["why"]  # it went with the consent


def test_it_goes_with_a_record_that_it_was_learnt_from(doors: Doors) -> None:
    door = doors("oppu")
    assert say(door, "oppu").idiolect["learnt_from"] == 4
    door.user("ann").delete("ann p2")
    assert say(door, "oppu").idiolect["learnt_from"] == 0


@pytest.mark.slow
def test_what_was_learnt_over_another_base_is_not_used(doors: Doors) -> None:
    door = doors("oppu", model=HFModel.random("llama", seed=3))
    messages = [{"role": "user", "content": QUESTION}]
    answer = door.client().chat.completions.create(model="random-llama-3@oppu", messages=messages, user="ann")
    assert answer.idiolect["degraded"] == [{"method": "oppu", "why": "was learnt over another base model"}]


@pytest.mark.slow
def test_what_learnt_together_answers_together_with_records_as_they_are_now(doors: Doors) -> None:
    door = doors("oppu", "ipa | oppu")
    door.user("ann").add("ships are my favourite films")
    answer = say(door, "ipa|oppu")
    assert (answer.idiolect["methods"], answer.idiolect["degraded"]) == (["ipa", "oppu"], [])
    assert "ships are my favourite films" in [s["text"] for s in answer.idiolect["sources"]]
    assert answer.idiolect["learnt_from"] == 4
    apart = say(door, "oppu|ipa")
    assert (apart.idiolect["methods"], apart.idiolect["degraded"]) == (["oppu", "ipa"], [])


def test_between_generic_and_personal_the_bare_model_stands_beside_his_adapter(doors: Doors) -> None:
    door = doors("oppu")
    data, query = view(door.service.space("default").store, "ann"), ask("", QUESTION)
    streams = {}
    for strength in (0.0, 0.5, 1.0):
        shown = door.service.pipeline.shown("default", data, query, Wanted(methods="oppu", strength=strength))
        streams[strength] = [len(stream.edits) for stream in shown.idiolect.streams]
    assert streams == {0.0: [0], 0.5: [*streams[1.0], 0], 1.0: streams[1.0]}
    assert streams[1.0][0] > 0


def test_models_that_learn_are_among_what_can_answer(doors: Doors) -> None:
    pipeline = doors().service.pipeline
    assert all(map(pipeline.runs, ("oppu", "ipa|mod", "stylevector", "ipa|cos")))


def test_what_is_held_is_bounded_by_its_bytes(doors: Doors, model: HFModel) -> None:
    door = doors("oppu")
    owns = Owns(lambda name: door.service.space(name).store, model.digest, room=1)
    for user in (*USERS, "ann"):
        assert owns("default", user, "oppu") is not None
        assert len(owns._held) == 1


def test_a_method_that_does_more_than_one_text_is_told_apart() -> None:
    class Twice(Method[None, None]):
        card = Card(paper="", site="", phi="")

        def respond(self, user: Any, query: Any, theta: Any, own: Any) -> Any:
            (first,) = yield Ask(query=query)
            return str(first).upper()

    class Once(Twice):
        def respond(self, user: Any, query: Any, theta: Any, own: Any) -> Any:
            (first,) = yield Ask(query=query, idiolect=mine)
            return str(first)

    mine, asked = Idiolect(), (UserData("ann"), ask("", "hello"), None, None)
    assert run(standing(Twice(), *asked), {}) is None
    assert run(standing(Once(), *asked), {}) is mine
