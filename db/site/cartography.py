"""Maps as SVG, drawn on the server: areas of departments, provinces and districts, and clusters of points.

The projection is Web Mercator (EPSG:3857), so that an operator's raster tiles fit under it. Boxes are degrees, WGS 84.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

WIDTH, HEIGHT = 640, 480
"""Of a map, in units of its viewBox."""

_OUTLINES = Path(__file__).with_name("data") / "outlines.json"
_UNIT = 1000  # steps of a degree in that file
_CELL = 40  # units of the viewBox within which points become one cluster
_LARGEST = 20  # radius of a circle
_APART = 20  # half of what circles keep between their centres: they may touch, and none covers a digit of another's number
_SMALLEST = 0.02  # degrees of longitude that a map shows at least: closer, the approximate areas would look exact
_TILE = 256
_DEEPEST = 17

Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Box:
    """A rectangle in degrees."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def parse(cls, text: str | None) -> Box | None:
        """The box of "west,south,east,north"; None for what is none."""
        try:
            west, south, east, north = map(float, (text or "").split(","))
        except ValueError:
            return None
        if not (-180 <= west < east <= 180 and -80 <= south < north <= 80):
            return None
        return cls(west, south, east, north)

    def text(self) -> str:
        """The box as `parse` reads it."""
        return ",".join(f"{edge:.4f}" for edge in (self.west, self.south, self.east, self.north))

    def holds(self, longitude: float, latitude: float) -> bool:
        """Whether a point lies in the box."""
        return self.west <= longitude <= self.east and self.south <= latitude <= self.north

    def meets(self, other: Box) -> bool:
        """Whether two boxes overlap."""
        return self.west <= other.east and other.west <= self.east and self.south <= other.north and other.south <= self.north

    def moved(self, east: float, north: float) -> Box | None:
        """The box moved by fractions of its size; None where it would leave the map."""
        across, up = (self.east - self.west) * east, (self.north - self.south) * north
        return Box.parse(Box(self.west + across, self.south + up, self.east + across, self.north + up).text())

    def zoomed(self, factor: float) -> Box | None:
        """The box with its sides multiplied; None where it would leave the map or be smaller than a map may show."""
        across, up = (self.east - self.west) * (factor - 1) / 2, (self.north - self.south) * (factor - 1) / 2
        if (self.east - self.west) * factor < _SMALLEST:
            return None
        return Box.parse(Box(self.west - across, self.south - up, self.east + across, self.north + up).text())


def around(boxes: Iterable[Box]) -> Box | None:
    """The smallest box that holds all; None of none."""
    known = list(boxes)
    if not known:
        return None
    return Box(
        min(one.west for one in known),
        min(one.south for one in known),
        max(one.east for one in known),
        max(one.north for one in known),
    )


@cache
def _outlines() -> dict[str, list[list[int]]]:
    return json.loads(_OUTLINES.read_text(encoding="utf-8"))


@cache
def outline(code: str) -> tuple[Ring, ...]:
    """The outer rings (longitude, latitude) of a department, province or district by UBIGEO; none where it is unknown."""
    rings = []
    for steps in _outlines().get(code, ()):
        x = y = 0
        ring = []
        for across, up in zip(steps[::2], steps[1::2], strict=True):
            x, y = x + across, y + up
            ring.append((x / _UNIT, y / _UNIT))
        rings.append(tuple(ring))
    return tuple(rings)


@cache
def extent(code: str) -> Box | None:
    """The box of an area; None where its outline is unknown."""
    points = [point for ring in outline(code) for point in ring]
    if not points:
        return None
    longitudes, latitudes = zip(*points, strict=True)
    return Box(min(longitudes), min(latitudes), max(longitudes), max(latitudes))


def warm() -> None:
    """Read all outlines now rather than for the first visitor."""
    for code in _outlines():
        extent(code)


@cache
def departments() -> tuple[str, ...]:
    """UBIGEO codes of the departments that have an outline."""
    return tuple(code for code in _outlines() if code.endswith("0000"))


@cache
def _districts() -> tuple[str, ...]:
    return tuple(code for code in _outlines() if not code.endswith("00"))


