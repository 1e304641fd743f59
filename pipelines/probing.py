"""Looking at newspapers before, and while, they are crawled: `quintanas sources check`, `add` and `save`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import click
from rich.table import Table
from scrapy.crawler import Crawler

from pipelines.crawl import loopback_settings, quiet_process, start_in_lines
from pipelines.sources import rendered
from scraper.items import Article
from scraper.page import NotAnArticle
from scraper.settings import scrapy_settings
from scraper.sources import Source
from scraper.spiders.check import CheckSpider, Finding, PageSpider, Proposal, ProposeSpider, today
from scraper.urls import fold_host

_KEPT = ("url", "headline", "lead", "published", "published_from", "section", "dateline", "location_created")


def _run(jobs: Mapping[str, tuple[type[Any], Source, dict[str, Any]]], changes: Mapping[str, str]) -> dict[str, Any]:
    """Run one spider for each job in this process; returns them by the job's name."""
    process = quiet_process(scrapy_settings(LOG_INSTALL_ROOT_HANDLER=False, **changes))
    crawlers = {
        name: Crawler(spider, scrapy_settings(**{**loopback_settings(source), **changes}))
        for name, (spider, source, _) in jobs.items()
    }
    by_source = {source.id: (name, arguments) for name, (_, source, arguments) in jobs.items()}

    def begin(source: Source) -> Any:
        name, arguments = by_source[source.id]
        return process.crawl(crawlers[name], source=source, **arguments)

    start_in_lines((source for _, source, _ in jobs.values()), begin)
    process.start()
    return {name: crawler.spider for name, crawler in crawlers.items()}


@dataclass(frozen=True)
class Check:
    """What a newspaper yields now."""

    source: Source
    findings: list[Finding]
    articles: list[Article]
    reasons: dict[str, int]
    """Why pages that were asked for gave no article → how many."""

    @property
    def failed(self) -> bool:
        """Whether a listing could not be read, or no article."""
        return any(finding.outcome != "stored" for finding in self.findings) or not self.articles

    def text(self) -> str:
        """The check in one screen."""
        table = Table("way", "address", "answer", "articles", "newest")
        for finding in sorted(self.findings, key=lambda one: (one.listing.step, one.listing.url)):
            stated = finding.newest.astimezone(self.source.zone).isoformat(timespec="minutes") if finding.newest else "–"
            answer = "ok" if finding.outcome == "stored" else finding.outcome
            table.add_row(_way(self.source, finding), finding.listing.url, answer, str(finding.articles), stated)
        lines = [f"{self.source.id}: {self.source.name}", rendered(table)]
        for article in self.articles[:1]:
            date = (
                f"{article.published.isoformat(timespec='minutes')} ({article.published_from})" if article.published else "none"
            )
            lines += [
                "",
                f"headline   {article.headline}",
                f"link       {article.link or article.fetched_url}",
                f"published  {date}",
                f"section    {article.section or '–'}",
                f"dateline   {article.dateline or article.location_created or '–'}",
                f"text       {len(article.body)} characters: {article.body[:280].replace(chr(10), ' ')}…",
                f"           … {article.body[-160:].replace(chr(10), ' ')}",
            ]
        if not self.articles:
            lines += ["", "no article could be read" + "".join(f"; {n} {reason}" for reason, n in self.reasons.items())]
        return "\n".join(lines)


def _way(source: Source, finding: Finding) -> str:
    url = finding.listing.url
    named = {"feed": source.feeds, "sitemap": source.news_sitemaps, "section": source.sections}
    return next((way for way, urls in named.items() if url in urls), finding.listing.way)


def check_newspapers(sources: list[Source], changes: Mapping[str, str] = MappingProxyType({})) -> list[Check]:
    """Ask each newspaper for its listings and for a few articles, and keep nothing. Runs once in a process."""
    spiders = _run({source.id: (CheckSpider, source, {}) for source in sources}, changes)
    checks = []
    for source in sources:
        spider = spiders[source.id]
        reasons: dict[str, int] = {}
        for visit in spider.visits:
            if visit.kind == "article" and visit.reason and visit.reason not in ("denied", "no-page", "offsite"):
                reasons[visit.reason] = reasons.get(visit.reason, 0) + 1
        checks.append(Check(source, spider.findings, spider.articles, reasons))
    return checks


