"""Which users' adapters a vLLM server has, and for whom: loaded when they are asked for, unloaded for want of room.

The server knows an adapter by a keyed hash of its place and version, which tells nobody whose it is; no client can ask
for one by that name. What lay there before we started is unloaded first, and so is what was erased since.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from idiolect.applications.server.adapters import folders
from idiolect.applications.server.answering.upstream import Upstream
from idiolect.applications.server.errors import Refusal
from idiolect.applications.server.settings import Adapters as Settings
from idiolect.core.errors import BadInput
from idiolect.data.sqlite.store import SQLiteStore

PREFIX = "idiolect-adapter-"
LOAD, UNLOAD = "load_lora_adapter", "unload_lora_adapter"


class Unserved(Exception):
    """Why a user's adapter is not in an answer."""


class Loaded:
    """The adapters of one server. stores: a space's store, by name. signed: a keyed hash."""

    def __init__(
        self, upstream: Upstream, settings: Settings, stores: Callable[[str], SQLiteStore], signed: Callable[[str], str]
    ) -> None:
        self.upstream, self.settings, self._stores, self._signed = upstream, settings, stores, signed
        self._there: OrderedDict[str, Path] | None = None  # by name, used last at the end; None: not looked yet
        self._using: Counter[str] = Counter()
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def held(self, space: str, user: str) -> AsyncIterator[str]:
        """The name of a user's adapter, which stays loaded while this lasts.

        Raises:
            Unserved: he has none over this base, there is no room, the server does not load it.
        """
        name = await self._loaded(space, user)
        try:
            yield name
        finally:
            self._using -= Counter((name,))  # a name in use no more is not kept

    async def sweep(self) -> None:
        """Unloads what was erased."""
        async with self._lock:
            await self._swept()

    def forget(self, name: str) -> None:
        """The server says that it has none of this name: it was started anew."""
        if self._there is not None:
            self._there.pop(name, None)

    async def _loaded(self, space: str, user: str) -> str:
        """As `held`, and counted as in use."""
        path, seen = await asyncio.to_thread(self._folder, space, user)
        name = PREFIX + self._signed(f"adapter\0{path}")[:32]
        async with self._lock:
            there = await self._swept()
            if name not in there:
                await self._room(there)
                await self._load(name, seen)
                there[name] = path
            there.move_to_end(name)
            self._using[name] += 1
        return name

    def _folder(self, space: str, user: str) -> tuple[Path, Path]:
        """His adapter's folder, and the same as the server sees it."""
        store = self._stores(space)
        if not store.policy.local(self.upstream.settings.url):
            raise Unserved("the upstream is not on this machine, which adapters do not leave")
        try:
            path = folders.published(store, user, self.settings.method, self.settings.base)
        except BadInput as error:
            raise Unserved(error.what) from None
        if path is None:
            raise Unserved("has learnt nothing of him yet over this base model")
        return path, Path(self.settings.home or store.home) / path.relative_to(store.home)

    async def _swept(self) -> OrderedDict[str, Path]:
        """What is there, without what nobody should have any more."""
        if self._there is None:
            self._there = OrderedDict()
            for model in await self.upstream.models():
                if str(model["id"]).startswith(PREFIX):
                    await self._unload(str(model["id"]))
        for name in [n for n, path in self._there.items() if not path.is_dir()]:
            del self._there[name]
            await self._unload(name)
        return self._there

    async def _room(self, there: OrderedDict[str, Path]) -> None:
        while len(there) >= self.settings.most:
            idle = next((name for name in there if not self._using[name]), None)
            if idle is None:
                raise Unserved("all adapters that fit are in use")
            del there[idle]
            await self._unload(idle)

    async def _load(self, name: str, path: Path) -> None:
        try:
            await self.upstream.tell(LOAD, {"lora_name": name, "lora_path": str(path)})
        except Refusal as refusal:
            raise Unserved(f"the upstream does not load it (status {refusal.status})") from None

    async def _unload(self, name: str) -> None:
        with suppress(Refusal):  # it has none of that name: it was started anew
            await self.upstream.tell(UNLOAD, {"lora_name": name})