@dataclass(frozen=True)
class Projection:
    """From degrees to the units of a viewBox, for a box grown to the viewBox's shape."""

    box: Box
    width: int = WIDTH
    height: int = HEIGHT

    @classmethod
    def fitting(cls, box: Box, *, margin: float = 0.04, width: int = WIDTH, height: int = HEIGHT) -> Projection:
        """The projection that shows the whole box with a margin around it, not closer than a map may show."""
        across, up = box.east - box.west, _mercator(box.north) - _mercator(box.south)
        wide = max(across * (1 + 2 * margin), up * (1 + 2 * margin) * width / height, _SMALLEST)
        middle = (_mercator(box.north) + _mercator(box.south)) / 2
        high = wide * height / width
        west = (box.west + box.east - wide) / 2
        return cls(
            Box(west, _latitude(middle - high / 2), west + wide, _latitude(middle + high / 2)), width=width, height=height
        )

    @property
    def scale(self) -> float:
        """Units of the viewBox in a degree of longitude."""
        return self.width / (self.box.east - self.box.west)

    def point(self, longitude: float, latitude: float) -> tuple[float, float]:
        """x and y in the viewBox."""
        return (
            (longitude - self.box.west) * self.scale,
            (_mercator(self.box.north) - _mercator(latitude)) * self.scale,
        )

    def path(self, rings: Iterable[Ring]) -> str:
        """The rings as the data of an SVG path, without points that would fall on the one before."""
        pieces = []
        for ring in rings:
            kept: list[str] = []
            last = (math.inf, math.inf)
            for point in ring:
                x, y = self.point(*point)
                if abs(x - last[0]) + abs(y - last[1]) >= 0.8:
                    kept.append(f"{x:.1f} {y:.1f}")
                    last = (x, y)
            if len(kept) > 2:
                pieces.append(f"M{'L'.join(kept)}Z")
        return "".join(pieces)


@dataclass(frozen=True)
class Area:
    """A district on a map."""

    code: str
    name: str
    count: int
    path: str
    shade: int
    """1 (few) to 5 (many)."""
    label: tuple[float, float] | None = None
    """Where its name fits; None where it does not."""


@dataclass
class Cluster:
    """Points too close to be told apart at this scale."""

    x: float
    y: float
    count: int
    box: Box
    points: set[tuple[float, float]] = field(default_factory=set)
    """Longitude and latitude of each."""
    incidents: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def radius(self) -> float:
        """Grows with the square root of the count."""
        return min(9 + 2.4 * math.sqrt(self.count), _LARGEST)

    @property
    def spread(self) -> bool:
        """Whether its points lie apart, so that a closer look separates them."""
        return self.box.east - self.box.west > 1e-4 or self.box.north - self.box.south > 1e-4


@dataclass(frozen=True)
class Tile:
    """A picture of an operator's tile server."""

    url: str
    x: float
    y: float
    size: float


@dataclass(frozen=True)
class Drawing:
    """Everything that the template draws."""

    projection: Projection
    context: str
    """Path of the departments around."""
    neighbours: str
    """Path of the districts around, where they are asked for."""
    areas: list[Area]
    clusters: list[Cluster]
    tiles: list[Tile]
    shades: list[tuple[int, int, int]]
    """Shade, and the least and the greatest count that has it."""
    bar: tuple[float, int]
    """Length of the scale bar in units, and the kilometres that it stands for."""


def draw(
    box: Box,
    *,
    counts: Mapping[str, int] | None = None,
    names: Mapping[str, str] | None = None,
    points: Iterable[Mapping[str, Any]] = (),
    tiles: str | None = None,
    width: int = WIDTH,
    height: int = HEIGHT,
    margin: float = 0.04,
    neighbours: bool = False,
) -> Drawing:
    """A map of `box`: districts shaded by `counts` (by UBIGEO, named by `names`), and `points`, mappings with `longitude`,
    `latitude` and `count`, gathered into clusters. `tiles` is a template of addresses with {z}, {x} and {y}; `neighbours` asks
    for the outlines of the other districts too."""
    projection = Projection.fitting(box, width=width, height=height, margin=margin)
    seen = {code: count for code, count in (counts or {}).items() if (size := extent(code)) and size.meets(projection.box)}
    shade, shades = _shades(seen.values())
    clusters = _clustered(projection, points)
    taken = [(one.x - one.radius, one.y - one.radius, one.x + one.radius, one.y + one.radius) for one in clusters]
    areas = []
    for code, count in sorted(seen.items(), key=lambda item: (-item[1], item[0])):
        name = (names or {}).get(code, code)
        label = _label(projection, code, name, taken)
        areas.append(Area(code, name, count, _drawn(projection, code), shade(count), label))
    around_it = [code for code in departments() if (size := extent(code)) and size.meets(projection.box)]
    return Drawing(
        projection=projection,
        context="".join(_drawn(projection, code) for code in around_it),
        neighbours="".join(
            _drawn(projection, code)
            for code in (_districts() if neighbours else ())
            if code not in seen and (size := extent(code)) and size.meets(projection.box)
        ),
        areas=areas,
        clusters=clusters,
        tiles=_tiles(projection, tiles) if tiles else [],
        shades=shades,
        bar=_bar(projection),
    )


@lru_cache(maxsize=10_000)
def _drawn(projection: Projection, code: str) -> str:
    """The path of an area. Most maps show the same part of the country, whatever they count there."""
    return projection.path(outline(code))


@cache
def _middle(code: str) -> tuple[float, float]:
    """The centroid of an area's largest ring."""
    return _centre(max(outline(code), key=_size))


