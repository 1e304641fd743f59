"""The archive's schema, one migration a step. A migration that was released is never edited: the next one follows it.

Instants are ISO 8601 text with an offset: in UTC where the software noted them, in the newspaper's own zone for an article's
`published` and `modified`. The comments inside the statements stay in the database and describe each column there.
"""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from db.packing import dictionary

migrations = Migrations("quintanas.archive")


@migrations()
def m001_crawl(db: Database) -> None:
    db.execute("""
        CREATE TABLE sources (
            id TEXT PRIMARY KEY,            -- the newspaper's table in sources.toml
            name TEXT NOT NULL,             -- as readers know it
            home TEXT,                      -- its home page
            country TEXT,                   -- ISO 3166-1 alpha-2
            region TEXT,                    -- "department/province" that it mostly reports on
            timezone TEXT,                  -- IANA name
            language TEXT,                  -- ISO 639-1
            configured INTEGER NOT NULL DEFAULT 1, -- 0: no longer in the configuration, its articles kept
            configuration TEXT NOT NULL,    -- everything that the configuration says of it, as JSON
            added TEXT NOT NULL,
            updated TEXT NOT NULL
        )""")
    db.execute("""
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,             -- crawl, reextract, import …
            status TEXT NOT NULL DEFAULT 'running', -- running, finished, failed, interrupted
            started TEXT NOT NULL,
            finished TEXT,
            software TEXT NOT NULL,         -- version of Quintanas
            pid INTEGER NOT NULL
        )""")
    db.execute("""
        CREATE TABLE run_sources (          -- the newspapers of a run
            run INTEGER NOT NULL REFERENCES runs(id),
            source TEXT NOT NULL REFERENCES sources(id),
            found INTEGER NOT NULL DEFAULT 0, -- articles that feeds, sitemaps, sections and links named in this run
            fresh INTEGER NOT NULL DEFAULT 0, -- of those, never heard of before
            PRIMARY KEY (run, source)
        ) WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE visits (               -- what became of every request
            id INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs(id),
            source TEXT NOT NULL REFERENCES sources(id),
            url TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('discovery', 'article')),
            outcome TEXT NOT NULL CHECK (outcome IN ('stored', 'not_modified', 'skipped', 'failed', 'gone')),
            effect TEXT CHECK (effect IN ('new', 'changed', 'unchanged')), -- on the archive, where an article was stored
            reason TEXT,                    -- short and countable, null where all went well
            status INTEGER,                 -- HTTP
            bytes INTEGER NOT NULL DEFAULT 0,
            at TEXT NOT NULL
        )""")
    db.execute("CREATE INDEX visits_run_source ON visits (run, source)")
    db.execute("CREATE INDEX visits_source_at ON visits (source, at)")
    db.execute("CREATE INDEX visits_url ON visits (url)")
    db.execute("""
        CREATE TABLE addresses (            -- the frontier: every address known, and when its turn comes
            url TEXT PRIMARY KEY,
            source TEXT NOT NULL REFERENCES sources(id),
            kind TEXT NOT NULL CHECK (kind IN ('discovery', 'article')),
            via TEXT,                       -- what led to it: feed, sitemap, section, article
            state TEXT NOT NULL CHECK (state IN ('pending', 'fetched', 'skipped', 'failed', 'gone')),
            discovered TEXT NOT NULL,
            published TEXT,                 -- as stated by the page, else by what led to it
            modified TEXT,                  -- latest modification that anything stated
            fetched_modified TEXT,          -- `modified` as it was known at the last successful fetch
            last_visit TEXT,
            last_fetch TEXT,                -- last time that it answered well, changed or not
            last_full TEXT,                 -- last time that it sent its content
            next_due TEXT,                  -- next revisit or retry; null: none planned
            attempts INTEGER NOT NULL DEFAULT 0, -- failures since it last answered well
            etag TEXT,                      -- validators of the last good answer
            last_modified TEXT,
            seen_run INTEGER REFERENCES runs(id),   -- last run that found it
            handed_run INTEGER REFERENCES runs(id)  -- last run that was told to fetch it
        ) WITHOUT ROWID""")
    db.execute("CREATE INDEX addresses_source_state_due ON addresses (source, state, next_due)")


