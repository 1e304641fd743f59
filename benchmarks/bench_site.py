"""The site at a million synthetic incidents, beside Datasette with its default settings on the same file, in one run.

    python benchmarks/bench_site.py [--incidents 1000000] [--file incidents.db] [--rounds 15]

Incidents are drawn with a fixed seed: places by a Zipf law over the districts of Peru, types and days likewise, headlines and
sentences from everyday words, so that search has rare and common ones. `--file` is made where it is missing, and kept.

Each site is a process of its own behind a real socket and is asked by one client. Both are asked the same page in turn, so that
what else the machine does meets both. A time is the client's wall clock; CPU is what the server's process took for the answer
(user and system). On a machine that does other work the CPU time is the one to compare with a goal.
"""

from __future__ import annotations

import argparse
import base64
import csv
import datetime
import hashlib
import io
import random
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
from sqlite_utils import Database

import nlp
from db import tables
from db.searching import stemmed

ROOT = Path(__file__).resolve().parents[1]
FIRST_DAY = datetime.date(2012, 1, 1)
DAYS = 5000
NEWSPAPERS = 25
PLACES = 20
"""Known places below each district."""
BATCH = 10_000
COMMON, RARE = "vivienda", "motosierra"
"""A word that about one incident in seven holds, and one that about one in 20,000 holds."""

_WORDS = [
    "ladrones",
    "delincuentes",
    "sujetos",
    "armados",
    "encapuchados",
    "desconocidos",
    "asaltaron",
    "robaron",
    "balearon",
    "amenazaron",
    "extorsionaron",
    "capturaron",
    "intervinieron",
    "comerciante",
    "transportista",
    "empresa",
    "bodega",
    "mercado",
    "moto",
    "taxi",
    "bus",
    "dinero",
    "celulares",
    "joyas",
    "mercadería",
    "madrugada",
    "noche",
    "mañana",
    "tarde",
    "policía",
    "serenos",
    "vecinos",
    "cámaras",
    "fiscalía",
    "disparos",
    "arma",
    "fuego",
    "cuchillo",
    "huyeron",
    "avenida",
    "jirón",
    "parque",
    "colegio",
    "banco",
    "farmacia",
    "restaurante",
    "paradero",
    "carretera",
    "urbanización",
    "sector",
    "etapa",
    "manzana",
    "puente",
    "río",
    "cerro",
]

_GOALS = [
    # name, path for the site, path for stock Datasette, goal in ms (p95)
    ("start page", "/", "/", 150),
    ("charts", "/incidents/incidents?_vista=tiempo", None, 150),
    ("map", "/incidents/incidents?_vista=mapa", None, None),
    ("table", "/incidents/incidents?_nofacet=1", "/incidents/incidents?_nofacet=1&_sort_desc=date", 80),
    (
        "table + facets",
        "/incidents/incidents",
        "/incidents/incidents?_sort_desc=date&_facet=type&_facet=department&_facet=district&_facet=year",
        250,
    ),
    (
        "filter + facets",
        "/incidents/incidents?department={department}&type={type}",
        "/incidents/incidents?department={department}&type={type}&_sort_desc=date"
        "&_facet=type&_facet=department&_facet=district&_facet=year",
        160,
    ),
    (
        "filter since a day + facets",
        "/incidents/incidents?type={type}&district={district}&date__gte=2025-01",
        "/incidents/incidents?type={type}&district={district}&date__gte=2025-01&_sort_desc=date"
        "&_facet=type&_facet=department&_facet=district&_facet=year",
        160,
    ),
    (
        "days alone + facets",
        "/incidents/incidents?date__gte=2018-03-{day:02}",
        "/incidents/incidents?date__gte=2018-03-{day:02}&_sort_desc=date"
        "&_facet=type&_facet=department&_facet=district&_facet=year",
        None,
    ),
    (
        "search, rare word",
        f"/incidents/incidents?_search={RARE}",
        f"/incidents/incidents?_search={stemmed(RARE)}&_sort_desc=date",
        150,
    ),
    (
        "search, common + facets",
        "/incidents/incidents?_search={common}",
        "/incidents/incidents?_search={stem}&_sort_desc=date&_facet=type&_facet=department&_facet=district&_facet=year",
        700,
    ),
    ("incident", "/incidents/incidents/{id}", "/incidents/incidents/{id}", 30),
]


