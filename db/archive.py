"""The private archive: sources, runs, every visit, every version of every article, and the reports extracted from them.

It takes and returns plain mappings. One process writes at a time, held off by a lock file; every transaction begins
`IMMEDIATE`, since deferred ones that read before they write are refused under contention whatever the time-out
(https://sqlite.org/lang_transaction.html). Once a writing method has returned, what it wrote survives a kill and a power cut.
The text of an article is stored packed (`db.packing`); SQL on the archive's own connection reads it as `plain(body)`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from filelock import FileLock, Timeout
from sqlite_utils import Database

from db.instants import local, now, parse, utc
from db.migrations import migrations
from db.packing import pack, unpack
from db.schedule import REVISITS, SKIPPED_AGAIN, next_after_skip, next_retry, next_revisit
from db.twins import adds_nothing, bands_of

Effect = Literal["new", "changed", "unchanged"]

FULL_READ_EVERY = timedelta(days=1)
"""Feeds and sitemaps that always answer "not modified" are read without condition once a day."""

LISTING_ATTEMPTS = 5
"""Runs that ask in vain for a file of an index or a page of a section before it is left to be named anew."""

LEFT_OUT = ("denied", "no-page", "offsite")
"""Reasons to skip an address without asking for it."""

SHORTEST_TWIN = 300
"""Characters of letters and digits from which on the same text under two addresses is one article, not a phrase."""

TWINS_KEPT = timedelta(days=60)
"""How long nearly the same text is looked for; exactly the same one is known for ever."""

SPEAKING = 20
"""Longer words of a text from which on what its page says later is compared with it."""
SHARED = 0.1
"""Share of their longer words that two texts have in common by chance."""

BUSY_TIMEOUT = 30.0
"""Seconds that a transaction waits for another connection."""

CACHE_KIB = 65_536
"""Memory for pages of the database: with SQLite's own 2 MiB every index of a large archive is read anew for every report."""

_BATCH = 200
_LONG_WORD = re.compile(r"\w{5,}")
_REPORT_COLUMNS = (
    *("type", "status", "event", "place_text", "level", "street", "district", "province", "department", "country"),
    *("ubigeo", "latitude", "longitude", "date", "date_end", "precision", "part_of_day", "confidence"),
)


class ArchiveBusy(RuntimeError):  # noqa: N818 - the state of an archive, not a fault of it
    """Another process writes the archive. `pid` and `since` say which and since when, where it noted them."""

    def __init__(self, path: Path, pid: int | None, since: str | None) -> None:
        holder = f"process {pid} since {since}" if pid else "another process"
        super().__init__(f"{path} is being written by {holder}; wait until it has finished or end it, then try again")
        self.pid = pid
        self.since = since


class ArchiveVersionError(RuntimeError):
    """The archive's schema is older or newer than this software's."""


