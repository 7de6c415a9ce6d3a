"""All that runs behind the door: keys, spaces, the engine or the upstream, the pipeline."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any

from anyio import from_thread

from idiolect import registry
from idiolect.applications.server.adapters.loaded import PREFIX, Loaded
from idiolect.applications.server.answering.exchange import Exchange
from idiolect.applications.server.answering.held import Held
from idiolect.applications.server.answering.local import Local, Threaded
from idiolect.applications.server.answering.notes import Notebook
from idiolect.applications.server.answering.pipeline import NONE, Pipeline
from idiolect.applications.server.answering.upstream import Upstream
from idiolect.applications.server.errors import Refusal, missing
from idiolect.applications.server.feedback.kept import Kept
from idiolect.applications.server.feedback.learnt import Learnt, learning
from idiolect.applications.server.feedback.teacher import Teacher
from idiolect.applications.server.metrics import Metrics
from idiolect.applications.server.settings import Settings
from idiolect.applications.server.speakers.identity import Door, Speaker
from idiolect.applications.server.speakers.keys import Keys
from idiolect.applications.server.speakers.limits import Rates
from idiolect.applications.server.tracing import Tracing, sender
from idiolect.core.errors import BadInput
from idiolect.core.method import Access
from idiolect.core.model import Model
from idiolect.memory.context import estimate
from idiolect.memory.opening import open
from idiolect.memory.space import Space
from idiolect.models.embedded import EMBEDDED, open_model

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

    from idiolect.memory.user import User
    from idiolect.models.hf import HFModel

LISTED = ("ipa", "pag", "ipa|cos")  # pipelines named in /v1/models, where the model gives what they need
SENTENCE = 64  # tokens
PROMISE = 30.0  # seconds in which a new user's first words are kept, or his place is another's


class Service:
    """Built once. Exactly one of `local` and `upstream` is there.

    Args:
        model: instead of what the settings name, opened already.
        transport: of requests to the upstream, instead of the network's.
        tracer: OpenTelemetry's provider, where the program around this one has one already.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        model: HFModel | None = None,
        transport: Any = None,
        tracer: TracerProvider | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings, self.clock = settings, clock
        self.keys = Keys(settings.home, clock)
        token = None if settings.trust_local else secrets.token_urlsafe(24)
        self.door = Door(self.keys, space=settings.server.space, token=token)
        if self.door.keyless and not settings.loopback:
            fix = "Make one with `idiolect keys create`, or serve on 127.0.0.1."
            raise BadInput(f"host {settings.server.host}", "other machines could ask, and there are no keys", fix)
        self.rates = Rates()
        self.upstream = Upstream(settings.upstream, transport) if settings.upstream.url else None
        self.local = None if self.upstream else Local(model or open_model(settings.model), settings.limits)
        self.name = EMBEDDED if settings.model is None and model is None else ""
        options = learning(settings.feedback, settings.methods, embedded=self.embedded)
        digest, told = (self.local.model.digest, self.local.model.access) if self.local else ("", Access.TEXT)
        self.learning = {name: registry.build(name, given) for name, given in options.items()}
        wanted = settings.adapters.method
        self.adapters = (
            Loaded(self.upstream, settings.adapters, lambda name: self.space(name).store, self.keys.signed)
            if self.upstream and wanted
            else None
        )
        self.kept = Kept(lambda name: self.space(name).store, model=self.model_name, base=digest)
        self.pipeline = self._pipeline(Learnt(self.learning, self.kept.own, told))
        self.teacher = Teacher(self.kept, self.learning, options, after=settings.feedback.after, local=self.local)
        address = settings.telemetry.traces
        self.tracing = Tracing(tracer or (sender(address) if address else None))
        local = self.local
        self.metrics = Metrics(lambda: local.waiting if local else 0, lambda: local.running if local else 0)
        self._lock = Lock()
        self._promises: dict[str, dict[str, float]] = {}  # by space and user, until when his place is kept
        self.underway: dict[tuple[str, str, str], object] = {}  # requests with a key: its space, user and key
        self._spaces: dict[str, tuple[Space, Notebook, Held]] = {}
        self.space(settings.server.space)

    @property
    def embedded(self) -> bool:
        """Whether the shipped model answers."""
        return self.local is not None and self.name == EMBEDDED

    @property
    def failing(self) -> list[str]:
        """What keeps requests from being answered now."""
        if self.local is not None:
            return [] if self.local.alive else ["engine"]
        return ["upstream"] if self.upstream and self.upstream.breaker.open else []

    def start(self) -> None:
        """Begins to work."""
        if self.local is not None:
            self.local.start()
        self.teacher.start()

    async def stop(self) -> None:
        """Ends what runs, and lets go of everything."""
        self.teacher.stop()
        if self.local is not None:
            self.local.stop()
        if self.upstream is not None:
            await self.upstream.close()
        for space, notebook, _ in self._spaces.values():
            notebook.close()
            space.close()
        self.keys.close()
        self.tracing.close()

    def space(self, name: str) -> Space:
        """A space of this home."""
        return self._opened(name)[0]

    def notebook(self, name: str) -> Notebook:
        """What the door keeps of a space's users."""
        return self._opened(name)[1]

    def held(self, name: str) -> Held:
        """A space's store, through what is held of it in memory."""
        return self._opened(name)[2]

    def exists(self, space: str, user: str) -> bool:
        """Whether something is kept of him."""
        with self.space(space).store.unit(user) as unit:
            return unit is not None

    def person(self, speaker: Speaker, user: str | None) -> User | None:
        """The handle of whom a request names; None where it names nobody, or somebody whom the speaker may not make.

        Raises:
            BadInput: an id that can be nobody's.
        """
        if not user:
            return None
        space = self.space(speaker.space)
        handle = space.user(user)
        if self.exists(speaker.space, user) or speaker.user == user:
            return handle
        if "users:create" not in speaker.scopes:
            return None
        return handle if not speaker.quota or self._promised(speaker, user) else None

    def _promised(self, speaker: Speaker, user: str) -> bool:
        """Whether there is room for one more under a quota; then it is kept for him until he is there, or for long."""
        now = time.monotonic()
        with self._lock:
            there = set(self._spaces[speaker.space][0].users())
            places = self._promises.setdefault(speaker.space, {})
            for id in [id for id, until in places.items() if until < now or id in there]:
                del places[id]
            if user not in places and len(there) + len(places) >= speaker.quota:
                return False
            places[user] = now + PROMISE
            return True

    def known(self, speaker: Speaker, user: str) -> User:
        """The handle of a path's user.

        Raises:
            Refusal: 404, there is none, or none that this speaker may know of.
        """
        id = speaker.reaches(user)
        if not self.exists(speaker.space, id) and speaker.user != id:
            raise missing("there is no such user")
        return self.space(speaker.space).user(id)

    def erased(self, space: str, user: str) -> None:
        """Drops what is held in memory of a user who goes."""
        self.notebook(space).drop(user)
        self.held(space).forget(user)
        self.pipeline.forget(space, user)
        self.kept.forget(space, user)

    def swept(self) -> None:
        """Something of a user's was erased: an upstream lets go of his adapters. Called by routes in their threads."""
        if self.adapters is not None:
            from_thread.run(self.adapters.sweep)

    def salt(self, exchange: Exchange) -> str:
        """What keeps the cached prefixes of whom a request is about apart from others'; no client can choose it."""
        speaker = exchange.speaker
        who = f"key\0{speaker.id}" if exchange.named is None else f"user\0{exchange.named}"
        return self._salted(speaker.space, who)

    def own_salt(self, space: str, user: str) -> str:
        """The same of a user whom no request is about."""
        return self._salted(space, f"user\0{user}")

    def _salted(self, space: str, who: str) -> str:
        return self.keys.signed(f"cache\0{space}\0{who}") if self.settings.upstream.cache_salt else ""

    def answered(self, exchange: Exchange) -> None:
        """Counts an answer that was given."""
        self.metrics.answered(exchange)

    async def models(self) -> list[dict[str, Any]]:
        """What `/v1/models` lists."""
        listed = [str(m["id"]) for m in await self.upstream.models()] if self.upstream else [self.model_name]
        names = [name for name in listed if not name.startswith(PREFIX)]
        specs = dict.fromkeys((self.settings.pipeline.methods, *LISTED))
        able = [s for s in specs if s != NONE and self.pipeline.runs(s)]
        shown = [n for name in names for n in (name, *(f"{name}@{spec}" for spec in able))]
        return [{"id": n, "object": "model", "created": 0, "owned_by": "idiolect"} for n in shown]

    @property
    def tokens(self) -> int:
        """Of a local answer where the request states none; the embedded model's are one sentence."""
        return min(self.settings.limits.tokens, SENTENCE) if self.embedded else self.settings.limits.tokens

    @property
    def model_name(self) -> str:
        """The local model's name at the door."""
        return self.name or (self.local.model.name if self.local else "")

    def named(self, model: Any) -> tuple[str, str | None]:
        """(the model's own name, the pipeline asked for) of the field `model`.

        Raises:
            Refusal: 400 for no name, 404 for one that the local engine does not have.
        """
        if not isinstance(model, str) or not model:
            raise Refusal(400, "model must be one of /v1/models", param="model")
        name, at, spec = model.rpartition("@")
        name, wanted = (name, self.pipeline.checked(spec)) if at else (model, None)
        if name.startswith(PREFIX) or (self.local is not None and name != self.model_name):
            what = f"no model {name[:80]!r} here, see /v1/models"
            raise Refusal(404, what, param="model", code="model_not_found")
        return name, wanted

    def _opened(self, name: str) -> tuple[Space, Notebook, Held]:
        with self._lock:
            if name not in self._spaces:
                encoder: Any = "auto" if self.settings.server.encoder == "auto" else None
                space = open(self.settings.home, name, encoder=encoder, actor="service", clock=self.clock)
                notebook = Notebook(space.store, self.settings.answers, self.clock)
                self._spaces[name] = (space, notebook, Held(space.store, self.settings.upstream.url))
            return self._spaces[name]

    def _pipeline(self, learnt: Learnt) -> Pipeline:
        options, degrade = self.settings.methods, self.settings.pipeline.degrade
        if self.local is None:
            text = _text_only(self.settings)
            served = frozenset({self.settings.adapters.method} - {""})
            return Pipeline(
                text, options, count=estimate, delimited=True, degrade=degrade, learnt=learnt, served=served
            )
        tokenizer = self.local.model.tokenizer

        def count(text: str) -> int:
            return len(tokenizer(text, add_special_tokens=False)["input_ids"])

        # the embedded model learnt the bare layout, in which a record is a line and nothing else
        bare = self.embedded
        model = Threaded(self.local)
        return Pipeline(model, options, count=count, delimited=not bare, degrade=degrade, learnt=learnt)


def _text_only(settings: Settings) -> Model:
    from idiolect.models.openai import OpenAIModel

    return OpenAIModel(settings.upstream.url, "upstream", key_variable=settings.upstream.key_variable)
