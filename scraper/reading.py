"""Reading pages beside the reactor, in a pool of processes: it takes 85 to 90 % of a crawl's CPU time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import connection, forkserver
from typing import Any, Protocol

from scraper.frontier import Link
from scraper.items import Article
from scraper.page import NotAnArticle, decode, read_article
from scraper.sources import Source

logger = logging.getLogger(__name__)

LONGEST = 20.0
"""Seconds that one page may take; real ones take hundredths of one."""


@dataclass(frozen=True)
class Page:
    """One answer of a newspaper, as `read_page` takes it."""

    body: bytes
    encoding: str | None
    """What the answer declares."""
    url: str
    """The address that answered, after redirects."""
    source: Source
    fetched: datetime
    hint: Link


def read_page(page: Page) -> Article:
    """Read the article of a page. Raises `NotAnArticle`."""
    return read_article(decode(page.body, page.encoding), page.url, page.source, page.fetched, page.hint)


class Unreadable(Exception):  # noqa: N818 - named for what the page is
    """A page broke its reader. `reason` is short and can be counted; the message is for the log."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(reason, message)
        self.reason = reason
        self.message = message

    def __str__(self) -> str:
        return self.message


class Reader(Protocol):
    """What a spider reads pages with."""

    def prepare(self) -> None:
        """Begin to load what reading needs, since pages will come; returns at once."""
        ...

    async def read(self, page: Page) -> Article:
        """Return the article of a page. Raises `NotAnArticle`, or `Unreadable` where the page broke the reader."""
        ...

    def close(self) -> None:
        """Let go of what reading needed."""
        ...


class InProcess:
    """Reads where it is called; for shells, tests and single pages."""

    def __init__(self, function: Callable[[Page], Article] = read_page) -> None:
        self.function = function

    def prepare(self) -> None:
        """Nothing to load."""

    async def read(self, page: Page) -> Article:
        return _told(_guarded(self.function, page))

    def close(self) -> None:
        """Nothing to let go of."""


class ReadingPool:
    """Reads in `processes` processes, which start with the first page and end with this one, however this one ends.

    `function` is importable and takes a `Page`; `preload` names modules that are loaded once for all processes, where the
    system can fork. A page that kills its process, or takes longer than `LONGEST`, costs itself alone.
    """

    def __init__(
        self,
        processes: int | None = None,
        function: Callable[[Page], Article] = read_page,
        preload: tuple[str, ...] = ("scraper.reading",),
    ) -> None:
        self.processes = processes or os.cpu_count() or 1
        self.function = function
        # forked from a clean process: one forked from this would hold its lock files and its database open
        self.context = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
        if sys.platform != "win32":
            self.context.set_forkserver_preload(list(preload))
        self._pool: ProcessPoolExecutor | None = None
        self._alone = asyncio.Lock()
        self._opening = asyncio.Lock()

    def prepare(self) -> None:
        if self.context.get_start_method() != "forkserver":
            return
        if threading.current_thread() is not threading.main_thread():
            forkserver.ensure_running()
            return
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # what it preloads is not to be interrupted by a Ctrl-C
        try:
            forkserver.ensure_running()
        finally:
            signal.signal(signal.SIGINT, before)

    async def read(self, page: Page) -> Article:
        pool = await self._open()
        try:
            answer = await asyncio.wrap_future(pool.submit(_guarded, self.function, page))
        except BrokenProcessPool:
            answer = await self._again(pool, page)
        return _told(answer)

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    async def _open(self) -> ProcessPoolExecutor:
        async with self._opening:
            if self._pool is None:
                self.prepare()
                pool = self._executor(self.processes)
                # the first processes take as long as what they preload: the crawl goes on meanwhile
                with contextlib.suppress(BrokenProcessPool):
                    await asyncio.to_thread(lambda: pool.submit(_nothing).result())
                self._pool = pool
        return self._pool

    def _executor(self, processes: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(processes, mp_context=self.context, initializer=start_worker)

    async def _again(self, broken: ProcessPoolExecutor, page: Page) -> Any:
        """Read a page whose process died, alone: its neighbour may have been the killer."""
        if self._pool is broken:
            broken.shutdown(wait=False)
            self._pool = None
        async with self._alone:
            pool = self._executor(1)
            try:
                return await asyncio.wrap_future(pool.submit(_guarded, self.function, page))
            except BrokenProcessPool:
                return Unreadable("reader-died", f"{page.url} killed the process that read it")
            finally:
                pool.shutdown(wait=False)


def _nothing() -> None:
    """What a process does to show that it is there."""


def start_worker() -> None:
    """What every process of a pool begins with: Ctrl-C is left to its parent, and it ends however its parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the crawl ends its readers itself
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


class _TookTooLong(BaseException):
    """Passes through the readers' own `except Exception`."""


@contextlib.contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    def ring(*_: object) -> None:
        raise _TookTooLong

    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _guarded(function: Callable[[Page], Article], page: Page) -> Article | NotAnArticle | Unreadable:
    """Return the article, or as a value what was raised: not every exception can travel between processes."""
    try:
        with _bounded(LONGEST):
            return function(page)
    except NotAnArticle as error:
        return NotAnArticle(error.reason)
    except _TookTooLong:
        return Unreadable("reading-timeout", f"{page.url} took longer than {LONGEST:.0f} s to read")
    except Exception as error:
        return Unreadable(f"unreadable-{type(error).__name__}", f"{page.url} cannot be read: {traceback.format_exc()}")


def _told(answer: Article | NotAnArticle | Unreadable) -> Article:
    if isinstance(answer, Article):
        return answer
    raise answer