def _shades(counts: Iterable[int]) -> tuple[Any, list[tuple[int, int, int]]]:
    """Five classes at most, equal steps of the logarithm: counts of crime span orders of magnitude."""
    known = sorted(counts)
    least, greatest = (known[0], known[-1]) if known else (1, 1)

    def shade(count: int) -> int:
        if least == greatest:
            return 2
        return 1 + min(4, int(math.log(count / least) / math.log(greatest / least) * 5))

    classes: dict[int, list[int]] = {}
    for count in known:
        classes.setdefault(shade(count), []).append(count)
    return shade, [(key, values[0], values[-1]) for key, values in sorted(classes.items())]


def _label(
    projection: Projection, code: str, name: str, taken: list[tuple[float, float, float, float]]
) -> tuple[float, float] | None:
    x, y = projection.point(*_middle(code))
    half = 4.6 * len(name) + 3  # of the letters on a phone, which are the largest beside the map
    place = (x - half, y - 13, x + half, y + 7)
    if place[0] < 0 or place[1] < 0 or place[2] > projection.width or place[3] > projection.height:
        return None
    if any(place[0] < other[2] and other[0] < place[2] and place[1] < other[3] and other[1] < place[3] for other in taken):
        return None
    taken.append(place)
    return x, y


def _clustered(projection: Projection, points: Iterable[Mapping[str, Any]]) -> list[Cluster]:
    """Points by the cell of a grid that they fall in, so that the order in which they come changes nothing; then, the largest
    first, with those that their circle would cover."""
    cells: dict[tuple[int, int], list[Mapping[str, Any]]] = {}
    for point in points:
        if projection.box.holds(point["longitude"], point["latitude"]):
            x, y = projection.point(point["longitude"], point["latitude"])
            cells.setdefault((int(x // _CELL), int(y // _CELL)), []).append(point)
    waiting = sorted((_cluster(projection, members) for members in cells.values()), key=_rank)
    clusters: list[Cluster] = []
    for one in waiting:
        covering = next((other for other in clusters if math.dist((one.x, one.y), (other.x, other.y)) < 2 * _APART), None)
        if covering is None:
            clusters.append(one)
            continue
        covering.count += one.count
        covering.points |= one.points
        covering.box = around([covering.box, one.box]) or covering.box
    return sorted(clusters, key=_rank)


def _rank(cluster: Cluster) -> tuple[float, float, float]:
    return -cluster.count, cluster.y, cluster.x


def _cluster(projection: Projection, members: list[Mapping[str, Any]]) -> Cluster:
    total = sum(one["count"] for one in members)
    places = sorted((one["longitude"], one["latitude"]) for one in members)
    longitude = math.fsum(one["longitude"] * one["count"] for one in members) / total
    latitude = math.fsum(one["latitude"] * one["count"] for one in members) / total
    x, y = projection.point(longitude, latitude)
    box = around(Box(*place, *place) for place in places)
    assert box is not None
    return Cluster(x, y, total, box, set(places))


def _tiles(projection: Projection, template: str) -> list[Tile]:
    degrees = projection.box.east - projection.box.west
    zoom = max(0, min(_DEEPEST, round(math.log2(projection.width / _TILE * 360 / degrees))))
    many = 2**zoom
    size = 360 / many * projection.scale
    first = int((projection.box.west + 180) / 360 * many)
    last = int((projection.box.east + 180) / 360 * many)
    top = int((180 - _mercator(projection.box.north)) / 360 * many)
    bottom = int((180 - _mercator(projection.box.south)) / 360 * many)
    found = []
    for column in range(max(first, 0), min(last, many - 1) + 1):
        for row in range(max(top, 0), min(bottom, many - 1) + 1):
            x = (column / many * 360 - 180 - projection.box.west) * projection.scale
            y = (_mercator(projection.box.north) - (180 - row / many * 360)) * projection.scale
            url = template.replace("{z}", str(zoom)).replace("{x}", str(column)).replace("{y}", str(row))
            found.append(Tile(url, x, y, size))
    return found


def _bar(projection: Projection) -> tuple[float, int]:
    middle = math.radians((projection.box.north + projection.box.south) / 2)
    unit = 111.32 * math.cos(middle) / projection.scale  # kilometres
    for kilometres in (500, 200, 100, 50, 20, 10, 5, 2, 1):
        if kilometres / unit <= projection.width / 4:
            return kilometres / unit, kilometres
    return 1 / unit, 1


def _mercator(latitude: float) -> float:
    """Web Mercator's y in degrees of longitude."""
    return math.degrees(math.asinh(math.tan(math.radians(latitude))))


def _latitude(mercator: float) -> float:
    return math.degrees(math.atan(math.sinh(math.radians(mercator))))


def _size(ring: Ring) -> float:
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, (*ring[1:], ring[0]), strict=True))) / 2


def _centre(ring: Ring) -> tuple[float, float]:
    """The centroid of a ring."""
    double = x = y = 0.0
    for a, b in zip(ring, (*ring[1:], ring[0]), strict=True):
        cross = a[0] * b[1] - b[0] * a[1]
        double += cross
        x += (a[0] + b[0]) * cross
        y += (a[1] + b[1]) * cross
    return (x / (3 * double), y / (3 * double)) if double else ring[0]