def propose_newspaper(url: str, changes: Mapping[str, str] = MappingProxyType({})) -> str:
    """Probe a newspaper's site and return the table of a sources file that it suggests. Runs once in a process.

    Raises:
        click.ClickException: the site cannot be had, or shows no listing of articles.
    """
    source = source_at(url)
    proposal: Proposal = _run({source.id: (ProposeSpider, source, {})}, changes)[source.id].proposal
    if proposal.problem:
        raise click.ClickException(f"{source.home}: {proposal.problem}")
    if not (proposal.feeds or proposal.news_sitemaps or proposal.sections):
        raise click.ClickException(
            f"{source.home}: no feed, news sitemap or section with articles was found; look for one and write the table by "
            "hand, as docs/sources.md says"
        )
    return proposal_toml(source, proposal)


def source_at(url: str) -> Source:
    """A newspaper of which nothing is known but its address.

    Raises:
        click.UsageError: it is no address of a web page.
    """
    parts = urlsplit(url if "//" in url else f"https://{url}")
    try:
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good:
        raise click.UsageError(f"{url!r} is not an address; it must begin with http:// or https:// and name a host")
    host = fold_host(parts.hostname or "")
    name = re.sub(r"[^a-z0-9]+", "-", host if re.fullmatch(r"[\d.:]+", host) else host.split(".")[0]).strip("-") or "diario"
    return Source(name, host, f"{parts.scheme}://{parts.netloc}/")


def proposal_toml(source: Source, proposal: Proposal) -> str:
    """The table of a sources file, with what was seen noted as confirmed and the rest left to the reader."""
    day = today().isoformat()
    lines = [f"[{source.id}]", f"name = {json.dumps(proposal.name or source.name, ensure_ascii=False)}"]
    lines += [f"home = {json.dumps(source.home)}", 'region = ""  # where its local news happens: "La Libertad/Trujillo"']
    if proposal.language != "es":
        lines.append(f"language = {json.dumps(proposal.language)}")
    # sections cost most: they are for newspapers that have nothing else
    ways = {"feeds": proposal.feeds, "news_sitemaps": proposal.news_sitemaps}
    if not proposal.feeds and not proposal.news_sitemaps:
        ways["sections"] = proposal.sections
    notes = []
    if ways.get("sections") and not any(proposal.sections.values()):
        # no link on them has the form of an article's address: a person must say what the form is
        lines.append("allow = []  # regular expressions of the articles' addresses: no link on the sections looks like one")
    for key, found in ways.items():
        if found:
            lines.append(f"{key} = [{', '.join(json.dumps(url) for url in found)}]")
            nothing = "no article recognised" if key == "sections" else "an index"
            counts = ", ".join(f"{count} articles" if count else nothing for count in found.values())
            notes.append(f'{key} = "confirmed: {counts}, {day}"')
    lines.append(f"notes = {{ {', '.join(notes)} }}")
    return "\n".join(lines)


def save_page(
    url: str, source: Source, name: str, folder: Path, changes: Mapping[str, str] = MappingProxyType({})
) -> tuple[Path, Path, str]:
    """Fetch one page and write the pair that a test of the reader needs: the page, and the article expected of it.

    Returns both files and what was read, in a line. What the reader says now is only a proposal: correct it by hand to what a
    person reads on the page. Runs once in a process.

    Raises:
        click.ClickException: the page cannot be had.
    """
    spider = _run({"page": (PageSpider, source, {"url": url})}, changes)["page"]
    if spider.page is None:
        raise click.ClickException(f"{url}: cannot be had ({spider.result})")
    facts: dict[str, Any] = {"url": spider.page.url, "charset": spider.encoding}
    facts["source"] = {"name": source.name, "home": source.home}
    facts["source"] |= {key: list(value) for key in ("allow", "deny") if (value := getattr(source, key))}
    facts["source"] |= {"region": source.region} if source.region else {}
    facts["fetched"] = spider.fetched.isoformat(timespec="seconds")
    if isinstance(spider.result, Article):
        said = {key: getattr(spider.result, key) for key in _KEPT}
        said["body"], said["links"] = spider.result.body.split("\n\n"), spider.result.links
        facts["article"] = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in said.items()}
        line = f"{spider.result.headline} ({len(spider.result.body)} characters)"
    elif isinstance(spider.result, NotAnArticle):
        facts["reason"] = line = spider.result.reason
    else:
        raise click.ClickException(f"{url}: cannot be read ({spider.result!r})")
    folder.mkdir(parents=True, exist_ok=True)
    page, expected = folder / f"{name}.html", folder / f"{name}.json"
    page.write_bytes(spider.page.body)
    expected.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return page, expected, line
