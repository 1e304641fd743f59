# ruff: noqa: E501, SIM905 - sentences stay on one line
"""Writes `develop.jsonl` and `heldout.jsonl`: labelled clusters of invented articles, each incident told in several voices.

`python tests/clusters/build.py` gives the same files every time. The sentences were written by hand, five voices for each kind of
crime; facts, order and what a newspaper leaves out vary. Every fourth incident has a near miss: the same kind of crime in the
same district on the same day or the day after, told in the same voices. All names are invented.
"""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).parent
WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
MONTHS = "enero febrero marzo abril mayo junio julio agosto setiembre octubre noviembre diciembre".split()
PLACES = {
    "Trujillo": [
        "urbanización Palermo",
        "urbanización Santa Inés",
        "urbanización La Merced",
        "urbanización Primavera",
        "urbanización Mochica",
        "urbanización El Recreo",
        "sector La Noria",
        "urbanización Chimú",
    ],
    "El Porvenir": [
        "sector Río Seco",
        "barrio 3",
        "sector Antenor Orrego",
        "sector Víctor Raúl",
        "barrio 1",
        "sector Kumamoto",
    ],
    "La Esperanza": [
        "sector Jerusalén",
        "barrio 4",
        "sector Manuel Arévalo",
        "sector Wichanzao",
        "sector Pueblo Libre",
        "barrio 2",
    ],
    "Florencia de Mora": ["sector Las Azucenas", "parque industrial chico", "sector Los Claveles", "sector Nuevo Florencia"],
    "Huanchaco": ["El Milagro", "sector Villa del Mar", "centro poblado Víctor Raúl", "sector El Trópico"],
    "Laredo": ["barrio San Carlos", "sector La Merced Baja", "centro poblado Galindo", "sector Cortijo"],
    "Virú": ["centro poblado San José", "sector Santa Clara", "centro poblado Puente Virú", "sector El Carmelo"],
    "Chepén": ["sector San Sebastián", "pueblo joven El Progreso", "urbanización Santa Leonor", "sector Túpac Amaru"],
    "Pacasmayo": ["sector Miramar", "urbanización La Greda", "barrio El Porvenir Chico", "sector Los Olivos"],
    "Ascope": ["sector San Agustín", "barrio La Pampa", "sector El Horno", "calle Nueva"],
}
STREETS = [
    "avenida Los Laureles",
    "calle Las Retamas",
    "jirón Los Zafiros",
    "avenida Miraflores",
    "calle Los Tulipanes",
    "jirón Ayacucho",
    "avenida Hermanos Angulo",
    "calle Cahuide",
    "jirón Atahualpa",
    "avenida Condorcanqui",
    "calle Los Ficus",
    "pasaje San Pío",
]
NEWSPAPERS = ("aurora", "correo-del-valle", "el-mirador", "radio-faro", "la-tribuna-norte")
SURNAMES = (
    "Quiliche Tandaypán",
    "Llontop Zavaleta",
    "Cabanillas Orbegozo",
    "Paisig Chuquimango",
    "Uriol Benites",
    "Yengle Rucoba",
)
GIVEN = ("Wilmer Eladio", "Deyvi Omar", "Percy Anselmo", "Leoncio Raúl", "Yonel Aquiles", "Segundo Abraham")

SHOPS = [
    ("bodega", "una bodega", "comerciante"),
    ("botica", "una botica", "técnica en farmacia"),
    ("pollería", "una pollería", "cajera"),
    ("ferretería", "una ferretería", "dueño"),
    ("grifo", "un grifo", "grifero"),
    ("minimarket", "un minimarket", "administrador"),
    ("barbería", "una barbería", "barbero"),
    ("agente bancario", "un agente bancario", "encargada"),
    ("licorería", "una licorería", "vendedor"),
]
JOBS = [
    "mototaxista",
    "comerciante",
    "albañil",
    "taxista",
    "barbero",
    "agricultor",
    "cobrador de combi",
    "vigilante",
    "estudiante universitario",
]
GUNS = [("pistola", "una pistola"), ("revólver", "un revólver"), ("cuchillo", "un cuchillo"), ("escopeta", "una escopeta")]
ESCAPES = [
    ("motocicleta", "una motocicleta lineal"),
    ("auto", "un auto gris"),
    ("mototaxi", "una mototaxi azul"),
    ("camioneta", "una camioneta roja"),
]
VEHICLES = [
    ("motocicleta", "una motocicleta"),
    ("mototaxi", "una mototaxi"),
    ("camioneta", "una camioneta"),
    ("auto", "un auto"),
]
NUMBER = {1: "un", 2: "dos", 3: "tres", 4: "cuatro", 5: "cinco"}
PARTS = {
    "madrugada": ("la madrugada", "en horas de la madrugada", "cerca de las 3 de la madrugada"),
    "mañana": ("la mañana", "en horas de la mañana", "a las 9 de la mañana"),
    "tarde": ("la tarde", "por la tarde", "a las 4 de la tarde"),
    "noche": ("la noche", "por la noche", "a las 9 de la noche"),
}