class Archive:
    """The archive at a path, as a context manager.

    `write=True` creates folder and file where there are none, brings the schema up to date and holds the lock until the end
    of the block; it raises `ArchiveBusy` where another writer holds it. `write=False` only reads, beside any writer; it raises
    `FileNotFoundError` where there is no archive. Both raise `ArchiveVersionError` where the schema is not this software's.
    A writing archive may be used from several threads; its transactions then follow one another. `cache_kib`: memory for pages
    of the database, in KiB.
    """

    def __init__(self, path: str | Path, *, write: bool, cache_kib: int = CACHE_KIB) -> None:
        self.path = Path(path)
        self.write = write
        self.cache_kib = cache_kib
        self._lock = FileLock(f"{self.path}.lock", thread_local=False)
        self._holder = Path(f"{self.path}.writer")
        self._thread = threading.RLock()
        self._depth = 0
        self._grouped = False
        self._db: Database | None = None

    def __enter__(self) -> Self:
        if self.write:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._acquire()
        try:
            self._db = Database(self._connect(), execute_plugins=False)
            self._prepare()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._close()

    @property
    def db(self) -> Database:
        """The database itself, for questions that no method answers."""
        if self._db is None:
            raise RuntimeError("the archive is not open: use it in a with statement")
        return self._db

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is written together or not at all; an inner one belongs to the outer one."""
        with self._thread:
            conn = self.db.conn
            if self._grouped and self._depth == 1:
                yield from self._savepoint(conn)
                return
            if self._depth:
                yield
                return
            conn.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
                conn.execute("COMMIT")
            except BaseException:
                if conn.in_transaction:
                    conn.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0

    def _savepoint(self, conn: sqlite3.Connection) -> Iterator[None]:
        conn.execute("SAVEPOINT one")
        self._depth = 2
        try:
            yield
            conn.execute("RELEASE one")
        except BaseException:
            if conn.in_transaction:  # a full disk undoes everything by itself
                conn.execute("ROLLBACK TO one")
                conn.execute("RELEASE one")
            raise
        finally:
            self._depth = 1

    def open_group(self) -> None:
        """Bring what is written from now on to the disk together, at `close_group`: one wait for the disk instead of many.

        Each transaction is still undone alone where it fails. A kill before `close_group` undoes the group as a whole.
        """
        with self._thread:
            if not self._depth:
                self.db.conn.execute("BEGIN IMMEDIATE")
                self._depth, self._grouped = 1, True

    def close_group(self) -> None:
        """Write the open group, if there is one. Raises `sqlite3.Error` where it cannot be written; it is undone then."""
        with self._thread:
            if not self._grouped:
                return
            conn = self.db.conn
            self._depth, self._grouped = 0, False
            try:
                if conn.in_transaction:
                    conn.execute("COMMIT")
            except BaseException:
                if conn.in_transaction:
                    conn.execute("ROLLBACK")
                raise

    # Sources and runs

    def sync_sources(self, sources: Iterable[Mapping[str, Any]]) -> None:
        """Bring the newspapers up to date with the configuration: each mapping has at least `id` and `name`.

        A newspaper that is not among them is kept, as no longer configured.
        """
        at = utc(now())
        with self.transaction():
            self._execute("UPDATE sources SET configured = 0")
            for source in sources:
                row = {key: source.get(key) for key in ("home", "country", "region", "timezone", "language")}
                row |= {"id": source["id"], "name": source.get("name") or source["id"], "at": at}
                row["configuration"] = json.dumps(dict(source), ensure_ascii=False, default=str, sort_keys=True)
                self._execute(
                    """INSERT INTO sources (id, name, home, country, region, timezone, language, configuration, added, updated)
                    VALUES (:id, :name, :home, :country, :region, :timezone, :language, :configuration, :at, :at)
                    ON CONFLICT (id) DO UPDATE SET name = excluded.name, home = excluded.home, country = excluded.country,
                    region = excluded.region, timezone = excluded.timezone, language = excluded.language,
                    configuration = excluded.configuration, configured = 1, updated = excluded.updated""",
                    row,
                )

    def know_source(self, source: Mapping[str, Any]) -> None:
        """Remember a newspaper of which articles came from elsewhere than a crawl, as not configured, unless it is known."""
        if self._one("SELECT 1 FROM sources WHERE id = ?", (source["id"],)) is None:
            configured = self._all("SELECT id FROM sources WHERE configured")
            with self.transaction():
                self.sync_sources([source])
                ids = json.dumps([row["id"] for row in configured])
                self._execute("UPDATE sources SET configured = id IN (SELECT value FROM json_each(?))", (ids,))

    def start_run(self, kind: str, sources: Iterable[str], software: str) -> int:
        """Begin a run over the newspapers with these identifiers; returns its number.

        A run that never ended is marked as interrupted: its writer is gone, since this one holds the lock.
        """
        with self.transaction():
            self._execute("UPDATE runs SET status = 'interrupted' WHERE status = 'running'")
            run = self._insert(
                "INSERT INTO runs (kind, started, software, pid) VALUES (?, ?, ?, ?)",
                (kind, utc(now()), software, os.getpid()),
            )
            for source in dict.fromkeys(sources):
                self._execute("INSERT INTO run_sources (run, source) VALUES (?, ?)", (run, source))
            self._set_back(utc(now()))
            self._execute(
                "DELETE FROM likenesses WHERE article IN (SELECT id FROM articles WHERE first_seen < ?)",
                (utc(now() - TWINS_KEPT),),
            )
        return run

    def _set_back(self, at: str | None) -> None:
        """Undo what a clock that was ahead has noted: visits that lie in the future, and turns further off than any planned."""
        self._execute("UPDATE addresses SET last_visit = ?, last_full = NULL WHERE last_visit > ?", (at, at))
        latest = utc(now() + REVISITS[-1] + timedelta(days=1))
        self._execute("UPDATE addresses SET next_due = ? WHERE next_due > ?", (at, latest))
        self._execute("UPDATE sources SET rests_until = NULL WHERE rests_until > ?", (latest,))

    def clock_is_behind(self) -> datetime | None:
        """The start of the latest run where that lies more than an hour in the future: the clock was wrong then, or is now."""
        row = self._one("SELECT max(started) AS started FROM runs", ())
        started = parse(row["started"]) if row else None
        return started if started and started > now() + timedelta(hours=1) else None

    def finish_run(self, run: int, status: str = "finished") -> None:
        """End a run: finished, failed or interrupted."""
        with self.transaction():
            self._execute("UPDATE runs SET status = ?, finished = ? WHERE id = ?", (status, utc(now()), run))

    # Frontier

    def add_links(self, run: int, links: Iterable[Mapping[str, Any]], *, hand: bool = True) -> list[dict[str, Any]]:
        """Remember discovered articles (`url`, `source`, `via`, `published`, `modified` as aware datetimes or None, and
        optionally `address`, the one to ask for, and `hops`, articles on the way to it) and return those that are to be
        fetched now, as they came.

        That is those never fetched or asked for, those whose stated modification is later than the stored fetch and not the
        one that was fetched already, and those whose revisit or retry is due; none twice in one run. With `hand` they count as
        handed out; without it they are left to `hand_out`.
        """
        at = utc(now())
        assert at is not None
        fetch = []
        found: Counter[str] = Counter()
        new: Counter[str] = Counter()
        with self.transaction():
            for link in links:
                published, modified = utc(link.get("published")), utc(link.get("modified"))
                known = self._one("SELECT * FROM addresses WHERE url = ?", (link["url"],))
                if known is None:
                    self._execute(
                        """INSERT INTO addresses (url, source, kind, via, state, discovered, published, modified, seen_run,
                        handed_run, address, step) VALUES (?, ?, 'article', ?, 'pending', ?, ?, ?, ?, ?, ?, ?)""",
                        (
                            *(link["url"], link["source"], link["via"], at, published, modified, run, run if hand else None),
                            *(link.get("address"), link.get("hops") or 0),
                        ),
                    )
                    found[link["source"]] += 1
                    new[link["source"]] += 1
                    fetch.append(dict(link))
                    continue
                latest = max(filter(None, (known["modified"], modified)), default=None)
                wanted = known["handed_run"] != run and _is_wanted({**known, "modified": latest}, at)
                if known["seen_run"] != run or latest != known["modified"] or wanted:
                    self._execute(
                        """UPDATE addresses SET seen_run = ?, modified = ?, published = coalesce(published, ?),
                        handed_run = CASE WHEN ? THEN ? ELSE handed_run END, state = CASE WHEN ? THEN 'pending' ELSE state END,
                        address = coalesce(?, address), step = min(step, ?) WHERE url = ?""",
                        (
                            *(run, latest, published, wanted and hand, run, wanted and not hand, link.get("address")),
                            *(link.get("hops") or 0, link["url"]),
                        ),
                    )
                if known["seen_run"] != run:
                    found[link["source"]] += 1
                if wanted:
                    fetch.append(dict(link))
            for source, count in found.items():
                self._found(run, source, found=count, fresh=new[source])
        return fetch

    def due(self, run: int, source: str) -> list[dict[str, Any]]:
        """Articles of a newspaper to fetch without their being discovered anew, latest publication first: left over from a
        run that was cut off, failed and to be tried again, or due for a revisit. None twice in one run.

        The keys `url`, `source`, `via`, `published`, `modified`; instants are aware datetimes.
        """
        keys = ("url", "source", "via", "published", "modified")
        return [{key: row[key] for key in keys} for row in self.hand_out(run, source)]

    def hand_out(self, run: int, source: str, most: int | None = None) -> list[dict[str, Any]]:
        """At most so many articles of a newspaper to fetch: those of `due`, and those that `add_links` left to it.

        Same keys as `add_links` takes; instants are aware datetimes.
        """
        at = utc(now())
        with self.transaction():
            rows = self._all(
                """SELECT url, source, via, published, modified, address, step AS hops FROM addresses
                WHERE source = ? AND kind = 'article' AND handed_run IS NOT ?
                AND (state = 'pending' OR next_due <= ? OR (state != 'pending'
                     AND modified > coalesce(last_visit, '') AND modified > coalesce(fetched_modified, '')))
                ORDER BY coalesce(published, discovered) DESC, url LIMIT ?""",
                (source, run, at, -1 if most is None else most),
            )
            self._hand(run, rows)
        return [
            {**row, "via": row["via"] or "", "published": parse(row["published"]), "modified": parse(row["modified"])}
            for row in rows
        ]

    def hand_back(self, run: int, source: str) -> None:
        """Let what was handed out to a newspaper's spider in this run and not visited be handed out again: the spider died."""
        with self.transaction():
            self._execute(
                """UPDATE addresses SET handed_run = NULL WHERE source = ? AND handed_run = ?
                AND coalesce(last_visit, '') < (SELECT started FROM runs WHERE id = ?)""",
                (source, run, run),
            )

    def claim(self, run: int, link: Mapping[str, Any]) -> bool:
        """Whether an article that another address led to is to be stored in this run; it then counts as handed out."""
        with self.transaction():
            self.add_links(run, [link], hand=False)
            known = self._one("SELECT state, handed_run FROM addresses WHERE url = ?", (link["url"],))
            if known is None or known["handed_run"] == run or known["state"] != "pending":
                return False
            self._execute("UPDATE addresses SET handed_run = ? WHERE url = ?", (run, link["url"]))
            return True

    def add_listings(self, run: int, listings: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Remember files of a sitemap index or pages of a section (`url`, `source`, `way`, `step`, `parent`, and `modified` as
        an aware datetime or None) and return those to be read now, as they came; none twice in one run.

        Not among them are those that changed, as they state, before they were last read whole, less than `FULL_READ_EVERY` ago.
        """
        at = now()
        wanted = []
        with self.transaction():
            for listing in listings:
                known = self._one("SELECT * FROM addresses WHERE url = ?", (listing["url"],))
                modified = utc(listing.get("modified"))
                if known is not None and known["handed_run"] == run:
                    continue
                full = parse(known["last_full"]) if known else None
                same = (
                    known is not None
                    and known["state"] == "fetched"
                    and modified is not None
                    and modified == known["fetched_modified"]
                    and full is not None
                    and at - full < FULL_READ_EVERY
                )
                values = (listing["way"], listing["step"], listing.get("parent"), modified, run)
                if known is None:
                    self._execute(
                        """INSERT INTO addresses (via, step, parent, modified, handed_run, url, source, kind, state, discovered)
                        VALUES (?, ?, ?, ?, ?, ?, ?, 'discovery', 'pending', ?)""",
                        (*values, listing["url"], listing["source"], utc(at)),
                    )
                elif not same:
                    self._execute(
                        """UPDATE addresses SET via = ?, step = ?, parent = ?, modified = ?, handed_run = ?, state = 'pending'
                        WHERE url = ? AND kind = 'discovery'""",
                        (*values, listing["url"]),
                    )
                if not same:
                    wanted.append(dict(listing))
        return wanted

    def due_listings(self, run: int, source: str) -> list[dict[str, Any]]:
        """Files and pages below a newspaper's own listings that an earlier run left unread or failed on, a few times at most.

        Same keys as `add_listings` takes.
        """
        with self.transaction():
            rows = self._all(
                """SELECT url, source, via AS way, step, parent, modified FROM addresses WHERE source = ?
                AND kind = 'discovery' AND parent IS NOT NULL AND handed_run IS NOT ?
                AND (state = 'pending' OR (state = 'failed' AND attempts <= ?)) ORDER BY step, url""",
                (source, run, LISTING_ATTEMPTS),
            )
            self._hand(run, rows)
        return [{**row, "modified": parse(row["modified"])} for row in rows]

    def listings_below(self, run: int, parent: str) -> list[dict[str, Any]]:
        """The files that a sitemap index named when it was last read and of which it states no change; none twice in one run.

        Same keys as `add_listings` takes.
        """
        with self.transaction():
            rows = self._all(
                """SELECT url, source, via AS way, step, parent, modified FROM addresses WHERE parent = ? AND kind = 'discovery'
                AND modified IS NULL AND state IN ('fetched', 'failed') AND handed_run IS NOT ? ORDER BY url""",
                (parent, run),
            )
            self._hand(run, rows)
        return rows

    def validators(self, url: str) -> tuple[str | None, str | None] | None:
        """ETag and Last-Modified of the last good answer of an address, or None where it gave neither.

        Also None for a feed, sitemap or section whose content came more than `FULL_READ_EVERY` ago.
        """
        row = self._one("SELECT kind, etag, last_modified, last_full FROM addresses WHERE url = ?", (url,))
        if row is None or not (row["etag"] or row["last_modified"]):
            return None
        full = parse(row["last_full"])
        if row["kind"] == "discovery" and (full is None or now() - full >= FULL_READ_EVERY):
            return None
        return row["etag"], row["last_modified"]

    def rest(self, source: str, until: datetime) -> None:
        """Note that a newspaper asks to be left alone until an instant."""
        with self.transaction():
            self._execute("UPDATE sources SET rests_until = ? WHERE id = ?", (utc(until), source))

    def rests_until(self, source: str) -> datetime | None:
        """Until when a newspaper asks to be left alone, if that is still to come."""
        row = self._one("SELECT rests_until FROM sources WHERE id = ? AND rests_until > ?", (source, utc(now())))
        return parse(row["rests_until"]) if row else None

    def robots(self, url: str) -> dict[str, Any] | None:
        """The robots.txt last had from an address: `url`, `fetched` (an aware datetime), `body`, `etag`, `last_modified`."""
        row = self._one("SELECT url, fetched, body, etag, last_modified FROM robots WHERE url = ?", (url,))
        return row and {**row, "fetched": _aware(row["fetched"])}

    def keep_robots(self, robots: Mapping[str, Any]) -> None:
        """Keep a robots.txt, in the form that `robots` returns, in place of the one before."""
        with self.transaction():
            self._execute(
                """INSERT OR REPLACE INTO robots (url, fetched, body, etag, last_modified)
                VALUES (:url, :fetched, :body, :etag, :last_modified)""",
                {**robots, "fetched": utc(robots["fetched"])},
            )

    def record_visit(self, run: int, visit: Mapping[str, Any]) -> None:
        """Note what became of one request: the keys of `scraper.frontier.Visit`.

        Record a feed, sitemap or section only after `add_links` took what it named: from then on the next run asks for it
        with the validators, and gets "not modified". An article that is stored goes to `store_article` instead. An address that
        the newspaper's patterns leave out is noted once, not in every run.
        """
        with self.transaction():
            if visit["outcome"] == "skipped" and visit.get("reason") in LEFT_OUT:
                known = self._one("SELECT state, last_full, next_due FROM addresses WHERE url = ?", (visit["url"],))
                if known and known["state"] == "skipped" and known["last_full"] is None and known["next_due"] is None:
                    return
            self._visit(run, visit, effect=None)

    # Articles

    def store_article(self, run: int, article: Mapping[str, Any], visit: Mapping[str, Any] | None = None) -> Effect:
        """Store an article (the keys of `scraper.items.Article`) with its visit and its place in the frontier, at once.

        Returns "new", "changed" where headline, lead, body or publication differ from the version before (which is kept), or
        "unchanged". Without a visit one is noted as of `article["fetched"]`. Give the links that the article holds to
        `add_links` before, so that a kill in between loses none.
        """
        article = {key: _storable(value) for key, value in article.items()}
        fetched = utc(article["fetched"])
        digest = content_digest(article)
        with self.transaction():
            known = self._one(
                """SELECT articles.id, hash FROM articles LEFT JOIN article_versions ON article_versions.id = current_version
                WHERE url = ?""",
                (article["url"],),
            )
            if known is None:
                identity = self._insert(
                    "INSERT INTO articles (url, source, first_seen, last_seen) VALUES (?, ?, ?, ?)",
                    (article["url"], article["source"], fetched, fetched),
                )
                effect: Effect = "new"
            else:
                identity = known["id"]
                effect = "unchanged" if known["hash"] == digest else "changed"
                self._execute("UPDATE articles SET last_seen = ?, gone_at = NULL WHERE id = ?", (fetched, identity))
            if effect != "unchanged":
                version = self._insert(
                    """INSERT INTO article_versions (article, run, hash, fetched, fetched_url, link, headline, lead, body,
                    published, published_from, modified, section, language, dateline, location_created, links)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                    (
                        *(identity, run, digest, fetched, article.get("fetched_url") or article["url"]),
                        article.get("link") or article.get("fetched_url") or article["url"],
                        *(article["headline"], article.get("lead"), pack(article["body"]), local(article.get("published"))),
                        *(article.get("published_from"), local(article.get("modified")), article.get("section")),
                        *(article.get("language"), article.get("dateline"), article.get("location_created")),
                        json.dumps(list(article.get("links") or ()), ensure_ascii=False),
                    ),
                )
                self._execute(
                    "UPDATE articles SET current_version = ?, words = ? WHERE id = ?", (version, _words(article), identity)
                )
            visit = visit or _visit_of(article)
            self._visit(run, visit, effect=effect)
            self._settle(run, article, aliases={visit["url"], article.get("fetched_url")} - {None, article["url"]})
        return effect

    def twin(self, article: Mapping[str, Any], bands: Sequence[int] = ()) -> str | None:
        """The address under which the same newspaper has published the same text (an agency's, mostly) before, if any.

        Same letters and digits in the same order, at least `SHORTEST_TWIN` of them; an article that is gone is no twin. With
        the text's `db.twins.likeness`, also a text of the last `TWINS_KEPT` to which it adds nothing.
        """
        words = _words(article)
        if words is None:
            return None
        row = self._one(
            "SELECT url FROM articles WHERE source = ? AND words = ? AND url != ? AND gone_at IS NULL ORDER BY id LIMIT 1",
            (article["source"], words, article["url"]),
        )
        if row is not None or not bands:
            return None if row is None else str(row["url"])
        alike = self._all(
            """SELECT a.url, plain(v.body) AS body FROM articles a JOIN article_versions v ON v.id = a.current_version
            WHERE a.id IN (SELECT article FROM likenesses WHERE band IN (SELECT value FROM json_each(?)))
            AND a.source = ? AND a.url != ? AND a.gone_at IS NULL ORDER BY a.id LIMIT 5""",
            (json.dumps(bands_of(article["source"], bands)), article["source"], article["url"]),
        )
        return next((str(one["url"]) for one in alike if adds_nothing(article["body"], one["body"])), None)

    def is_another_text(self, article: Mapping[str, Any]) -> bool:
        """Whether a known article's page now says something that has next to nothing in common with what it said: a notice that
        the site is being mended, mostly, or the work of whoever broke in.

        False where it has said so for `SKIPPED_AGAIN["another-text"]`: then the newspaper means it.
        """
        row = self._one(
            """SELECT a.id, v.headline, plain(v.body) AS body FROM articles a
            JOIN article_versions v ON v.id = a.current_version WHERE a.url = ?""",
            (article["url"],),
        )
        if row is None or not another_text(row, article):
            return False
        said = self._one(
            """SELECT min(at) AS at FROM visits WHERE url = ? AND reason = 'another-text'
            AND at > (SELECT last_seen FROM articles WHERE id = ?)""",
            (article["url"], row["id"]),
        )
        first = parse(said["at"]) if said else None
        return first is None or now() - first < SKIPPED_AGAIN["another-text"] - timedelta(hours=1)

    def keep_likeness(self, url: str, source: str, bands: Sequence[int]) -> None:
        """Remember a stored text's `db.twins.likeness`, for `twin`."""
        with self.transaction():
            self.db.conn.executemany(
                "INSERT OR IGNORE INTO likenesses (band, article) SELECT ?, id FROM articles WHERE url = ?",
                [(band, url) for band in bands_of(source, bands)],
            )

    def current_version(self, url: str) -> int | None:
        """The number of an article's latest version, for `store_reports`."""
        row = self._one("SELECT current_version FROM articles WHERE url = ?", (url,))
        return None if row is None else row["current_version"]

    def known_versions(self, versions: Iterable[int]) -> set[int]:
        """Those of these numbers that are versions of articles."""
        statement = "SELECT id FROM article_versions WHERE id IN (SELECT value FROM json_each(?))"
        return {row["id"] for row in self._all(statement, (json.dumps(list(versions)),))}

    def last_seen(self, url: str) -> datetime | None:
        """When an article was last had from its newspaper, or None where it is not known."""
        row = self._one("SELECT last_seen FROM articles WHERE url = ?", (url,))
        return _aware(row["last_seen"]) if row else None

    def leave_alone(self, url: str) -> None:
        """Plan no visit to an article that came from elsewhere than a crawl: its newspaper is not asked for it unless it names
        it anew."""
        with self.transaction():
            self._execute("UPDATE addresses SET next_due = NULL WHERE url = ? AND next_due <= ?", (url, utc(now())))

    def pending(self, extractor_version: str, *, everything: bool = False, packed: bool = False) -> Iterator[dict[str, Any]]:
        """Current versions of articles that this extractor has not read (or, with `everything`, all), one after another.

        Each has `version` (for `store_reports`), `url`, `source`, `headline`, `lead`, `body`, `published`, `section`,
        `language`, `dateline`, `location_created`, and the newspaper's `country`, `region` and `timezone`. Reports may be
        stored meanwhile: no transaction is left open between two articles. With `packed` the body is as it is stored, for
        `db.packing.unpack`: a damaged one then breaks no reading of the others.
        """
        last = 0
        body = "v.body" if packed else "plain(v.body)"
        while True:
            rows = self._all(
                f"""SELECT v.id AS version, a.url, a.source, v.headline, v.lead, {body} AS body, v.published, v.section,
                coalesce(v.language, s.language) AS language, v.dateline, v.location_created, s.country, s.region, s.timezone
                FROM articles a JOIN article_versions v ON v.id = a.current_version JOIN sources s ON s.id = a.source
                LEFT JOIN extractions e ON e.version = v.id
                WHERE v.id > ? AND (? OR e.extractor IS NOT ?) ORDER BY v.id LIMIT ?""",
                (last, everything, extractor_version, _BATCH),
            )
            if not rows:
                return
            yield from rows
            last = rows[-1]["version"]

    def store_reports(self, version_id: int, extractor_version: str, reports: Iterable[Mapping[str, Any]]) -> None:
        """Store what an extractor says of one version of an article (`dataclasses.asdict` of `nlp.report.IncidentReport`,
        the main one first; none is an answer too), in place of what an extractor said of it before.

        Many in one `transaction()` are much cheaper than one by one.
        """
        columns = ("version", "position", *_REPORT_COLUMNS, "evidence", "more")
        statement = f"INSERT INTO reports ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        with self.transaction():
            self._execute("DELETE FROM extractions WHERE version = ?", (version_id,))
            self._execute(
                "INSERT INTO extractions (version, extractor, at) VALUES (?, ?, ?)",
                (version_id, extractor_version, utc(now())),
            )
            self._execute(
                "INSERT OR IGNORE INTO unlinked (article) SELECT article FROM article_versions WHERE id = ?", (version_id,)
            )
            for position, report in enumerate(reports):
                more = {key: value for key, value in report.items() if key not in {*_REPORT_COLUMNS, "evidence"}}
                values = [report.get(column) for column in _REPORT_COLUMNS]
                evidence = json.dumps(report.get("evidence") or {}, ensure_ascii=False)
                extra = json.dumps(more, ensure_ascii=False, default=str) if more else None
                self._execute(statement, (version_id, position, *values, evidence, extra))

    # Accounts

    def store_yield(self, run: int, source: str, ending: str, seconds: float) -> None:
        """Keep what a newspaper gave in a run, as `run_summary` and the visits tell it, for later runs to be compared with."""
        [line] = [line for line in self.run_summary(run) if line["source"] == source]
        listings = {
            row["outcome"]: row["n"]
            for row in self._all(
                "SELECT outcome, count(*) AS n FROM visits WHERE run = ? AND source = ? AND kind = 'discovery' GROUP BY 1",
                (run, source),
            )
        }
        [dates] = self._all(
            """SELECT count(*) AS n FROM articles a JOIN article_versions v ON v.id = a.current_version
            WHERE a.source = ? AND v.run = ? AND v.published IS NULL""",
            (source, run),
        )
        skipped = line["skipped_reasons"]
        reasons = {"skipped": skipped, "failed": line["failed_reasons"]}
        row = {
            **{key: line[key] for key in ("found", "new", "changed", "unchanged", "not_modified", "gone", "skipped", "failed")},
            **{"run": run, "source": source, "ending": ending, "seconds": round(seconds, 3), "left": line["left"]},
            **{"listings": sum(listings.values()), "listings_unchanged": listings.get("not_modified", 0)},
            **{"listings_failed": listings.get("failed", 0), "bytes": line["bytes"], "without_date": dates["n"]},
            **{"without_text": skipped.get("no-body", 0), "walls": skipped.get("login-wall", 0)},
            "reasons": json.dumps(reasons, ensure_ascii=False),
        }
        with self.transaction():
            columns = ", ".join(row)
            self._execute(
                f"INSERT OR REPLACE INTO yields ({columns}) VALUES ({', '.join(f':{column}' for column in row)})", row
            )

    def yields(self, source: str, most: int = 200) -> list[dict[str, Any]]:
        """What a newspaper gave in its last runs, the latest first: the columns of `yields`, and `started` of the run."""
        return self._all(
            "SELECT y.*, r.started FROM yields y JOIN runs r ON r.id = y.run WHERE source = ? ORDER BY y.run DESC LIMIT ?",
            (source, most),
        )

    def appearances(self, source: str, since: datetime) -> list[datetime]:
        """When the newspaper's articles were first seen since an instant, the latest first."""
        rows = self._all(
            "SELECT first_seen FROM articles WHERE source = ? AND first_seen >= ? ORDER BY first_seen DESC",
            (source, utc(since)),
        )
        return [_aware(row["first_seen"]) for row in rows]

    def run_summary(self, run: int) -> list[dict[str, Any]]:
        """What a run did, one mapping a newspaper: `source`, `name`, `found`, `fresh`, `fetched` (articles asked for),
        `new`, `changed`, `unchanged`, `not_modified`, `skipped` and `failed` (each with `…_reasons`, counts by reason, feeds
        and sitemaps included), `gone`, `left` (still to fetch) and `bytes`."""
        summary = {}
        for row in self._all(
            """SELECT r.source, s.name, r.found, r.fresh, (SELECT count(*) FROM addresses a WHERE a.source = r.source
            AND a.kind = 'article' AND a.state = 'pending') AS left
            FROM run_sources r JOIN sources s ON s.id = r.source WHERE r.run = ? ORDER BY r.source""",
            (run,),
        ):
            counts = dict.fromkeys(("fetched", "new", "changed", "unchanged", "not_modified", "skipped", "failed", "gone"), 0)
            summary[row["source"]] = {**row, **counts, "bytes": 0, "skipped_reasons": {}, "failed_reasons": {}}
        for row in self._all(
            """SELECT source, kind, outcome, effect, reason, count(*) AS n, sum(bytes) AS bytes FROM visits WHERE run = ?
            GROUP BY source, kind, outcome, effect, reason ORDER BY n DESC""",
            (run,),
        ):
            line, n = summary[row["source"]], row["n"]
            line["bytes"] += row["bytes"]
            if row["kind"] == "article" and row["outcome"] != "skipped":
                line["fetched"] += n
            if row["effect"]:
                line[row["effect"]] += n
            if row["outcome"] in ("skipped", "failed"):
                line[row["outcome"]] += n
                reasons = line[f"{row['outcome']}_reasons"]
                reason = row["reason"] or "unknown"
                reasons[reason] = reasons.get(reason, 0) + n
            elif row["kind"] == "article" and row["outcome"] in ("not_modified", "gone"):
                line[row["outcome"]] += n
        return list(summary.values())

    def source_states(self) -> list[dict[str, Any]]:
        """Each newspaper's state: `id`, `name`, `home`, `region`, `configured`, `last_run`, `last_success` (instants),
        `articles`, `last_new_article`, `last_published`, `pending`, `failures` (requests of its last run that failed)."""
        return self._all(
            """SELECT s.id, s.name, s.home, s.region, s.configured,
            (SELECT r.started FROM run_sources rs JOIN runs r ON r.id = rs.run WHERE rs.source = s.id
             ORDER BY r.id DESC LIMIT 1) AS last_run,
            (SELECT max(v.at) FROM visits v WHERE v.source = s.id AND v.outcome IN ('stored', 'not_modified')) AS last_success,
            (SELECT count(*) FROM articles a WHERE a.source = s.id) AS articles,
            (SELECT max(a.first_seen) FROM articles a WHERE a.source = s.id) AS last_new_article,
            (SELECT v.published FROM articles a JOIN article_versions v ON v.id = a.current_version
             WHERE a.source = s.id ORDER BY datetime(v.published) DESC LIMIT 1) AS last_published,
            (SELECT count(*) FROM addresses d WHERE d.source = s.id AND d.kind = 'article' AND d.state = 'pending') AS pending,
            (SELECT count(*) FROM visits v WHERE v.source = s.id AND v.outcome = 'failed'
             AND v.run = (SELECT max(run) FROM run_sources rs WHERE rs.source = s.id)) AS failures
            FROM sources s ORDER BY s.configured DESC, s.id"""
        )

    def counts(self) -> dict[str, int]:
        """Number of rows of each table."""
        tables = ("sources", "runs", "visits", "addresses", "articles", "article_versions", "extractions", "reports")
        return {table: self.db.table(table).count for table in tables}

    # Inside

    def _acquire(self) -> None:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            try:
                holder = json.loads(self._holder.read_text())
            except (OSError, ValueError):
                holder = {}
            raise ArchiveBusy(self.path, holder.get("pid"), holder.get("since")) from None
        self._holder.write_text(json.dumps({"pid": os.getpid(), "since": utc(now())}))

    def _connect(self) -> sqlite3.Connection:
        if not self.write and not self.path.is_file():
            raise FileNotFoundError(f"there is no archive at {self.path}: run `quintanas crawl` first")
        mode = "rwc" if self.write else "ro"
        conn = sqlite3.connect(
            f"{self.path.resolve().as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_TIMEOUT,
            isolation_level=None,
            check_same_thread=False,
        )
        conn.row_factory = sqlite3.Row
        conn.create_function("plain", 1, unpack, deterministic=True)
        return conn

    def _prepare(self) -> None:
        conn = self.db.conn
        conn.execute("PRAGMA foreign_keys = ON")
        conn.execute(f"PRAGMA cache_size = -{self.cache_kib}")
        applied = {migration.name for migration in migrations.applied(self.db)}
        known = applied | {migration.name for migration in migrations.pending(self.db)}
        later = {row[0] for row in self._schema_steps()} - {migration.name for migration in migrations._migrations}
        if later:
            raise ArchiveVersionError(f"{self.path} was written by a later Quintanas ({', '.join(sorted(later))}): update it")
        if not self.write:
            if known - applied:
                raise ArchiveVersionError(
                    f"{self.path} was written by an earlier Quintanas: run `quintanas crawl` to update it"
                )
            return
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("PRAGMA synchronous = FULL")
        if known - applied:
            with self.transaction():
                migrations.apply(self.db)

    def _schema_steps(self) -> list[sqlite3.Row]:
        if not self.db.table(migrations.migrations_table).exists():
            return []
        statement = f"SELECT name FROM {migrations.migrations_table} WHERE migration_set = ?"
        return self.db.conn.execute(statement, (migrations.name,)).fetchall()

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None
        if self._lock.is_locked:
            self._holder.unlink(missing_ok=True)
            self._lock.release()

    def _execute(self, statement: str, values: Mapping[str, Any] | tuple[Any, ...] = ()) -> sqlite3.Cursor:
        return self.db.conn.execute(statement, values)

    def _insert(self, statement: str, values: tuple[Any, ...]) -> int:
        row = self._execute(statement, values).lastrowid
        assert row is not None
        return row

    def _one(self, statement: str, values: tuple[Any, ...]) -> dict[str, Any] | None:
        with self._thread:
            row = self._execute(statement, values).fetchone()
        return None if row is None else dict(row)

    def _all(self, statement: str, values: tuple[Any, ...] = ()) -> list[dict[str, Any]]:
        with self._thread:
            return [dict(row) for row in self._execute(statement, values)]

    def _hand(self, run: int, rows: Iterable[Mapping[str, Any]]) -> None:
        self.db.conn.executemany("UPDATE addresses SET handed_run = ? WHERE url = ?", [(run, row["url"]) for row in rows])

    def _found(self, run: int, source: str, *, found: int, fresh: int) -> None:
        self._execute(
            """INSERT INTO run_sources (run, source, found, fresh) VALUES (?, ?, ?, ?)
            ON CONFLICT (run, source) DO UPDATE SET found = found + excluded.found, fresh = fresh + excluded.fresh""",
            (run, source, found, fresh),
        )

    def _visit(self, run: int, visit: Mapping[str, Any], *, effect: Effect | None) -> None:
        at = parse(visit["at"])
        if at is None:
            raise ValueError(f"the visit to {visit['url']} has no instant")
        self._execute("INSERT OR IGNORE INTO run_sources (run, source) VALUES (?, ?)", (run, visit["source"]))
        self._execute(
            """INSERT INTO visits (run, source, url, kind, outcome, effect, reason, status, bytes, at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                *(run, visit["source"], visit["url"], visit["kind"], visit["outcome"], effect, visit.get("reason")),
                *(visit.get("status"), visit.get("bytes") or 0, utc(at)),
            ),
        )
        address = self._one("SELECT * FROM addresses WHERE url = ?", (visit["url"],))
        if address is None:
            self._execute(
                """INSERT INTO addresses (url, source, kind, state, discovered, seen_run, handed_run)
                VALUES (?, ?, ?, 'pending', ?, ?, ?)""",
                (visit["url"], visit["source"], visit["kind"], utc(at), run, run),
            )
            address = self._one("SELECT * FROM addresses WHERE url = ?", (visit["url"],))
            assert address is not None
        change = _after_visit(address, visit, at) | {"last_visit": utc(at)}
        assignments = ", ".join(f"{column} = :{column}" for column in change)
        self._execute(f"UPDATE addresses SET {assignments} WHERE url = :url", {**change, "url": visit["url"]})
        if visit["kind"] == "article":
            if visit["outcome"] == "gone":
                statement = "UPDATE articles SET gone_at = coalesce(gone_at, ?) WHERE url = ?"
                self._execute(statement, (utc(at), visit["url"]))
            elif visit["outcome"] == "not_modified":
                statement = "UPDATE articles SET last_seen = ?, gone_at = NULL WHERE url = ?"
                self._execute(statement, (utc(at), visit["url"]))

    def _settle(self, run: int, article: Mapping[str, Any], aliases: set[Any]) -> None:
        """The article's own address counts as fetched, whichever address led to it, and alone has revisits to come."""
        fetched = parse(article["fetched"])
        assert fetched is not None
        published = utc(article.get("published"))
        self._execute(
            """INSERT INTO addresses (url, source, kind, via, state, discovered, handed_run) VALUES (?, ?, 'article', 'article',
            'fetched', ?, ?) ON CONFLICT (url) DO NOTHING""",
            (article["url"], article["source"], utc(fetched), run),
        )
        address = self._one("SELECT discovered, published, modified FROM addresses WHERE url = ?", (article["url"],))
        assert address is not None
        published = published or address["published"]
        # Where feeds and sitemaps said nothing, the page's own word stands, but not a future one: it would hide later edits.
        own = max(filter(None, (utc(article.get("modified")), published)), default=None)
        modified = max(filter(None, (address["modified"], own and min(own, str(utc(fetched))))), default=None)
        due = next_revisit(parse(published), _aware(address["discovered"]), fetched)
        self._execute(
            """UPDATE addresses SET state = 'fetched', published = ?, last_fetch = ?, last_full = ?, last_visit = ?,
            modified = ?, fetched_modified = ?, next_due = ?, attempts = 0, handed_run = ? WHERE url = ?""",
            (published, *[utc(fetched)] * 3, modified, modified, utc(due), run, article["url"]),
        )
        for alias in aliases:
            self._execute("UPDATE addresses SET next_due = NULL WHERE url = ? AND state = 'fetched'", (alias,))


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold off every writer of the archive at a path without opening it, since it may be damaged or about to be replaced.

    Raises `ArchiveBusy` where another process writes it.
    """
    archive = Archive(path, write=True)
    archive._acquire()
    try:
        yield
    finally:
        archive._close()


def _is_wanted(address: Mapping[str, Any], at: str) -> bool:
    """Whether a known address is to be fetched at this instant."""
    if address["state"] == "pending":
        return True
    if address["state"] == "skipped" and address["last_full"] is None and address["next_due"] is None:
        return True
    if address["next_due"] is not None and address["next_due"] <= at:
        return True
    modified = address["modified"]
    # The newspaper's clock is compared with itself, and with ours only where it said nothing when the page was fetched.
    seen = address["fetched_modified"] or address["last_visit"] or ""
    return modified is not None and modified > seen


def _after_visit(address: Mapping[str, Any], visit: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The columns of an address that a visit changes."""
    outcome = visit["outcome"]
    revisit = None
    if address["kind"] == "article":
        revisit = utc(next_revisit(parse(address["published"]), _aware(address["discovered"]), at))
    if outcome in ("stored", "not_modified"):
        change = {"state": "fetched", "attempts": 0, "next_due": revisit, "last_fetch": utc(at)}
        change["fetched_modified"] = address["modified"]
        if outcome == "stored":
            change["last_full"] = utc(at)
        for validator in ("etag", "last_modified"):
            if outcome == "stored" or visit.get(validator):
                change[validator] = visit.get(validator)
        return change
    if outcome == "failed":
        attempts = address["attempts"] + 1
        due = next_retry(attempts, at) if address["kind"] == "article" else None
        return {"state": "failed", "attempts": attempts, "next_due": utc(due)}
    if outcome == "skipped":
        due = next_after_skip(visit.get("reason"), at)
        state = {"state": "skipped", "next_due": utc(due), "fetched_modified": address["modified"]}
        if visit.get("status") is not None:
            state["last_full"] = utc(at)
    else:
        state = {"state": "gone", "next_due": revisit, "fetched_modified": address["modified"]}
    # What was skipped or is gone was not read: asking with its validators would hide it for ever.
    return {**state, "etag": None, "last_modified": None}


def _visit_of(article: Mapping[str, Any]) -> dict[str, Any]:
    visit = {"url": article["url"], "source": article["source"], "kind": "article", "outcome": "stored"}
    answer = {key: article.get(key) for key in ("etag", "last_modified", "status", "bytes")}
    return {**visit, **answer, "at": article["fetched"]}


def content_digest(article: Mapping[str, Any]) -> str:
    """What tells one version of an article from the next: SHA-256 of headline, lead, body and instant of publication."""
    content = [article["headline"], article.get("lead"), article["body"], utc(article.get("published"))]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def another_text(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether two texts have next to none of their longer words in common, neither in the headline nor in the body."""
    told = set(_LONG_WORD.findall(before["body"].casefold()))
    if len(told) < SPEAKING:
        return False
    for part in ("body", "headline"):
        one, other = (set(_LONG_WORD.findall(text[part].casefold())) for text in (before, after))
        if len(one & other) > SHARED * len(one | other):
            return False
    return True


def _words(article: Mapping[str, Any]) -> str | None:
    """A digest of a text's letters and digits, or None where there are too few to know a text by."""
    words = re.sub(r"\W+", "", str(article["body"]).casefold())
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:32] if len(words) >= SHORTEST_TWIN else None


def _storable(value: Any) -> Any:
    """Text without what SQLite cannot hold: halves of surrogate pairs (from broken JSON) and NUL."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "")
    return [_storable(item) for item in value] if isinstance(value, list | tuple) else value


def _aware(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