def incidents(count: int) -> Iterator[dict[str, Any]]:
    """Synthetic incidents, the same for the same count."""
    chance = random.Random(6)
    districts = [district for district in nlp.districts() if district["latitude"]]
    chance.shuffle(districts)
    types = list(nlp.taxonomy())
    place_weights = [1 / (rank + 3) for rank in range(len(districts))]
    type_weights = [1 / (rank + 2) for rank in range(len(types))]
    word_weights = [1 / (rank + 5) for rank in range(len(_WORDS))]
    made = 0
    while made < count:
        size = min(BATCH, count - made)
        places = chance.choices(districts, place_weights, k=size)
        kinds = chance.choices(types, type_weights, k=size)
        words = iter(chance.choices(_WORDS, word_weights, k=size * 34))
        for place, kind in zip(places, kinds, strict=True):
            told = [*islice(words, 34)]
            if chance.random() < 0.15:
                told[11] = COMMON
            if chance.random() < 0.00005:
                told[12] = RARE
            day = (FIRST_DAY + datetime.timedelta(int(DAYS * chance.random() ** 0.6))).isoformat()
            precision = chance.choices(("day", "month", "none"), (80, 10, 10))[0]
            date = {"day": day, "month": day[:7], "none": None}[precision]
            exact = chance.random() < 0.2
            spot = random.Random(f"{place['ubigeo']} {chance.randrange(PLACES)}") if exact else None
            axes = {axis: round(float(place[axis]) + (spot.gauss(0, 0.02) if spot else 0), 4) for axis in _AXES}
            digest = base64.b32encode(hashlib.sha256(str(made).encode()).digest()).decode()[:12]
            yield {
                "id": f"Q{digest}",
                "date": date,
                "date_precision": precision,
                "date_prec": {"day": 1, "month": 4, "none": None}[precision],
                "year": int(date[:4]) if date else None,
                "type": kind["key"],
                "type_label": kind["es"],
                "iccs": kind.get("iccs"),
                "status": "completed",
                "event": "crime",
                "place": f"urbanización {told[0].title()}" if exact else None,
                "place_level": "neighbourhood" if exact else "district",
                "where_prec": 1 if exact else 3,
                "district": place["district"],
                "province": place["province"],
                "department": place["department"],
                "country": "PE",
                "ubigeo": place["ubigeo"],
                **axes,
                "coordinates_of": "place" if exact else "district",
                "confidence": round(chance.random(), 3),
                "headline": f"{place['district']}: {' '.join(told[:9])}",
                "evidence": f"{' '.join(told[9:])} en {place['district']}.".capitalize(),
                "reports": 1,
                "newspapers": 1,
                "first_reported": f"{day}T21:40:00-05:00",
                "last_reported": f"{day}T21:40:00-05:00",
                "review": "unreviewed",
            }
            made += 1


_AXES = ("latitude", "longitude")


