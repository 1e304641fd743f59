"""What the site adds to Datasette: maps, charts, ready questions, feeds, the second language, and what the operator may set."""

from __future__ import annotations

import asyncio
import csv
import io
import itertools
import json
import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import feedparser
import httpx
import pytest
from lxml import html

from db.publish import publish
from db.serve import site
from db.site import cartography, charts
from db.site.cartography import Box
from db.site.presentation import words
from db.site.questions import kilometres

Report = Callable[..., dict[str, Any]]
Get = Callable[..., httpx.Response]

HOSTILE = "<script>alert(1)</script>\"' & ]]> \x0b {{ 7*7 }}"
FAR = {"latitude": -8.09, "longitude": -79.05, "place_text": "urbanización San Isidro"}
DISTRICT = {"level": "district", "place_text": None, "latitude": None, "longitude": None}
CHAO = {"ubigeo": "131202", "district": "Chao", "province": "Virú", **DISTRICT}


@pytest.fixture(scope="module")
def news(found: Any, report_factory: Report, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Nine incidents: five at a known place, of which three at one, two of a district only, one wider, one abroad."""
    newsroom = found(tmp_path_factory.mktemp("views"))
    report = report_factory
    days = ("2025-09-01", "2025-10-05", "2025-11-02")
    newsroom.tell("norte", "tres", *(report(date=day) for day in days), headline="Roban casa en Las Quintanas")
    newsroom.tell("sol", "dos", *(report(date=day, **FAR) for day in ("2025-09-20", "2025-10-22")), headline="Asaltan bodega")
    newsroom.tell("voz", "chao", report(type="homicide", date="2025-08", precision="month", **CHAO), headline=HOSTILE)
    newsroom.tell("voz", "chao2", report(type="homicide", date="2024-12-30", **CHAO), headline="Crimen en Chao")
    wide = DISTRICT | {"level": "department", "district": None, "province": None, "ubigeo": "130000"}
    newsroom.tell("voz", "ancho", report(date=None, precision="none", **wide), headline="Golpe en el norte")
    abroad = DISTRICT | {"country": "EC", "department": "Guayas", "province": None, "district": "Guayaquil", "ubigeo": None}
    newsroom.tell("voz", "fuera", report(date="2025-07-01", **abroad), headline="Asalto en Guayaquil")
    newsroom.publish()
    return newsroom


@pytest.fixture(scope="module")
def get(news: Any) -> Iterator[Get]:
    datasette = site(news.public)
    with asyncio.Runner() as runner:
        yield cache(lambda path: runner.run(datasette.client.get(path)))


def ask(public: Any, path: str, **options: Any) -> httpx.Response:
    with asyncio.Runner() as runner:
        return runner.run(site(public, **options).client.get(path))


def tree(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text[:500]
    return html.fromstring(response.text)


def words_of(element: Any) -> str:
    return " ".join(element.text_content().split())


class TestMap:
    def test_a_district_is_an_area_and_only_finer_places_are_points(self, get: Get) -> None:
        page = tree(get("/incidents/incidents?_vista=mapa&_caja=-79.3,-8.8,-78.3,-7.8"))
        areas = {title.text for title in page.xpath("//*[local-name()='path']/*[local-name()='title']")}
        assert areas == {"Trujillo: 5 incidentes", "Chao: 2 incidentes"}
        points = page.xpath("//*[local-name()='circle']/*[local-name()='title']")
        assert sum(int(title.text.split()[0]) for title in points) == 5

    def test_points_name_their_incidents_and_lie_in_a_list_too(self, get: Get) -> None:
        page = tree(get("/incidents/incidents?_vista=mapa&_caja=-79.1,-8.2,-78.9,-8.0"))
        titles = [title.text for title in page.xpath("//*[local-name()='circle']/*[local-name()='title']")]
        assert [title.splitlines() for title in titles] == [
            ["3 incidentes", *["· Roban casa en Las Quintanas"] * 3],
            ["2 incidentes", *["· Asaltan bodega"] * 2],
        ]
        headings = [words_of(heading) for heading in page.xpath("//ol[@class='points']/li/h3")]
        assert headings == ["urbanización Las Quintanas 3 incidentes", "urbanización San Isidro 2 incidentes"]

    def test_clusters_come_apart_nearer_by(self, get: Get) -> None:
        far = tree(get("/incidents/incidents?_vista=mapa&_caja=-81,-12,-75,-4"))
        near = tree(get("/incidents/incidents?_vista=mapa&_caja=-79.1,-8.2,-78.9,-8.0"))
        assert [len(page.xpath("//*[local-name()='circle']")) for page in (far, near)] == [1, 2]

    def test_table_beside_the_map_says_the_same(self, get: Get) -> None:
        page = tree(get("/incidents/incidents?_vista=mapa"))
        rows = page.xpath("//details[@class='twin']//tbody/tr")
        assert [[words_of(cell) for cell in row] for row in rows] == [["Trujillo", "5"], ["Chao", "2"]]
        text = words_of(page)
        assert "1 incidente del que solo se conoce la provincia o el departamento no está en el mapa" in text
        assert "1 incidente ocurrió fuera del Perú" in text

    def test_district_whose_outline_is_unknown_is_counted_in_words(self, newsroom: Any, report: Report) -> None:
        newsroom.tell("norte", "a", report(ubigeo="130112", district="Alto Trujillo", **DISTRICT), report())
        newsroom.publish()
        page = tree(ask(newsroom.public, "/incidents/incidents?_vista=mapa"))
        assert "no se conoce el contorno de su distrito: Alto Trujillo" in words_of(page)
        (name,) = newsroom.rows("SELECT id FROM incidents WHERE ubigeo = '130112'")
        own = tree(ask(newsroom.public, f"/incidents/incidents/{name['id']}"))
        assert "área aproximada de la provincia" in words_of(own)
        assert own.xpath("//*[local-name()='circle']") == []

    @pytest.mark.parametrize(("query", "counts"), [("type=homicide", ["Chao", "2"]), ("_search=bodegas", ["Trujillo", "2"])])
    def test_filters_and_search_hold_for_the_map(self, get: Get, query: str, counts: list[str]) -> None:
        page = tree(get(f"/incidents/incidents?_vista=mapa&{query}"))
        (row,) = page.xpath("//details[@class='twin']//tbody/tr")
        assert [words_of(cell) for cell in row] == counts

    @pytest.mark.parametrize("box", ["", "a,b,c,d", "1,2,3", "9,9,1,1", "nan,nan,nan,nan", "-999,0,999,1", "inf,0,1,1"])
    def test_box_that_is_none_is_left_aside(self, get: Get, box: str) -> None:
        assert tree(get(f"/incidents/incidents?_vista=mapa&_caja={box}")).xpath("//*[local-name()='svg']")

    def test_incident_page_draws_no_more_than_is_known(self, get: Get, news: Any) -> None:
        pages = {}
        for name in ("place", "district"):
            (row,) = news.rows("SELECT id FROM incidents WHERE coordinates_of = ? ORDER BY date LIMIT 1", name)
            pages[name] = tree(get(f"/incidents/incidents/{row['id']}"))
        assert len(pages["place"].xpath("//*[local-name()='circle']")) == 1
        assert pages["district"].xpath("//*[local-name()='circle']") == []
        assert "área aproximada, no un punto" in words_of(pages["district"])
        (wide,) = news.rows("SELECT id FROM incidents WHERE ubigeo = '130000'")
        assert "Solo se conoce la provincia o el departamento" in words_of(tree(get(f"/incidents/incidents/{wide['id']}")))
        (abroad,) = news.rows("SELECT id FROM incidents WHERE country = 'EC'")
        assert tree(get(f"/incidents/incidents/{abroad['id']}")).xpath("//*[local-name()='svg']") == []

    def test_tiles_are_the_operators_choice(self, news: Any, get: Get) -> None:
        plain = get("/incidents/incidents?_vista=mapa")
        assert tree(plain).xpath("//*[local-name()='image']") == []
        options = {"tiles": "https://tiles.example/{z}/{x}/{y}.png", "tiles_attribution": "© Cartógrafos"}
        drawn = ask(news.public, "/incidents/incidents?_vista=mapa", **options)
        pictures = tree(drawn).xpath("//*[local-name()='image']/@href")
        assert pictures
        assert all(picture.startswith("https://tiles.example/") and "{" not in picture for picture in pictures)
        assert "© Cartógrafos" in drawn.text
        assert "img-src 'self' https://tiles.example;" in drawn.headers["content-security-policy"]
        assert "tiles.example" not in plain.headers["content-security-policy"]
        assert plain.headers["referrer-policy"] == "no-referrer"

    @pytest.mark.parametrize(
        "url", ["javascript:{z}{x}{y}", "https://a.example/; script-src *//{z}/{x}/{y}", "https://a.example/"]
    )
    def test_tiles_that_are_none_are_refused(self, news: Any, url: str) -> None:
        with pytest.raises(ValueError, match="tiles"):
            site(news.public, tiles=url)

    def test_hostile_words_are_text_on_maps_too(self, newsroom: Any, report: Report) -> None:
        newsroom.tell("norte", "a", report(place_text=HOSTILE, district="<img src=x onerror=alert(1)>"), headline=HOSTILE)
        newsroom.publish()
        (row,) = newsroom.rows("SELECT id FROM incidents")
        table = "/incidents/incidents"
        for path in ("/", f"{table}?_vista=mapa", f"{table}?_vista=tiempo", f"{table}/{row['id']}"):
            page = tree(ask(newsroom.public, path))
            assert page.xpath("//script[not(@src)] | //img | //@onerror") == []
        assert not feedparser.parse(ask(newsroom.public, "/incidents/incidents.atom").content).bozo


class TestDrawing:
    def test_tiles_lie_where_the_web_mercator_grid_has_them(self) -> None:
        """Tile 9/143/267 spans -79.453125…-78.75 east and -8.407168…-7.710992 north (OpenStreetMap's formula)."""
        drawing = cartography.draw(
            Box(-79.453125, -8.407168, -78.75, -7.710992), tiles="{z}/{x}/{y}", width=256, height=256, margin=0
        )
        (tile,) = [tile for tile in drawing.tiles if abs(tile.x) < 1 and abs(tile.y) < 1]
        assert tile.url == "9/143/267"
        assert tile.size == pytest.approx(256, abs=0.5)

    def test_every_point_is_in_one_cluster_whatever_the_order(self) -> None:
        points = [
            {"longitude": -79 + step / 97 % 1, "latitude": -8 - step / 53 % 1, "count": step % 3 + 1} for step in range(200)
        ]
        box = Box(-79.1, -9.1, -77.9, -7.9)
        drawn = cartography.draw(box, points=points)
        again = cartography.draw(box, points=reversed(points))
        assert sum(cluster.count for cluster in drawn.clusters) == sum(point["count"] for point in points)
        assert [(cluster.count, cluster.box) for cluster in drawn.clusters] == [(one.count, one.box) for one in again.clusters]

    def test_no_circle_covers_the_number_of_another(self) -> None:
        points = [{"longitude": -79 + step / 97 % 1, "latitude": -8 - step / 53 % 1, "count": 12_345} for step in range(200)]
        drawn = cartography.draw(Box(-79.1, -9.1, -77.9, -7.9), points=points)
        for one, other in itertools.combinations(drawn.clusters, 2):
            assert math.dist((one.x, one.y), (other.x, other.y)) >= max(one.radius, other.radius) + 20

    def test_districts_fill_their_department_and_nothing_else(self) -> None:
        """Their capitals lie in them, and the areas of La Libertad's are its own."""
        whole = cartography.extent("130000")
        assert whole is not None
        for code in ("130101", "130201", "131202"):
            size = cartography.extent(code)
            assert size is not None
            assert whole.west - 0.01 <= size.west <= size.east <= whole.east + 0.01
            assert whole.south - 0.01 <= size.south <= size.north <= whole.north + 0.01
        trujillo = cartography.extent("130101")
        assert trujillo is not None
        assert trujillo.holds(-79.0288, -8.1116)

    def test_months_without_incidents_are_columns_too(self) -> None:
        rows = [{"year": 2025, "month": "2025-01", "n": 2}, {"year": 2025, "month": "2025-04", "n": 7}]
        time = charts.timeline([*rows, {"year": 2025, "month": None, "n": 3}, {"year": None, "month": None, "n": 4}])
        assert [(column.key, column.count) for column in time.columns] == [
            ("2025-01", 2),
            ("2025-02", 0),
            ("2025-03", 0),
            ("2025-04", 7),
        ]
        assert (time.undated, time.vague, time.by_month) == (4, 3, True)
        assert time.columns[0].height / time.columns[3].height == pytest.approx(2 / 7)

    def test_many_years_are_shown_as_years_and_strays_are_said(self) -> None:
        rows = [{"year": year, "month": f"{year}-05", "n": 100} for year in range(2015, 2026)]
        time = charts.timeline([{"year": 1987, "month": None, "n": 2}, *rows])
        assert [column.key for column in time.columns] == [str(year) for year in range(2015, 2026)]
        assert time.earlier == 2

    @pytest.mark.parametrize("greatest", [7, 940, 123_456, 9_876_543])
    def test_the_numbers_beside_a_chart_have_room(self, greatest: int) -> None:
        time = charts.timeline([{"year": year, "month": None, "n": greatest - year} for year in range(1, 3)])
        longest = max(len(f"{value:,}") for _, value in time.lines)
        assert time.columns[0].x >= time.left >= 10 * longest, "letters on a phone are 10 units wide"
        assert time.columns[-1].x + time.columns[-1].width <= charts.WIDTH
        assert min(y for y, _ in time.lines) >= 14

    def test_chart_of_nothing(self) -> None:
        assert charts.timeline([]).columns == ()


class TestTime:
    def test_columns_lead_to_their_incidents_and_the_table_says_the_same(self, get: Get) -> None:
        page = tree(get("/incidents/incidents?_vista=tiempo&department=La+Libertad&date__notnull=1"))
        rows = {words_of(row.getchildren()[0]): row for row in page.xpath("//details[@class='twin']//tbody/tr")}
        assert {name: words_of(row.getchildren()[1]) for name, row in rows.items()}["octubre 2025"] == "2"
        (href,) = rows["octubre 2025"].xpath(".//a/@href")
        listed = tree(get(urlsplit(href)._replace(scheme="", netloc="").geturl()))
        assert listed.xpath("//p[@class='total']/text()") == ["2 resultados"]

    def test_what_has_no_date_is_said(self, get: Get) -> None:
        assert "1 incidente no tiene fecha conocida" in words_of(tree(get("/incidents/incidents?_vista=tiempo")))

    @pytest.mark.parametrize(
        "narrow", ["type=burglary", "type__not=burglary&year=2025", "ubigeo=131202&type__in=homicide,theft"]
    )
    def test_counts_by_column_agree_with_counts_of_rows(self, get: Get, narrow: str) -> None:
        """The first is answered from the table of counts, the second, which asks for the same, from the incidents."""
        pages = [tree(get(f"/incidents/incidents?_vista=tiempo&{narrow}{more}")) for more in ("", "&id__notblank=1")]
        shown = [[words_of(row) for row in page.xpath("//table//tr | //ul[@class='counts']/li")] for page in pages]
        assert shown[0] == shown[1]
        assert len(shown[0]) > 2


class TestQuestions:
    def test_start_page_asks_three_that_have_an_answer(self, get: Get) -> None:
        links = tree(get("/")).xpath("//ul[@class='ready']/li[not(@class)]/a/@href")
        assert len(links) == 3
        for link in links:
            assert tree(get(link)).xpath("//table//tbody/tr")

    def test_by_district_and_month(self, get: Get) -> None:
        rows = get("/incidents/por-distrito-y-mes.json?tipo=burglary&desde=2025-10&_shape=array").json()
        assert [(row["month"], row["district"], row["incidents"]) for row in rows] == [
            ("2025-11", "Trujillo", 1),
            ("2025-10", "Trujillo", 2),
        ]

    def test_by_type_and_year(self, get: Get) -> None:
        rows = get("/incidents/por-tipo-y-ano.json?_shape=array&departamento=La+Libertad").json()
        assert [(row["type"], row["year"], row["incidents"]) for row in rows] == [
            ("burglary", 2025, 5),
            ("homicide", 2025, 1),
            ("homicide", 2024, 1),
        ]

    def test_near_a_place_needs_no_accents_and_gives_distances(self, get: Get) -> None:
        rows = get("/incidents/cerca-de.json?_shape=array&lugar=las+QUÍNTANAS&km=2").json()
        assert {row["place"] for row in rows} == {"urbanización Las Quintanas"}
        wider = get("/incidents/cerca-de.json?_shape=array&lugar=quintanas&km=10").json()
        assert [row["distance"] for row in wider] == [0.0, 0.0, 0.0, 3.5, 3.5]
        assert get("/incidents/cerca-de.json?_shape=array&lugar=&km=10").json() == []

    def test_new_since_a_date(self, get: Get) -> None:
        assert len(get("/incidents/nuevos-desde.json?_shape=array&desde=2025-11-01").json()) == 9
        assert get("/incidents/nuevos-desde.json?_shape=array&desde=2026-01-01").json() == []

    def test_two_districts(self, get: Get) -> None:
        rows = get("/incidents/comparar-distritos.json?_shape=array&distrito=130101&con=131202").json()
        assert [(row["type"], row["first_district"], row["second_district"]) for row in rows] == [
            ("burglary", 5, 0),
            ("homicide", 0, 2),
        ]
        page = tree(get("/incidents/comparar-distritos?distrito=130101&con=131202"))
        assert [words_of(cell) for cell in page.xpath("//thead//th")] == ["Tipo", "Trujillo", "Chao"]

    def test_answers_lead_to_incidents_and_offer_their_csv(self, get: Get) -> None:
        page = tree(get("/incidents/nuevos-desde?desde=2025-01-01"))
        assert len(page.xpath("//tbody//a[starts-with(@href, '/incidents/incidents/Q')]")) == 9
        (button,) = page.xpath("//section[@id='export']//a[@class='button']")
        assert "9 filas" in button.text_content()
        assert len(get(button.get("href")).text.splitlines()) == 10

    def test_required_fields_are_asked_for(self, get: Get) -> None:
        page = tree(get("/incidents/comparar-distritos?distrito=130101"))
        assert "Complete los campos obligatorios" in words_of(page)
        assert page.xpath("//table") == []

    def test_answer_cut_short_says_so(self, news: Any) -> None:
        page = tree(ask(news.public, "/incidents/nuevos-desde?desde=2025-01-01", settings={"max_returned_rows": 4}))
        assert "Hay más de 4 filas" in words_of(page)
        assert page.xpath("//p[@class='total']/text()") == ["9 resultados"]
        (button,) = page.xpath("//section[@id='export']//a[@download and @class='button']")
        assert "9 filas" in button.text_content(), "the file is not cut short"
        content = ask(news.public, button.get("href"), settings={"max_returned_rows": 4}).text
        assert len(list(csv.DictReader(io.StringIO(content)))) == 9

    @pytest.mark.parametrize("value", ["'", '"', "'; DROP TABLE incidents; --", "%", "\x00", "9" * 400])
    def test_no_answer_breaks(self, get: Get, value: str) -> None:
        params = httpx.QueryParams({"lugar": value, "km": value, "tipo": value, "desde": value})
        assert get(f"/incidents/cerca-de?{params}").status_code == 200

    def test_inhabitants_are_asked_for_only_where_the_operator_has_them(self, get: Get, news: Any, tmp_path: Any) -> None:
        assert get("/incidents/por-habitantes").status_code == 404
        assert "no tiene cifras de población" in words_of(tree(get("/preguntas")))
        public = tmp_path / "incidents.db"
        places = [{"ubigeo": "130101", "department": "La Libertad", "province": "Trujillo", "district": "Trujillo"}]
        publish(
            news.archive, public, types=[], districts=places, redact=lambda text, _a, _m: text, population={"130101": 250_000}
        )
        rows = ask(public, "/incidents/por-habitantes.json?_shape=array").json()
        assert [(row["district"], row["per_100000"]) for row in rows] == [("Trujillo", 2.0)]

    def test_distance_is_the_great_circles(self) -> None:
        """A degree of latitude is 111.19 km on a sphere of 6,371 km."""
        assert kilometres(-8, -79, -9, -79) == pytest.approx(111.19, abs=0.01)
        assert kilometres(0, 179.5, 0, -179.5) == pytest.approx(111.19, abs=0.01)


class TestForm:
    """Type, district and days, as who has never heard of Datasette asks for them."""

    def submit(self, get: Get, page: str, **fields: str) -> Any:
        form = tree(get(page)).xpath("//form[contains(@class, 'search')]")[0]
        values = dict(form.fields) | fields
        sent = {key: value for key, value in values.items() if value is not None}
        answer = get(f"{form.get('action')}?{httpx.QueryParams(sent)}")
        assert answer.status_code == 302
        return answer.headers["location"]

    @pytest.mark.parametrize("page", ["/", "/incidents/incidents", "/incidents/incidents?_vista=mapa"])
    def test_burglaries_in_a_district_since_a_day(self, get: Get, page: str) -> None:
        place = self.submit(get, page, type="burglary", ubigeo="130101", date__gte="2025-10-01")
        listed = tree(get(place))
        assert listed.xpath("//p[@class='total']/text()") == ["3 resultados"]
        assert parse_qs(urlsplit(place).query).get("_vista") == (["mapa"] if "mapa" in page else None)

    def test_what_was_asked_stands_in_the_form_again_and_can_be_taken_back(self, get: Get) -> None:
        place = self.submit(get, "/", type="homicide", date__gte="2025-01-01", _search="chao")
        again = tree(get(place)).xpath("//form[contains(@class, 'search')]")[0]
        assert (again.fields["type"], again.fields["date__gte"], again.fields["_search"]) == ("homicide", "2025-01-01", "chao")
        assert self.submit(get, place) == place
        assert self.submit(get, place, type="", date__gte="", _search="") == "/incidents/incidents"

    def test_first_of_a_month_holds_what_is_known_to_the_month(self, get: Get) -> None:
        """One homicide is of "2025-08"."""
        assert tree(get(self.submit(get, "/", type="homicide", date__gte="2025-08-01"))).xpath(
            "//table[@class='main']//tbody/tr"
        )
        assert not tree(get(self.submit(get, "/", type="homicide", date__gte="2025-08-02"))).xpath("//table[@class='main']")


class TestFeeds:
    def test_atom_of_a_filter(self, get: Get) -> None:
        answer = get("/incidents/incidents.atom?type=homicide&district=Chao")
        assert answer.headers["content-type"].startswith("application/atom+xml")
        feed = feedparser.parse(answer.content)
        assert not feed.bozo
        assert "homicide" in feed.feed.title
        titles = [entry.title for entry in feed.entries]
        assert len(titles) == 2
        assert any("alert(1)" in title for title in titles)
        for entry in feed.entries:
            assert get(urlsplit(entry.link).path).status_code == 200
            assert entry.updated
        root = ET.fromstring(answer.content)
        alternate = root.find("{http://www.w3.org/2005/Atom}link[@rel='alternate']")
        assert alternate is not None
        assert parse_qs(urlsplit(alternate.get("href") or "").query) == {"type": ["homicide"], "district": ["Chao"]}

    def test_feed_of_a_search_and_of_nothing(self, get: Get) -> None:
        assert len(feedparser.parse(get("/incidents/incidents.atom?_search=bodegas").content).entries) == 2
        empty = feedparser.parse(get("/incidents/incidents.atom?_search=nada").content)
        assert not empty.bozo
        assert empty.entries == []

    def test_pages_point_to_the_feed_of_what_they_show(self, get: Get) -> None:
        page = tree(get("/incidents/incidents?type=homicide&_vista=mapa"))
        (link,) = page.xpath("//link[@type='application/atom+xml']/@href")
        assert len(feedparser.parse(get(link).content).entries) == 2

    def test_geojson_has_every_incident_of_a_filter(self, get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("db.site.feeds._PAGE", 2)
        answer = get("/incidents/incidents.geojson?year=2025")
        content = json.loads(answer.text)
        assert len(content["features"]) == 7
        points = [feature["geometry"]["coordinates"] for feature in content["features"] if feature["geometry"]]
        assert [-79.02, -8.1] in points
        assert {feature["properties"]["coordinates_of"] for feature in content["features"]} == {"place", "district", None}

    @pytest.mark.parametrize("path", ["atom", "geojson"])
    def test_wrong_filter_is_an_error_and_no_broken_file(self, get: Get, path: str) -> None:
        assert get(f"/incidents/incidents.{path}?_search_nada=1").status_code == 400
        assert get(f"/incidents/incidents.{path}?_where=1").status_code == 403


class TestSearch:
    def test_other_forms_of_the_words_are_found(self, get: Get) -> None:
        page = tree(get("/incidents/incidents?_search=robos+viviendas+%22las+quintanas%22&place__startswith=urb"))
        assert page.xpath("//p[@class='total']/text()") == ["5 resultados"]
        only = tree(get("/incidents/incidents?_search=asaltos+de+bodegas"))
        assert only.xpath("//p[@class='total']/text()") == ["2 resultados"]

    def test_column_search_and_json_work_as_datasettes_users_know(self, get: Get) -> None:
        rows = get("/incidents/incidents.json?_search_headline=bodega&_shape=array").json()
        assert {row["headline"] for row in rows} == {"Asaltan bodega"}

    @pytest.mark.parametrize("question", ["", '"', "*", "NEAR(", "a" * 5000, "{{7*7}}", "\x00", "'"])
    def test_no_search_breaks(self, get: Get, question: str) -> None:
        assert get(f"/incidents/incidents?{httpx.QueryParams({'_search': question})}").status_code == 200


class TestLanguage:
    @pytest.mark.parametrize(
        ("path", "says", "not_says"),
        [
            ("/", "The latest", "Los más recientes"),
            ("/incidents/incidents", "Burglary", "Robo en vivienda"),
            ("/incidents/incidents?_vista=mapa", "Map of the incidents", "Mapa"),
            ("/preguntas", "How do two districts differ?", "¿"),
            ("/incidents/por-tipo-y-ano", "Burglary", "Año"),
            ("/libro-de-codigos", "What is included", "Qué entra"),
            ("/nada", "There is no such page", "No existe"),
        ],
    )
    def test_one_setting_makes_it_english(self, news: Any, path: str, says: str, not_says: str) -> None:
        answer = ask(news.public, path, language="en")
        page = html.fromstring(answer.text)
        assert page.get("lang") == "en"
        assert says in answer.text
        assert not_says not in words_of(page)

    def test_both_languages_have_the_same_words(self) -> None:
        spanish, english = vars(words("es")), vars(words("en"))
        assert set(spanish) == set(english)
        for name, value in spanish.items():
            if isinstance(value, dict):
                assert set(value) == set(english[name]), name
            elif isinstance(value, str):
                assert value.count("{") == english[name].count("{"), name

    def test_language_without_words_is_refused(self, news: Any) -> None:
        with pytest.raises(ValueError, match="es and en"):
            site(news.public, language="de")


class TestPublicSql:
    def test_is_off_unless_asked_for_and_then_bounded(self, news: Any, get: Get) -> None:
        query = httpx.QueryParams({"sql": "select length(zeroblob(500000000)) as n"})
        assert get(f"/incidents?{query}").status_code == 403
        options = {"settings": {"default_allow_sql": True}}
        assert ask(news.public, f"/incidents?{query}", **options).status_code == 400
        fine = httpx.QueryParams({"sql": "select count(*) as n from incidents", "_shape": "array"})
        assert ask(news.public, f"/incidents.json?{fine}", **options).json() == [{"n": 9}]


class TestFinding:
    def test_robots_and_sitemap(self, get: Get) -> None:
        robots = get("/robots.txt").text
        assert "Disallow: /incidents/*?" in robots
        assert "/sitemap.xml" in robots
        places = [element.text for element in ET.fromstring(get("/sitemap.xml").text).iter() if element.tag.endswith("loc")]
        assert sum("/incidents/incidents/Q" in (place or "") for place in places) == 9
        for place in places:
            assert get(urlsplit(place).path).status_code == 200

    def test_under_a_path_of_a_larger_site(self, news: Any) -> None:
        page = tree(ask(news.public, "/", settings={"base_url": "/datos/"}))
        inside = [href for href in page.xpath("//@href | //@src") if href.startswith("/")]
        assert inside
        assert all(href.startswith("/datos/") for href in inside)


def test_citation_and_report_carry_the_rows_address(news: Any) -> None:
    (row,) = news.rows("SELECT id FROM incidents WHERE headline = 'Crimen en Chao'")
    page = tree(ask(news.public, f"/incidents/incidents/{row['id']}", contact="datos@diario.example"))
    (citation,) = page.xpath("//*[@id='cita']")
    assert f"/incidents/incidents/{row['id']}" in citation.text_content()
    (mail,) = page.xpath("//a[starts-with(@href, 'mailto:')]/@href")
    assert mail.startswith("mailto:datos@diario.example?subject=")
    assert row["id"] in mail
