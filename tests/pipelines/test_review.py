"""Reviewing, withdrawing and scoring the linking, as a person does it at a terminal."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from support import Crawled, Run

ROOT = Path(__file__).resolve().parents[2]
CLUSTERS = ROOT / "tests" / "clusters"


@pytest.fixture
def copy(crawled: Crawled, tmp_path: Path) -> Path:
    """A data folder of one's own, crawled and published."""
    for name in ("archive.db", "incidents.db"):
        shutil.copy(crawled.folder / name, tmp_path / name)
    return tmp_path


def rows(folder: Path, sql: str, *values: Any) -> list[dict[str, Any]]:
    conn = sqlite3.connect(f"file:{folder / 'incidents.db'}?mode=ro", uri=True)
    conn.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in conn.execute(sql, values)]
    finally:
        conn.close()


def test_correction_by_command_survives_reextract_and_publish(quintanas: Run, copy: Path) -> None:
    before = rows(copy, "SELECT id FROM incidents ORDER BY id")
    incident = before[0]["id"]
    listed = quintanas("review", "list", "--limit", "1000", "--data", copy)
    assert incident in listed.stdout
    wrong = quintanas("review", "correct", incident, "date=ayer", "--reason", "x", "--author", "y", "--data", copy)
    assert wrong.returncode == 2
    assert "no date" in wrong.stderr
    done = quintanas(
        "review", "correct", incident, "date=2024-02-03", "--reason", "El diario rectificó", "--author", "y", "--data", copy
    )
    assert done.returncode == 0, done.stderr
    for command in ("reextract", "publish"):
        again = quintanas(command, "--data", copy)
        assert again.returncode == 0, again.stderr
    assert rows(copy, "SELECT id FROM incidents ORDER BY id") == before
    assert rows(copy, "SELECT date, review FROM incidents WHERE id = ?", incident) == [
        {"date": "2024-02-03", "review": "corrected"}
    ]
    shown = quintanas("review", "show", incident, "--data", copy)
    assert "El diario rectificó" in shown.stdout
    gold = copy / "gold.jsonl"
    assert quintanas("review", "export-gold", gold, "--data", copy).returncode == 0
    labelled = [json.loads(line) for line in gold.read_text(encoding="utf-8").splitlines()]
    assert all(line["incidents"] and line["clusters"] for line in labelled)


def test_what_a_person_corrected_is_gold_that_the_extractor_is_measured_by(quintanas: Run, copy: Path) -> None:
    told = rows(
        copy,
        """SELECT id FROM incidents WHERE date_precision = 'day' AND reports = 1
        AND id IN (SELECT incident FROM reports GROUP BY link HAVING count(*) = 1) ORDER BY id""",
    )
    right, wrong = told[0]["id"], told[1]["id"]
    who = ("--reason", "Se leyó la noticia", "--author", "y", "--data", copy)
    for incident in told[2:4]:
        assert quintanas("review", "confirm", incident["id"], *who).returncode == 0
    assert quintanas("review", "confirm", right, *who).returncode == 0
    gold = copy / "gold.jsonl"

    def measured() -> dict[str, Any]:
        exported = quintanas("review", "export-gold", gold, "--data", copy)
        assert exported.returncode == 0, exported.stderr
        done = quintanas("evaluate", gold, "--json")
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    before = measured()
    assert before["articles"] >= 2
    assert before["date"] == 1.0
    assert quintanas("review", "correct", wrong, "date=2019-02-03", *who).returncode == 0
    after = measured()
    assert after["articles"] == before["articles"] + 1
    assert after["date"] < 1.0
    misses = [line for line in quintanas("evaluate", gold).stdout.splitlines() if "2019-02-03" in line]
    assert len(misses) == 1, "the miss names what the person said and what the extractor said"
    linking = quintanas("evaluate", "--linking", gold, "--json")
    assert linking.returncode == 0, linking.stderr
    assert json.loads(linking.stdout)["articles"] == after["articles"]


def test_withdrawn_address_is_gone_after_one_publish_and_stays_gone(quintanas: Run, copy: Path) -> None:
    told = rows(copy, "SELECT link, headline FROM reports ORDER BY id")[0]
    done = quintanas("withdraw", told["link"], "--reason", "Pedido de la familia", "--data", copy)
    assert done.returncode == 0, done.stderr
    for command in ("publish", "reextract", "publish"):
        assert quintanas(command, "--data", copy).returncode == 0
        if command == "publish":
            assert told["link"].encode() not in (copy / "incidents.db").read_bytes()
    assert {row["why"] for row in rows(copy, "SELECT why FROM removed")} == {"Pedido de la familia"}


def test_interactive_review_confirms_and_ends(quintanas: Run, copy: Path) -> None:
    done = quintanas("review", "--data", copy, "--author", "y", stdin="c\nSe leyó\nn\nq\n")
    assert done.returncode == 0, done.stderr
    assert quintanas("publish", "--data", copy).returncode == 0
    assert rows(copy, "SELECT count(*) AS n FROM incidents WHERE review = 'confirmed'") == [{"n": 1}]


def test_unknown_incident_is_said(quintanas: Run, copy: Path) -> None:
    for arguments in (["confirm", "QNADA", "--reason", "x"], ["show", "QNADA"]):
        done = quintanas("review", *arguments, "--data", copy)
        assert done.returncode in (1, 2)
        assert "QNADA" in done.stderr
        assert "Traceback" not in done.stderr


def test_export_folder_holds_every_table_and_its_description(quintanas: Run, copy: Path) -> None:
    done = quintanas("export", copy / "datos", "--data", copy)
    assert done.returncode == 0, done.stderr
    package = json.loads((copy / "datos" / "datapackage.json").read_text(encoding="utf-8"))
    assert {"incidents", "reports", "changes", "removed"} <= {resource["name"] for resource in package["resources"]}
    for resource in package["resources"]:
        head = (copy / "datos" / resource["path"]).read_text(encoding="utf-8-sig").splitlines()[0]
        assert head.split(",") == [field["name"] for field in resource["schema"]["fields"]]


@pytest.mark.parametrize("half", ["develop", "develop-free", "heldout"])
def test_clusters_are_joined_with_few_false_joins(quintanas: Run, half: str) -> None:
    done = quintanas("evaluate", "--linking", CLUSTERS / f"{half}.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["pair_precision"] >= 0.9
    assert figures["b3_f1"] >= 0.88


def test_line_without_clusters_is_named(quintanas: Run, tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text('{"id": "a", "text": "b", "clusters": []}\n{"id": "c", "text": "d"}\n', encoding="utf-8")
    done = quintanas("evaluate", "--linking", file)
    assert done.returncode == 1
    assert "line 2" in done.stderr


def test_codebook_page_is_up_to_date() -> None:
    from db.codebook import markdown

    assert (ROOT / "docs" / "codebook.md").read_text(encoding="utf-8") == markdown(), (
        "run python -m db.codebook > docs/codebook.md"
    )
