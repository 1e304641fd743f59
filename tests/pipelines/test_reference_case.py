"""The case that the project began with: a meeting on crime policy whose article links to two crimes.

The meeting is no incident. The two stories stand in no feed, sitemap or section: only the meeting's links lead to them.
"""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest
from support import Crawled

BURGLARY = "Robacasas causan temor en vecinos de la urbanización Las Quintanas"
HOMICIDE = "Adolescente es acribillado en centro poblado de Nuevo Chao"
MEETING = "gobernador-regional-se-reune-con-embajada-por-plan-contra-el-crimen"

EXPECTED = {
    BURGLARY: {
        "type": "burglary",
        "district": "Trujillo",
        "province": "Trujillo",
        "department": "La Libertad",
        "ubigeo": "130101",
        "date": "2026-10-11",
        "date_precision": "day",
    },
    HOMICIDE: {
        "type": "homicide",
        "district": "Chao",
        "province": "Virú",
        "department": "La Libertad",
        "ubigeo": "131202",
        "date": "2026-10-12",
        "date_precision": "day",
    },
}
PLACE = {BURGLARY: {"urbanización Las Quintanas"}, HOMICIDE: {"centro poblado de Nuevo Chao", "centro poblado Nuevo Chao"}}
EVIDENCE = {BURGLARY: "rompieron la chapa", HOMICIDE: "asesinado a balazos"}


def rows(site: httpx.Client, table: str, **filters: str) -> list[dict[str, Any]]:
    answer = site.get(f"/incidents/{table}.json", params={**filters, "_shape": "array", "_labels": "off"})
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()
    return found


def test_the_meeting_is_read_and_yields_no_incident(site: httpx.Client, crawled: Crawled) -> None:
    meeting = next(article for article in crawled.newspapers.articles() if article.slug == MEETING)
    asked = {(request.newspaper, request.path) for request in crawled.newspapers.requests}
    assert (meeting.newspaper, meeting.path) in asked
    assert rows(site, "reports", headline__exact=meeting.title) == []


@pytest.mark.parametrize("headline", EXPECTED)
def test_only_links_lead_to_the_two_stories(crawled: Crawled, headline: str) -> None:
    story = next(article for article in crawled.newspapers.articles() if article.title == headline)
    assert not story.listed
    assert any(story.path == request.path for request in crawled.newspapers.requests)


@pytest.mark.parametrize(("headline", "expected"), EXPECTED.items())
def test_a_linked_story_is_a_row_with_its_evidence(site: httpx.Client, headline: str, expected: dict[str, str]) -> None:
    [report] = rows(site, "reports", headline__exact=headline)
    [incident] = rows(site, "incidents", id__exact=report["incident"])
    assert {key: incident[key] for key in expected} == expected
    assert incident["place"] in PLACE[headline]
    assert EVIDENCE[headline] in report["evidence"] or headline in report["evidence"]
    assert report["date_words"]
    assert report["date_words"] in report["date_evidence"]
    assert site.get(report["link"]).status_code == 200


@pytest.mark.parametrize(("headline", "expected"), EXPECTED.items())
def test_a_linked_story_is_in_the_csv(site: httpx.Client, headline: str, expected: dict[str, str]) -> None:
    [report] = rows(site, "reports", headline__exact=headline)
    answer = site.get("/incidents/incidents.csv", params={"_stream": "on", "_labels": "off"})
    table = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    [line] = [line for line in table if line["id"] == report["incident"]]
    assert {key: line[key] for key in expected} == expected
    assert line["place"] in PLACE[headline]


@pytest.mark.parametrize("headline", EXPECTED)
def test_a_linked_story_has_a_page_in_spanish(site: httpx.Client, headline: str) -> None:
    [report] = rows(site, "reports", headline__exact=headline)
    page = site.get(f"/incidents/incidents/{report['incident']}").text
    assert '<html lang="es"' in page
    assert any(place in page for place in PLACE[headline])
    assert report["link"] in page
