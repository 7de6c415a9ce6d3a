"""The local engine in a thread of its own: answers of many users are written in one running batch.

Requests wait in one line a user, and the lines are served in turn, so that who asks much does not hold up who asks
little. The whole of what waits is bounded; beyond that a request is refused with the time after which to come back.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import TYPE_CHECKING, Any

from idiolect.applications.server.errors import Refusal
from idiolect.applications.server.settings import Limits
from idiolect.core.model import Around
from idiolect.core.requests import Ask, Key, Request

if TYPE_CHECKING:
    from idiolect.generation.row import Handle
    from idiolect.models.hf import HFModel

FASTEST = 0.05  # seconds of an answer, until one was measured


@dataclass(frozen=True, kw_only=True)
class Piece:
    """What was written of each text since the last piece; `finish` is set in its last one."""

    index: int
    text: str
    finish: str = ""


@dataclass(eq=False)
class Job:
    """One `Ask` on its way. `tell` reaches the asker's own loop."""

    ask: Ask
    key: Key
    who: str
    tell: Callable[[Piece | Exception], Any]
    handle: Handle | None = None
    sent: list[int] = field(default_factory=list)
    cancelled: bool = False
    began: float = field(default_factory=time.monotonic)

    def said(self, piece: Piece | Exception) -> None:
        """Tells the asker, if he is still there."""
        with suppress(RuntimeError):  # his loop was closed
            self.tell(piece)

    def fail(self, error: Exception) -> None:
        """Ends it, and tells the asker why."""
        self.cancelled = True
        if self.handle:
            self.handle.cancel()
        self.said(error)

    @property
    def prompt_tokens(self) -> int:
        return self.handle.prompt_tokens if self.handle else 0

    @property
    def completion_tokens(self) -> int:
        return sum(len(r.tokens) for r in self.handle.rows) if self.handle else 0