@migrations()
def m002_articles(db: Database) -> None:
    db.execute("""
        CREATE TABLE articles (
            id INTEGER PRIMARY KEY,
            url TEXT NOT NULL UNIQUE,       -- canonical: the article's identity
            source TEXT NOT NULL REFERENCES sources(id),
            first_seen TEXT NOT NULL,
            last_seen TEXT NOT NULL,        -- last time that the page was read or said to be unchanged
            current_version INTEGER REFERENCES article_versions(id),
            gone_at TEXT                    -- since when the page answers 404 or 410; the text is kept
        )""")
    db.execute("CREATE INDEX articles_source ON articles (source, first_seen)")
    db.execute("CREATE INDEX articles_current ON articles (current_version)")
    db.execute("""
        CREATE TABLE article_versions (
            id INTEGER PRIMARY KEY,
            article INTEGER NOT NULL REFERENCES articles(id),
            run INTEGER NOT NULL REFERENCES runs(id),
            hash TEXT NOT NULL,             -- SHA-256 of headline, lead, body and published instant
            fetched TEXT NOT NULL,
            fetched_url TEXT NOT NULL,      -- the address that answered, after redirects
            link TEXT NOT NULL,             -- the address to give to readers
            headline TEXT NOT NULL,
            lead TEXT,
            body TEXT NOT NULL,
            published TEXT,                 -- in the newspaper's own zone
            published_from TEXT,            -- the signal that gave it
            modified TEXT,
            section TEXT,
            language TEXT,
            dateline TEXT,
            location_created TEXT,
            links TEXT NOT NULL             -- other stories that it links to, a JSON list
        )""")
    db.execute("CREATE INDEX article_versions_article ON article_versions (article)")


@migrations()
def m003_reports(db: Database) -> None:
    db.execute("""
        CREATE TABLE extractions (          -- which extractor read which version; the latest replaces the one before
            version INTEGER PRIMARY KEY REFERENCES article_versions(id),
            extractor TEXT NOT NULL,
            at TEXT NOT NULL
        )""")
    db.execute("""
        CREATE TABLE reports (              -- one incident as one article tells it; nlp.report.IncidentReport
            id INTEGER PRIMARY KEY,
            version INTEGER NOT NULL REFERENCES extractions(version) ON DELETE CASCADE,
            position INTEGER NOT NULL,      -- 0: the article's main incident
            type TEXT NOT NULL,
            status TEXT NOT NULL,
            event TEXT NOT NULL,
            place_text TEXT,
            level TEXT NOT NULL,
            street TEXT,
            district TEXT,
            province TEXT,
            department TEXT,
            country TEXT,
            ubigeo TEXT,
            latitude REAL,
            longitude REAL,
            date TEXT,
            date_end TEXT,
            precision TEXT NOT NULL,
            part_of_day TEXT,
            confidence REAL NOT NULL,
            evidence TEXT NOT NULL,         -- field → zone, start, end, words, sentence, rule; JSON
            more TEXT,                      -- fields that this version of the archive has no column for; JSON
            UNIQUE (version, position)
        )""")


