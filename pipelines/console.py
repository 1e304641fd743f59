"""What a waiting person sees: a progress bar on a terminal, plain log lines elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TypeVar

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

T = TypeVar("T")

log = logging.getLogger("quintanas")
LOG_EVERY = 1000
"""Items between two log lines where there is no terminal."""


@cache
def stderr() -> Console:
    """The console on standard error that bars and messages share, so that neither writes over the other."""
    return Console(stderr=True)


def set_up_logging() -> None:
    """Send this program's messages to standard error, one short line each."""
    if stderr().is_terminal:
        handler = RichHandler(console=stderr(), show_path=False)
        logging.basicConfig(level=logging.INFO, format="%(message)s", datefmt="%H:%M:%S", handlers=[handler])
    else:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", datefmt="%Y-%m-%dT%H:%M:%S%z")
    quiet_libraries()


def quiet_libraries() -> None:
    """Let through only what a person must see; to be called again after a library has set up its own logging."""
    for name in ("scrapy", "twisted", "asyncio", "filelock"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("httpx", "trafilatura", "htmldate", "tldextract"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # a traceback for every robots.txt that cannot be had: the visit that is recorded says it
    logging.getLogger("scrapy.downloadermiddlewares.robotstxt").setLevel(logging.CRITICAL)


def progress_bar(console: Console) -> Progress:
    """The one progress bar that all commands use."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )


def watched(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Hand on `items` while a person watches: a bar on a terminal, else a line every `LOG_EVERY` items and one at the end."""
    console = stderr()
    if console.is_terminal:
        with progress_bar(console) as progress:
            yield from progress.track(items, total=total, description=what)
        return
    count = 0
    for count, item in enumerate(items, 1):
        yield item
        if count % LOG_EVERY == 0:
            log.info("%s: %d%s", what, count, f" of {total}" if total else "")
    log.info("%s: %d done", what, count)