def when(rng: random.Random, day: date, published: date, part: str) -> str:
    """How a newspaper of that day says when it happened."""
    gap = (published - day).days
    forms = [
        f"{PARTS[part][0]} del {WEEKDAYS[day.weekday()]} {day.day} de {MONTHS[day.month - 1]}",
        f"el {day.day} de {MONTHS[day.month - 1]} {PARTS[part][1]}",
    ]
    if gap == 0:
        forms.append("la madrugada de hoy" if part == "madrugada" else f"{PARTS[part][0]} de hoy")
    if gap == 1:
        forms += ["anoche" if part == "noche" else f"{PARTS[part][0]} de ayer", f"{PARTS[part][0]} de ayer"]
    if 1 <= gap <= 5:
        forms.append(f"{PARTS[part][0]} del último {WEEKDAYS[day.weekday()]}")
    return rng.choice(forms)


# Each voice takes the facts (f), the time in words (t) and what it leaves out (o: a set), and returns headline and text.


def shop(f, t, o, voice):
    n, sh, place = NUMBER[f["men"]], f["shop"], f["place"]
    money = "" if "amount" in o else f" Se apoderaron de S/ {f['amount']:,} de las ventas."
    age = "" if "age" in o else f" de {f['age']} años"
    gun = f["gun"]
    flee = "" if "escape" in o else f" Los hampones huyeron en {f['escape'][1]} con rumbo desconocido."
    street = "" if "street" in o else f", en {f['street']}"
    return [
        (
            f"Asaltan {sh[0]} en {f['district']}",
            f"{n.capitalize()} delincuentes armados asaltaron {sh[1]} en {place}{street}, distrito de {f['district']}, {t}. Los sujetos ingresaron con {gun[1]} y redujeron a quienes atendían.{money}{flee} La Policía revisa las cámaras de seguridad de la zona.",
        ),
        (
            f"{f['district']}: a punta de {gun[0]} roban {sh[0]} de {place}",
            f"Momentos de terror se vivieron {t} en {place}, en {f['district']}. Un trabajador{age} del local contó que {n} hampones lo encañonaron con {gun[1]} y robaron todo lo que había en {sh[1]}.{money} Nadie resultó herido, según los vecinos{street}.{flee}",
        ),
        (
            f"Delincuentes asaltan {sh[0]} y se llevan la recaudación",
            f"{f['district'].upper()}.- La delincuencia no da tregua. {t.capitalize()}, sujetos armados irrumpieron en {sh[1]} ubicada en {place} de {f['district']}{street}, y amenazaron a la persona que atendía{age}.{money} Los asaltantes fueron {n}, según los testigos.{flee}",
        ),
        (
            f"Roban {sh[0]} en {place}",
            f"Personal policial de {f['district']} acudió {t} a {place}{street}, donde {n} sujetos provistos de {gun[1]} habían asaltado {sh[1]}.{money} El encargado{age} presentó la denuncia.{flee}",
        ),
        (
            f"Nuevo asalto en {f['district']}: víctima fue {sh[1]}",
            f"Otra vez {f['district']}. Esta vez el blanco de los hampones fue {sh[1]} de {place}{street}. El robo ocurrió {t}.{money} El agraviado{age} pidió más patrullaje.{flee} La comisaría del sector investiga.",
        ),
    ][voice]


