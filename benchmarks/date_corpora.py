"""Precision, recall and F1 of the dates component on a Spanish corpus of annotated time expressions that the user supplies.

    python benchmarks/date_corpora.py PATH [PATH ...] [--errors]

PATH is a TimeML document (`.tml`, `.xml`; TimeBank, TempEval-3), a directory of them, or a table of tokens (`.tsv`: token, tab,
B-/I-/O tag with the TIMEX3 type, tab, value; documents begin with a line `*!-DCTVALUE="2001-02-01"-!*`), the form in which
Escribano, Rigau and Agerri (2023, doi:10.1016/j.knosys.2023.110612) publish TimeBank-es and MEANTIME-es. No corpus comes with
Quintanas; their licences are their owners'.

An expression counts where its value is granular to the day (type DATE or TIME, "2001-02-01", "2001-02-01TNI"). It is found,
and the prediction right, where a predicted expression overlaps it and has the same ISO day. An interval ("del 7 al 11 de
septiembre") is two predictions, one for each half, as the corpora annotate it. Clock times alone ("a las 8.15") are outside the
task: not missed; the last line gives the figures with them counted as gold too.
"""

from __future__ import annotations

import argparse
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import spacy

from nlp.dates import find_dates

_DCT = re.compile(r"\*!-DCTVALUE=\"(\d{4}-\d\d-\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_CLOCK = re.compile(r"\d{4}-\d\d-\d\dT\d")


@dataclass(frozen=True)
class Gold:
    """One annotated expression, in characters of the text."""

    start: int
    end: int
    type: str
    value: str


@dataclass
class Document:
    """A text, its day of writing and its expressions."""

    published: date
    text: str
    gold: list[Gold]

    def around(self, start: int, end: int) -> str:
        """The characters from `start` to `end` in brackets, with some of what stands beside them."""
        left, right = self.text[max(0, start - 50) : start], self.text[end : end + 40]
        return f"…{left}[[{self.text[start:end]}]]{right}…".replace("\n", "|")


def read_table(path: Path) -> Iterator[Document]:
    """Documents of a token table."""
    document: Document | None = None
    open_until = -1
    for line in path.read_text(encoding="utf-8").splitlines():
        if match := _DCT.match(line):
            if document:
                yield document
            document = Document(date.fromisoformat(match[1]), "", [])
            continue
        if document is None:
            continue
        if not line:
            document.text += "\n"
            open_until = -1
            continue
        token, tag, *rest = line.split("\t")
        start = len(document.text)
        document.text += token + " "
        end = start + len(token)
        if tag.startswith("B-"):
            document.gold.append(Gold(start, end, tag[2:], rest[-1]))
            open_until = end
        elif tag.startswith("I-") and open_until >= 0:
            last = document.gold[-1]
            document.gold[-1] = Gold(last.start, end, last.type, last.value)
        else:
            open_until = -1
    if document:
        yield document


def read_timeml(path: Path) -> Iterator[Document]:
    """The document of a TimeML file."""
    root = ET.parse(path).getroot()
    creation = root.find(".//DCT/TIMEX3")
    body = root.find(".//TEXT")
    if creation is None or body is None or not _DAY.match(creation.get("value", "")):
        raise SystemExit(f"{path}: no DCT with a day, or no TEXT element; is this TimeML of TempEval-3?")
    document = Document(date.fromisoformat(creation.get("value", "")[:10]), "", [])

    def walk(element: ET.Element) -> None:
        start = len(document.text)
        document.text += element.text or ""
        for child in element:
            walk(child)
            document.text += child.tail or ""
        if element.tag == "TIMEX3":
            document.gold.append(Gold(start, len(document.text), element.get("type", ""), element.get("value", "")))

    walk(body)
    yield document


def read(path: Path) -> Iterator[Document]:
    """Documents below `path`."""
    if path.is_dir():
        for child in sorted(path.iterdir()):
            if child.suffix in (".tml", ".xml", ".tsv"):
                yield from read(child)
    elif path.suffix == ".tsv":
        yield from read_table(path)
    else:
        yield from read_timeml(path)


def predictions(nlp: spacy.language.Language, document: Document) -> list[tuple[int, int, str]]:
    """(start, end, ISO day) of every expression with a day; intervals as two."""
    doc = nlp.make_doc(document.text)
    doc._.published = document.published
    found = []
    for span in find_dates(doc):
        value = span._.date
        if value.precision != "day":
            continue
        if value.end == value.start:
            found.append((span.start_char, span.end_char, value.start.isoformat()))
            continue
        joints = [t for t in span if t.lower_ in ("y", "e", "al", "a", "hasta", "-", "–", ",") and t.i > span.start]
        joint = joints[-1].idx if joints else (span.start_char + span.end_char) // 2
        found.append((span.start_char, joint, value.start.isoformat()))
        found.append((joint, span.end_char, value.end.isoformat()))
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--errors", action="store_true", help="list what was missed, wrong or false")
    arguments = parser.parse_args()
    nlp = spacy.blank("es")
    counts = dict.fromkeys(("found", "missed", "clock_found", "clock_missed", "predicted", "right", "documents"), 0)
    for path in arguments.paths:
        for document in read(path):
            counts["documents"] += 1
            predicted = predictions(nlp, document)
            used: set[int] = set()
            for gold in document.gold:
                if gold.type not in ("DATE", "TIME") or not _DAY.match(gold.value):
                    continue
                hits = [i for i, (start, end, _) in enumerate(predicted) if start < gold.end and gold.start < end]
                right = [i for i in hits if predicted[i][2] == gold.value[:10]]
                used.update(right)
                prefix = "clock_" if _CLOCK.match(gold.value) else ""
                counts[f"{prefix}found" if right else f"{prefix}missed"] += 1
                if not right and not prefix and arguments.errors:
                    got = [(document.text[predicted[i][0] : predicted[i][1]], predicted[i][2]) for i in hits]
                    print("MISSED", document.published, gold.value, document.around(gold.start, gold.end), "got", got)
            counts["predicted"] += len(predicted)
            counts["right"] += len(used)
            for i in sorted(set(range(len(predicted))) - used) if arguments.errors else ():
                start, end, day = predicted[i]
                over = [(g.type, g.value) for g in document.gold if g.start < end and start < g.end]
                print("FALSE", document.published, day, document.around(start, end), "gold", over)

    def line(name: str, found: int, missed: int) -> None:
        precision = counts["right"] / max(1, counts["predicted"])
        recall = found / max(1, found + missed)
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        print(f"{name:28} P {precision:.3f}  R {recall:.3f}  F1 {f1:.3f}  (gold {found + missed}, found {found})")

    print(f"{counts['documents']} documents, {counts['predicted']} predictions, {counts['right']} right")
    line("day-level expressions", counts["found"], counts["missed"])
    line("  with clock times as gold", counts["found"] + counts["clock_found"], counts["missed"] + counts["clock_missed"])


if __name__ == "__main__":
    main()
