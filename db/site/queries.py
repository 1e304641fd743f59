"""What the pages ask of the public database."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping
from typing import Any

from datasette.utils import sqlite3
from datasette.views.base import DatasetteError

from db.particulars import fold
from db.site import cartography, charts
from db.site.cartography import Box
from db.site.selection import DATABASE, EVERYTHING, Selection

INCIDENT = """id, date, date_end, part_of_day, type, type_label, status, street, place, place_level, district, province,
    department, ubigeo, latitude, longitude, headline, newspapers, first_reported, last_reported"""
_NAMED = 5  # incidents of one circle that a map names; the others are counted, with a link to them
_OFFERED = 120  # districts that a form offers; others are found by search and filters
_POINTS = 50_000  # distinct points that a map gathers into clusters
_COVERED = 0.9  # share of the located incidents that a map shows unasked


class Queries:
    """Answers of one public database. What does not depend on the visitor is asked once: the database is never written."""

    def __init__(self, datasette: Any) -> None:
        self._database = datasette.get_database(DATABASE)

    async def ask(self, sql: str, values: Mapping[str, Any] | list[Any] | None = None) -> list[dict[str, Any]]:
        """The rows of a statement."""
        try:
            return [dict(row) for row in (await self._database.execute(sql, values or {})).rows]
        except sqlite3.OperationalError as error:
            raise DatasetteError(str(error), status=400) from error

    async def once(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a statement without parameters, kept for as long as the database is served."""
        kept: dict[str, list[dict[str, Any]]] = self._database.__dict__.setdefault("kept_answers", {})
        if sql not in kept:
            kept[sql] = await self.ask(sql)
        return kept[sql]

    async def _rows(self, chosen: Selection, sql: str) -> list[dict[str, Any]]:
        return await (self.once(sql) if chosen == EVERYTHING else self.ask(sql, chosen.parameters))

    async def _tally(self, chosen: Selection, *columns: str) -> list[tuple[Any, ...]] | None:
        """Counts of what no table counts; None for the rest, and for a file that has to be asked."""
        if chosen.countable:
            return None
        try:
            found: list[tuple[Any, ...]] | None = await self._database.tally(chosen, *columns)
        except sqlite3.OperationalError as error:
            raise DatasetteError(str(error), status=400) from error
        return found

    async def release(self) -> dict[str, Any] | None:
        """The latest release."""
        rows = await self.once("SELECT * FROM releases ORDER BY number DESC LIMIT 1")
        return rows[0] if rows else None

    async def latest(self, limit: int = 6) -> list[dict[str, Any]]:
        """The latest incidents whose date is known."""
        return await self.once(
            f"""SELECT {INCIDENT} FROM incidents WHERE date IS NOT NULL
            ORDER BY date DESC, last_reported DESC, id LIMIT {limit:d}"""
        )

    async def incident(self, name: str) -> dict[str, Any] | None:
        """An incident by its identifier."""
        rows = await self.ask("SELECT * FROM incidents WHERE id = ?", [name])
        return rows[0] if rows else None

    async def reports(self, incident: str) -> list[dict[str, Any]]:
        """An incident's reports, the first first."""
        return await self.ask(
            """SELECT reports.*, sources.name AS newspaper_name FROM reports JOIN sources ON sources.id = reports.newspaper
            WHERE incident = ? ORDER BY published IS NULL, datetime(published), reports.id""",
            [incident],
        )

    async def corrections(self, incident: str) -> list[dict[str, Any]]:
        """What persons decided about an incident."""
        return await self.ask("SELECT * FROM corrections WHERE incident = ? ORDER BY id", [incident])

    async def types(self) -> list[dict[str, Any]]:
        """The types of crime, with the number of incidents of each."""
        return await self.once(
            """SELECT id, label, label_en, coalesce(n, 0) AS n FROM types LEFT JOIN (SELECT type, sum(incidents) AS n
            FROM counts GROUP BY type) ON type = id ORDER BY label"""
        )

    async def places(self) -> list[dict[str, Any]]:
        """Districts that have incidents, by department, province and name."""
        return await self.once(
            """SELECT places.ubigeo, places.department, places.province, places.district, sum(incidents) AS n, population
            FROM counts JOIN places ON places.ubigeo = counts.ubigeo WHERE level = 'district'
            GROUP BY 1 ORDER BY places.department, places.province, places.district"""
        )

    async def frequent_places(self) -> list[dict[str, Any]]:
        """The districts with most incidents, by name; `shared` where another of them has the same name."""
        most = sorted(await self.places(), key=lambda row: (-row["n"], row["ubigeo"]))[:_OFFERED]
        names = [row["district"] for row in most]
        rows = [row | {"shared": names.count(row["district"]) > 1} for row in most]
        return sorted(rows, key=lambda row: (fold(row["district"] or ""), row["ubigeo"]))

    async def place_names(self) -> dict[str, str]:
        """The finest name of each UBIGEO."""
        rows = await self.once("SELECT ubigeo, coalesce(district, province, department, ubigeo) AS name FROM places")
        return {row["ubigeo"]: row["name"] for row in rows}

    async def population_known(self) -> bool:
        """Whether the operator gave inhabitants."""
        return bool(await self.once("SELECT 1 FROM places WHERE population IS NOT NULL LIMIT 1"))

    async def counted(self, column: str, chosen: Selection = EVERYTHING, limit: int = 8) -> list[dict[str, Any]]:
        """The most frequent values of a column (`type`, `district`, `department`), each with a value to filter by."""
        if (found := await self._tally(chosen, column)) is not None:
            ranked = sorted((row for row in found if row[0] is not None), key=lambda row: -row[1])[:limit]
            return [{"value": value, "n": n} for value, n in ranked]
        table, number = _counting(chosen)
        return await self._rows(
            chosen,
            f"""SELECT "{column}" AS value, {number} AS n FROM {table} {chosen.where(f'"{column}" IS NOT NULL')}
            GROUP BY "{column}" ORDER BY n DESC, value LIMIT {limit:d}""",
        )

    async def counted_districts(self, chosen: Selection = EVERYTHING, limit: int = 8) -> list[dict[str, Any]]:
        """The districts with most incidents, told apart by UBIGEO where several have one name; abroad, where there is none, by
        name."""
        if (found := await self._tally(chosen, "ubigeo", "district")) is not None:
            counts: dict[str, int] = {}
            for code, district, n in found:
                if district is not None:
                    value = code if _is_district(code) else district
                    counts[value] = counts.get(value, 0) + n
            return [{"value": value, "n": n} for value, n in sorted(counts.items(), key=lambda row: (-row[1], row[0]))[:limit]]
        table, number = _counting(chosen)
        return await self._rows(
            chosen,
            f"""SELECT CASE WHEN length(ubigeo) = 6 AND substr(ubigeo, 5) != '00' THEN ubigeo ELSE district END AS value,
            {number} AS n FROM {table} {chosen.where("district IS NOT NULL")}
            GROUP BY 1 ORDER BY n DESC, value LIMIT {limit:d}""",
        )

    async def district_names(self) -> dict[str, str]:
        """The name of each district that has incidents by its UBIGEO, with its province where another has the same name."""
        rows = await self.places()
        many = Counter(row["district"] for row in rows)
        return {
            row["ubigeo"]: f"{row['district']} ({row['province']}, {row['department']})"
            if many[row["district"]] > 1
            else row["district"]
            for row in rows
        }

    async def timeline(self, chosen: Selection = EVERYTHING) -> charts.Timeline:
        """Incidents over time: by month, or by year where the months would be too many."""
        if (found := await self._tally(chosen, "year", "month")) is not None:
            return charts.timeline({"year": year, "month": month, "n": n} for year, month, n in found)
        if chosen.countable:
            sql = f"SELECT year, month, sum(incidents) AS n FROM counts {chosen.where()} GROUP BY 1, 2 ORDER BY 1, 2"
        else:
            sql = f"""SELECT year, CASE WHEN length(date) >= 7 THEN substr(date, 1, 7) END AS month, count(*) AS n
                FROM incidents {chosen.where()} GROUP BY 1, 2 ORDER BY 1, 2"""
        return charts.timeline(await self._rows(chosen, sql))

    async def commonest(self) -> dict[str, Any] | None:
        """The type and district with most incidents in the latest year that has a fair number of them: what to ask first."""
        rows = await self.once(
            """WITH years AS (SELECT year, sum(incidents) AS n FROM counts WHERE year IS NOT NULL GROUP BY 1)
            SELECT counts.year, type, ubigeo, district, sum(incidents) AS n FROM counts
            WHERE district IS NOT NULL AND ubigeo IS NOT NULL AND type != 'other_crime'
            AND counts.year = (SELECT max(year) FROM years WHERE n * 10 >= (SELECT max(n) FROM years))
            GROUP BY 1, 2, 3 ORDER BY n DESC, type, ubigeo LIMIT 1"""
        )
        return rows[0] if rows else None

    async def map(
        self,
        chosen: Selection = EVERYTHING,
        *,
        box: Box | None = None,
        tiles: str | None = None,
    ) -> dict[str, Any]:
        """As `_map`; that of everything is drawn once."""
        if chosen != EVERYTHING or box is not None:
            return await self._map(chosen, box=box, tiles=tiles)
        kept: dict[Any, dict[str, Any]] = self._database.__dict__.setdefault("kept_maps", {})
        if tiles not in kept:
            kept[tiles] = await self._map(chosen, box=box, tiles=tiles)
        return kept[tiles]

    async def _map(
        self,
        chosen: Selection = EVERYTHING,
        *,
        box: Box | None = None,
        tiles: str | None = None,
    ) -> dict[str, Any]:
        """A map of the selected incidents: its drawing, the districts with their counts, the clusters with their incidents,
        and how many incidents no map can show."""
        districts = "length(ubigeo) = 6 AND substr(ubigeo, 5) != '00'"
        table, number = _counting(chosen)
        found = await self._tally(chosen, "ubigeo", "department", "country")
        by_place = (
            _by_place(found)
            if found is not None
            else await self._rows(
                chosen,
                f"""SELECT CASE WHEN {districts} THEN ubigeo END AS ubigeo, department, province, country = 'PE' AS here,
            {number} AS n FROM {table} {chosen.where()} GROUP BY 1, 2, 3, 4""",
            )
        )
        counts: dict[str, int] = {}
        unmapped: dict[str, int] = {}
        wider = abroad = nowhere = 0
        for row in by_place:
            if row["ubigeo"]:
                known = counts if cartography.outline(row["ubigeo"]) else unmapped
                known[row["ubigeo"]] = known.get(row["ubigeo"], 0) + row["n"]
            elif row["here"] == 0:
                abroad += row["n"]
            elif row["department"]:
                wider += row["n"]
            else:
                nowhere += row["n"]
        names = await self.place_names()
        shown = box or _unasked(counts)
        seen = cartography.Projection.fitting(shown, margin=0.04).box
        points = await self._points(chosen, seen)
        drawing = cartography.draw(shown, counts=counts, names=names, points=points, tiles=tiles)
        await self._name(chosen, drawing, {(row["longitude"], row["latitude"]): row["newest"] for row in points})
        return {
            "drawing": drawing,
            "counts": sorted(
                ((code, names.get(code, code), n) for code, n in (*counts.items(), *unmapped.items())),
                key=lambda one: (-one[2], one[1]),
            ),
            "unmapped": sum(unmapped.values()),
            "unmapped_names": sorted(names.get(code, code) for code in unmapped),
            "wider": wider,
            "abroad": abroad,
            "nowhere": nowhere,
            "outside": sum(n for code, n in counts.items() if not _in_view(code, drawing)),
            "provinces": _provinces(counts, names),
        }

    async def _points(self, chosen: Selection, seen: Box) -> list[dict[str, Any]]:
        """The known places in a box, the most frequent first: `latitude`, `longitude`, `count`, and `newest`, which is greater
        the later the latest incident there was."""
        if (found := await self._database.points(chosen)) is not None:
            inside = [point for point in found if seen.holds(point[1], point[0])]
            inside.sort(key=lambda point: -point[2])
            names = ("latitude", "longitude", "count", "newest")
            return [dict(zip(names, (*point, -first), strict=True)) for *point, first in inside[:_POINTS]]
        return await self._rows(
            chosen,
            f"""SELECT latitude, longitude, count(*) AS count, coalesce(max(date), '') AS newest FROM incidents
            {chosen.where("coordinates_of = 'place'", *_inside(seen))}
            GROUP BY latitude, longitude ORDER BY count DESC, 1, 2 LIMIT {_POINTS}""",
        )

    async def _name(self, chosen: Selection, drawing: cartography.Drawing, newest: Mapping[tuple[float, float], Any]) -> None:
        """Put the latest incidents into the clusters that they belong to. They are at those of its points that have the latest
        days (`newest`, by longitude and latitude), so that no others are asked for."""
        asked = {
            point: cluster
            for cluster in drawing.clusters
            for point in sorted(cluster.points, key=lambda one: (newest[one], one), reverse=True)[:_NAMED]
        }
        if not asked:
            return
        places = [(latitude, longitude) for longitude, latitude in asked]
        if (found := await self._database.latest_at(chosen, places, _NAMED)) is not None:
            numbers = ", ".join(map(str, found))
            rows = await self.ask(f"SELECT {INCIDENT} FROM incidents WHERE rowid IN ({numbers}) ORDER BY rowid")
        else:
            values = ", ".join(f"({longitude!r}, {latitude!r})" for longitude, latitude in asked)
            here = chosen.where("coordinates_of = 'place'", "latitude = at.north", "longitude = at.east")
            rows = await self._rows(
                chosen,
                f"""WITH at (east, north) AS (VALUES {values}) SELECT {INCIDENT} FROM incidents WHERE rowid IN (
                SELECT value FROM at, json_each((SELECT json_group_array(number) FROM (
                SELECT rowid AS number FROM incidents {here} ORDER BY date DESC, id LIMIT {_NAMED}))))
                ORDER BY date DESC, id""",
            )
        for row in rows:
            asked[row["longitude"], row["latitude"]].incidents.append(row)

    async def incident_map(self, row: Mapping[str, Any], tiles: str | None = None) -> dict[str, Any] | None:
        """Where an incident was, as exactly as is known and no more: a point, a district's area (its province's where that has
        none on file), or that of a province or department; None where there is no outline of it."""
        code = row["ubigeo"] or ""
        exact = row["coordinates_of"] == "place" and row["latitude"] is not None
        points = [{"latitude": row["latitude"], "longitude": row["longitude"], "count": 1}] if exact else []
        instead = f"{code[:4]}00" if code and cartography.extent(code) is None else code
        size = cartography.extent(instead)
        if size is None and not exact:
            return None
        if exact:
            at = Box(row["longitude"], row["latitude"], row["longitude"], row["latitude"])
            size = cartography.around([at, size]) if size and size.holds(row["longitude"], row["latitude"]) else at.zoomed(1)
            size = size or Box(at.west - 0.05, at.south - 0.05, at.east + 0.05, at.north + 0.05)
        assert size is not None
        names = await self.place_names()
        drawing = cartography.draw(
            size,
            counts={instead: 1},
            names=names,
            points=points,
            tiles=tiles,
            height=320,
            margin=0.3,
            neighbours=not instead.endswith("00"),
        )
        return {"drawing": drawing, "exact": exact, "area": names.get(instead), "instead": instead != code}

    async def warm(self) -> None:
        """Ask everything that the start page and the maps need once, so that no visitor waits for it."""
        cartography.warm()
        await self._database.rows()
        await self.release()
        await self.latest()
        await self.commonest()
        await self.newest()
        await self.places()
        await self.timeline()
        await self.counted("type")
        await self.counted_districts()
        await self.map()

    async def newest(self) -> str:
        """A day a week before the last report, from which on to ask what is new."""
        rows = await self.once("SELECT substr(max(first_reported), 1, 10) AS day FROM incidents")
        latest = rows[0]["day"] if rows else None
        if not latest:
            return ""
        return (datetime.date.fromisoformat(latest) - datetime.timedelta(days=7)).isoformat()