def killing(f, t, o, voice):
    n, place = NUMBER[f["men"]], f["place"]
    age = "" if "age" in o else f" de {f['age']} años"
    street = "" if "street" in o else f" en {f['street']},"
    name = "" if "name" in o else f" La víctima fue identificada como {f['name']}{',' + age + '.' if age else '.'}"
    flee = "" if "escape" in o else f" Los sicarios escaparon en {f['escape'][1]}."
    shots = f["shots"]
    return [
        (
            f"Asesinan a balazos a {f['job']} en {f['district']}",
            f"Un {f['job']}{age} fue asesinado de {shots} balazos {t} en {place}, distrito de {f['district']}. El crimen ocurrió{street} cuando la víctima se encontraba en la puerta de una vivienda.{name}{flee} La Divincri recogió los casquillos.",
        ),
        (
            f"{f['district']}: sicarios acribillan a {f['job']}",
            f"Sangre en {f['district']}. {t.capitalize()}, {n} sicarios acribillaron a un {f['job']} en {place}.{name} El cuerpo quedó{street} con {shots} impactos de bala.{flee} Sus familiares lloraban desconsolados.",
        ),
        (
            "Crimen por encargo: matan a hombre de varios disparos",
            f"{f['district'].upper()}.- Un hombre{age}, que se dedicaba al oficio de {f['job']}, murió baleado {t}. Los asesinos lo interceptaron{street} en {place}, en {f['district']}, y le dispararon sin mediar palabra.{flee}{name}",
        ),
        (
            f"Ultiman a tiros a {f['job']} en {place}",
            f"La Policía investiga el asesinato de un {f['job']}{age}, ultimado a tiros {t} en {place} ({f['district']}).{name}{flee} El fiscal de turno ordenó el levantamiento del cadáver.",
        ),
        (
            f"Violencia imparable: un muerto a balazos en {f['district']}",
            f"Una persona perdió la vida tras ser atacada a balazos por {n} desconocidos en {place} de {f['district']}. El homicidio se registró {t}. Se trata de un {f['job']}{age}.{flee} En el lugar se hallaron {shots} casquillos.",
        ),
    ][voice]


def blast(f, t, o, voice):
    place, amount = f["place"], f["amount"] * 5
    money = "" if "amount" in o else f" Los extorsionadores exigen S/ {amount:,}."
    street = "" if "street" in o else f" de {f['street']},"
    target = f["target"]
    return [
        (
            f"Detonan explosivo en {target[0]} de {f['district']}",
            f"Desconocidos detonaron un explosivo en la puerta de {target[1]}{street} en {place}, distrito de {f['district']}, {t}. El estallido rompió lunas y dañó la fachada.{money} No hubo heridos.",
        ),
        (
            f"{f['district']}: atentado con dinamita contra {target[0]}",
            f"Los vecinos de {place}, en {f['district']}, despertaron con miedo tras el atentado {t}. Dos sujetos dejaron dinamita con la mecha encendida ante {target[1]}{street} y huyeron.{money} La UDEX llegó al lugar.",
        ),
        (
            "Extorsionadores atacan con explosivo y exigen cupo",
            f"{f['district'].upper()}.- {t.capitalize()}, hampones hicieron estallar un artefacto explosivo frente a {target[1]} situada en {place} de {f['district']}.{money} Es la segunda vez que amenazan al propietario.",
        ),
        (
            f"Explosión en {place}: investigan extorsión",
            f"Agentes de la comisaría de {f['district']} acudieron a {place}{street} por la explosión ocurrida {t} en {target[1]}.{money} Los peritos recogieron restos de dinamita.",
        ),
        (
            f"Con dinamita amenazan a dueño de {target[0]}",
            f"El dueño de {target[1]} en {place} ({f['district']}) denunció que delincuentes detonaron un cartucho de dinamita {t}.{money} La familia pide garantías.",
        ),
    ][voice]


