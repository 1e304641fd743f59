"""What a person decides holds: through extraction and publishing again, in public, and for what is to stay hidden."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from db import corrections
from db.archive import Archive

Report = Callable[..., dict[str, Any]]
WHO = {"reason": "El diario rectificó la fecha", "author": "mesa de datos"}


def decide(newsroom: Any, function: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
    with Archive(newsroom.archive, write=True) as archive:
        return function(archive, *arguments, **{**WHO, **more})


def read_again(newsroom: Any, *reports: dict[str, Any]) -> None:
    with Archive(newsroom.archive, write=True) as archive:
        for pending in list(archive.pending("again", everything=True)):
            archive.store_reports(pending["version"], "again", reports)


def only(newsroom: Any, table: str = "incidents") -> dict[str, Any]:
    (row,) = newsroom.rows(f"SELECT * FROM {table}")
    return dict(row)


def test_correction_survives_extraction_and_publishing_and_is_shown(newsroom: Any, report: Report) -> None:
    newsroom.tell("norte", "a", report())
    newsroom.publish()
    incident = only(newsroom)["id"]
    changes = {"date": "2025-11-01", "street": "jirón Unión", "killed_best": "2", "ubigeo": "131202"}
    decide(newsroom, corrections.correct, incident, changes, before={"date": "2025-11-02"})
    for _ in range(2):
        newsroom.publish()
        row = only(newsroom)
        assert (row["id"], row["date"], row["street"], row["killed_best"]) == (incident, "2025-11-01", "jirón Unión", 2)
        assert (row["ubigeo"], row["district"], row["review"], row["date_from"]) == ("131202", "Chao", "corrected", None)
        read_again(newsroom, report(date="2025-11-02", place_text="urbanización Monserrate"))
    shown = newsroom.rows("SELECT * FROM corrections WHERE field = 'date'")
    assert [(row["incident"], row["before"], row["after"], row["why"]) for row in shown] == [
        (incident, "2025-11-02", "2025-11-01", WHO["reason"])
    ]
    changed = newsroom.rows("SELECT * FROM changes WHERE kind = 'changed' ORDER BY id")
    assert changed[0]["why"] == WHO["reason"]
    assert {"date", "street", "review"} <= set(changed[0]["fields"].split(", "))
    assert WHO["author"].encode() not in newsroom.public.read_bytes()


def test_late_report_joins_by_the_corrected_date(newsroom: Any, report: Report) -> None:
    newsroom.tell("norte", "a", report(date="2025-08-20"))
    newsroom.publish()
    decide(newsroom, corrections.correct, only(newsroom)["id"], {"date": "2025-11-02"})
    newsroom.tell("sol", "b", report())
    newsroom.publish()
    assert only(newsroom)["reports"] == 2


def test_confirmed_is_said(newsroom: Any, report: Report) -> None:
    newsroom.tell("norte", "a", report())
    newsroom.publish()
    assert only(newsroom)["review"] == "unreviewed"
    decide(newsroom, corrections.confirm, only(newsroom)["id"])
    newsroom.publish()
    assert only(newsroom)["review"] == "confirmed"


def test_merge_and_split_by_a_person_hold(newsroom: Any, report: Report) -> None:
    newsroom.tell("norte", "a", report())
    newsroom.tell("sol", "b", report(place_text="urbanización La Merced"))
    newsroom.tell("voz", "c", report())
    newsroom.publish()
    first, second = (row["id"] for row in newsroom.rows("SELECT id FROM incidents ORDER BY reports DESC"))
    standing = decide(newsroom, corrections.merge, first, second)
    newsroom.publish()
    assert only(newsroom)["id"] == standing
    read_again(newsroom, report())
    newsroom.publish()
    assert only(newsroom)["reports"] == 3
    (voz,) = newsroom.rows("SELECT id FROM reports WHERE newspaper = 'voz'")
    new = decide(newsroom, corrections.split, standing, [voz["id"]])
    for _ in range(2):
        newsroom.publish()
        assert newsroom.rows("SELECT incident FROM reports WHERE newspaper = 'voz'") == [{"incident": new}]
        assert len(newsroom.rows("SELECT * FROM incidents")) == 2
        read_again(newsroom, report())
    removed = newsroom.rows("SELECT id, merged_into FROM removed")
    assert removed == [{"id": ({first, second} - {standing}).pop(), "merged_into": standing}]


@pytest.mark.parametrize("by", ["incident", "report", "url", "link"])
def test_what_was_withdrawn_stays_hidden(newsroom: Any, report: Report, by: str) -> None:
    link = "https://norte.example/leer?nota=9"
    url = newsroom.tell("norte", "a", report(), headline="PALABRA-OCULTA", link=link)
    newsroom.publish()
    row, told = only(newsroom), only(newsroom, "reports")
    target = {"incident": row["id"], "report": told["id"], "url": url, "link": link}[by]
    decide(newsroom, corrections.withdraw, target, reason="Pedido de la familia")
    for _ in range(2):
        assert newsroom.publish()["incidents"] == 0
        content = newsroom.public.read_bytes()
        assert b"PALABRA-OCULTA" not in content
        assert url.encode() not in content
        removed = {item["id"]: (item["kind"], item["why"]) for item in newsroom.rows("SELECT * FROM removed")}
        assert removed[row["id"]] == ("withdrawn", "Pedido de la familia")
        newsroom.tell("norte", "a", report(date="2025-11-01"), url=url, headline="PALABRA-OCULTA otra vez", link=link)
        read_again(newsroom, report(type="homicide"))


@pytest.mark.parametrize("by", ["url", "incident"])
@pytest.mark.parametrize("again", ["text", "headline", "sentence"])
def test_withdrawn_article_under_another_address_stays_hidden(newsroom: Any, report: Report, by: str, again: str) -> None:
    body = "Dos sujetos con la cara tapada entraron a la tienda y se llevaron la caja con el dinero de las ventas del día. " * 3
    headline, sentence = "PALABRA-OCULTA en tienda de barrio", "PALABRA-OCULTA: robaron la tienda la noche del domingo."
    url = newsroom.tell("norte", "a", report(sentence=sentence), headline=headline, body=body)
    newsroom.tell(
        "norte",
        "z",
        report(date="2025-11-02", place_text="urbanización La Merced"),
        headline="Otro robo en la ciudad de Trujillo",
    )
    newsroom.publish()
    shown = {row["link"]: row["incident"] for row in newsroom.rows("SELECT link, incident FROM reports")}
    decide(newsroom, corrections.withdraw, url if by == "url" else shown[url], reason="Pedido de la familia")
    newsroom.publish()
    changes = {
        "text": {"headline": "PALABRA-OCULTA: lo que se sabe", "body": f"{body} Se supo hoy."},
        "headline": {"headline": headline, "body": "La nota fue escrita otra vez desde cero con PALABRA-OCULTA. " * 5},
        "sentence": {"headline": "PALABRA-OCULTA: lo que se sabe del robo", "body": "Otra nota con PALABRA-OCULTA. " * 9},
    }[again]
    told = report(
        date="2025-11-03", **({"sentence": sentence} if again == "sentence" else {"sentence": "PALABRA-OCULTA robaron."})
    )
    newsroom.tell("norte", "a-2", told, **changes)
    for _ in range(2):
        assert newsroom.publish()["incidents"] == 1
        assert b"PALABRA-OCULTA" not in newsroom.public.read_bytes()
    assert only(newsroom, "reports")["headline"] == "Otro robo en la ciudad de Trujillo"


def test_article_withdrawn_before_it_was_crawled_never_appears(newsroom: Any, report: Report) -> None:
    newsroom.tell("sol", "b", report())
    decide(newsroom, corrections.withdraw, "https://norte.example/a")
    newsroom.tell("norte", "a", report())
    newsroom.publish()
    assert only(newsroom)["newspapers"] == 1


def test_late_report_of_a_withdrawn_incident_stays_hidden_and_restoring_shows_both(newsroom: Any, report: Report) -> None:
    newsroom.tell("norte", "a", report())
    newsroom.publish()
    incident = only(newsroom)["id"]
    decide(newsroom, corrections.withdraw, incident)
    newsroom.tell("sol", "b", report())
    assert newsroom.publish()["incidents"] == 0
    decide(newsroom, corrections.restore, incident)
    newsroom.publish()
    assert (only(newsroom)["id"], only(newsroom)["reports"]) == (incident, 2)


def test_reviewed_articles_become_gold(newsroom: Any, report: Report) -> None:
    newsroom.tell("norte", "a", report())
    newsroom.tell("sol", "b", report(type="homicide", date="2025-07-01"))
    newsroom.publish()
    (incident,) = (row["id"] for row in newsroom.rows("SELECT id FROM incidents WHERE type = 'burglary'"))
    decide(newsroom, corrections.correct, incident, {"date": "2025-11-01"})
    newsroom.publish()
    with Archive(newsroom.archive, write=False) as archive:
        (line,) = corrections.gold(archive)
    json.dumps(line)
    assert (line["incidents"][0]["type"], line["incidents"][0]["date"], line["clusters"]) == (
        "burglary",
        "2025-11-01",
        [incident],
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"nombre": "x"}, "cannot be corrected"),
        ({"id": "x"}, "cannot be corrected"),
        ({"date": "ayer"}, "no date"),
        ({"type": ""}, "cannot be empty"),
        ({"status": "quizá"}, "cannot be"),
        ({"ubigeo": "1301"}, "six digits"),
        ({"killed_best": "varios"}, "no number"),
        ({}, "nothing to correct"),
    ],
)
def test_wrong_corrections_are_refused(newsroom: Any, report: Report, changes: dict[str, str], said: str) -> None:
    newsroom.tell("norte", "a", report())
    newsroom.publish()
    with pytest.raises(ValueError, match=said):
        decide(newsroom, corrections.correct, only(newsroom)["id"], changes)
    with pytest.raises(ValueError, match="no incident"):
        decide(newsroom, corrections.confirm, "QNADA")
