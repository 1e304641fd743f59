"""The published site in a browser: a whole visit, what assistive technology finds, and how it does without scripts."""

from __future__ import annotations

import csv
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from support import Crawled

pytestmark = pytest.mark.browser

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
PAGES = {
    "start": "/",
    "list": "/incidents/incidents",
    "search": "/incidents/incidents?_search=robos+vivienda",
    "all-columns": "/incidents/incidents?_vista=completa",
    "map": "/incidents/incidents?_vista=mapa",
    "time": "/incidents/incidents?_vista=tiempo",
    "nothing": "/incidents/incidents?_search=nadadenada",
    "questions": "/preguntas",
    "by-district": "/incidents/por-distrito-y-mes",
    "near": "/incidents/cerca-de?lugar=trujillo&km=60",
    "form": "/incidents/comparar-distritos",
    "data": "/incidents",
    "newspapers": "/incidents/sources",
    "type": "/incidents/types/robbery",
    "codebook": "/libro-de-codigos",
    "corrections": "/correcciones",
    "error": "/nada",
    "versions": "/-/versions",
}

ON_PHONE = ("start", "list", "all-columns", "map", "form")
"""The pages that a narrow screen lays out otherwise."""


class Visit:
    """A page of a browser that notes what a visitor should never see: errors, and requests to anybody else."""

    def __init__(self, browser: Browser, site: httpx.Client, size: str, pictures: Path, **options: Any) -> None:
        width, height = SIZES[size]
        self.base = str(site.base_url).rstrip("/")
        self.size, self.pictures = size, pictures
        self.context = browser.new_context(
            base_url=self.base, viewport={"width": width, "height": height}, locale="es-PE", accept_downloads=True, **options
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.faults: list[str] = []
        self.page.on("console", lambda message: self.faults.append(message.text))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", self._note)

    def _note(self, request: Any) -> None:
        if not request.url.startswith(self.base):
            self.faults.append(f"asks {request.url}")

    def picture(self, name: str) -> None:
        self.page.screenshot(path=self.pictures / f"{name}-{self.size}.png")

    def fits(self) -> bool:
        """Whether nothing makes the page wider than the screen."""
        return self.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where screenshots go: a folder of the run's own, or QUINTANAS_PICTURES, from which the README's are taken."""
    folder = Path(os.environ.get("QUINTANAS_PICTURES") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("size", SIZES)
def test_from_the_start_page_to_the_csv(
    browser: Browser, site: httpx.Client, crawled: Crawled, size: str, pictures: Path
) -> None:
    visit = Visit(browser, site, size, pictures)
    page = visit.page
    page.goto("/")
    expect(page.get_by_role("heading", name="Los más recientes")).to_be_visible()
    expect(page.get_by_text("Última lectura de los periódicos")).to_be_visible()
    if size == "phone":
        first = page.locator("ol.incidents a").first.bounding_box()
        assert first is not None
        assert first["y"] < SIZES["phone"][1] - 20, "the first incident shows without scrolling"
    visit.picture("start")

    question = page.locator("ul.ready a").first
    asked = question.inner_text()
    question.click()
    expect(page.locator("ul.chips")).to_be_visible()
    assert page.locator("table.main tbody tr").count() >= 1
    assert page.locator("table.main .tag").first.inner_text() in asked

    page.get_by_role("link", name="Quitar todos los filtros").click()
    if size == "phone":
        first = page.locator("table.main tbody tr a").first.bounding_box()
        assert first is not None
        assert first["y"] < SIZES["phone"][1] * 0.75, "the first incident shows without scrolling"
        page.get_by_role("link", name="Filtrar resultados").click()
    page.locator("#filtros").get_by_role("link", name="La Libertad", exact=True).click()
    expect(page.locator("ul.chips")).to_contain_text("La Libertad")
    visit.picture("list")

    page.locator("nav.views").get_by_role("link", name="Mapa").click()
    expect(page.locator("svg.map")).to_be_visible()
    assert page.locator("svg.map path.area").count() > 5
    named = page.locator("ol.points a").first
    headline = named.inner_text()
    assert headline in (page.locator("svg.map circle.point title").all_text_contents()[0])
    visit.picture("map")
    assert visit.fits()

    page.locator("svg.map a:has(circle)").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(headline)
    expect(page.locator("blockquote mark").first).to_be_visible()
    expect(page.get_by_role("heading", name="Cómo citar este registro")).to_be_visible()
    visit.picture("incident")
    assert visit.fits()

    page.go_back()
    button = page.locator("#export a.button")
    with page.expect_download() as waiting:
        button.click()
    with waiting.value.path().open(encoding="utf-8-sig", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    with closing(sqlite3.connect(f"{(crawled.folder / 'incidents.db').as_uri()}?mode=ro", uri=True)) as public:
        public.row_factory = sqlite3.Row
        expected = public.execute("SELECT * FROM incidents WHERE department = 'La Libertad'").fetchall()
    assert str(len(expected)) in button.inner_text()
    assert set(rows) == {row["id"] for row in expected}
    for row in expected:
        told = {name: "" if value is None else str(value) for name, value in dict(row).items()}
        assert {name: value.removeprefix("'") for name, value in rows[row["id"]].items()} == told
    assert visit.faults == []


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_serious_and_no_page_overflows(
    browser: Browser, site: httpx.Client, size: str, pictures: Path, crawled: Crawled
) -> None:
    with closing(sqlite3.connect(f"{(crawled.folder / 'incidents.db').as_uri()}?mode=ro", uri=True)) as public:
        names = [name for (name,) in public.execute("SELECT min(id) FROM incidents GROUP BY coordinates_of")]
    visit = Visit(browser, site, size, pictures)
    found: list[str] = []
    for name, path in {**PAGES, **{f"incident {one}": f"/incidents/incidents/{one}" for one in names}}.items():
        visit.page.goto(path)
        if size == "desktop" or name in ON_PHONE:
            for violation in Axe().run(visit.page).response["violations"]:
                if violation["impact"] in ("serious", "critical"):
                    found.append(f"{name}: {violation['id']} {[node['target'] for node in violation['nodes'][:3]]}")
        if not visit.fits():
            found.append(f"{name}: wider than the screen")
    assert found == []
    assert [fault for fault in visit.faults if "404" not in fault] == []


@pytest.mark.parametrize("size", SIZES)
def test_robberies_in_a_district_since_a_day_by_the_form(
    browser: Browser, site: httpx.Client, size: str, pictures: Path, crawled: Crawled
) -> None:
    with closing(sqlite3.connect(f"{(crawled.folder / 'incidents.db').as_uri()}?mode=ro", uri=True)) as public:
        (label, district, month, count), *_ = public.execute(
            """SELECT type_label, district, substr(min(date), 1, 7), count(*) FROM incidents WHERE date LIKE '2026-%' AND ubigeo
            LIKE '13____' AND ubigeo NOT LIKE '%00' GROUP BY type, ubigeo ORDER BY 4 DESC, 1, 2"""
        )
    visit = Visit(browser, site, size, pictures)
    page = visit.page
    page.goto("/")
    page.get_by_text("Tipo, distrito y fechas").click()
    page.get_by_label("Tipo").select_option(label=label)
    page.get_by_label("Distrito").select_option(label=district)
    page.get_by_label("Desde el").fill(f"{month}-01")
    page.get_by_role("button", name="Aplicar").click()
    expect(page.locator("table.main tbody tr")).to_have_count(count)
    assert page.locator("table.main .tag").all_inner_texts() == [label] * count
    assert visit.faults == []


def test_keyboard_alone_searches_and_opens_an_incident(browser: Browser, site: httpx.Client, pictures: Path) -> None:
    visit = Visit(browser, site, "desktop", pictures)
    page = visit.page
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#contenido"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "_search"
    page.keyboard.type("dinamita")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("resultado")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("!!document.activeElement.closest('table.main td')"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Cómo citar este registro")).to_be_visible()
    assert visit.faults == []


def test_maps_charts_and_links_need_no_scripts(browser: Browser, site: httpx.Client, pictures: Path) -> None:
    visit = Visit(browser, site, "desktop", pictures, java_script_enabled=False)
    page = visit.page
    page.goto("/")
    expect(page.locator("svg.map .area").first).to_be_visible()
    expect(page.locator("svg.chart .column").last).to_be_visible()
    page.get_by_role("link", name="Ver el mapa grande").click()
    before = page.locator(".map .land").get_attribute("d")
    page.get_by_role("link", name="Acercar", exact=True).click()
    assert page.locator(".map .land").get_attribute("d") != before
    page.get_by_text("El mapa como tabla").click()
    expect(page.locator("details.twin table")).to_be_visible()


def test_copying_a_citation_is_one_click(browser: Browser, site: httpx.Client, pictures: Path) -> None:
    visit = Visit(browser, site, "phone", pictures, permissions=["clipboard-read", "clipboard-write"])
    page = visit.page
    page.goto("/")
    page.locator("ol.incidents a").first.click()
    page.locator("#cita + button").click()
    expect(page.locator("#cita + button")).to_have_text("Copiado")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#cita").inner_text()
