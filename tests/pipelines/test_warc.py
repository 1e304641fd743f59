"""Importing news archives: what the crawler would have stored is stored, once, and a corrupt record costs itself."""

from __future__ import annotations

import gzip
import hashlib
import json
import sqlite3
from base64 import b32encode
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support import Run

SOURCES = """
[norte]
name = "Diario Norte"
home = "https://www.norte.example/"
region = "La Libertad/Trujillo"
deny = ["/horoscopo/"]
"""
STORIES = {
    "roban-vivienda-en-las-quintanas": (
        "Trujillo: roban vivienda en urbanización Las Quintanas",
        "Unos sujetos rompieron la puerta de una vivienda en la urbanización Las Quintanas, en Trujillo, el domingo.",
    ),
    "recuperan-auto-robado-en-huanchaco": (
        "Recuperan en Huanchaco un automóvil robado",
        "La Policía Nacional recuperó en el distrito de Huanchaco un automóvil que dos sujetos armados habían robado el lunes.",
    ),
    "asaltan-grifo-en-la-esperanza": (
        "Asaltan un grifo en La Esperanza",
        "Tres hombres armados asaltaron anoche un grifo en el distrito de La Esperanza, en Trujillo, y huyeron en moto.",
    ),
    "capturan-a-dos-por-extorsion-en-viru": (
        "Capturan a dos por extorsión en Virú",
        "La Policía capturó el martes en el distrito de Virú a dos hombres acusados de extorsionar a un comerciante.",
    ),
}


def page(slug: str, more: str = "") -> bytes:
    headline, text = STORIES[slug]
    facts = {"@type": "NewsArticle", "headline": headline, "datePublished": "2021-03-01T08:00:00-05:00"}
    rest = f"Los hechos fueron confirmados por la comisaría del sector, que abrió una investigación con el número de {slug}."
    return (
        f'<html lang="es"><head><title>{headline}</title><script type="application/ld+json">{json.dumps(facts)}</script></head>'
        f"<body><article><h1>{headline}</h1><p>{text}</p><p>{rest}</p><p>{more}</p></article></body></html>"
    ).encode()


def record(
    url: str,
    body: bytes,
    *,
    at: str = "2021-03-02T10:00:00Z",
    kind: str = "text/html; charset=utf-8",
    status: str = "200 OK",
    encoding: str = "",
) -> bytes:
    """One response record of a WARC file, not packed."""
    http = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{encoding}Content-Length: {len(body)}\r\n\r\n".encode() + body
    digest = b32encode(hashlib.sha1(http).digest()).decode()
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: {at}\r\n"
        f"WARC-Record-ID: <urn:uuid:{hashlib.md5(url.encode() + at.encode()).hexdigest()}>\r\n"
        f"WARC-Block-Digest: sha1:{digest}\r\nContent-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(http)}\r\n\r\n"
    )
    return head.encode() + http + b"\r\n\r\n"


INFO = b"WARC/1.0\r\nWARC-Type: warcinfo\r\nWARC-Date: 2021-03-02T10:00:00Z\r\nContent-Length: 7\r\n\r\nx: test\r\n\r\n"


def address(slug: str) -> str:
    return f"https://www.norte.example/policiales/2021/03/01/{slug}/"


def stories() -> list[bytes]:
    return [record(address(slug), page(slug)) for slug in STORIES]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sources.toml").write_text(SOURCES, encoding="utf-8")
    return tmp_path


def write(folder: Path, records: list[bytes], name: str = "news.warc.gz") -> Path:
    path = folder / name
    path.write_bytes(b"".join(gzip.compress(one, mtime=0) if name.endswith(".gz") else one for one in records))
    return path


def rows(folder: Path, question: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "archive.db")) as conn:
        return conn.execute(question).fetchall()


def stored(folder: Path) -> set[str]:
    return {url.rstrip("/").rsplit("/", 1)[1] for (url,) in rows(folder, "SELECT url FROM articles")}


def test_articles_of_configured_newspapers_are_stored_with_their_incidents(quintanas: Run, folder: Path) -> None:
    slugs = list(STORIES)
    packed = gzip.compress(page(slugs[1]))
    file = write(
        folder,
        [
            INFO,
            record(address(slugs[0]), page(slugs[0])),
            record(address(slugs[1]), packed, encoding="Content-Encoding: gzip\r\n"),
            record("https://otro.example/2021/03/01/roban-otra-casa-en-lima/", page(slugs[2])),
            record("https://www.norte.example/horoscopo/2021/03/01/lo-que-dicen-hoy-los-astros/", page(slugs[2])),
            record("https://www.norte.example/fotos/2021/03/01/una-foto-de-la-plaza-de-armas.jpg", b"x", kind="image/jpeg"),
            record(address(slugs[3]), b"<html><body>No hay.</body></html>", status="404 Not Found"),
            record("https://www.norte.example/2021/03/02/una-pagina-que-no-dice-nada/", b"<html><body>Nada.</body></html>"),
        ],
    )
    done = quintanas("import", file, "--data", folder)
    assert done.returncode == 0, done.stderr
    assert "2 new" in done.stdout
    assert "1 left out (" in done.stdout
    assert stored(folder) == set(slugs[:2])
    assert set(rows(folder, "SELECT type, district FROM reports")) >= {("burglary", "Trujillo")}
    assert rows(folder, "SELECT DISTINCT fetched FROM article_versions") == [("2021-03-02T10:00:00+00:00",)]
    assert rows(folder, "SELECT kind, status FROM runs") == [("import", "finished")]
    # nothing of it is to be asked of the newspaper
    assert rows(folder, "SELECT count(*) FROM addresses WHERE next_due IS NOT NULL OR state = 'pending'") == [(0,)]


