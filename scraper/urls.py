"""One address per article: tracking parameters, AMP and mobile twins, http and https, slashes and fragments folded.

`ural` does most of it; what it does not know of newspapers is in `data/urls.toml`.
"""

from __future__ import annotations

import ipaddress
import re
from functools import cache, lru_cache
from urllib.parse import SplitResult, parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from ural import normalize_url

from scraper.data import toml

_DATE = re.compile(
    r"/(?P<year>(?:19|20)\d\d)(?P<sign>[/-])(?P<month>0?[1-9]|1[0-2])"
    # "/2026/10/3-detenidos/" counts the detained
    r"(?:(?P=sign)(?P<day>0?[1-9]|[12]\d|3[01])(?=/|$|(?(sign)(?<=-\d)-|(?!))|(?<=-\d\d)-))?(?=[/-]|$)"
)
_AMP_FOLDER = re.compile(r"^/amp(?=/)", re.I)
_PORTS = {"http": 80, "https": 443}


@cache
def _known(name: str) -> frozenset[str]:
    return frozenset(toml("urls")[name])


@lru_cache(maxsize=2048)
def _split(url: str) -> SplitResult | None:
    """Split an address, or return None where it is not one of a web page (http or https, with a host)."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # a port that is no number is found only when it is asked for
    except ValueError:
        return None
    return parts if parts.scheme in _PORTS and parts.hostname else None


@lru_cache(maxsize=512)
def is_address(host: str) -> bool:
    """Whether a host is an IP address or this machine, and so has neither twins nor a certificate."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return True


@lru_cache(maxsize=512)
def fold_host(host: str) -> str:
    """Return a host without the prefixes of its twins: "www.", "m.", "amp."…"""
    host = host.lower().rstrip(".")
    if is_address(host):
        return host
    first, _, rest = host.partition(".")
    return rest if first in _known("twins") and "." in rest else host


def _netloc(host: str, port: int | None) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port is None else f"{name}:{port}"


@lru_cache(maxsize=4096)
def canonical_url(url: str, base: str | None = None) -> str:
    """Return the canonical address of a page: the identity of an article, the same for all its twins.

    `url` may be relative to `base`. The scheme becomes https, unless the host is an IP address, this machine or has a port of
    its own. Raises ValueError where it is not an address of a web page.
    """
    full = urljoin(base, url.strip()) if base else url.strip()
    parts = _split(full)
    if parts is None:
        raise ValueError(f"{full!r} is not the address of a web page: it must begin with http:// or https:// and name a host")
    host = parts.hostname or ""
    port = None if parts.port == _PORTS[parts.scheme] else parts.port
    folded = normalize_url(
        urlunsplit(parts._replace(path=_AMP_FOLDER.sub("", parts.path))),
        infer_redirection=False,
        strip_protocol=False,
        strip_irrelevant_subdomains=False,
        strip_index=not parts.query,
        strip_fragment=True,
        quoted=True,
        query_item_filter=_is_meaningful,
    )
    clean = urlsplit(folded)
    query = _with_identifiers(clean.query, parts.query)
    scheme = parts.scheme if port is not None or is_address(host) else "https"
    return urlunsplit((scheme, _netloc(fold_host(host), port), clean.path or "/", query, ""))


def _is_meaningful(key: str, value: str | None) -> bool:  # noqa: ARG001 - the signature that ural calls
    return key.lower() not in _known("tracking")


def _with_identifiers(query: str, original: str) -> str:
    """Put back the numbers that name an article in old systems, which ural takes for session parameters."""
    kept = [(k, v) for k, v in parse_qsl(original) if k.lower() in _known("identifiers") and v.isdigit()]
    missing = [item for item in kept if item not in parse_qsl(query)]
    if not missing:
        return query
    return urlencode(sorted([*parse_qsl(query, keep_blank_values=True), *missing]))


def fetch_url(url: str, base: str | None = None) -> str:
    """Return the address to ask for: as the newspaper wrote it, made absolute, without fragment and campaign parameters.

    A canonical address may cost a redirect (a slash, "www.") or, on a careless server, not be answered at all.
    Raises ValueError where it is not an address of a web page.
    """
    full = urljoin(base, url.strip()) if base else url.strip()
    parts = _split(full)
    if parts is None:
        raise ValueError(f"{full!r} is not the address of a web page: it must begin with http:// or https:// and name a host")
    kept = [item for item in parts.query.split("&") if not _is_campaign(item.partition("=")[0])]
    return urlunsplit(parts._replace(query="&".join(kept), fragment=""))


def _is_campaign(key: str) -> bool:
    return key.lower().startswith("utm_") or key.lower() in {"fbclid", "gclid"} or key.lower() in _known("tracking")


def same_site(url: str, home: str) -> bool:
    """Whether an address belongs to the site of `home`: the same host or one below it, twins folded, on the same port."""
    one, other = _split(url), _split(home)
    if one is None or other is None:
        return False
    host, site = fold_host(one.hostname or ""), fold_host(other.hostname or "")
    ports = {None if p.port == _PORTS[p.scheme] else p.port for p in (one, other)}
    return len(ports) == 1 and (host == site or (host.endswith(f".{site}") and not is_address(site)))


def is_page(url: str) -> bool:
    """Whether an address may be a page: not an image, a document, a sound or a video by its ending."""
    parts = _split(url)
    if parts is None:
        return False
    name = parts.path.rpartition("/")[2]
    return "." not in name or name.rpartition(".")[2].lower() not in _known("not_pages")


def is_listing(url: str) -> bool:
    """Whether an address is a tag's, an author's, a search's, or another that never holds an article."""
    parts = _split(url)
    return parts is not None and any(folder in _known("not_articles") for folder in parts.path.lower().split("/") if folder)


def looks_like_article(url: str) -> bool:
    """Whether an address has the form of an article's: a dated folder, a headline in words, or an identifier.

    For links on section pages of newspapers whose table says no `allow` pattern; feeds and sitemaps need no guess.
    """
    parts = _split(url)
    if parts is None or not is_page(url) or is_listing(url):
        return False
    folders = [folder for folder in parts.path.lower().split("/") if folder]
    if any(
        v.isdigit() and k.lower() not in {"page", "paged", "pagina", "pag", "start", "offset"}
        for k, v in parse_qsl(parts.query)
    ):
        return True
    if not folders:
        return False
    name = folders[-1].rpartition(".")[0] or folders[-1]
    words = [word for word in re.split(r"[-_]", name) if word]
    if _DATE.search(parts.path) and not name.isdigit():
        return True
    return (
        len(words) >= 4 or (len(words) >= 2 and words[-1].isdigit() and len(words[-1]) >= 4) or bool(re.search(r"\d{5,}", name))
    )


def date_in(url: str) -> tuple[int, int, int] | None:
    """Return year, month and day where the path of an address states all three ("/2026/10/14/"), else None."""
    found = _DATE.search(urlsplit(url).path)
    if not found or not found["day"]:
        return None
    return int(found["year"]), int(found["month"]), int(found["day"])