def vehicle(f, t, o, voice):
    v, place, job = f["vehicle"], f["place"], f["job"]
    street = "" if "street" in o else f", en {f['street']}"
    age = "" if "age" in o else f" de {f['age']} años"
    price = "" if "amount" in o else f" El vehículo está valorizado en {f['amount'] * 3:,} soles."
    return [
        (
            f"Roban {v[0]} en {f['district']}",
            f"Delincuentes robaron {v[1]} {t} en {place}{street}, distrito de {f['district']}. El propietario{age} la había dejado estacionada frente a su vivienda.{price} La Policía la busca.",
        ),
        (
            f"{f['district']}: se llevan {v[0]} de {job}",
            f"Un {job}{age} perdió su herramienta de trabajo. {t.capitalize()}, {NUMBER[f['men']]} ladrones se llevaron {v[1]} en {place} de {f['district']}.{price} Las cámaras grabaron el hecho{street}.",
        ),
        (
            f"Cámaras captan robo de {v[0]}",
            f"{f['district'].upper()}.- Un video muestra cómo sujetos se apoderan de {v[1]} en {place}, en {f['district']}. El robo ocurrió {t}{street}.{price} El dueño es un {job}{age}.",
        ),
        (
            f"Denuncian robo de {v[0]} en {place}",
            f"Un {job}{age} denunció ante la comisaría de {f['district']} el robo de {v[1]}, ocurrido {t} en {place}{street}.{price}",
        ),
        (
            f"Ladrones no perdonan: roban {v[0]} en {f['district']}",
            f"En menos de un minuto, {NUMBER[f['men']]} hampones hicieron suya {v[1]} en {place}, jurisdicción de {f['district']}. El robo fue {t}.{price} La víctima es un {job}.",
        ),
    ][voice]


def burglary(f, t, o, voice):
    place = f["place"]
    street = "" if "street" in o else f", en {f['street']},"
    loot = f["loot"]
    price = "" if "amount" in o else f" Las pérdidas llegan a S/ {f['amount'] * 2:,}."
    return [
        (
            f"Desvalijan vivienda en {f['district']}",
            f"Ladrones ingresaron a una vivienda de {place}{street} en {f['district']}, {t} y se llevaron {loot}. Los dueños estaban de viaje.{price}",
        ),
        (
            f"{f['district']}: rompen puerta y roban casa",
            f"Sujetos desconocidos rompieron la puerta de una casa en {place}, {f['district']}, y robaron {loot}. Sucedió {t}{street} según la denuncia.{price}",
        ),
        (
            "Robacasas atacan mientras familia no estaba",
            f"{f['district'].upper()}.- Una familia de {place}, en {f['district']}, encontró su vivienda vacía. Los robacasas forzaron la chapa {t} y cargaron con {loot}.{price}",
        ),
        (
            f"Roban {loot.split(' y ')[0]} de una vivienda en {place}",
            f"Los agraviados denunciaron que {t} delincuentes entraron por el techo a su vivienda{street} en {place}, distrito de {f['district']}, y hurtaron {loot}.{price}",
        ),
        (
            f"Vecinos de {place} denuncian robo a vivienda",
            f"El robo a una vivienda de {place} ({f['district']}) alarmó a los vecinos. Los ladrones actuaron {t}. Se llevaron {loot}.{price} Piden serenazgo.",
        ),
    ][voice]


def follow_up(kind, f):
    """A later article: the arrest of those who did it."""
    day = f"el {f['day'].day} de {MONTHS[f['day'].month - 1]}"
    what = {
        "shop": f"asaltar {f['shop'][1]}",
        "killing": f"asesinar a balazos a un {f['job']} de {f['age']} años",
        "blast": f"detonar un explosivo en {f['target'][1]}",
        "vehicle": f"robar {f['vehicle'][1]} a un {f['job']}",
        "burglary": f"robar {f['loot']} de una vivienda",
    }[kind]
    money = f" Aquella vez se llevaron S/ {f['amount']:,}." if kind == "shop" else ""
    return (
        f"{f['district']}: capturan a presunto autor de {'crimen' if kind == 'killing' else 'ataque'} en {f['place']}",
        f"La Policía capturó a un sujeto acusado de {what} en {f['place']}, distrito de {f['district']}, {day}.{money} El detenido quedó a disposición de la fiscalía, que pedirá prisión preventiva.",
    )


