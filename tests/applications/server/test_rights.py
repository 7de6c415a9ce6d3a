"""What a user sees, corrects, takes along and erases."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any, cast

import pytest

from idiolect.applications.server.answering.explain import sound

if TYPE_CHECKING:
    from tests.applications.conftest import Opener, Running


class Ann:
    """Ann's own things over HTTP."""

    def __init__(self, door: Running) -> None:
        self.door = door
        door.user("ann").add("My sister Anna lives in Kyoto")
        door.user("ann").add("I like green tea")

    def __call__(self, method: str, path: str = "", status: int = 200, **json: Any) -> Any:
        body = {"json": json} if method != "GET" and method != "DELETE" else {"params": json}
        found = self.door.http.request(method, f"/v1/users/ann{path}", headers=self.door.bearer, **body)
        assert found.status_code == status, found.text
        return found.json() if found.headers["content-type"] == "application/json" else found

    def asks(self, text: str, **more: Any) -> Any:
        messages = [{"role": "user", "content": text}]
        return self.door.client().chat.completions.create(model="small", messages=messages, user="ann", **more)

    @property
    def ids(self) -> dict[str, str]:
        """Memory -> id."""
        return {m["memory"]: m["id"] for m in self("GET", "/memories")["results"]}


@pytest.fixture
def ann(relay: Running) -> Ann:
    return Ann(relay)


def test_memories_come_newest_first_with_their_times(ann: Ann) -> None:
    found = ann("GET", "/memories")
    assert [m["memory"] for m in found["results"]] == ["I like green tea", "My sister Anna lives in Kyoto"]
    assert found["total"] == 2
    assert {"id", "kind", "metadata", "created_at", "time", "valid_from", "valid_to", "asserted_by", "pinned"} <= set(
        found["results"][0]
    )


def test_a_query_finds_what_bears_on_it(ann: Ann) -> None:
    found = ann("GET", "/memories", query="where does my sister live?", limit=1)
    (best,) = found["results"]
    assert best["memory"] == "My sister Anna lives in Kyoto"
    assert 0 < best["score"] <= 1


def test_a_correction_keeps_the_old_or_does_not(ann: Ann) -> None:
    id = ann.ids["My sister Anna lives in Kyoto"]
    found = ann("PATCH", f"/memories/{id}", text="My sister Anna lives in Osaka")
    assert [v["memory"][-5:] for v in found["history"]] == ["Kyoto", "Osaka"]
    found = ann("PATCH", f"/memories/{id}", text="My sister Anna lives in Nara", keep_old=False)
    assert [v["memory"][-4:] for v in found["history"]] == ["Nara"]


def test_an_erased_memory_is_gone_from_every_read(ann: Ann) -> None:
    id = ann.ids["I like green tea"]
    assert ann("DELETE", f"/memories/{id}") == {"deleted": True, "id": id}
    ann("GET", f"/memories/{id}", 404)
    ann("DELETE", f"/memories/{id}", 404)
    assert ann("GET", "/memories")["total"] == 1


def test_what_is_pinned_is_always_shown(ann: Ann) -> None:
    id = ann.ids["I like green tea"]
    assert ann("PATCH", f"/memories/{id}", pinned=True)["pinned"]
    ann.asks("Where does my sister live?", extra_body={"idiolect": {"pipeline": "pag"}})
    assert "I like green tea" in str(ann.door.stub.seen[-1]["messages"])
    assert not ann("PATCH", f"/memories/{id}", pinned=False)["pinned"]


def test_a_memory_can_be_added_and_is_used_at_once(ann: Ann) -> None:
    ann("POST", "/memories", text="My brother lives in Oslo", metadata={"from": "page"})
    assert "Oslo" in str(ann.asks("Where is my brother?").idiolect["sources"])


def test_a_memory_may_be_kept_until_a_day(ann: Ann) -> None:
    (added,) = ann("POST", "/memories", text="I am in Rome until May", expires="2090-05-01")["results"]
    assert added["expires"] == "2090-05-01T00:00:00+00:00"
    assert ann("GET", f"/memories/{added['id']}")["expires"] == added["expires"]
    ann("POST", "/memories", 400, text="too late", expires="2001-05-01")


