"""The loop closes: what users say to answers changes the next ones, through weights and adapters of their own."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from idiolect.applications.server.feedback.learnt import Choice
from idiolect.applications.server.feedback.teacher import Stopping, beside
from idiolect.core.requests import Ask, Sampling

if TYPE_CHECKING:
    from tests.applications.conftest import Opener, Running

    from idiolect.models.hf import HFModel

SHORT, LONG = "At nine.", "It opens at some time in the morning, and it closes when the evening comes."
SMALL: dict[str, Any] = {
    "modpo": {"policy": {"rank": 2, "alpha": 4.0, "sites": "q"}, "recipe": {"lr": 0.05, "steps": 2, "batch": 2}}
}


class Ann:
    """Somebody who says what she thinks of answers."""

    def __init__(self, door: Running, id: str = "ann") -> None:
        self.door, self.id = door, id
        door.user(id).add("I like green tea")

    def __call__(self, method: str, path: str, status: int = 200, **body: Any) -> Any:
        given = {"json": body} if method in ("POST", "PUT", "PATCH") else {}
        found = self.door.http.request(method, f"/v1{path}", headers=self.door.bearer, **given)
        assert found.status_code == status, found.text
        return found.json()

    def own(self, method: str, path: str, status: int = 200, **body: Any) -> Any:
        return self(method, f"/users/{self.id}{path}", status, **body)

    def chooses(self, count: int, better: str = SHORT, worse: str = LONG) -> list[str]:
        """Ids of the records."""
        made = []
        for i in range(count):
            body = {"user": self.id, "prompt": f"When does shop {i} open?", "chosen": better, "rejected": worse}
            made.append(self("POST", "/feedback", **body)["records"][0]["id"])
        assert self.door.service.teacher.wait()
        return made

    def asks(self, text: str = "When is it?", model: str = "small", **more: Any) -> Any:
        messages = [{"role": "user", "content": text}]
        return self.door.client().chat.completions.create(model=model, messages=messages, user=self.id, **more)

    def dial(self, name: str = "brevity") -> dict[str, Any]:
        found = self.own("GET", "/preferences")["dimensions"]
        return next(d for d in found if d["dimension"] == name)

    @property
    def told(self) -> str:
        """What the model was told last."""
        return str(self.door.stub.seen[-1]["messages"])


@pytest.fixture
def ann(relay: Running) -> Ann:
    return Ann(relay)


def test_choices_become_weights_behind_the_requests(ann: Ann) -> None:
    assert (ann.dial()["weight"], ann.dial()["sources"], ann.dial()["sure"]) == (0, 0, False)
    ann.chooses(8)
    found = ann.dial()
    assert found["low"] < found["learnt"] < found["high"]
    assert (found["learnt"] > 0.5, found["sources"], found["sure"], found["stated"]) == (True, 8, True, None)
    assert not ann.dial("formality")["sure"]


def test_what_is_sure_is_told_to_the_model_from_then_on(ann: Ann) -> None:
    ann.asks()
    assert "short replies" not in ann.told
    ann.chooses(8)
    answer = ann.asks()
    assert "wants: short replies" in ann.told
    assert (answer.idiolect["methods"], answer.idiolect["learnt_from"]) == (["ipa", "pref"], 8)


def test_who_names_a_pipeline_gets_that_and_nothing_else(ann: Ann) -> None:
    ann.chooses(8)
    for spec, there in (("ipa", False), ("none", False), ("pref", True)):
        ann.asks(extra_body={"idiolect": {"pipeline": spec}})
        assert ("wants: short replies" in ann.told) == there


def test_without_strength_nothing_is_told(ann: Ann) -> None:
    ann.chooses(8)
    ann.asks(extra_body={"idiolect": {"strength": 0}})
    assert "wants" not in ann.told


def test_a_named_method_that_learnt_nothing_of_him_is_named_as_left_out(ann: Ann) -> None:
    answer = ann.asks(extra_body={"idiolect": {"pipeline": "ipa|pref"}})
    assert answer.idiolect["methods"] == ["ipa"]
    assert [d["method"] for d in answer.idiolect["degraded"]] == ["pref"]


def test_anothers_choices_change_nothing(ann: Ann) -> None:
    bea = Ann(ann.door, "bea")
    bea.chooses(8)
    ann.asks()
    assert "short replies" not in ann.told
    assert ann.dial()["sources"] == 0


def test_weights_lie_in_his_own_folder_with_their_sources(ann: Ann) -> None:
    from idiolect.governance.lineage import Ledger

    ann.chooses(3)
    store = ann.door.service.space("default").store
    with Ledger(store.folder) as ledger:
        (artifact,) = ledger.artifacts()
        assert artifact.path.endswith("/own/pref")
        assert [len(r) for r in ledger.sources(artifact.path).values()] == [3]
    assert artifact.purpose == "assist"


def test_erasing_a_choice_takes_it_out_of_the_weights(ann: Ann) -> None:
    first, *_ = ann.chooses(8)
    before = ann.dial()["learnt"]
    ann.own("DELETE", f"/memories/{first}")
    assert ann.door.service.teacher.wait()
    assert ann.dial()["sources"] == 7
    assert ann.dial()["learnt"] < before


def test_weights_whose_sources_all_went_are_gone(ann: Ann) -> None:
    ann.chooses(8)
    ann.door.user("ann").delete_all()  # elsewhere: the door is not told
    assert ann.dial()["sources"] == 0
    ann.asks()
    assert "short replies" not in ann.told


def test_an_answer_loses_its_words_when_a_choice_behind_it_is_erased(ann: Ann) -> None:
    first, *_ = ann.chooses(8)
    answer = ann.asks().idiolect["answer_id"]
    ann.own("DELETE", f"/memories/{first}")
    assert not ann.own("GET", f"/answers/{answer}/explain")["explained"]


def test_a_dial_set_by_hand_stands_in_place_of_what_was_learnt(ann: Ann) -> None:
    ann.chooses(8)
    ann.own("PUT", "/preferences", preferences=[{"dimension": "brevity", "weight": -0.5}])
    found = ann.dial()
    assert (found["weight"], found["stated"]) == (-0.5, -0.5)
    assert found["learnt"] > 0.5
    ann.asks()
    assert "wants: long replies" in ann.told
    assert "short replies" not in ann.told.replace("'", "")
    ann.own("PUT", "/preferences", preferences=[{"dimension": "brevity", "weight": 0}])
    assert ann.dial()["stated"] is None


def test_edits_and_ratings_count_too(ann: Ann) -> None:
    ann.door.stub.say = lambda body: LONG
    answer = ann.asks().idiolect["answer_id"]
    ann("POST", "/feedback", user="ann", answer_id=answer, edited=SHORT)
    ann("POST", "/feedback", user="ann", answer_id=answer, rating=-1)
    assert ann.door.service.teacher.wait()
    assert ann.dial()["sources"] == 2
    assert ann.dial()["learnt"] > 0


def test_a_correction_teaches_no_weights(ann: Ann) -> None:
    ann("POST", "/feedback", user="ann", correction="My sister moved to Osaka")
    assert ann.door.service.teacher.wait()
    assert ann.dial()["sources"] == 0


def test_weights_can_be_switched_off(opened: Opener) -> None:
    ann = Ann(opened(upstream=True, feedback={"weights": False, "adapter": ""}))
    ann.chooses(8)
    assert ann.own("GET", "/preferences")["dimensions"] == []
    ann.own("POST", "/question", 404, prompt="When?", candidates=[SHORT, LONG])


def test_the_next_question_is_the_pair_that_tells_most(ann: Ann) -> None:
    stiff = "Certainly. At nine."
    asked = {"prompt": "When?", "candidates": [SHORT, f"{SHORT} ", LONG, stiff]}
    first = ann.own("POST", "/question", **asked)
    assert LONG in first["options"]
    assert (first["dimension"], first["answered"]) == ("brevity", 0)
    ann.chooses(20)
    later = ann.own("POST", "/question", **asked)
    assert sorted(later["options"]) == sorted([SHORT, stiff])
    assert (later["dimension"], later["answered"]) == ("formality", 20)
    assert 0 < later["nats"] < 0.6931


def test_answers_that_are_alike_are_not_asked_about(ann: Ann) -> None:
    found = ann.own("POST", "/question", 409, prompt="When?", candidates=["At nine.", "At ten."])
    assert found["error"]["code"] == "nothing_to_ask"


def test_a_question_without_a_prompt_is_about_what_he_asked_last(ann: Ann) -> None:
    ann.own("POST", "/question", 400, candidates=[SHORT, LONG])
    ann.asks("When does the shop open?")
    assert ann.own("POST", "/question", candidates=[SHORT, LONG])["prompt"] == "When does the shop open?"


def test_answers_to_choose_between_are_drawn_without_anything_personal(ann: Ann) -> None:
    texts = iter([SHORT, LONG] * 3)
    ann.door.stub.say = lambda body: next(texts)
    ann.chooses(8)
    found = ann.own("POST", "/question", prompt="When?", model="small")
    assert sorted(found["options"]) == sorted([SHORT, LONG])
    assert "wants" not in ann.told
    ann.own("POST", "/question", 400, prompt="When?")


def test_a_local_model_draws_the_answers_itself(opened: Opener, llama: HFModel) -> None:
    ann = Ann(opened(model=llama, limits={"tokens": 8}))
    response = ann.door.http.post("/v1/users/ann/question", json={"prompt": "When?"}, headers=ann.door.bearer)
    assert response.status_code in (200, 409)


def local(opened: Opener, llama: HFModel, **feedback: Any) -> Ann:
    more = {"after": 3, **feedback}
    ann = Ann(opened(model=llama, feedback=more, methods=SMALL, limits={"tokens": 6}))
    ann.own("PUT", "/consents", consents=["assist", "train"])
    return ann


def test_an_adapter_is_trained_once_enough_was_chosen(opened: Opener, llama: HFModel) -> None:
    ann = local(opened, llama)
    ann.chooses(2)
    assert [a["name"] for a in ann.own("GET", "/adapters")["adapters"]] == ["pref"]
    ann.chooses(1)
    (modpo, _) = ann.own("GET", "/adapters")["adapters"]
    assert (modpo["name"], modpo["records"], modpo["served"]) == ("modpo", 3, True)
    answer = ann.asks(model=llama.name)
    assert "modpo" in answer.idiolect["methods"]
    first = ann.door.service.kept.own("default", "ann", "modpo")
    ann.chooses(2)
    assert ann.door.service.kept.own("default", "ann", "modpo") is first  # two are not enough again
    ann.chooses(1)
    assert len(ann.door.service.kept.own("default", "ann", "modpo").sources) == 6


def test_no_adapter_is_trained_of_who_does_not_allow_it(opened: Opener, llama: HFModel) -> None:
    ann = local(opened, llama)
    ann.own("PUT", "/consents", consents=["assist"])
    ann.chooses(4)
    assert [a["name"] for a in ann.own("GET", "/adapters")["adapters"]] == ["pref"]


def test_an_adapter_goes_with_the_consent_and_with_its_sources(opened: Opener, llama: HFModel) -> None:
    ann = local(opened, llama)
    first, *_ = ann.chooses(3)
    ann.own("DELETE", f"/memories/{first}")
    assert ann.door.service.teacher.wait()
    assert ann.door.service.kept.own("default", "ann", "modpo") is None
    ann.chooses(1)
    assert ann.door.service.kept.own("default", "ann", "modpo") is not None
    ann.own("PUT", "/consents", consents=["assist"])
    assert [a["name"] for a in ann.own("GET", "/adapters")["adapters"]] == ["pref"]


def test_an_adapter_can_be_deleted_by_its_owner(opened: Opener, llama: HFModel) -> None:
    ann = local(opened, llama)
    ann.chooses(3)
    assert ann.own("DELETE", "/adapters/modpo") == {"deleted": True, "name": "modpo"}
    ann.own("DELETE", "/adapters/modpo", 404)
    assert "modpo" not in ann.asks(model=llama.name).idiolect["methods"]


def test_requests_are_answered_while_an_adapter_is_trained(
    opened: Opener, llama: HFModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = local(opened, llama)
    teacher = ann.door.service.teacher
    inside, go_on = threading.Event(), threading.Event()

    def held(progress: object) -> None:
        inside.set()
        assert go_on.wait(30)

    monkeypatch.setattr(teacher, "_checked", held)
    for i in range(3):
        ann("POST", "/feedback", user="ann", prompt=f"{i}?", chosen=SHORT, rejected=LONG)
    assert inside.wait(60)
    assert ann.asks(model=llama.name).choices[0].message.content is not None
    assert "modpo" not in [a["name"] for a in ann.own("GET", "/adapters")["adapters"]]  # whole or not at all
    go_on.set()
    assert teacher.wait()
    assert "modpo" in [a["name"] for a in ann.own("GET", "/adapters")["adapters"]]


def test_a_server_that_goes_down_waits_for_no_training(opened: Opener, llama: HFModel) -> None:
    teacher = local(opened, llama).door.service.teacher
    teacher.stop()
    with pytest.raises(Stopping):
        teacher._checked(None)
    began = time.monotonic()
    teacher.stop()
    assert time.monotonic() - began < 1


def test_one_users_trouble_stops_nobody_elses_learning(ann: Ann, monkeypatch: pytest.MonkeyPatch) -> None:
    service = ann.door.service
    write = service.kept.write

    def failing(space: str, data: Any, *rest: Any, **more: Any) -> None:
        if data.user_id == "ann":
            raise OSError("full")
        write(space, data, *rest, **more)

    monkeypatch.setattr(service.kept, "write", failing)
    ann.chooses(1)
    bea = Ann(ann.door, "bea")
    bea.chooses(1)
    assert (service.teacher.failed, bea.dial()["sources"]) == (1, 1)


def test_a_model_beside_shares_weights_and_no_hooks(llama: HFModel) -> None:
    other = beside(llama)
    ours, theirs = (list(m.module.parameters()) for m in (llama, other))
    assert all(a is b for a, b in zip(ours, theirs, strict=True))
    handle = other.module.register_forward_hook(lambda *given: None)
    assert not llama.module._forward_hooks
    handle.remove()


def test_with_weights_the_best_of_several_draws_is_given(opened: Opener, llama: HFModel) -> None:
    door = opened(model=llama, methods={"pref": {"draws": 3}}, limits={"tokens": 6})
    ann = Ann(door)
    asked: list[Ask] = []
    submit = llama.engine.submit
    door.service.local.model.engine.submit = lambda ask, key, **more: (asked.append(ask), submit(ask, key, **more))[1]  # type: ignore[method-assign, union-attr]
    try:
        ann.asks(model=llama.name)
        ann.chooses(8)
        whole = ann.asks(model=llama.name)
        pieces = list(ann.asks(model=llama.name, stream=True))
        ann.asks(model=llama.name, extra_body={"idiolect": {"strength": 0.1}})
        ann.asks(model=llama.name, n=2)
    finally:
        llama.engine.submit = submit  # type: ignore[method-assign]
    assert [(a.n, a.sampling.temperature) for a in asked] == [(1, 0.0), (3, 0.7), (3, 0.7), (1, 0.0), (2, 0.0)]
    assert len(whole.choices) == 1
    assert {c.index for p in pieces for c in p.choices} == {0}


def test_a_choice_keeps_a_temperature_that_was_asked_for() -> None:
    choice = Choice(draws=2, temperature=0.7, wanted=(1.0, 0.0, 0.0, 0.0))
    assert choice.sampling(Sampling(temperature=0.2)).temperature == 0.2
    assert choice.sampling(Sampling()).temperature == 0.7
    assert choice.best([LONG, SHORT]) == 1
