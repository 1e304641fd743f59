"""What stemming is worth to a search: everyday questions asked of the labelled articles.

    python benchmarks/bench_search.py

Each question names a type of crime in words that people type (plurals, infinitives, nouns without accents). An article is
searched by its title and its first 400 characters, as the site searches headlines and evidence; it is wanted where it is
labelled with the type. Prints, for whole words and for stems, how many wanted articles are found (recall) and how many of those
found are wanted (precision), averaged over the questions.
"""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

from db.particulars import fold
from db.searching import TOKENIZER, match_expression, stemmed

GOLD = Path(__file__).parents[1] / "tests" / "gold"
QUESTIONS = {
    "burglary": ["robos vivienda", "robar casas", "roban casa", "robo viviendas"],
    "corruption": ["sobornos", "corrupto", "coimas"],
    "drug_offence": ["drogas", "narcotraficantes", "marihuana", "cocaina"],
    "explosive_attack": ["explosivos", "explosiones", "dinamitas", "detonar"],
    "extortion": ["extorsiones", "extorsion", "extorsionar", "extorsionadores", "amenazas"],
    "fraud": ["estafas", "estafar", "falsificaciones"],
    "homicide": ["homicidios", "asesinatos", "asesinar", "matan", "acribillar"],
    "kidnapping": ["secuestros", "secuestrar", "secuestradores"],
    "robbery": ["robos", "asaltos", "asaltar", "robar", "asaltantes"],
    "sexual_violence": ["violaciones", "abuso sexual", "tocamientos"],
    "theft": ["hurtos", "hurtar", "roban"],
    "vehicle_theft": ["robos de vehiculos", "robar motos", "roba camioneta", "mototaxi robada"],
    "weapons_offence": ["armas", "municiones", "pistolas"],
}


def main() -> None:
    """Run the benchmark and print its table."""
    articles = [json.loads(line) for path in sorted(GOLD.glob("*.jsonl")) for line in path.open(encoding="utf-8")]
    texts = [f"{article.get('title') or ''} {article['text'][:400]}" for article in articles]
    types = [{incident["type"] for incident in article["incidents"]} for article in articles]
    conn = sqlite3.connect(":memory:")
    for table in ("words", "stems"):
        conn.execute(f"CREATE VIRTUAL TABLE {table} USING fts5 (text, content='', tokenize='{TOKENIZER}')")
    conn.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", enumerate(texts))
    conn.executemany("INSERT INTO stems (rowid, text) VALUES (?, ?)", ((row, stemmed(text)) for row, text in enumerate(texts)))
    asked = [(kind, question) for kind, questions in QUESTIONS.items() for question in questions]
    print(f"{len(articles)} articles, {len(asked)} questions\n{'':<8}{'recall':>8}{'precision':>11}{'nothing found':>15}")
    for table in ("words", "stems"):
        recall = precision = nothing = 0.0
        for kind, question in asked:
            whole = " ".join(f'"{word}"' for word in re.findall(r"\w+", fold(question)) if word != "de")
            match = match_expression(question) if table == "stems" else whole
            found = {row for (row,) in conn.execute(f"SELECT rowid FROM {table} WHERE {table} MATCH ?", [match])}
            wanted = {row for row, labels in enumerate(types) if kind in labels}
            recall += len(found & wanted) / len(wanted)
            precision += len(found & wanted) / len(found) if found else 0
            nothing += not found
        print(f"{table:<8}{recall / len(asked):>8.3f}{precision / len(asked):>11.3f}{nothing:>15.0f}")


if __name__ == "__main__":
    main()