def test_dials_are_wishes_that_can_be_set_and_taken_away(ann: Ann) -> None:
    wanted = [{"dimension": "short answers", "weight": 0.8}, {"dimension": "warm words", "weight": -0.5}]
    assert ann("PUT", "/preferences", preferences=wanted)["preferences"] == wanted
    changed = ann("PUT", "/preferences", preferences=[{"dimension": "warm words", "weight": 0}])["preferences"]
    assert changed == wanted[:1]
    assert ann("GET", "/profile")["wishes"] == {"short answers": ["0.8"]}
    ann("PUT", "/preferences", 400, preferences=[{"dimension": "x", "weight": 2}])


def test_consents_are_replaced_and_unknown_ones_refused(ann: Ann) -> None:
    assert ann("PUT", "/consents", consents=["assist", "train"])["consents"] == ["assist", "train"]
    refusal = ann("PUT", "/consents", 400, consents=["asist"])
    assert "assist" in refusal["error"]["message"]


def test_who_is_not_to_be_remembered_is_not_and_what_was_kept_goes(ann: Ann) -> None:
    ann.asks("my sister?")
    assert not ann("PUT", "/consents", remember=False)["remember"]
    assert ann.asks("I have a secret").idiolect["answer_id"] is None
    assert ann("GET", "/memories")["results"] == []
    assert ann("GET", "/answers")["results"] == []


def test_an_answer_tells_its_sources_until_one_is_erased(ann: Ann) -> None:
    answer = ann.asks("Where does my sister live?").idiolect["answer_id"]
    why = ann("GET", f"/answers/{answer}/explain")
    assert why["basis"] == "used"
    assert why["question"] == "Where does my sister live?"
    assert [(s["text"][-5:], s["importance"]) for s in why["sources"]] == [("Kyoto", None), ("n tea", None)]
    ann("DELETE", f"/memories/{why['sources'][0]['id']}")
    after = ann("GET", f"/answers/{answer}/explain")
    assert (after["explained"], after["sources"], after["answer"]) == (False, [], None)
    ann("GET", "/answers/ans_none/explain", 404)


def test_an_explanation_goes_too_when_the_source_is_erased_elsewhere(ann: Ann) -> None:
    answer = ann.asks("Where does my sister live?").idiolect["answer_id"]
    ann.door.user("ann").delete_all()
    assert not ann("GET", f"/answers/{answer}/explain")["explained"]
    assert ann("GET", "/answers")["results"][0]["question"] is None


def test_an_answer_whose_words_went_while_it_was_read_is_told_without_them() -> None:
    whole = {
        "answer_id": "ans_1",
        "created": 1.0,
        "messages": [{"role": "user", "content": "Where?"}],
        "text": "In Kyoto",
    }

    class Emptied:
        """Notes from which another thread has just taken the words, and what they rested on."""

        def resting(self, answer: str) -> list[str]:
            return []

        def answer(self, id: str) -> dict[str, Any] | None:
            return {"answer_id": id, "created": 1.0}

    assert sound(cast("Any", Emptied()), whole, frozenset()) == {"answer_id": "ans_1", "created": 1.0}


def test_stored_answers_end_with_their_time(opened: Opener) -> None:
    now = [1_700_000_000.0]
    ann = Ann(opened(upstream=True, clock=lambda: now[0], answers={"days": 2.0}))
    ann.asks("my sister?")
    assert len(ann("GET", "/answers")["results"]) == 1
    now[0] += 3 * 86400
    assert ann("GET", "/answers")["results"] == []


def test_the_export_is_a_folder_that_can_be_imported(ann: Ann, tmp_path: Any) -> None:
    ann.asks("my sister?")
    packed = zipfile.ZipFile(io.BytesIO(ann("GET", "/export").content))
    packed.extractall(tmp_path / "out")
    assert ann.door.user("bea").import_(tmp_path / "out") == 3
    (line,) = packed.read("answers.jsonl").decode().splitlines()
    assert json.loads(line)["text"] == "answer 1"