KINDS = {
    "shop": ("robbery", shop),
    "killing": ("homicide", killing),
    "blast": ("explosive_attack", blast),
    "vehicle": ("vehicle_theft", vehicle),
    "burglary": ("burglary", burglary),
}
LOOT = [
    "dos televisores y una laptop",
    "joyas y dinero en efectivo",
    "balones de gas y herramientas",
    "tres celulares y una consola",
    "una computadora y ropa",
    "un equipo de sonido y zapatillas",
]
TARGETS = [
    ("vivienda", "la vivienda de un comerciante"),
    ("colegio", "un colegio particular"),
    ("pollería", "una pollería"),
    ("empresa de transportes", "la sede de una empresa de transportes"),
    ("ferretería", "una ferretería"),
    ("barbería", "una barbería"),
    ("botica", "una botica"),
]


def facts(rng, district, place, day):
    return {
        "district": district,
        "place": place,
        "street": rng.choice(STREETS),
        "day": day,
        "part": rng.choice(list(PARTS)),
        "men": rng.choice([2, 2, 3, 3, 4]),
        "shop": rng.choice(SHOPS),
        "gun": rng.choice(GUNS),
        "escape": rng.choice(ESCAPES),
        "amount": rng.choice([800, 1200, 1500, 2300, 3500, 4800, 6000, 7200, 9500]),
        "age": rng.randint(19, 68),
        "job": rng.choice(JOBS),
        "shots": rng.choice(["tres", "cuatro", "cinco", "seis", "siete", "ocho"]),
        "vehicle": rng.choice(VEHICLES),
        "loot": rng.choice(LOOT),
        "target": rng.choice(TARGETS),
        "name": f"{rng.choice(GIVEN)} {rng.choice(SURNAMES)}",
    }


def tell(rng, kind, cluster, f, count, lines):
    type_, voices = KINDS[kind]
    for position, voice in enumerate(rng.sample(range(5), min(count, 5))):
        last = position == count - 1 and count >= 3 and rng.random() < 0.4
        published = f["day"] + timedelta(
            days=rng.randint(5, 40)
            if last
            else rng.choice([0, 1, 1, 1, 2])
            if f["part"] == "madrugada"
            else rng.choice([1, 1, 1, 2])
        )
        left_out = {name for name in ("street", "age", "amount", "escape", "name") if rng.random() < 0.45}
        told = dict(f)
        if rng.random() < 0.12:
            told["place"] = "una zona céntrica"
        title, text = follow_up(kind, f) if last else voices(told, when(rng, f["day"], published, f["part"]), left_out, voice)
        lines.append(
            {
                "id": f"{cluster}-{position + 1}",
                "source": NEWSPAPERS[voice],
                "title": title,
                "text": text,
                "published": published.isoformat(),
                "country": "PE",
                "region": "La Libertad/Trujillo",
                "clusters": [cluster],
                "incidents": [{"type": type_, "district": f["district"], "date": f["day"].isoformat()}],
            }
        )


def build(name: str, seed: int, clusters: int) -> None:
    rng = random.Random(seed)
    lines: list[dict] = []
    start = date(2025, 1, 10)
    number = 0
    while number < clusters:
        kind = rng.choice(list(KINDS))
        district = rng.choice([*PLACES, "Trujillo", "El Porvenir", "La Esperanza"])
        place = rng.choice(PLACES[district])
        f = facts(rng, district, place, start + timedelta(days=rng.randint(0, 270)))
        number += 1
        tell(rng, kind, f"{name[0]}{number:03}", f, rng.choice([2, 2, 3, 3, 4, 5]), lines)
        if number % 4 == 0:
            # The near miss: a day that is the same or the next, another place or, in every third, the same.
            twin = facts(
                rng,
                district,
                rng.choice(PLACES[district]) if number % 3 else place,
                f["day"] + timedelta(days=rng.choice([0, 0, 1])),
            )
            number += 1
            tell(rng, kind, f"{name[0]}{number:03}", twin, rng.choice([1, 2, 3]), lines)
    rng.shuffle(lines)
    (HERE / f"{name}.jsonl").write_text(
        "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8"
    )
    print(name, len(lines), "articles,", number, "clusters")


if __name__ == "__main__":
    build("develop", 5, 60)
    build("heldout", 17, 60)
