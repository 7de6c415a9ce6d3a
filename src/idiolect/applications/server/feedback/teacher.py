"""Learning from feedback behind the requests: one thread of low priority, one user after another.

His weights are learnt anew each time, in milliseconds. His adapter is trained when enough choices came that it has not
seen, if he allows "train", on the engine's weights but under hooks of its own, so that no request waits for it. Both
are published whole; what was cut off leaves the old one.
"""

from __future__ import annotations

import copy
import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from idiolect.applications.server.answering.local import Local
from idiolect.applications.server.feedback.kept import Kept
from idiolect.applications.server.feedback.learnt import WEIGHTS
from idiolect.core.errors import ConsentError
from idiolect.core.method import Method, flow
from idiolect.core.requests import Key
from idiolect.core.types import UserData
from idiolect.generation.drive import run
from idiolect.governance.view import Purpose, view

if TYPE_CHECKING:
    from idiolect.models.hf import HFModel

NICE, PATIENCE = 10, 10.0  # of the thread; seconds that stopping waits for a step of training
log = logging.getLogger(__name__)


class Stopping(Exception):
    """The server goes down in the middle of a training."""


class Teacher:
    """methods: what is learnt, by name; the weights at once, others from `after` new choices on. options: theirs."""

    def __init__(
        self,
        kept: Kept,
        methods: Mapping[str, Method[Any, Any]],
        options: Mapping[str, Mapping[str, Any]],
        *,
        after: int,
        local: Local | None,
    ) -> None:
        self.kept, self.methods, self.options = kept, methods, options
        self.after, self.local = after, local
        self.learnt = self.failed = 0
        self._waiting: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._change = threading.Condition()
        self._busy = self._stopping = False
        self._thread: threading.Thread | None = None
        self._model: HFModel | None = None

    def told(self, space: str, user: str) -> None:
        """Something that can be learnt from came or went."""
        with self._change:
            self._waiting[space, user] = None
            self._change.notify_all()

    def wait(self, seconds: float = 60.0) -> bool:
        """Until nothing is left to learn; False if that takes longer."""
        end = time.monotonic() + seconds
        with self._change:
            while self._waiting or self._busy:
                if not self._change.wait(max(0.0, end - time.monotonic())) and time.monotonic() >= end:
                    return False
        return True

    def start(self) -> None:
        """Begins to work; what came before waits for it."""
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="teacher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends after the step that it is at; what is not published is not."""
        with self._change:
            self._stopping = True
            self._waiting.clear()
            self._change.notify_all()
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def learn(self, space: str, user: str) -> None:
        """What can be learnt of one user now.

        Raises:
            BadInput: he went meanwhile.
        """
        store = self.kept.stores(space)
        for name in self.methods:
            purpose: Purpose = "assist" if name == WEIGHTS else "train"
            try:
                data = view(store, user, purpose=purpose)
            except ConsentError:
                continue
            own = self._made(space, data, name)
            if own is not None:
                self.kept.write(space, data, name, own, options=self.options.get(name, {}), purpose=purpose)

    def _made(self, space: str, data: UserData, name: str) -> Any:
        """The new own; None where there is nothing new to learn."""
        method = self.methods[name]
        if name == WEIGHTS:
            return method.adapt(data, None, None)
        own = self.kept.own(space, data.user_id, name)
        seen = {id for _, id in own.sources} if own is not None else set()
        fresh = [e for e in data.examples("reply") if e.rejected and e.source not in seen]
        if self.local is None or len(fresh) < self.after:
            return None
        from idiolect.training import loop

        key = Key(method=name, user=data.user_id)
        loop.progress = self._checked
        try:
            # From all his choices anew: training on what is new alone, again and again, drifts away from the question.
            return run(flow(method.adapt(data, None, None)), {"base": self._beside(self.local)}, key)
        finally:
            loop.progress = None

    def _beside(self, local: Local) -> HFModel:
        """The engine's model with its weights but without its hooks; copied between two of its steps."""
        if self._model is None:
            self._model = local.call(lambda: beside(local.model))
        return self._model

    def _checked(self, progress: object) -> None:
        if self._stopping:
            raise Stopping

    def _work(self) -> None:
        with suppress(AttributeError, OSError):  # a system where threads have no priority of their own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        while True:
            with self._change:
                while not (self._waiting or self._stopping):
                    self._change.wait()
                if self._stopping:
                    return
                (space, user), _ = self._waiting.popitem(last=False)
                self._busy = True
            try:
                self.learn(space, user)
                self.learnt += 1
            except Stopping:
                return
            except Exception as error:  # one user's trouble stops nobody else's learning
                self.failed += 1
                log.warning("learning from feedback failed: %s", type(error).__name__)
            finally:
                with self._change:
                    self._busy = False
                    self._change.notify_all()


def beside(model: HFModel) -> HFModel:
    """The same model with modules of its own on the same weights: what one hooks, the other does not see."""
    module = model.module
    shared = {id(t): t for t in (*module.parameters(), *module.buffers())}
    return replace(model, module=copy.deepcopy(module, shared), companions={}, derived={})
