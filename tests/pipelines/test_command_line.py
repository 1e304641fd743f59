"""The `quintanas` command as a person or a script uses it."""

from __future__ import annotations

import csv
import json
import socket
import sqlite3
from pathlib import Path
from typing import Any, ClassVar

import pytest
from support import Crawled, Run

from db.packing import unpack
from pipelines.demo.server import SampleNewspapers

COMMANDS = ("crawl", "extract", "reextract", "import", "publish", "serve", "export", "evaluate", "sources", "demo")
BURGLARY = {
    "id": "una",
    "title": "Trujillo: ladrones entran a vivienda en urbanización Las Quintanas",
    "text": "La madrugada del domingo, unos sujetos rompieron la puerta de una vivienda en la urbanización Las Quintanas, "
    "en Trujillo, y se llevaron dos televisores. No había nadie en la casa.",
    "published": "2026-10-13",
}
WEATHER = {"id": 2, "title": "Lloverá en la sierra", "text": "El Senamhi pronostica lluvias en la sierra.", "published": None}


def json_lines(*records: object) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(quintanas: Run, command: str) -> None:
    done = quintanas(command, "--help")
    assert done.returncode == 0
    assert f"quintanas {command}" in done.stdout.split("Example")[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["unknown"],
        ["crawl", "no-such-newspaper"],
        ["crawl", "--set", "NO_VALUE"],
        ["crawl", "n60"],  # a newspaper of the open web, and nobody that it could ask
        ["extract", "no-such-file.jsonl"],
        ["evaluate"],
        ["export", "incidents.pdf"],
        ["export", "incidents.xlsx", "--exact"],
        ["serve", "--port", "99999"],
    ],
)
def test_wrong_use_exits_with_2(quintanas: Run, tmp_path: Path, arguments: list[str]) -> None:
    done = quintanas("--data", tmp_path, *arguments)
    assert done.returncode == 2
    assert "Error:" in done.stderr


@pytest.mark.parametrize("arguments", [["publish"], ["reextract"], ["export", "x.csv"], ["serve"]])
def test_what_is_not_there_yet_is_said(quintanas: Run, tmp_path: Path, arguments: list[str]) -> None:
    done = quintanas("--data", tmp_path, *arguments)
    assert done.returncode == 1
    assert "run `quintanas" in done.stderr
    assert "Traceback" not in done.stderr


class TestExtract:
    def test_incidents_come_with_their_evidence(self, quintanas: Run) -> None:
        done = quintanas("extract", stdin=json_lines(BURGLARY))
        assert done.returncode == 0
        [incident] = json.loads(done.stdout)["incidents"]
        wanted = {"type": "burglary", "district": "Trujillo", "ubigeo": "130101", "date": "2026-10-11", "precision": "day"}
        assert {key: incident[key] for key in wanted} == wanted
        assert 0 < incident["confidence"] <= 1
        for evidence in incident["evidence"].values():
            source = BURGLARY[evidence["zone"]]
            assert source[evidence["start"] : evidence["end"]] == evidence["words"]
            assert evidence["words"] in evidence["sentence"]

    def test_order_and_ids_are_kept(self, quintanas: Run) -> None:
        done = quintanas("extract", stdin=json_lines(WEATHER, BURGLARY, {**WEATHER, "id": "última"}))
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert [line["id"] for line in lines] == [2, "una", "última"]
        assert [len(line["incidents"]) for line in lines] == [0, 1, 0]

    def test_a_file_gives_what_standard_input_gives(self, quintanas: Run, tmp_path: Path) -> None:
        file = tmp_path / "artículos.jsonl"
        file.write_text(json_lines(BURGLARY, WEATHER), encoding="utf-8")
        assert quintanas("extract", file).stdout == quintanas("extract", stdin=file.read_bytes()).stdout

    def test_other_keys_are_ignored(self, quintanas: Run) -> None:
        more = {**BURGLARY, "incidents": [{"type": "homicide"}], "country": "PE", "region": None}
        assert quintanas("extract", stdin=json_lines(more)).returncode == 0

    @pytest.mark.parametrize(
        "wrong",
        [
            b"{not json",
            b"[1, 2]",
            b'"text"',
            b'{"id": "x"}',
            b'{"text": "x"}',
            b'{"id": "x", "text": null}',
            b'{"id": "x", "text": "y", "title": 3}',
            b'{"id": "x", "text": "y", "published": "ayer"}',
            b'{"id": "x", "text": "\xff\xfe"}',
            b"[" * 100_000,
        ],
    )
    def test_a_wrong_line_is_named_and_the_rest_processed(self, quintanas: Run, wrong: bytes) -> None:
        good = json_lines(BURGLARY).encode()
        done = quintanas("extract", stdin=good + b"\n" + wrong + b"\n" + good)
        assert done.returncode == 1
        assert "line 3" in done.stderr
        assert "Traceback" not in done.stderr
        assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["una", "una"]

    def test_explain_shows_the_words_and_rules_behind_every_field(self, quintanas: Run, tmp_path: Path) -> None:
        shown = quintanas("extract", "--explain", stdin=json_lines(BURGLARY))
        assert shown.returncode == 0
        assert "tipo" in shown.stdout
        assert "burglary" in shown.stdout
        page = tmp_path / "explained.html"
        assert quintanas("extract", "--explain", "--html", page, stdin=json_lines(BURGLARY, WEATHER)).returncode == 0
        html = page.read_text("utf-8")
        assert "<mark" in html
        assert "Ningún incidente." in html

    def test_nothing_in_is_nothing_out(self, quintanas: Run) -> None:
        done = quintanas("extract", stdin="")
        assert (done.returncode, done.stdout) == (0, "")


