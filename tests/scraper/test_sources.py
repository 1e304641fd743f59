"""The files of newspapers: what they say, and what is said where they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from scraper.sources import SourcesError, load_sources, provinces, read_sources

GOOD = 'name = "El Diario"\nhome = "https://eldiario.pe/"\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


departments = {name for name, _ in provinces().values()}


def test_the_bundled_newspapers_say_where_each_address_comes_from() -> None:
    sources = load_sources()
    assert len(sources) >= 25
    read = {source.place.partition("/")[0] for source in sources.values()}
    assert set(departments) - read == set(), "every region of Peru is read"
    assert next(iter(sources.values())).place.startswith("La Libertad")
    for source in sources.values():
        assert source.addresses, source.id
        for address in source.addresses:
            note = source.note(address)
            assert note is not None, f"{source.id}: nothing says where {address} comes from"
            assert note.text or not note.confirmed, f"{source.id}: {address} is confirmed by nothing"


def test_the_users_table_replaces_the_bundled_one(tmp_path: Path) -> None:
    path = write(tmp_path, f'[laindustria]\n{GOOD}[nuevo]\n{GOOD}feeds = ["https://eldiario.pe/feed/"]\n')
    sources = load_sources(path)
    assert sources["laindustria"].name == "El Diario"
    assert sources["nuevo"].feeds == ("https://eldiario.pe/feed/",)
    assert "rpp" in sources


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[x]\n" + GOOD + 'fedes = ["https://eldiario.pe/feed/"]', ["[x] fedes", "unknown key", "feeds"]),
        ("[x]\n" + 'name = "X"', ["[x] home", "missing"]),
        ("[x]\n" + 'home = "https://eldiario.pe/"', ["[x] name", "missing"]),
        ("[x]\n" + GOOD + "allow = ['(']", ["[x] allow", "regular expression"]),
        ("[x]\n" + GOOD + 'feeds = ["eldiario.pe/feed"]', ["[x] feeds", "https://"]),
        ("[x]\n" + GOOD + 'feeds = ["https://otro.pe/feed"]', ["[x] feeds", "site of home"]),
        ("[x]\n" + GOOD + 'feeds = ["file:///etc/passwd"]', ["[x] feeds", "https://"]),
        ("[x]\n" + GOOD + 'feeds = "https://eldiario.pe/feed"', ["[x] feeds", "list"]),
        ("[x]\n" + GOOD + 'region = "La Livertad"', ["[x] region", "La Libertad"]),
        ("[x]\n" + GOOD + 'region = "La Libertad/Lima"', ["[x] region", "Trujillo"]),
        ("[x]\n" + GOOD + 'region = "99"', ["[x] region", "UBIGEO"]),
        ("[x]\n" + GOOD + 'timezone = "America/Trujillo"', ["[x] timezone", "America/Lima"]),
        ("[x]\n" + GOOD + 'next_page = "a["', ["[x] next_page", "CSS"]),
        ("[x]\n" + GOOD + "max_pages = 0", ["[x] max_pages", "1 to 1000"]),
        ("[x]\n" + GOOD + "crawl_delay = true", ["[x] crawl_delay", "seconds"]),
        ("[x]\n" + GOOD + 'notes = { feeds = "perhaps" }', ["[x] notes", "confirmed"]),
        ("[x]\n" + GOOD + 'notes = { "https://eldiario.pe/otro" = "assumed: x" }', ["[x] notes", "eldiario.pe/otro"]),
        ("[El Diario]\n".replace("El Diario", '"El Diario"') + GOOD, ["El Diario", "small letters"]),
        ('name = "x"', ["name", "table"]),
        ("[x\n", ["TOML", "line 1"]),
    ],
)
def test_a_wrong_file_is_told_by_file_table_and_key(tmp_path: Path, text: str, said: list[str]) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SourcesError) as error:
        load_sources(path)
    for part in [str(path), *said]:
        assert part in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourcesError, match=r"nothing\.toml: cannot be read"):
        load_sources(tmp_path / "nothing.toml")


@pytest.mark.parametrize(
    ("region", "place"),
    [
        ("La Libertad", "La Libertad"),
        ("la libertad / trujillo", "La Libertad/Trujillo"),
        ("Ancash/Santa", "Áncash/Santa"),
        ("13", "La Libertad"),
        ("1301", "La Libertad/Trujillo"),
        ("130102", "La Libertad/Trujillo"),
        ("", ""),
    ],
)
def test_a_region_is_read_in_words_or_as_ubigeo(tmp_path: Path, region: str, place: str) -> None:
    assert read_sources(write(tmp_path, f'[x]\n{GOOD}region = "{region}"'))["x"].place == place


def test_patterns_say_what_is_an_article(tmp_path: Path) -> None:
    source = read_sources(write(tmp_path, f"[x]\n{GOOD}allow = ['/policiales/']\ndeny = ['/deportes/']"))["x"]
    assert source.may_be_article("https://eldiario.pe/policiales/robo")
    assert not source.may_be_article("https://eldiario.pe/economia/sube-el-dolar-en-el-mercado")
    assert not source.may_be_article("https://eldiario.pe/policiales/deportes/robo")
    assert not source.may_be_article("https://otro.pe/policiales/robo")
