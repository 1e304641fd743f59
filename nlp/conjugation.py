"""Forms of Spanish verbs, third person and non-finite, from the infinitive and a short table of irregular stems.

News tells events in the third person, so the first and second persons are generated only for the simple past ("me robaron"
needs none; "robé", "robamos" occur in confessions). Source of the paradigms: Real Academia Española, *Nueva gramática de la
lengua española. Manual* (2010), chapter 4 and its tables of conjugation.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

Form = str
Class = str
"""past, present, imperfect, participle, gerund, infinitive, future, conditional, subjunctive."""

_ENDINGS: dict[str, dict[Class, str]] = {
    "ar": {
        "past": "ó aron é amos",
        "present": "a an",
        "imperfect": "aba aban ábamos",
        "subjunctive": "e en ara aran ase asen",
        "gerund": "ando",
        "participle": "ado ada ados adas",
    },
    "er": {
        "past": "ió ieron",
        "present": "e en",
        "imperfect": "ía ían",
        "subjunctive": "a an iera ieran iese iesen",
        "gerund": "iendo",
        "participle": "ido ida idos idas",
    },
}
_ENDINGS["ir"] = _ENDINGS["er"]
_CLITICS = ["le", "les", "lo", "la", "los", "las", "se", "me", "nos"]
_ACCENT = str.maketrans("aei", "áéí")


@cache
def irregular() -> dict[str, dict[str, object]]:
    """The table of `data/verbs.toml`."""
    table: dict[str, dict[str, object]] = tomllib.loads((files("nlp") / "data" / "verbs.toml").read_text("utf-8"))["verb"]
    return table


def _soften(stem: str, ending: str, group: str) -> str:
    """Spelling of a stem before "e" (-ar verbs): sacar → saqu-, pagar → pagu-, alzar → alc-; cojer-like verbs before "a"."""
    if group == "ar" and ending[0] in "eé":
        for old, new in (("c", "qu"), ("g", "gu"), ("z", "c")):
            if stem.endswith(old):
                return stem[: -len(old)] + new
    if group != "ar" and ending[0] in "ao":
        if stem.endswith("gu"):
            return stem[:-1]
        if stem.endswith("g"):
            return stem[:-1] + "j"
        if stem.endswith("c") and stem[-2:-1] not in ("n", "r"):
            return stem[:-1] + "zc"
    return stem


def forms(infinitive: str) -> Iterator[tuple[Form, Class]]:
    """Every form of one verb with its class, the participle in all genders and numbers; a form may come more than once."""
    group, root = infinitive[-2:].replace("í", "i"), infinitive[:-2]
    table = irregular().get(infinitive, {})
    present, past = str(table.get("present", root)), str(table.get("past", root))
    strong, participle = table.get("strong"), table.get("participle")
    yield infinitive, "infinitive"
    for cls, endings in _ENDINGS[group].items():
        for ending in endings.split():
            stem = root
            if cls == "present" or (cls == "subjunctive" and ending in ("e", "en", "a", "an")):
                stem = present
            elif cls in ("past", "gerund") or (cls == "subjunctive" and group != "ar"):
                stem = past
            if strong and cls == "past":
                continue
            if cls == "participle" and participle:
                continue
            yield _soften(stem, ending, group) + ending, cls
    if strong:
        ieron = "eron" if str(strong).endswith("j") else "ieron"
        yield f"{strong}o", "past"
        yield f"{strong}{ieron}", "past"
        yield f"{strong}{ieron[:-2]}a", "subjunctive"
        yield f"{strong}{ieron[:-2]}an", "subjunctive"
    if participle:
        for gender in ("o", "a", "os", "as"):
            yield str(participle)[:-1] + gender, "participle"
    future = str(table.get("future", root + group))
    for ending in ("á", "án"):
        yield future + ending, "future"
    for ending in ("ía", "ían"):
        yield future + ending, "conditional"
    others = table.get("others", [])
    for line in others if isinstance(others, list) else []:
        cls, *words = str(line).split()
        for word in words:
            yield word, cls
    gerund = past + ("ando" if group == "ar" else "iendo")
    accented = past + ("ándo" if group == "ar" else "iéndo")
    for clitic in _CLITICS:
        yield infinitive.replace("í", "i") + clitic, "infinitive"
        yield accented + clitic, "gerund"
        if clitic in ("lo", "la", "los", "las"):
            for person in ("se", "le"):
                if person == "se":
                    yield infinitive[:-2] + infinitive[-2:].translate(_ACCENT) + person + clitic, "infinitive"
    del gerund