class TestEvaluate:
    GOLD: ClassVar[dict[str, Any]] = {
        **BURGLARY,
        "country": "PE",
        "incidents": [
            {
                "type": "burglary",
                "also": [],
                "place_text": "urbanización Las Quintanas",
                "street": None,
                "district": "Trujillo",
                "province": "Trujillo",
                "department": "La Libertad",
                "level": "neighbourhood",
                "date": "2026-10-11",
                "date_text": "La madrugada del domingo",
                "precision": "day",
                "main": True,
            }
        ],
    }

    def test_figures_and_misses_are_printed(self, quintanas: Run, tmp_path: Path) -> None:
        wrong = {**self.GOLD, "id": "dos", "incidents": [{**self.GOLD["incidents"][0], "date": "2026-10-12"}]}
        gold = tmp_path / "gold.jsonl"
        gold.write_text(json_lines(self.GOLD, wrong, {**WEATHER, "id": "tres", "incidents": []}), encoding="utf-8")
        done = quintanas("evaluate", gold)
        assert done.returncode == 0
        assert "1 misses" in done.stdout
        assert "dos\tdate" in done.stdout
        figures = json.loads(quintanas("evaluate", gold, "--json").stdout)
        assert figures["relevance_f1"] == 1
        assert figures["date"] == pytest.approx(0.5)
        assert figures["row"] == pytest.approx(2 / 3, abs=0.001)

    def test_a_line_without_labels_is_named(self, quintanas: Run, tmp_path: Path) -> None:
        gold = tmp_path / "gold.jsonl"
        gold.write_text(json_lines(self.GOLD, BURGLARY), encoding="utf-8")
        done = quintanas("evaluate", gold)
        assert done.returncode == 1
        assert "line 2" in done.stderr


class TestAfterACrawl:
    def test_the_summary_names_every_newspaper_and_counts_what_was_skipped(self, crawled: Crawled) -> None:
        for newspaper in crawled.newspapers.newspapers:
            assert newspaper in crawled.summary
        for reason in ("robots", "no-body", "login-wall"):
            assert reason in crawled.summary

    def test_every_article_is_stored_once_with_its_text(self, crawled: Crawled) -> None:
        archive = sqlite3.connect(f"file:{crawled.folder / 'archive.db'}?mode=ro", uri=True)
        stored = {headline: unpack(body) for headline, body in archive.execute("SELECT headline, body FROM article_versions")}
        expected = {article.title: article for article in crawled.newspapers.articles() if not article.withdrawn}
        assert set(expected) <= set(stored)
        for title, article in expected.items():
            first, last = article.text.split("\n\n")[0], article.text.split("\n\n")[-1]
            assert first[:60] in stored[title], title
            assert last[-60:] in stored[title], title

    def test_the_public_database_holds_no_text(self, crawled: Crawled) -> None:
        public = (crawled.folder / "incidents.db").read_bytes()
        for article in crawled.newspapers.articles():
            last = article.text.split("\n\n")[-1]
            assert last.encode() not in public, article.title

    def test_export_gives_every_incident_to_a_spreadsheet(self, quintanas: Run, crawled: Crawled, tmp_path: Path) -> None:
        file = tmp_path / "incidentes.csv"
        done = quintanas("export", file, "--data", crawled.folder)
        assert done.returncode == 0
        table = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines(keepends=True)))
        public = sqlite3.connect(f"file:{crawled.folder / 'incidents.db'}?mode=ro", uri=True)
        assert len(table) == public.execute("SELECT count(*) FROM incidents").fetchone()[0] > 0
        assert "Áncash" in {row["department"] for row in table}
        assert all(len(row["ubigeo"]) in (0, 6) for row in table)

    def test_export_where_it_cannot_write_is_said(self, quintanas: Run, crawled: Crawled, tmp_path: Path) -> None:
        done = quintanas("export", tmp_path / "no" / "such" / "folder.csv", "--data", crawled.folder)
        assert done.returncode == 1
        assert "folder.csv" in done.stderr
        assert "Traceback" not in done.stderr

    def test_reextract_reads_everything_again_and_changes_nothing(self, quintanas: Run, crawled: Crawled) -> None:
        def reports() -> list[tuple[object, ...]]:
            archive = sqlite3.connect(f"file:{crawled.folder / 'archive.db'}?mode=ro", uri=True)
            return archive.execute("SELECT version, position, type, ubigeo, date FROM reports ORDER BY 1, 2").fetchall()

        before = reports()
        done = quintanas("reextract", "--data", crawled.folder)
        assert done.returncode == 0
        assert before == reports() != []

    def test_sources_says_how_each_is_doing(self, quintanas: Run, crawled: Crawled) -> None:
        done = quintanas("sources", "--data", crawled.folder)
        assert done.returncode == 0
        for newspaper in crawled.newspapers.newspapers:
            assert newspaper in done.stdout