def test_an_erased_user_is_gone_with_a_receipt_and_without_residue(ann: Ann) -> None:
    ann.asks("canary-51d0 is my secret word")
    receipt = ann("DELETE")
    assert receipt["status"] == "closed"
    assert receipt["residue"] == 0
    ann("GET", "/memories", 404)
    home = ann.door.service.keys.home
    assert not any(b"canary-51d0" in p.read_bytes() for p in home.rglob("*") if p.is_file())
    assert ann.asks("hello again").idiolect["sources"] == []


def test_the_audit_trail_says_what_was_done_without_content(ann: Ann) -> None:
    ann.asks("my sister?")
    found = ann("GET", "/audit")["results"]
    assert {"add", "records"} <= {one["action"] for one in found}
    assert "Kyoto" not in str(found)


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        ({"rating": -1}, ["interaction"]),
        ({"edited": "She lives in Osaka."}, ["preference"]),
        ({"rating": 1, "correction": "My sister moved to Osaka"}, ["turn", "interaction"]),
        ({"rejected": "She lives in Rome.", "chosen": "In Osaka."}, ["preference"]),
    ],
)
def test_feedback_becomes_records(ann: Ann, said: dict[str, Any], kinds: list[str]) -> None:
    answer = ann.asks("Where does my sister live?").idiolect["answer_id"]
    body = {"user": "ann", "answer_id": answer, **said}
    found = ann.door.http.post("/v1/feedback", json=body, headers=ann.door.bearer)
    assert [one["kind"] for one in found.json()["records"]] == kinds


def test_an_edited_answer_is_shown_when_he_asks_again(ann: Ann) -> None:
    answer = ann.asks("Where does my sister live?").idiolect["answer_id"]
    body = {"user": "ann", "answer_id": answer, "edited": "In Osaka, as of May."}
    ann.door.http.post("/v1/feedback", json=body, headers=ann.door.bearer)
    ann.asks("So where does my sister live?", extra_body={"conversation": "later"})
    assert "In Osaka, as of May." in str(ann.door.stub.seen[-1]["messages"])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"rating": 1, "prompt": "q"}, 400),  # nobody
        ({"user": "ann"}, 400),
        ({"user": "ann", "rating": 5, "prompt": "q"}, 400),
        ({"user": "ann", "rating": 1}, 400),
        ({"user": "ann", "edited": "x", "prompt": "q"}, 400),
        ({"user": "ann", "chosen": "x", "prompt": "q"}, 400),
        ({"user": "ann", "rating": 1, "answer_id": "ans_of_nobody"}, 404),
        ({"user": "stranger", "rating": 1, "prompt": "q"}, 404),
    ],
)
def test_feedback_that_says_nothing_is_refused(ann: Ann, body: dict[str, Any], status: int) -> None:
    found = ann.door.http.post("/v1/feedback", json=body, headers=ann.door.bearer)
    assert found.status_code == status
    assert ann("GET", "/memories")["total"] == 2


def test_what_was_superseded_is_shown_with_the_reason_and_can_be_taken_back(ann: Ann) -> None:
    ann.door.user("ann").add("I live in Porto.")
    ann.door.user("ann").add("I now live in Lisbon.", wait=True)
    held = {f["value"] for f in ann("GET", "/facts")["results"] if f["name"] == "home"}
    assert held == {"Lisbon"}
    (past,) = (f for f in ann("GET", "/facts", history=True)["results"] if f["value"] == "Porto")
    assert all(past[name] for name in ("valid_to", "reason", "superseded_by"))
    assert ann("POST", f"/facts/{past['id']}/reinstate")["valid_to"] is None
    held = {f["value"] for f in ann("GET", "/facts")["results"] if f["name"] == "home"}
    assert held == {"Porto"}
    ann("POST", "/facts/999/reinstate", status=404)