class Local:
    """A model and its engine. `start` before the first request; `stop` lets what runs come to its end."""

    def __init__(self, model: HFModel, limits: Limits) -> None:
        self.model, self.limits = model, limits
        special = sorted(model.tokenizer.get_added_vocab(), key=len, reverse=True)
        self._special = re.compile("|".join(map(re.escape, special)) or r"(?!)")
        self._lines: OrderedDict[str, deque[Job]] = OrderedDict()  # by user, the next to be served first
        self._running: list[Job] = []
        self._calls: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._change = Condition()
        self._stopping = False
        self._thread: Thread | None = None
        self._seconds = FASTEST  # of an answer, a running mean

    def broken(self, text: str) -> str:
        """The same words, in which nothing is a special token: nobody's words may open a turn in another role."""
        return self._special.sub(lambda found: f"{found[0][:1]} {found[0][1:]}", text)

    @property
    def waiting(self) -> int:
        with self._change:
            return sum(len(line) for line in self._lines.values())

    @property
    def running(self) -> int:
        return len(self._running)

    @property
    def alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begins to work."""
        self._stopping = False
        self._thread = Thread(target=self._work, name="engine", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Takes no more requests, ends those it has, and waits for that."""
        with self._change:
            self._stopping = True
            self._change.notify()
        if self._thread is not None:
            self._thread.join()

    def submit(self, ask: Ask, key: Key, who: str, tell: Callable[[Piece | Exception], Any]) -> Job:
        """Puts an `Ask` in its user's line. tell: called in the engine's thread with each piece, or an error.

        Raises:
            Refusal: 429 where too much waits, 503 where the server is going down.
        """
        job = Job(ask, key, who, tell, sent=[0] * ask.n)
        with self._change:
            if self._stopping or not self.alive:
                raise Refusal(503, "the server is going down", headers={"Retry-After": "5"})
            if self.waiting >= self.limits.queue or len(self._lines.get(who, ())) >= self.limits.each:
                wait = max(1, round(self._seconds * self.waiting / self.limits.rows))
                raise Refusal(429, "too many requests wait for the engine", headers={"Retry-After": str(wait)})
            self._lines.setdefault(who, deque()).append(job)
            self._change.notify()
        return job

    def cancel(self, job: Job) -> None:
        """Its rows leave the batch before the next step, or it leaves its line at once."""
        with self._change:
            job.cancelled = True
            line = self._lines.get(job.who)
            if line and job in line:
                line.remove(job)
                if not line:
                    del self._lines[job.who]
            self._change.notify()

    async def pieces(self, ask: Ask, key: Key, who: str) -> AsyncIterator[tuple[Job, Piece]]:
        """Each piece as soon as it is there, until all texts ended; leaving the loop cancels.

        Raises:
            Refusal: see `submit`.
            BadInput: the query does not fit the model.
        """
        loop = asyncio.get_running_loop()
        came: asyncio.Queue[Piece | Exception] = asyncio.Queue()
        job = self.submit(ask, key, who, lambda piece: loop.call_soon_threadsafe(came.put_nowait, piece))
        left = ask.n
        try:
            while left:
                piece = await came.get()
                if isinstance(piece, Exception):
                    raise piece
                left -= bool(piece.finish)
                yield job, piece
        finally:
            if left:
                self.cancel(job)

    def call(self, work: Callable[[], Any]) -> Any:
        """Runs something else in the engine's thread, between two steps; waits for it."""
        done: Future[Any] = Future()
        with self._change:
            if self._stopping or not self.alive:
                raise Refusal(503, "the server is going down", headers={"Retry-After": "5"})
            self._calls.append((work, done))
            self._change.notify()
        return done.result()

    def _work(self) -> None:
        while True:
            with self._change:
                while not (self._calls or self._lines or self._running or self._stopping):
                    self._change.wait()
                if self._stopping and not (self._calls or self._lines or self._running):
                    return
                calls, self._calls = self._calls, deque()
                new = self._admitted()
            for work, done in calls:
                _settle(done, work)
            self._begin(new)
            self._step()

    def _admitted(self) -> list[Job]:
        """As many as there is room for, one of each line in turn."""
        free = self.limits.rows - sum(j.ask.n for j in self._running)
        new: list[Job] = []
        while self._lines and (free > 0):
            who, line = self._lines.popitem(last=False)
            job = line.popleft()
            if line:
                self._lines[who] = line
            new.append(job)
            free -= job.ask.n
        return new

    def _begin(self, new: Sequence[Job]) -> None:
        engine = self.model.engine
        engine.models = self.model.models
        for job in new:
            try:
                job.handle = engine.submit(job.ask, job.key)
                self._running.append(job)
            except Exception as error:
                job.said(error)

    def _step(self) -> None:
        for job in self._running:
            if job.cancelled and job.handle:
                job.handle.cancel()
        if not self._running:
            return
        try:
            self.model.engine.step()
        except Exception as error:  # not one row's: the engine itself cannot go on with any of them
            for job in self._running:
                job.fail(error)
            self._running = []
            return
        for job in self._running:
            try:
                self._report(job)
            except Exception as error:  # his text alone cannot be told
                job.fail(error)
        ended = [j for j in self._running if j.handle and j.handle.done]
        self._running = [j for j in self._running if j not in ended]
        for job in ended:
            self._seconds += 0.1 * (time.monotonic() - job.began - self._seconds)

    def _report(self, job: Job) -> None:
        assert job.handle is not None
        if job.handle.error and not job.cancelled:
            job.fail(job.handle.error)
        if job.cancelled:
            return
        for index, row in enumerate(job.handle.rows):
            if job.sent[index] < 0:
                continue
            settled = row.settled
            fresh = settled[job.sent[index] :]
            if fresh or row.finish:
                job.sent[index] = -1 if row.finish else len(settled)
                job.said(Piece(index=index, text=fresh, finish=row.finish))


class Threaded(Around):
    """The same model for flows that run elsewhere: it answers in the engine's thread."""

    def __init__(self, local: Local) -> None:
        super().__init__(local.model)
        self._local = local

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        """Answers in the order asked, between two steps of the running batch."""
        answer = super().answer
        return list(self._local.call(lambda: answer(requests, keys)))


def _settle(done: Future[Any], work: Callable[[], Any]) -> None:
    try:
        done.set_result(work())
    except BaseException as error:
        done.set_exception(error)