def test_importing_again_changes_nothing_and_a_later_fetch_stays(quintanas: Run, folder: Path) -> None:
    slug = next(iter(STORIES))
    later = record(address(slug), page(slug, "Actualización: el caso pasó a la Fiscalía."), at="2021-03-05T10:00:00Z")
    quintanas("import", write(folder, [later]), "--data", folder)
    before = rows(folder, "SELECT * FROM article_versions")
    done = quintanas("import", write(folder, [*stories()[:1], later]), "--data", folder)
    assert done.returncode == 0
    assert "2 known" in done.stdout
    assert rows(folder, "SELECT * FROM article_versions") == before


def test_the_same_text_under_another_address_is_one_article(quintanas: Run, folder: Path) -> None:
    slug = next(iter(STORIES))
    more = "La zona es patrullada desde hace un mes por pedido de los vecinos, que se reunieron en el parque del sector. " * 3
    twins = [record(address(name), page(slug, more)) for name in (slug, "otra-vez-roban-vivienda-en-las-quintanas")]
    done = quintanas("import", write(folder, twins), "--data", folder)
    assert "1 new; 1 same-text" in done.stdout
    assert len(stored(folder)) == 1


def damaged(records: list[bytes], kind: str) -> bytes:
    parts = [gzip.compress(one, mtime=0) for one in records]
    bad = parts[1]
    middle = len(bad) // 2
    parts[1] = {
        "overwritten": bad[:middle] + b"\xff" * 24 + bad[middle + 24 :],
        "cut": bad[:middle],
        "beginning": b"\x00" * 16 + bad[16:],
        "packed-nonsense": gzip.compress(b"\x00\x01" * 400),
        "not-gzip": gzip.compress(record(address("x-y-z-w"), b"no", encoding="Content-Encoding: gzip\r\n")),
    }[kind]
    return b"".join(parts)


@pytest.mark.parametrize("kind", ["overwritten", "cut", "beginning", "packed-nonsense", "not-gzip"])
def test_a_corrupt_record_costs_itself(folder: Path, kind: str) -> None:
    from pipelines.warc import Capture, Corrupt, captures

    path = folder / "bad.warc.gz"
    path.write_bytes(damaged(stories(), kind))
    found = list(captures(path, lambda _: True))
    slugs = list(STORIES)
    assert [one.url for one in found if isinstance(one, Capture)] == [address(slug) for slug in (slugs[0], *slugs[2:])]
    assert len([one for one in found if isinstance(one, Corrupt)]) == 1


def test_corrupt_records_of_a_file_that_is_not_packed(folder: Path) -> None:
    from pipelines.warc import Capture, Corrupt, captures

    slugs = list(STORIES)
    one, other, *rest = stories()
    wrong = other.replace(b"Huanchaco", b"Huanchacx", 1)  # a flipped bit, told by the digest
    broken = rest[0].replace(b"\r\nContent-Length: ", b"\r\nContent-Lxngth: ", 1)
    path = write(folder, [one, wrong, broken, rest[1]], "news.warc")
    found = list(captures(path, lambda _: True))
    assert [one.url for one in found if isinstance(one, Capture)] == [address(slugs[0]), address(slugs[3])]
    assert len([one for one in found if isinstance(one, Corrupt)]) == 2


def test_a_download_that_was_cut_off_says_so_and_keeps_the_rest(quintanas: Run, folder: Path) -> None:
    file = write(folder, stories())
    file.write_bytes(file.read_bytes()[:-200])
    done = quintanas("import", file, "--data", folder, "--jobs", "2")
    assert done.returncode == 1
    assert "3 new" in done.stdout
    assert "1 corrupt records passed over" in done.stdout
    assert "Traceback" not in done.stderr
    assert stored(folder) == set(list(STORIES)[:3])


def test_what_is_no_warc_file_is_told(quintanas: Run, folder: Path) -> None:
    file = folder / "notes.txt"
    file.write_text("no records here\n" * 50, encoding="utf-8")
    done = quintanas("import", file, "--data", folder)
    assert done.returncode == 1
    assert "1 corrupt records passed over" in done.stdout
    assert "Traceback" not in done.stderr