def test_edits_reach_the_next_publish(quintanas: Run, tmp_path: Path) -> None:
    """An edited article gets a new version, the old one is kept, and the public row follows the edit."""
    with SampleNewspapers() as newspapers:
        (tmp_path / "sources.toml").write_text(newspapers.sources_toml(), encoding="utf-8")
        assert quintanas("crawl", *newspapers.newspapers, "--data", tmp_path).returncode == 0
        newspapers.edition = 2
        asked = len(newspapers.requests)
        second = quintanas("crawl", *newspapers.newspapers, "--data", tmp_path)
        assert second.returncode == 0, second.stdout + second.stderr
        edited = {a.title for a in newspapers.articles() if a.edition == 2}
        again = [request for request in newspapers.requests[asked:] if request.status == 200]
    archive = sqlite3.connect(f"file:{tmp_path / 'archive.db'}?mode=ro", uri=True)
    versions = archive.execute("SELECT count(*) FROM article_versions GROUP BY article HAVING count(*) > 1").fetchall()
    assert len(versions) >= 2
    current = {
        title for (title,) in archive.execute("SELECT headline FROM articles JOIN article_versions v ON v.id = current_version")
    }
    assert edited & current
    assert len(again) < asked / 2


def test_a_newspaper_is_added_by_a_table_alone(quintanas: Run, tmp_path: Path) -> None:
    with SampleNewspapers() as newspapers:
        own = tmp_path / "own.toml"
        home, feed = newspapers.url("vigia", "/"), newspapers.url("vigia", "/feed/")
        own.write_text(f'[nuevo-diario]\nname = "Nuevo diario"\nhome = "{home}"\nfeeds = ["{feed}"]\n', encoding="utf-8")
        done = quintanas("crawl", "nuevo-diario", "--sources", own, "--data", tmp_path / "data")
    assert done.returncode == 0, done.stderr
    archive = sqlite3.connect(f"file:{tmp_path / 'data' / 'archive.db'}?mode=ro", uri=True)
    assert archive.execute("SELECT count(*) FROM articles WHERE source = 'nuevo-diario'").fetchone()[0] > 5


def test_a_newspaper_that_does_not_answer_is_counted_and_the_others_finish(quintanas: Run, tmp_path: Path) -> None:
    with socket.socket() as silent, SampleNewspapers() as newspapers:
        silent.bind(("127.0.0.1", 0))  # bound and not listening: a connection is refused
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        own = tmp_path / "own.toml"
        table = f'[mudo]\nname = "El Mudo"\nhome = "{address}"\nfeeds = ["{address}feed/"]\n'
        own.write_text(newspapers.sources_toml() + table, encoding="utf-8")
        done = quintanas("crawl", "mudo", "vigia", "--sources", own, "--data", tmp_path, "--set", "RETRY_TIMES=0")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["mudo:", "failed", "1", "robots-refused"] in lines  # nothing is fetched from whom robots.txt cannot be had
    vigia = next(line for line in lines if line[:1] == ["vigia"])
    assert int(vigia[3]) > 5


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ('[x]\nname = "X"\n', "home"),
        ('[x]\nname = "X"\nhome = "ftp://x"\n', "home"),
        ('[x]\nname = "X"\nhome = "https://x.pe/"\nfeds = []\n', "feds"),
        ("[x\n", "own.toml"),
    ],
)
def test_a_wrong_table_is_named(quintanas: Run, tmp_path: Path, table: str, named: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(table, encoding="utf-8")
    done = quintanas("sources", "--sources", own, "--data", tmp_path)
    assert done.returncode == 1
    assert named in done.stderr
    assert "own.toml" in done.stderr
    assert "Traceback" not in done.stderr