@migrations()
def m004_identity(db: Database) -> None:
    db.execute("""
        CREATE TABLE incidents (            -- every identifier ever given: none is given twice or taken away
            number INTEGER PRIMARY KEY,     -- in the order in which they were given
            id TEXT NOT NULL UNIQUE,        -- as it is published and cited
            created TEXT NOT NULL,
            merged_into TEXT REFERENCES incidents(id) -- the identifier that took it over, null while it stands for itself
        )""")
    db.execute("""
        CREATE TABLE assignments (          -- each incident that an article tells, through every extraction of it
            slot INTEGER PRIMARY KEY,
            report TEXT NOT NULL,           -- public identifier of the report
            article INTEGER NOT NULL REFERENCES articles(id),
            source TEXT NOT NULL,
            incident TEXT REFERENCES incidents(id), -- null: not placed yet
            row INTEGER,                    -- reports.id that tells it at present; null: the article no longer does
            pinned INTEGER NOT NULL DEFAULT 0, -- 1: a person said where it belongs; the software never moves it
            family TEXT,                    -- of types, as linking.toml has them
            district TEXT,                  -- key of the district, null where unknown
            province TEXT,
            first TEXT,                     -- first and last day on which it may have happened
            last TEXT,
            features TEXT NOT NULL DEFAULT '{}', -- what it is compared by; JSON, no names
            signature BLOB                  -- MinHash of the text
        )""")
    db.execute("CREATE INDEX assignments_article ON assignments (article)")
    db.execute("CREATE INDEX assignments_incident ON assignments (incident)")
    db.execute("CREATE INDEX assignments_province ON assignments (family, province, first)")
    db.execute("CREATE TABLE unlinked (article INTEGER PRIMARY KEY REFERENCES articles(id)) -- read anew, not compared yet")
    db.execute("""
        CREATE TABLE unplaced (             -- new or changed assignments that wait for an incident
            slot INTEGER PRIMARY KEY REFERENCES assignments(slot)
        )""")
    db.execute("""
        CREATE TABLE forwards (             -- where an identifier leads that no longer says what it said
            id INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('merge', 'split')),
            incident TEXT NOT NULL REFERENCES incidents(id), -- merge: the one given up; split: the one that lost reports
            other TEXT NOT NULL REFERENCES incidents(id),    -- merge: the one that stands; split: the one that got them
            author TEXT,                    -- null: the software
            reason TEXT NOT NULL
        )""")
    db.execute("CREATE INDEX forwards_incident ON forwards (incident)")
    db.execute("INSERT INTO unlinked SELECT DISTINCT v.article FROM extractions e JOIN article_versions v ON v.id = e.version")


@migrations()
def m005_corrections(db: Database) -> None:
    db.execute("""
        CREATE TABLE corrections (          -- what persons decided; never deleted, the latest of a field holds
            id INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            author TEXT NOT NULL,
            reason TEXT NOT NULL,
            action TEXT NOT NULL CHECK (action IN ('confirm', 'correct', 'merge', 'split', 'withdraw', 'restore')),
            incident TEXT REFERENCES incidents(id),
            field TEXT,                     -- correct: column of the public incidents
            value TEXT,                     -- correct: JSON
            before TEXT,                    -- correct: what it said before; JSON
            other TEXT                      -- merge, split: the other incident; withdraw: the address
        )""")
    db.execute("CREATE INDEX corrections_incident ON corrections (incident)")
    db.execute("""
        CREATE TABLE withdrawn (            -- what no release may hold, applied by every publish
            id INTEGER PRIMARY KEY,
            incident TEXT REFERENCES incidents(id), -- all of an incident …
            url TEXT,                       -- … or one article, known already or not yet
            at TEXT NOT NULL,
            author TEXT NOT NULL,
            reason TEXT NOT NULL,
            CHECK ((incident IS NULL) != (url IS NULL))
        )""")
    db.execute("CREATE UNIQUE INDEX withdrawn_incident ON withdrawn (incident) WHERE incident IS NOT NULL")
    db.execute("CREATE UNIQUE INDEX withdrawn_url ON withdrawn (url) WHERE url IS NOT NULL")
    db.execute("""
        CREATE TABLE releases (             -- as the public table of that name
            number INTEGER PRIMARY KEY,
            content TEXT NOT NULL           -- JSON
        )""")
    db.execute("""
        CREATE TABLE published (            -- what the latest release said, to tell what the next one changes
            incident TEXT PRIMARY KEY,
            fields TEXT NOT NULL            -- digest of each public field; JSON
        ) WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE changes (
            id INTEGER PRIMARY KEY,
            release INTEGER NOT NULL,
            incident TEXT NOT NULL,
            kind TEXT NOT NULL,             -- added, changed, merged, split, withdrawn, gone
            fields TEXT,
            other TEXT,
            why TEXT NOT NULL
        )""")
    db.execute("CREATE INDEX changes_release ON changes (release)")


@migrations()
def m101_frontier(db: Database) -> None:
    # the address as a listing writes it, to be asked for; null: made from the canonical one
    db.execute("ALTER TABLE addresses ADD COLUMN address TEXT")
    # of an article: articles between a listing and it; of a listing: files of an index or pages of a section before it
    db.execute("ALTER TABLE addresses ADD COLUMN step INTEGER NOT NULL DEFAULT 0")
    # of a listing: the sitemap index that names it, or the section's page before it
    db.execute("ALTER TABLE addresses ADD COLUMN parent TEXT")
    db.execute("CREATE INDEX addresses_parent ON addresses (parent) WHERE parent IS NOT NULL")
    # digest of the text's words alone, by which the same text under two addresses of one newspaper is known
    db.execute("ALTER TABLE articles ADD COLUMN words TEXT")
    db.execute("CREATE INDEX articles_words ON articles (source, words) WHERE words IS NOT NULL")