def _counting(chosen: Selection) -> tuple[str, str]:
    """The table that counts a selection fastest, and how."""
    return ("counts", "sum(incidents)") if chosen.countable else ("incidents", "count(*)")


def _by_place(rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Counts by UBIGEO, department and country as `Queries.map` takes them."""
    return [
        {
            "ubigeo": code if _is_district(code) else None,
            "department": department,
            "here": None if country is None else int(country == "PE"),
            "n": n,
        }
        for code, department, country, n in rows
    ]


def _is_district(code: str | None) -> bool:
    return code is not None and len(code) == 6 and not code.endswith("00")


def _inside(box: Box) -> tuple[str, str]:
    return (
        f"latitude BETWEEN {box.south:.6f} AND {box.north:.6f}",
        f"longitude BETWEEN {box.west:.6f} AND {box.east:.6f}",
    )


def _unasked(counts: Mapping[str, int]) -> Box:
    """The districts' departments that hold most of the incidents, or the province where all are in one; else the country."""
    whole = cartography.around(size for code in cartography.departments() if (size := cartography.extent(code)))
    assert whole is not None
    for length in (4, 2):
        groups: dict[str, int] = {}
        for code, count in counts.items():
            key = code[:length].ljust(6, "0")
            groups[key] = groups.get(key, 0) + count
        kept, covered = [], 0
        for key, count in sorted(groups.items(), key=lambda item: (-item[1], item[0])):
            kept.append(key)
            covered += count
            if covered >= _COVERED * sum(groups.values()):
                break
        if kept and len(kept) <= (1 if length == 4 else 3):
            return cartography.around(size for key in kept if (size := cartography.extent(key))) or whole
    return whole


def _provinces(counts: Mapping[str, int], names: Mapping[str, str]) -> list[tuple[str, str, int, Box]]:
    groups: dict[str, int] = {}
    for code, count in counts.items():
        groups[f"{code[:4]}00"] = groups.get(f"{code[:4]}00", 0) + count
    ranked = sorted(groups.items(), key=lambda item: (-item[1], item[0]))
    return [(code, names.get(code, code), count, size) for code, count in ranked[:8] if (size := cartography.extent(code))]


def _in_view(code: str, drawing: cartography.Drawing) -> bool:
    size = cartography.extent(code)
    return size is not None and size.meets(drawing.projection.box)
