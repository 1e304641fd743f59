"""One release after another from one process, without a refused request and without a page of two releases."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from datasette.app import Datasette

from db.site.queries import Queries
from db.site.selection import DATABASE

logger = logging.getLogger("quintanas.site")

Identity = tuple[int, int, int]
"""Inode, time of the last change in ns, and size of a file."""


class Releases:
    """An ASGI application that answers from the release that is in place, and looks every second whether another is.

    A new release gets a site of its own beside the old one; when that has opened the file in all its threads and asked what
    its pages need, new requests go to it. Requests that the old one began with it also ends, whatever long, and then its
    connections close: the file that was replaced lives until then. A file that cannot be served is left alone and noted in
    the log; the old release stays until there is another.
    """

    def __init__(self, path: Path, make: Callable[[], Datasette], every: float = 1.0) -> None:
        """`make` makes a site of the file at `path`; `every` are the seconds between two looks."""
        self._path, self._make, self._every = path, make, every
        self._current: _Served | None = None
        self._refused: Identity | None = None

    async def open(self) -> Datasette:
        """Open the release in place; raises what opening it raises."""
        self._current = await self._opened()
        return self._current.datasette

    async def watch(self) -> None:
        """Swap in each release that takes the file's place, until cancelled."""
        while True:
            await asyncio.sleep(self._every)
            await self.look()

    async def look(self) -> None:
        """Swap in the release in place, where it is another than the one that is served."""
        identity = _identity(self._path)
        old = self._current
        if old is None or identity is None or identity in (old.identity, self._refused):
            return
        try:
            self._current = await self._opened()
        except Exception as error:  # whatever is wrong with a file, the release that is served must stay
            self._refused = identity
            logger.error("%s: cannot serve this release, the earlier one stays: %s", self._path, error)
            return
        old.retire()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer from one release from beginning to end."""
        served = self._current
        assert served is not None, "opened before it serves"
        served.begun += 1
        try:
            await served.app(scope, receive, send)
        finally:
            served.begun -= 1
            if served.retired and not served.begun:
                served.close()

    async def _opened(self) -> _Served:
        for _ in range(5):
            identity = _identity(self._path)
            datasette = self._make()
            served = _Served(datasette, identity)
            try:
                await datasette.invoke_startup()
                queries = Queries(datasette)
                if await queries.release() is None:
                    raise ValueError("it holds no release")
                await queries.warm()
                # What these count would be the first visitor's to wait for; and they show that there are pages to show.
                table = datasette.urls.table(DATABASE, "incidents")
                incidents = [datasette.urls.row(DATABASE, "incidents", row["id"]) for row in await queries.latest(1)]
                for path in (datasette.urls.instance(), table, f"{table}?_vista=tiempo", f"{table}?_vista=mapa", *incidents):
                    page = await datasette.client.get(path)
                    if page.status_code != 200:
                        raise RuntimeError(f"its page {path} answers {page.status_code}")
            except BaseException:
                served.close()
                raise
            if identity == _identity(self._path):
                # What was made now stays until the next release: looking through it for garbage held a page up by 40 ms.
                gc.unfreeze()
                gc.collect()
                gc.freeze()
                return served
            served.close()  # replaced meanwhile: its threads may have opened two files
        raise RuntimeError("the file is replaced faster than it is opened")


class _Served:
    def __init__(self, datasette: Datasette, identity: Identity | None) -> None:
        self.datasette, self.identity = datasette, identity
        self.app = datasette.app()
        self.begun = 0
        self.retired = False

    def retire(self) -> None:
        self.retired = True
        if not self.begun:
            self.close()

    def close(self) -> None:
        for database in self.datasette.databases.values():
            database.close()
        self.datasette.executor.shutdown(wait=False)


def _identity(path: Path) -> Identity | None:
    try:
        found = path.stat()
    except OSError:  # a file that is gone for a moment: the release that is open stays
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
