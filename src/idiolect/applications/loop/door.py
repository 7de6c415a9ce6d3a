"""A door in this process, without a network, and what a visitor does there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from idiolect.applications.loop.visitors import Visitor
from idiolect.core.errors import BadInput

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from idiolect.applications.server.service import Service

ADDRESS = "http://127.0.0.1:8321"
TRIES = 8  # pairs between which he is indifferent, before he says something else
LEARNING = 3600.0  # seconds that a stage's learning may take


class Door:
    """Requests as an application sends them."""

    def __init__(self, service: Service, client: TestClient) -> None:
        self.service, self.client = service, client

    def post(self, path: str, body: dict[str, Any], *, method: str = "POST") -> Any:
        """The answer as JSON.

        Raises:
            BadInput: the door refused.
        """
        found = self.client.request(method, f"/v1/{path}", json=body)
        if found.status_code != 200:
            raise BadInput(f"{method} /v1/{path}", found.text[:300], "See docs/service.md.")
        return found.json()

    def ask(self, user: str, question: str, pipeline: str | None) -> tuple[str, str]:
        """(the answer's words, its id). pipeline: as the service is set where it is None."""
        ours = {} if pipeline is None else {"idiolect": {"pipeline": pipeline}}
        messages = [{"role": "user", "content": question}]
        body = {"model": self.service.model_name, "messages": messages, "user": user, **ours}
        answer = self.post("chat/completions", body)
        return str(answer["choices"][0]["message"]["content"]), str(answer["idiolect"]["answer_id"])

    def enter(self, visitor: Visitor, *, train: bool) -> None:
        """He comes, and says what he allows."""
        where = f"users/{quote(visitor.id)}"
        self.post(f"{where}/memories", {"text": "Good to be here."})
        self.post(f"{where}/consents", {"consents": ["assist", *(["train"] if train else [])]}, method="PUT")

    def feedback(self, visitor: Visitor, number: int) -> None:
        """The next thing that he says: three choices, an edited answer, a rating, and so on."""
        match number % 5:
            case 3:
                self._edits(visitor)
            case 4:
                self._rates(visitor)
            case _:
                self._chooses(visitor)

    def _chooses(self, visitor: Visitor) -> None:
        for _ in range(TRIES):
            question = visitor.question()
            asked = {"prompt": question["q"], "candidates": visitor.replies(question)}
            a, b = self.post(f"users/{quote(visitor.id)}/question", asked)["options"]
            ahead = visitor.satisfaction(a) - visitor.satisfaction(b)
            if ahead:
                chosen, rejected = (a, b) if ahead > 0 else (b, a)
                self._says(visitor, prompt=question["q"], chosen=chosen, rejected=rejected)
                visitor.liked.append((question["q"], chosen))
                return
        self._edits(visitor)

    def _edits(self, visitor: Visitor) -> None:
        question = visitor.question()
        _, answer = self.ask(visitor.id, question["q"], None)
        edited = visitor.written(question)
        self._says(visitor, answer_id=answer, edited=edited)
        visitor.liked.append((question["q"], edited))

    def _rates(self, visitor: Visitor) -> None:
        text, answer = self.ask(visitor.id, visitor.question()["q"], None)
        self._says(visitor, answer_id=answer, rating=1 if visitor.satisfaction(text) > 0.5 else -1)

    def _says(self, visitor: Visitor, **said: Any) -> None:
        self.post("feedback", {"user": visitor.id, **said})

    def learnt(self) -> None:
        """Waits until what was said is learnt.

        Raises:
            BadInput: it takes too long, or somebody could not be learnt from.
        """
        if not self.service.teacher.wait(LEARNING) or self.service.teacher.failed:
            what = f"{self.service.teacher.failed} times learning failed, or it takes more than {LEARNING:.0f} s"
            raise BadInput("the teacher", what, "Read the log of the service.")


@contextmanager
def opened(home: Path, *, adapters: bool) -> Iterator[Door]:
    """A door on the embedded model.

    Args:
        adapters: whether it trains them.
    """
    from fastapi.testclient import TestClient

    from idiolect.applications.server.app import create
    from idiolect.applications.server.service import Service
    from idiolect.applications.server.settings import load

    given: dict[str, Any] = {"server": {"encoder": "none"}, "feedback": {} if adapters else {"adapter": ""}}
    service = Service(load(environment={}, home=home, trust_local=True, **given))
    with TestClient(create(service), base_url=ADDRESS) as client:
        yield Door(service, client)
