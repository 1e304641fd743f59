"""The public database as a Datasette site."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from datasette.app import Datasette
from datasette.plugins import pm

from db.releases import Releases
from db.site.database import PublicDatabase
from db.site.metadata import SETTINGS, metadata

SITE = Path(__file__).with_name("site")
DATABASE = "incidents"
"""Name of the database on the site, whatever the file is called."""


def site(
    public_path: str | Path,
    *,
    settings: dict[str, Any] | None = None,
    contact: str | None = None,
    language: str = "es",
    tiles: str | None = None,
    tiles_attribution: str | None = None,
) -> Datasette:
    """A configured Datasette over the public database, opened as immutable; `settings` override the site's own
    (`base_url`, `force_https_urls`, `default_allow_sql`…). `contact`, an address or page, is whom people ask for corrections.
    `language` is "es" or "en". `tiles` is the address of a tile server's pictures with {z}, {x} and {y}, drawn under the maps,
    and `tiles_attribution` the words that it asks for; without them maps are outlines and ask nobody for anything.

    It shows the release that was in place when it started; `serve` goes on to the next.

    Raises `FileNotFoundError` where there is no public database, and `ValueError` for a language without words or an
    address that is none of tiles.
    """
    public = Path(public_path)
    if not public.is_file():
        raise FileNotFoundError(f"there is no public database at {public}: run `quintanas publish` first")
    chosen = {**SETTINGS, **(settings or {})}
    datasette = Datasette(
        metadata=metadata(
            DATABASE,
            contact,
            language=language,
            tiles=tiles,
            tiles_attribution=tiles_attribution,
            base_url=chosen.get("base_url", "/"),
        ),
        template_dir=str(SITE / "templates"),
        plugins_dir=str(SITE / "plugins"),
        static_mounts=[("assets", str(SITE / "static"))],
        settings=chosen,
    )
    datasette.remove_database("_memory")
    # Prints a page of local variables for every visitor's typing error; the site's own handler logs what is the site's fault.
    if pm.has_plugin("datasette.handle_exception"):
        pm.unregister(name="datasette.handle_exception")
    datasette.add_database(PublicDatabase(datasette, path=str(public.resolve()), is_mutable=False), name=DATABASE)
    return datasette


def serve(
    public_path: str | Path,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    settings: dict[str, Any] | None = None,
    contact: str | None = None,
    language: str = "es",
    tiles: str | None = None,
    tiles_attribution: str | None = None,
    ready: Callable[[str], None] = print,
) -> None:
    """Serve the site until the process is told to end (SIGINT, SIGTERM). Port 0 takes a free one; `ready` gets the address
    once it answers. The other parameters are those of `site`. A release that takes the file's place is served within seconds
    and without a request refused (`db.releases`).

    Raises `FileNotFoundError` where there is no public database, `ValueError` as `site` does, and `OSError` where the port is
    taken.
    """

    def make() -> Datasette:
        return site(
            public_path, settings=settings, contact=contact, language=language, tiles=tiles, tiles_attribution=tiles_attribution
        )

    make()  # what is wrong with the settings is said before the port is taken
    listener = listen(host, port)
    try:
        asyncio.run(_run(Releases(Path(public_path), make), listener, ready))
    except KeyboardInterrupt:
        pass  # uvicorn has closed its connections and hands the signal on
    finally:
        listener.close()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises `OSError` naming the address where it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small pieces at once where it knows TCP; elsewhere a page's end waits 40 ms for the beginning's receipt.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"cannot listen on {host}:{port} ({error.strerror}); choose another port") from error
    return listener


def address(listener: socket.socket, base_url: str = "/") -> str:
    """The address of a listening socket as a browser takes it."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{base_url}"


async def _run(releases: Releases, listener: socket.socket, ready: Callable[[str], None]) -> None:
    datasette = await releases.open()  # the socket listens already: who comes meanwhile waits and is not refused
    config = uvicorn.Config(releases, log_level="warning", lifespan="off", timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.02)
    if server.started:
        ready(address(listener, datasette.setting("base_url")))
    watching = asyncio.ensure_future(releases.watch())
    try:
        await serving
    finally:
        watching.cancel()
