"""The harness's model `idiolect`: the user comes with the document, the method is any of ours.

    lm_eval --model idiolect --model_args method=ipa,model=embedded --include_path $(python -c
        "from idiolect.evaluation import harness; print(harness.tasks())") --tasks idiolect_lamp_3
        --metadata '{"data": "FOLDER"}'

Importing this module registers it. theta is learnt from the documents' profiles, of which nothing is asked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from idiolect import config
from idiolect.core.errors import BadInput, MissingExtra
from idiolect.core.method import flow
from idiolect.core.requests import Item as Scored
from idiolect.core.requests import Key, Score
from idiolect.core.types import Message, Query, UserData
from idiolect.data.policy import STUDY
from idiolect.data.readers.text import listing
from idiolect.data.records import parse
from idiolect.data.store import MemoryStore
from idiolect.evaluation.asking import respond
from idiolect.evaluation.asking.respond import Asked
from idiolect.evaluation.costs import Metered
from idiolect.evaluation.entries import entry
from idiolect.evaluation.tasks import Question
from idiolect.generation.drive import run_many
from idiolect.governance.view import view
from idiolect.models.embedded import open_model

try:
    from lm_eval.api.model import LM
    from lm_eval.api.registry import register_model
except ImportError as error:
    raise MissingExtra("lm_eval", "harness") from error

NEEDED = ("user", "profile", "question")


@register_model("idiolect")
class Personal(LM):  # type: ignore[misc]
    """
    Args:
        method: a method or composition; "none" asks the model alone.
        model: "embedded", a local Hugging Face folder, or an open model.
        presets: as `idiolect evaluate --presets`; empty: the papers' defaults.
    """

    def __init__(
        self, method: str = "none", model: Any = "embedded", presets: str = "", seed: int = 0, **_: Any
    ) -> None:
        super().__init__()
        self.seed = int(seed)
        self._model = Metered(open_model(model) if isinstance(model, str) else model)
        self._entry = None if method == "none" else entry(method, config.load(presets))

    @property
    def tokenizer_name(self) -> str:
        """Templates are the model's own business: the harness passes plain words."""
        return ""

    def generate_until(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[str]:
        """One answer a request, cut at the first of its stop texts."""
        del disable_tqdm
        asked = self._asked(requests)
        ready = self._ready(asked)
        texts = [
            a.text
            for batch in respond.answer(ready, asked[0] if ready else _bare(asked[0]), self._model)
            for a in batch
        ]
        return [_cut(t, r.args[1].get("until") or ()) for t, r in zip(texts, requests, strict=True)]

    def loglikelihood(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        """Log-probability of each continuation under the user's idiolect, end token included.

        The second value, whether greedy decoding would say just that, is found by asking.
        """
        del disable_tqdm
        said = self.generate_until([_Open(r) for r in requests])
        asked = self._asked(requests)
        ready = self._ready(asked)
        items = [self._item(ready, a, r.args[1], n) for n, (a, r) in enumerate(zip(asked[0], requests, strict=True))]
        scored = self._model.answer([Score(items=tuple(items))], [Key(self.seed, "harness", "")])[0]
        pairs = zip(scored, said, requests, strict=True)
        return [(s.total, text.strip() == r.args[1].strip()) for s, text, r in pairs]

    def loglikelihood_rolling(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[float]:
        """
        Raises:
            BadInput: always: a bare text is nobody's.
        """
        fix = "Take tasks of generate_until, loglikelihood or multiple_choice"
        raise BadInput("lm_eval", "log-likelihood of a bare text, which belongs to no user", fix)

    def _asked(self, requests: Sequence[Any]) -> tuple[list[Asked], dict[str, UserData]]:
        """Each request as a question with its user's data; users by name."""
        people: dict[str, tuple[str, UserData]] = {}
        found = []
        for n, request in enumerate(requests):
            doc = request.doc
            if missing := [f for f in NEEDED if f not in doc]:
                fix = "Take a task of idiolect.evaluation.harness, or give its documents user, profile and question"
                raise BadInput(f"document {n}", f"it lacks {', '.join(missing)}", fix)
            user = str(doc["user"])
            known, data = people.get(user) or (doc["profile"], person(user, doc["profile"]))
            if known != doc["profile"]:
                raise BadInput(f"document {n}", f"user {user!r} has two profiles", "Give each user one profile")
            people[user] = known, data
            query = Query(
                messages=(Message("user", request.args[0]),), task=doc.get("task", ""), input=doc.get("input", "")
            )
            question = Question(id=str(n), user=user, task=query.task, query=query, target="", reference=None)
            found.append(Asked(question=question, data=data))
        return found, {u: data for u, (_, data) in people.items()}

    def _ready(self, asked: tuple[list[Asked], dict[str, UserData]]) -> respond.Ready | None:
        """Learns and adapts, and puts each user's own beside his questions."""
        if self._entry is None:
            return None
        questions, people = asked
        learners = tuple(people.values())
        ready = respond.learn(self._entry.method, self._entry.name, self.seed, learners, self._model)
        ready = respond.adapt(ready, people, self._model)
        questions[:] = [Asked(question=a.question, data=a.data, own=ready.owns[a.question.user]) for a in questions]
        return ready

    def _item(self, ready: respond.Ready | None, asked: Asked, answer: str, number: int) -> Scored:
        query, user = asked.question.query, asked.question.user
        if ready is None:
            return Scored(query=query, answer=answer.strip(), user=user)
        key = Key(self.seed, ready.label, f"{user}/{number}")
        made = run_many(
            {key: flow(ready.method.condition(asked.data, query, ready.theta, asked.own))}, {"base": self._model}
        )
        return Scored(query=query, answer=answer.strip(), idiolect=made[key], user=user)


class _Open:
    """A request for a continuation, put as one for free text."""

    def __init__(self, request: Any) -> None:
        self.doc: Any = request.doc
        self.args: tuple[str, dict[str, Any]] = (request.args[0], {})


def person(user: str, profile: str) -> UserData:
    """Who asks, from the JSON text of his records.

    Raises:
        BadInput: it is no list of records; says which.
    """
    where = f"profile of {user}"
    try:
        raw = json.loads(profile)
    except ValueError as error:
        raise BadInput(
            where, f"it is no JSON ({error})", "Write a list of records, as docs/data.md has them"
        ) from error
    store = MemoryStore(STUDY)
    store.append(user, tuple(parse(r, f"{where}, record {n}") for n, r in enumerate(listing(raw, where))))
    return view(store, user)


def _bare(asked: Sequence[Asked]) -> list[Asked]:
    return [Asked(question=a.question) for a in asked]


def _cut(text: str, stops: Sequence[str]) -> str:
    for stop in [stops] if isinstance(stops, str) else stops:
        text = text.split(stop)[0] if stop else text
    return text
