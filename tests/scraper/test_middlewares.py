"""Addresses that are never asked, and waits that are kept."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from scraper.metadata import read_date_line
from scraper.middlewares import is_private, retry_after
from scraper.settings import scrapy_settings

NOW = datetime(2026, 10, 14, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "a.localhost",
        "10.1.2.3",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "::1",
        "fe80::1",
        "127.1",
        "fd00::1",
        "2130706433",
        "intranet",
        "router.local",
        "metadata.google.internal",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:a00:1::",
        "fe80::1%eth0",
        "224.0.0.1",
        "100.64.0.1",
    ],
)
def test_private_hosts(host: str) -> None:
    assert is_private(host)


@pytest.mark.parametrize("host", ["laindustria.pe", "www.rpp.pe", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_hosts(host: str) -> None:
    assert not is_private(host)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (b"120", 120),
        (b"Wed, 14 Oct 2026 12:01:00 GMT", 60),
        (b"Wed, 14 Oct 2026 11:00:00 GMT", 0),
        (b"soon", None),
        (b"", None),
        (None, None),
    ],
)
def test_retry_after(header: bytes | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


def test_settings_are_safe() -> None:
    settings = scrapy_settings(QUINTANAS_CONTACT="a@example.org")
    assert settings.getbool("ROBOTSTXT_OBEY")
    assert settings.getbool("DOWNLOAD_VERIFY_CERTIFICATES")
    assert not settings.getbool("REMOTE_CONTROL_ENABLED")
    assert not settings.getbool("TELNETCONSOLE_ENABLED")
    handlers = settings.getwithbase("DOWNLOAD_HANDLERS")
    assert {scheme for scheme, handler in handlers.items() if handler} == {"http", "https"}
    assert "a@example.org" in settings["USER_AGENT"]


@pytest.mark.parametrize(
    ("line", "day", "place"),
    [
        ("Trujillo, 14 de octubre de 2026", "2026-10-14T00:00", "Trujillo"),
        ("Santiago de Chuco, martes 13 de octubre del 2026", "2026-10-13T00:00", "Santiago de Chuco"),
        ("Publicado el 14/10/2026 a las 5:41 p. m.", "2026-10-14T17:41", None),
        ("14 octubre, 2026", "2026-10-14T00:00", None),
        ("Por Redacción | 14 Oct 2026 | 17:41 h", "2026-10-14T17:41", None),
        ("03/08/2025", "2025-08-03T00:00", None),
        ("5:41 p. m. | 14 de octubre de 2026", "2026-10-14T17:41", None),
        ("October 14, 2026", "2026-10-14T00:00", None),
        ("Publicado: 2026-10-14 08:30", "2026-10-14T08:30", None),
        ("14/10/2026 - 04:30 - Fuente: Agencia", "2026-10-14T04:30", None),
        ("1 de setiembre de 2026 12:05 am", "2026-09-01T00:05", None),
        ("Avenida 28 de Julio 2026", None, None),
        ("El 14 de octubre de 2026 un sujeto armado asaltó la agencia bancaria de la avenida Larco", None, None),
        ("octubre de 2026", None, None),
        ("31/02/2026", None, None),
    ],
)
def test_date_lines(line: str, day: str | None, place: str | None) -> None:
    found = read_date_line(line)
    assert (found[0].isoformat(timespec="minutes") if found else None, found[1] if found else None) == (day, place)


def resolved(name: str, *answers: str) -> list[str]:
    """The addresses that a name leads to, where the system's resolver gives these."""
    code = f"""
import socket
from twisted.internet import reactor
from twisted.internet.interfaces import IResolutionReceiver
from zope.interface import implementer
from scraper.middlewares import PublicResolver
answers = {list(answers)!r}
if answers:
    def getaddrinfo(host, port, *_, **__):
        return [(socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in answers]
    socket.getaddrinfo = getaddrinfo
@implementer(IResolutionReceiver)
class Receiver:
    def resolutionBegan(self, resolution): pass
    def addressResolved(self, address): print(address.host)
    def resolutionComplete(self): reactor.stop()
resolver = PublicResolver(reactor, 0)
if answers:
    from twisted.internet._resolver import GAIResolver
    resolver.original_resolver = GAIResolver(reactor, getaddrinfo=getaddrinfo)
reactor.callWhenRunning(resolver.resolveHostName, Receiver(), {name!r}, 80)
reactor.run()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_name_that_leads_to_a_private_address_is_unknown() -> None:
    assert resolved("localhost") == []


def test_only_public_addresses_of_a_name_are_connected_to() -> None:
    public = ["8.8.8.8", "2606:4700::1111"]
    assert resolved("diario.example", "127.0.0.1", public[0], "10.0.0.7", "fd00::1", public[1]) == public
    assert resolved("diario.example", public[1]) == public[1:], "a newspaper that has no other than IPv6"
    assert resolved("127.0.0.1") == ["127.0.0.1"], "an address is judged where it stands, in the URL"
