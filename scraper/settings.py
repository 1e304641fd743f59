"""Settings of the Scrapy project. They are safe and polite as they stand; `-s NAME=value` changes one for one crawl.

Where a line differs from Scrapy's default, the default was found unsafe or rude for a crawl that runs for years.
"""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from typing import Any

BOT_NAME = "quintanas"
SPIDER_MODULES = ["scraper.spiders"]
NEWSPIDER_MODULE = "scraper.spiders"
FORCE_CRAWLER_PROCESS = False

try:
    _VERSION = version("quintanas")
except PackageNotFoundError:  # run from a checkout that is not installed
    _VERSION = "0"


def user_agent(contact: str) -> str:
    """Return the User-Agent that names this program and, where there is one, whom to ask about it.

    `contact`: an e-mail address or a page of whoever runs the crawl; may be empty.
    """
    return f"Quintanas/{_VERSION} (+{contact})" if contact else f"Quintanas/{_VERSION}"


# Who is asked when the crawl bothers a newspaper. Nothing but this machine is crawled without it.
QUINTANAS_CONTACT = os.environ.get("QUINTANAS_CONTACT", "").strip()
USER_AGENT = user_agent(QUINTANAS_CONTACT)
# The user's own files of newspapers, beside the bundled one.
QUINTANAS_SOURCES: list[str] = []
# Ports of this machine that may be asked (the sample newspapers, tests); no other private address ever is.
QUINTANAS_LOOPBACK_PORTS: list[int] = []
# How many links deep the stories inside stories are followed.
QUINTANAS_LINK_DEPTH = 2
# Bounds of one run: pages of one section (where its table says none), files of one sitemap index, entries of one listing.
QUINTANAS_SECTION_PAGES = 5
QUINTANAS_SITEMAP_FILES = 20
QUINTANAS_LISTING_ENTRIES = 2000

# The same, while an archive is filled back with what appeared between two days.
QUINTANAS_BACKFILL_PAGES = 2000
QUINTANAS_BACKFILL_FILES = 2000
# Articles of one newspaper that one run asks for at most, and how many of them wait in Scrapy's scheduler at a time.
QUINTANAS_RUN_ARTICLES = 100_000
QUINTANAS_HANDED = 200
# Processes that read pages beside the reactor; 0 reads in the reactor.
QUINTANAS_READERS = os.cpu_count() or 1
# Bytes of one newspaper's pages that wait for a reader; Scrapy's 5 MB only fill memory.
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 2_000_000
# A folder for the pages that could not be read well; empty keeps none. And how many of one newspaper one run keeps.
QUINTANAS_KEEP_HTML = ""
QUINTANAS_KEEP_HTML_MOST = 200
# Days after which a crawl that keeps pages removes those of earlier ones; 0: never.
QUINTANAS_KEEP_HTML_DAYS = 90

# Polite
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "Quintanas"
CONCURRENT_REQUESTS = 4  # of one newspaper; more would only wait in line, and be asked for when it wants to be left alone
CONCURRENT_ITEMS = 2  # a page yields one item, and Scrapy starts so many tasks for every page
CONCURRENT_REQUESTS_PER_DOMAIN = 2
DOWNLOAD_DELAY = 0.5
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 1.0
AUTOTHROTTLE_TARGET_CONCURRENCY = 1.0
AUTOTHROTTLE_MAX_DELAY = 60.0
COOKIES_ENABLED = False
RETRY_TIMES = 2
RETRY_GIVE_UP_LOG_LEVEL = "INFO"  # the visit that is recorded says it
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "es-PE,es;q=0.9",
}

# Safe
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_HANDLERS: dict[str, str | None] = {"data": None, "file": None, "ftp": None, "s3": None}
REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False
DOWNLOAD_MAXSIZE = 16 * 1024 * 1024  # bytes, before and after decompression
DOWNLOAD_WARNSIZE = 8 * 1024 * 1024
DOWNLOAD_TIMEOUT = 30  # seconds
REDIRECT_MAX_TIMES = 5
METAREFRESH_ENABLED = False  # front pages reload themselves by it; an article never moves by it
DEPTH_LIMIT = 200  # the spiders have bounds of their own; this one catches what they would miss
URLLENGTH_LIMIT = 2083

# The frontier says what is fetched; a second filter would drop what it asks for again.
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"

DOWNLOADER_MIDDLEWARES: dict[str, int | None] = {
    "scraper.middlewares.SafeAddressMiddleware": 60,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "scraper.robots.KeptRobotsMiddleware": 100,
    "scraper.middlewares.RetryAfterMiddleware": 560,
    "scraper.middlewares.RedirectGuardMiddleware": 610,
}
TWISTED_DNS_RESOLVER = "scraper.middlewares.PublicResolver"
EXTENSIONS = {"scraper.middlewares.CrawlDelay": 500}

TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
FEED_EXPORT_ENCODING = "utf-8"

LOG_LEVEL = "INFO"
LOG_SHORT_NAMES = True
LOG_FORMAT = "%(levelname)s %(name)s: %(message)s"
LOG_VERSIONS: list[str] = []
LOGSTATS_INTERVAL = 0
STATS_DUMP = False


def scrapy_settings(**changes: Any) -> Any:
    """Return these settings as a `scrapy.settings.Settings`, with changes by name, for a crawl that a program starts.

    `QUINTANAS_CONTACT` given here also goes into the User-Agent.
    """
    from scrapy.settings import Settings

    settings = Settings()
    settings.setmodule(__name__, priority="project")
    if "QUINTANAS_CONTACT" in changes:
        changes.setdefault("USER_AGENT", user_agent(changes["QUINTANAS_CONTACT"]))
    settings.setdict(changes, priority="cmdline")
    return settings