@migrations()
def m102_yields(db: Database) -> None:
    db.execute("""
        CREATE TABLE yields (               -- what each newspaper gave in each run
            run INTEGER NOT NULL REFERENCES runs(id),
            source TEXT NOT NULL REFERENCES sources(id),
            ending TEXT NOT NULL,           -- finished, shutdown, or what broke the crawl
            seconds REAL NOT NULL,
            listings INTEGER NOT NULL,      -- feeds, sitemaps and section pages that were read
            listings_unchanged INTEGER NOT NULL,
            listings_failed INTEGER NOT NULL,
            found INTEGER NOT NULL,         -- articles that they and links named
            new INTEGER NOT NULL,
            changed INTEGER NOT NULL,
            unchanged INTEGER NOT NULL,
            not_modified INTEGER NOT NULL,
            gone INTEGER NOT NULL,
            skipped INTEGER NOT NULL,
            failed INTEGER NOT NULL,
            left INTEGER NOT NULL,          -- articles discovered and not yet fetched
            bytes INTEGER NOT NULL,
            without_date INTEGER NOT NULL,  -- of the new ones
            without_text INTEGER NOT NULL,  -- pages read in which no text was found
            walls INTEGER NOT NULL,         -- pages that asked to log in or pay
            reasons TEXT NOT NULL,          -- outcome → reason → count; JSON
            PRIMARY KEY (run, source)
        ) WITHOUT ROWID""")


@migrations()
def m103_robots(db: Database) -> None:
    db.execute("""
        CREATE TABLE robots (               -- each host's robots.txt, as it was last had
            url TEXT PRIMARY KEY,
            fetched TEXT NOT NULL,          -- when the newspaper last said that this is it
            body BLOB NOT NULL,
            etag TEXT,
            last_modified TEXT
        ) WITHOUT ROWID""")


@migrations()
def m201_packed_texts(db: Database) -> None:
    # article_versions.body is text, or a blob as db.packing writes it; this is what it is unpacked with
    db.execute("CREATE TABLE dictionaries (id INTEGER PRIMARY KEY, content BLOB NOT NULL)")
    db.execute("INSERT INTO dictionaries VALUES (1, ?)", (dictionary(1),))
    # Two steps were edited before there was a release; archives from before are brought level here.
    if "link" not in db.table("article_versions").columns_dict:
        db.execute("ALTER TABLE article_versions ADD COLUMN link TEXT NOT NULL DEFAULT ''")
        db.execute("UPDATE article_versions SET link = fetched_url")
    [table] = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'assignments'").fetchone()
    if "UNIQUE" in table:
        waiting = db.execute("SELECT slot FROM unplaced").fetchall()
        db.execute("DELETE FROM unplaced")
        db.execute(table.replace("assignments", "assignments_free", 1).replace(" UNIQUE", "", 1))
        db.execute("INSERT INTO assignments_free SELECT * FROM assignments")
        db.execute("DROP TABLE assignments")
        db.execute("ALTER TABLE assignments_free RENAME TO assignments")
        for index, columns in (("article", "article"), ("incident", "incident"), ("province", "family, province, first")):
            db.execute(f"CREATE INDEX assignments_{index} ON assignments ({columns})")
        for (slot,) in waiting:
            db.execute("INSERT INTO unplaced VALUES (?)", (slot,))


@migrations()
def m202_likenesses(db: Database) -> None:
    db.execute("""
        CREATE TABLE likenesses (           -- signatures of the latest texts, by which nearly the same one is found
            band INTEGER NOT NULL,          -- of one newspaper's text, as db.twins makes it
            article INTEGER NOT NULL,
            PRIMARY KEY (band, article)
        ) WITHOUT ROWID""")


@migrations()
def m203_rests(db: Database) -> None:
    # until when the newspaper asked to be left alone (429 or 503 with Retry-After)
    db.execute("ALTER TABLE sources ADD COLUMN rests_until TEXT")