def build(path: Path, count: int) -> None:
    """Write a public database of synthetic incidents, one report each."""
    written = path.with_name(f"{path.name}.part")
    written.unlink(missing_ok=True)
    db = Database(sqlite3.connect(written, isolation_level=None), execute_plugins=False)
    db.conn.execute("PRAGMA journal_mode = OFF")
    db.conn.execute("PRAGMA synchronous = OFF")
    tables.create(db)
    types = [{"id": one["key"], "label": one["es"], "label_en": one.get("en")} for one in nlp.taxonomy()]
    tables.insert(db, "types", types)
    places = [{"ubigeo": one["ubigeo"], "level": "district", **one} for one in nlp.districts()]
    tables.insert(
        db, "places", ({**one, **{axis: float(one[axis]) if one[axis] else None for axis in _AXES}} for one in places)
    )
    papers = [
        {"id": f"diario-{n}", "name": f"Diario {n}", "articles": count, "reports": count // NEWSPAPERS}
        for n in range(NEWSPAPERS)
    ]
    tables.insert(db, "sources", papers)
    made = incidents(count)
    while batch := list(islice(made, BATCH)):
        tables.insert(db, "incidents", batch)
        tables.insert(db, "reports", map(_report, batch))
    release = {"number": 1, "published": "2026-01-01T00:00:00Z", "last_crawl": "2026-01-01T00:00:00Z", "software": "bench"}
    counts = {"incidents": count, "reports": count, "newspapers": NEWSPAPERS, "articles": count}
    tables.insert(db, "releases", [release | counts])
    tables.arrange(db)
    tables.count(db)
    tables.index(db)
    db.conn.execute("ANALYZE")
    db.close()
    written.replace(path)


def _report(incident: dict[str, Any]) -> dict[str, Any]:
    number = int.from_bytes(incident["id"].encode()[-4:], "big")
    return {
        "id": f"R{incident['id'][1:]}",
        "incident": incident["id"],
        "newspaper": f"diario-{number % NEWSPAPERS}",
        "headline": incident["headline"],
        "link": f"https://diario.example/{incident['id']}",
        "published": incident["first_reported"],
        "evidence": incident["evidence"],
        "extractor": "bench",
    }


class Server:
    """A site in a process of its own."""

    def __init__(self, name: str, command: list[str], port: int) -> None:
        started = time.monotonic()
        self.name = name
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120)
        while True:
            try:
                self.client.get("/-/versions.json")
                break
            except httpx.TransportError:
                if self._process.poll() is not None or time.monotonic() - started > 300:
                    raise RuntimeError(f"{name} does not answer") from None
                time.sleep(0.1)
        self.started_in = time.monotonic() - started

    def cpu(self) -> float:
        """Seconds that the process has worked so far."""
        tasks = Path(f"/proc/{self._process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def memory(self) -> int:
        """The memory that is the process's own, in MB: without the pages of the file, which are the system's to drop."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) // 1024

    def get(self, path: str) -> tuple[float, float, str]:
        """Wall clock and CPU in ms, and what the answer lacks ("" where nothing)."""
        cpu, began = self.cpu(), time.perf_counter()
        answer = self.client.get(path)
        wall = time.perf_counter() - began
        cpu = self.cpu() - cpu
        lacks = "" if answer.status_code == 200 else str(answer.status_code)
        if "These facets timed out" in answer.text or "No dio tiempo a contar" in answer.text:
            lacks = "facets timed out"
        return wall * 1000, cpu * 1000, lacks

    def end(self) -> None:
        self.client.close()
        self._process.terminate()
        self._process.wait(30)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def quantile(values: list[float], share: float) -> float:
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def variants(path: Path, rounds: int) -> dict[str, list[Any]]:
    """What the places in the paths stand for, another in each round, so that no answer is one that was kept."""
    conn = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        places = conn.execute(
            "SELECT department, type, sum(incidents) AS n FROM counts GROUP BY 1, 2 ORDER BY n DESC LIMIT ?", [rounds]
        ).fetchall()
        near = conn.execute(
            "SELECT district, type, sum(incidents) AS n FROM counts GROUP BY 1, 2 ORDER BY n DESC LIMIT ?", [rounds]
        ).fetchall()
        ids = [row[0] for row in conn.execute("SELECT id FROM incidents LIMIT ? OFFSET 1000", [rounds])]
    finally:
        conn.close()
    return {
        "department": [row[0] for row in places],
        "type": [row[1] for row in places],
        "district": [row[0] for row in near],
        "id": ids,
        # Each in a sixth to a quarter of the incidents; stock Datasette, which does not stem, is asked for the stem.
        "common": [COMMON, *_WORDS[-rounds:]],
        "stem": [stemmed(word) for word in (COMMON, *_WORDS[-rounds:])],
        "day": [1 + number % 28 for number in range(rounds)],
    }


def whole_csv(server: Server, path: str) -> tuple[int, float, float]:
    """Rows of a streamed CSV, seconds and CPU seconds."""
    with tempfile.TemporaryFile() as file:
        cpu, began = server.cpu(), time.perf_counter()
        with server.client.stream("GET", path) as answer:
            for piece in answer.iter_raw():
                file.write(piece)
        wall, cpu = time.perf_counter() - began, server.cpu() - cpu
        file.seek(0)
        rows = sum(1 for _ in csv.reader(io.TextIOWrapper(file, encoding="utf-8", newline=""))) - 1
    return rows, wall, cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--incidents", type=int, default=1_000_000)
    parser.add_argument("--file", type=Path, help="where the database is made and kept; a folder that is thrown away without")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--build-only", action="store_true")
    parser.add_argument("--no-stock", action="store_true", help="leave stock Datasette out")
    parser.add_argument("--no-csv", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quintanas-site-") as folder:
        path: Path = options.file or Path(folder) / "incidents.db"
        if not path.is_file():
            began = time.process_time()
            build(path, options.incidents)
            print(f"{options.incidents} incidents: {path.stat().st_size / 1e6:.0f} MB, {time.process_time() - began:.0f} s CPU")
        if not options.build_only:
            compare(path, options)


def compare(path: Path, options: argparse.Namespace) -> None:
    """Ask both sites the same and print a table."""
    port, other = free_port(), free_port()
    serve = f"from db.serve import serve; serve({str(path)!r}, port={port})"
    servers = [Server("quintanas", [sys.executable, "-c", serve], port)]
    if not options.no_stock:
        stock = [sys.executable, "-m", "datasette", "-i", str(path), "-p", str(other)]
        # The tables' own names say nothing of facets; stock Datasette gets the same ones in the address.
        servers.append(Server("stock", stock, other))
    try:
        print("starts in: " + ", ".join(f"{server.name} {server.started_in:.1f} s" for server in servers))
        print(f"{'page':30}{'goal':>6}" + "".join(f"{f'{one.name} p50/p95, CPU p50/p95 ms':>48}" for one in servers))
        chosen = variants(path, options.rounds)
        for name, ours, theirs, goal in _GOALS:
            line = f"{name:30}{goal or '':>6}"
            times: dict[str, list[tuple[float, float, str]]] = {server.name: [] for server in servers}
            for number in range(options.rounds):
                values = {key: many[number % len(many)] for key, many in chosen.items()}
                for server, asked in zip(servers, (ours, theirs), strict=False):
                    if asked and (server is servers[0] or number < max(3, options.rounds // 3)):
                        asked = asked.format(**values)
                        stock_path = asked.replace("/incidents/", f"/{path.stem}/", 1) if server is not servers[0] else asked
                        times[server.name].append(server.get(stock_path))
            for found in times.values():
                if not found:
                    continue
                wall, cpu = [one[0] for one in found], [one[1] for one in found]
                lacks = {one[2] for one in found} - {""}
                figures = (
                    f"{quantile(wall, 0.5):.0f}/{quantile(wall, 0.95):.0f}, {quantile(cpu, 0.5):.0f}/{quantile(cpu, 0.95):.0f}"
                )
                line += f"{figures + (f' ({len(lacks)}: ' + ', '.join(lacks) + ')' if lacks else ''):>48}"
            print(line, flush=True)
        if not options.no_csv:
            for server, address in zip(
                servers, ("/descargar/incidents.csv", f"/{path.stem}/incidents.csv?_stream=on&_size=max"), strict=False
            ):
                rows, seconds, worked = whole_csv(server, address)
                print(
                    f"whole CSV, {server.name}: {rows} rows, {rows / seconds:.0f} rows/s, {rows / worked:.0f} rows/s of CPU",
                    flush=True,
                )
        print("own memory at the end: " + ", ".join(f"{server.name} {server.memory()} MB" for server in servers))
    finally:
        for server in servers:
            server.end()


if __name__ == "__main__":
    main()
