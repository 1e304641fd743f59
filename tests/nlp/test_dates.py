"""Date expressions of Spanish news: what is found, what days it stands for, and what is left alone."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language

from nlp.dates import DateValue, find_dates

# A Wednesday.
PUBLISHED = date(2025, 8, 20)
MONTHS = [
    *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
    *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
]
WEEKDAYS = ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"]

NLP = spacy.blank("es")


def values(text: str, published: date | None = PUBLISHED, nlp: Language = NLP) -> list[tuple[str, DateValue]]:
    doc = nlp(text)
    doc._.published = published
    return [(span.text, span._.date) for span in find_dates(doc)]


def written(value: DateValue) -> str:
    """`value` as the tables below write it."""
    if value.precision == "none" or value.start is None or value.end is None:
        return "none"
    if value.precision == "vague":
        return f"~{value.start}/{value.end}"
    interval = value.precision == "day" and value.end != value.start
    shown = f"{value.start}/{value.end}" if interval else str(value.iso())
    return f"{shown} {value.part_of_day}" if value.part_of_day else shown


def found(text: str, published: date | None = PUBLISHED) -> list[str]:
    return [written(value) for _, value in values(text, published)]


# Each line: a sentence with one expression, and the day or days it names in a paper of Wednesday 20 August 2025.
CALENDAR = """
El crimen ocurrió el 14 de agosto de 2025 | 2025-08-14
El crimen ocurrió el 14 de agosto del 2025 | 2025-08-14
El crimen ocurrió el 14 de agosto del año 2025 | 2025-08-14
El crimen ocurrió el 14 de agosto, 2025 | 2025-08-14
El crimen ocurrió el catorce de agosto de dos mil veinticinco | 2025-08-14
El crimen ocurrió el uno de junio del año dos mil veintiuno | 2021-06-01
El crimen ocurrió el 3 de mayo de mil novecientos noventa y ocho | 1998-05-03
El crimen ocurrió en la víspera de Año Nuevo | 2024-12-31
El crimen ocurrió la víspera de Navidad | 2024-12-24
El crimen ocurrió el miércoles de la semana anterior | 2025-08-13
El crimen ocurrió el 14 de agosto | 2025-08-14
El crimen ocurrió el 14 agosto | 2025-08-14
El pasado 29 junio, los agentes | 2025-06-29
Lo mataron el 3 de setiembre | 2024-09-03
Lo mataron el 3 de septiembre de 2019 | 2019-09-03
Lo mataron el 20 de agosto | 2025-08-20
Lo mataron el 21 de diciembre | 2024-12-21
Lo mataron un 21 de diciembre de 2004 | 2004-12-21
Fue hallado el 15 DE AGOSTO DE 2025 | 2025-08-15
Fue hallado el 15 de Agosto | 2025-08-15
Fue hallado el 1° de agosto | 2025-08-01
Fue hallado el 1.º de agosto | 2025-08-01
Fue hallado el 1ero de agosto | 2025-08-01
Fue hallado el 1ro. de agosto | 2025-08-01
Fue hallado el primero de agosto | 2025-08-01
Fue hallado el 1 de agosto | 2025-08-01
Fue hallado el 01 de agosto | 2025-08-01
Fue hallado el dos de mayo | 2025-05-02
Fue hallado el veintiocho de julio | 2025-07-28
Fue hallado el treinta y uno de julio | 2025-07-31
Fue hallado el treintaiuno de julio | 2025-07-31
El municipio autorizó un cierre de la vía el 28 de agosto | 2025-08-28
Lo mataron el último sábado de julio | 2025-07-26
Lo mataron el primer lunes de mayo de 2023 | 2023-05-01
Lo mataron un lunes de mayo | 2025-05
Fue hallado el 29 de febrero | 2024-02-29
El lunes 18 de agosto lo asaltaron | 2025-08-18
El lunes, 18 de agosto, lo asaltaron | 2025-08-18
El día lunes 18 de agosto lo asaltaron | 2025-08-18
El pasado jueves 7 de agosto lo asaltaron | 2025-08-07
El pasado jueves, 7 de agosto, lo asaltaron | 2025-08-07
Este lunes 18 de agosto lo asaltaron | 2025-08-18
Viernes, 15 de agosto de 2025 | 2025-08-15
viernes 15 agosto 2025 | 2025-08-15
Ocurrió el 5 de julio del presente año | 2025-07-05
Ocurrió el 5 de julio de este año | 2025-07-05
Ocurrió el 5 de julio del año en curso | 2025-07-05
Ocurrió el 16 de diciembre del año pasado | 2024-12-16
Ocurrió el 16 de mayo del pasado año | 2024-05-16
Ocurrió el último 9 de agosto | 2025-08-09
Ocurrió el último miércoles 20 de agosto | 2025-08-20
Ocurrió el pasado 28 de julio | 2025-07-28
Ocurrió el 28 de julio pasado | 2025-07-28
Ocurrió el 31 de diciembre último | 2024-12-31
Vence el plazo del siete de noviembre próximo | 2025-11-07
La audiencia será el 4 de setiembre | 2025-09-04
La audiencia será el próximo 4 de setiembre | 2025-09-04
La marcha está prevista para el 12 de octubre | 2025-10-12
Tras las elecciones del 7 de setiembre el gremio hizo un balance | 2025-09-07
Fue liberado tras el asalto perpetrado el 28 de agosto | 2024-08-28
Lo dijo en agosto 15 de 2025 | 2025-08-15
Trujillo, ago. 15, 2025 | 2025-08-15
Trujillo, 15 ago. 2025 | 2025-08-15
Trujillo, 15 ago 2025 | 2025-08-15
Desde el 3 del mes pasado no aparece | 2025-07-03
Desde el 3 del presente mes no aparece | 2025-08-03
Desde el 3 de este mes no aparece | 2025-08-03
Desde el 3 del mes en curso no aparece | 2025-08-03
Desde el 3 del presente, no aparece | 2025-08-03
Desde el 4 de los corrientes no aparece | 2025-08-04
"""

NUMERIC = """
Fecha: 19/08/2025 | 2025-08-19
Fecha: 03/08/2025 | 2025-08-03
Fecha: 3/8/2025 | 2025-08-03
Fecha: 19-08-2025 | 2025-08-19
Fecha: 19.08.2025 | 2025-08-19
Fecha: 2025-08-19 | 2025-08-19
Fecha: 19.ago.2025 | 2025-08-19
Fecha: 12-mar-2024 | 2024-03-12
Fecha: 2025-08-18T10:30:00-05:00 | 2025-08-18
Fecha: 19/08/25 | 2025-08-19
El robo fue el 19/08 en la noche | 2025-08-19 noche
El robo fue el lunes 18/08/2025 | 2025-08-18
"""

RELATIVE = """
Lo mataron ayer | 2025-08-19
Lo mataron hoy | 2025-08-20
Lo mataron anoche | 2025-08-19 noche
Lo mataron anteayer | 2025-08-18
Lo mataron antes de ayer | 2025-08-18
Lo mataron antier | 2025-08-18
Lo mataron antenoche | 2025-08-18 noche
Lo mataron anteanoche | 2025-08-18 noche
Lo mataron ayer, martes | 2025-08-19
Lo mataron ayer martes 19 de agosto | 2025-08-19
Lo mataron hoy, miércoles | 2025-08-20
Lo mataron el día de ayer | 2025-08-19
Lo mataron en la víspera | 2025-08-19
Lo mataron la jornada de ayer | 2025-08-19
Lo mataron la madrugada de ayer | 2025-08-19 madrugada
Lo mataron ayer por la noche | 2025-08-19 noche
Lo mataron ayer noche | 2025-08-19 noche
Lo mataron ayer en la tarde | 2025-08-19 tarde
Lo mataron ayer, en horas de la tarde | 2025-08-19 tarde
Lo mataron hoy al mediodía | 2025-08-20 tarde
Lo mataron ayer a las 8 de la noche | 2025-08-19 noche
Lo mataron ayer, cerca de las 5:30 a. m., en su casa | 2025-08-19 madrugada
Lo mataron ayer, a eso de las 22:15 horas | 2025-08-19 noche
Lo mataron la mañana de hoy | 2025-08-20 mañana
Lo mataron la madrugada de hoy miércoles | 2025-08-20 madrugada
Lo mataron esta madrugada | 2025-08-20 madrugada
Lo mataron esta mañana | 2025-08-20 mañana
Lo mataron esta tarde | 2025-08-20 tarde
Lo velarán esta noche | 2025-08-20 noche
Lo mataron la noche pasada | 2025-08-19 noche
Lo mataron la pasada madrugada | 2025-08-20 madrugada
Lo mataron al amanecer de ayer domingo | 2025-08-17 madrugada
Lo mataron pasada la medianoche de hoy | 2025-08-20 madrugada
Quedó en observación hasta el martes | 2025-08-19
Estará en observación hasta el martes | 2025-08-26
Lo velarán mañana | 2025-08-21
Mañana será sepultado | 2025-08-21
Lo velarán pasado mañana | 2025-08-22
Lo velarán mañana, jueves | 2025-08-21
Lo mataron hace tres días | 2025-08-17
Lo mataron hace 14 días | 2025-08-06
Lo mataron hace un mes | 2025-07
Lo mataron hace dos meses | 2025-06
Lo mataron hace ocho meses | 2024-12
Lo mataron tres meses atrás | 2025-05
Lo mataron hace tres años | 2022
Lo mataron hace un año | 2024
Lo mataron hace dos semanas | ~2025-08-03/2025-08-09
Lo mataron hace una semana | ~2025-08-10/2025-08-16
Lo mataron hace más de dos meses | ~2025-05-01/2025-07-31
Lo mataron la semana pasada | ~2025-08-11/2025-08-17
Lo mataron la pasada semana | ~2025-08-11/2025-08-17
Lo mataron esta semana | ~2025-08-18/2025-08-24
Lo mataron el fin de semana | ~2025-08-16/2025-08-17
Lo mataron el pasado fin de semana | ~2025-08-16/2025-08-17
Lo juzgarán el próximo fin de semana | ~2025-08-23/2025-08-24
Lo juzgarán dentro de 15 días | 2025-09-04
Lo juzgarán dentro de tres días | 2025-08-23
"""

WEEKDAY = """
Lo mataron el lunes | 2025-08-18
Lo mataron el miércoles | 2025-08-20
Lo mataron el jueves | 2025-08-14
Lo mataron este martes | 2025-08-19
Lo mataron este miércoles | 2025-08-20
Lo mataron el pasado miércoles | 2025-08-13
Lo mataron el último lunes | 2025-08-18
Lo mataron el domingo último | 2025-08-17
Lo mataron el domingo pasado | 2025-08-17
Lo mataron el mismo lunes | 2025-08-18
Lo mataron el día lunes | 2025-08-18
Lo mataron el Sábado | 2025-08-16
Lo mataron el miercoles | 2025-08-20
Lo mataron la noche del lunes | 2025-08-18 noche
Lo mataron la noche de este lunes | 2025-08-18 noche
Lo mataron la noche del último lunes | 2025-08-18 noche
Lo mataron la madrugada del lunes | 2025-08-18 madrugada
Lo mataron al mediodía del lunes | 2025-08-18 tarde
Lo mataron el lunes por la noche | 2025-08-18 noche
Lo mataron el lunes en la madrugada | 2025-08-18 madrugada
Lo mataron el lunes de madrugada | 2025-08-18 madrugada
A las 8:40 p. m. del lunes lo mataron | 2025-08-18 noche
A las 3 de la tarde del lunes lo mataron | 2025-08-18 tarde
Eran las 02:10 de este lunes | 2025-08-18 madrugada
A las 23:30 horas del lunes lo mataron | 2025-08-18 noche
Lo mataron el lunes 18 | 2025-08-18
Lo mataron el viernes 1 | 2025-08-01
Lo mataron el lunes 28 | 2025-07-28
Lo mataron el lunes de la semana pasada | 2025-08-11
El partido se disputará el domingo | 2025-08-24
El domingo se disputará el partido | 2025-08-24
Será sepultado el viernes | 2025-08-22
Este viernes será sepultado | 2025-08-22
La audiencia es el próximo lunes | 2025-08-25
El próximo Lunes la junta celebrará elecciones | 2025-08-25
La audiencia es el lunes próximo | 2025-08-25
La audiencia es el sábado que viene | 2025-08-23
Lo citaron para el lunes | 2025-08-25
La huelga va a partir del viernes | 2025-08-22
La Policía informó que el lunes fue hallado muerto | 2025-08-18
Murió el lunes y será enterrado en Moche | 2025-08-18
"""

INTERVAL = """
Ocurrió la noche del sábado y la madrugada del domingo | 2025-08-16/2025-08-17 noche
Ocurrió entre la noche del sábado y la madrugada del domingo | 2025-08-16/2025-08-17 noche
Ocurrió la noche del sábado para domingo | 2025-08-16/2025-08-17 noche
Ocurrió del domingo al lunes | 2025-08-17/2025-08-18
Ocurrió entre la noche del 2 y la madrugada del 3 de mayo | 2025-05-02/2025-05-03 noche
Ocurrió la noche del 24 y madrugada del 25 de diciembre | 2024-12-24/2024-12-25 noche
La batida fue los días lunes 10 y martes 11 de febrero | 2025-02-10/2025-02-11
La batida fue el lunes 10 y martes 11 de febrero | 2025-02-10/2025-02-11
La batida fue entre el 3 y el 5 de mayo | 2025-05-03/2025-05-05
La batida fue del 3 al 5 de mayo | 2025-05-03/2025-05-05
La batida fue del 30 de abril al 2 de mayo | 2025-04-30/2025-05-02
La batida fue del 28/07/2025 al 03/08/2025 | 2025-07-28/2025-08-03
La batida fue del lunes 11 al viernes 15 de agosto | 2025-08-11/2025-08-15
La batida fue el 5, 6 y 7 de junio | 2025-06-05/2025-06-07
La batida fue los días 15 y 16 de marzo del 2001 | 2001-03-15/2001-03-16
La batida fue el 28 y 29 de julio | 2025-07-28/2025-07-29
La batida fue desde el 15 hasta el 20 de julio | 2025-07-15/2025-07-20
La batida fue desde el lunes hasta el martes | 2025-08-18/2025-08-19
La batida fue sábado y domingo | 2025-08-16/2025-08-17
La batida fue entre el sábado y el domingo | 2025-08-16/2025-08-17
"""

COARSE = """
Ocurrió en marzo | 2025-03
Ocurrió en el mes de marzo | 2025-03
Ocurrió el pasado mes de marzo | 2025-03
Ocurrió en marzo último | 2025-03
Ocurrió en setiembre | 2024-09
Ocurrió en agosto | 2025-08
Ocurrió en Marzo del 2019 | 2019-03
Ocurrió en diciembre de 2024 | 2024-12
Ocurrió en mayo del año pasado | 2024-05
Ocurrió a inicios de marzo | 2025-03
Ocurrió a mediados de julio | 2025-07
Ocurrió a fines de mayo de 2023 | 2023-05
Ocurrió el mes pasado | 2025-07
Ocurrió este mes | 2025-08
Ocurrirá el próximo mes | 2025-09
Ocurrirá en noviembre | 2025-11
Ocurrió en 2019 | 2019
Los hechos se remontan a 2019, cuando vivía ahí | 2019
Ocurrió en el 2019 | 2019
Ocurrió en el año 2019 | 2019
Ocurrió a fines del 2019 | 2019
Ocurrió el año pasado | 2024
Ocurrió este año | 2025
Ocurrió en el presente año | 2025
"""


def cases(table: str) -> list[tuple[str, str]]:
    lines = [line.split("|") for line in table.splitlines() if line]
    return [(text.strip(), want.strip()) for text, want in lines]


@pytest.mark.parametrize(("text", "want"), cases(CALENDAR + NUMERIC + RELATIVE + WEEKDAY + INTERVAL + COARSE))
def test_one_expression(text: str, want: str) -> None:
    assert found(text) == [want]


CONTEXT = """
El 3 de julio hubo dos ataques. Al final del día capturaron a uno. | 2025-07-03, 2025-07-03
El 3 de julio lo citaron. Al día siguiente lo mataron. | 2025-07-03, 2025-07-04
El 3 de julio lo citaron. Un día después lo mataron. | 2025-07-03, 2025-07-04
El 3 de julio lo mataron. Dos días antes lo amenazaron. | 2025-07-03, 2025-07-01
El 3 de julio lo mataron. La noche anterior lo amenazaron. | 2025-07-03, 2025-07-02 noche
El 3 de julio lo citaron. A la mañana siguiente lo mataron. | 2025-07-03, 2025-07-04 mañana
El 3 de julio lo citaron y ese mismo día lo mataron. | 2025-07-03, 2025-07-03
El 3 de julio lo amenazaron y por la noche lo mataron. | 2025-07-03, 2025-07-03 noche
El lunes lo amenazaron. En la madrugada lo mataron. | 2025-08-18, 2025-08-18 madrugada
El 3 de julio lo hirieron. Horas después murió. | 2025-07-03, 2025-07-03
El 3 de julio lo hirieron. Horas más tarde murió. | 2025-07-03, 2025-07-03
El 3 de julio lo citaron y esa noche lo mataron. | 2025-07-03, 2025-07-03 noche
El 3 de julio lo citaron. Aquel jueves lo mataron. | 2025-07-03, 2025-07-03
El 3 de julio lo citaron y en la misma fecha lo mataron. | 2025-07-03, 2025-07-03
El 24 de julio robaron allá. A la otra entidad le tocó el 25, solo que nadie avisó. | 2025-07-24, 2025-07-25
El 11 de setiembre de 2001 fue el atentado. El día 12 volvieron. | 2001-09-11, 2001-09-12
Lo mataron el 4 de junio y a su hermano el 15 de mayo. | 2025-06-04, 2025-05-15
Lo detuvieron el 11 de noviembre de 2021 y el 5 de diciembre lo soltaron. | 2021-11-11, 2021-12-05
Los robos fueron en abril y mayo del 2023. | 2023-04, 2023-05
Los robos fueron de enero a marzo de 2023. | 2023
Los robos fueron entre abril y junio. | 2025
Los robos fueron entre junio de 2023 y mayo de 2024. | 2023
Los cobros fueron entre los años 2016 y 2018. | 2016
Lo amenazaron el 3 de julio. A los dos días, lo mataron. | 2025-07-03, 2025-07-05
Los robos fueron el 12 de abril y el 3 de mayo de 2023. | 2023-04-12, 2023-05-03
Lo mataron el lunes y lo hallaron ayer. | 2025-08-18, 2025-08-19
El ministro informó hoy que el 3 de julio lo citaron y ese día lo mataron. | 2025-08-20, 2025-07-03, 2025-07-03
El 3 de marzo de 2020 fue. El 9 de ese mes volvieron. | 2020-03-03, 2020-03-09
El 3 de marzo de 2020 fue. El 9 de mayo de ese año volvieron. | 2020-03-03, 2020-05-09
Desde el domingo 10 hasta el martes 12 de agosto lo retuvieron | 2025-08-10/2025-08-12
"""


@pytest.mark.parametrize(("text", "want"), cases(CONTEXT))
def test_expressions_that_lean_on_one_another(text: str, want: str) -> None:
    assert found(text) == want.split(", ")


NOT_DATES = """
Lo mataron en el distrito piurano de Veintiséis de Octubre
Gastó entre 2000 y 2010 soles en la fiesta
Lo condenaron a los dos días de prisión
La bolsa no caía así desde el lunes negro
La procesión del domingo de Ramos fue suspendida
La víctima, hoy de 19 años, declaró ante el fiscal
Hoy el local es una pollería
En el distrito hoy hay tres comisarías
Lo asaltaron en la avenida 28 de Julio
Lo asaltaron en la avenida 28 de julio
Lo asaltaron en la av. 28 de Julio
Lo asaltaron en la Av. 9 de Octubre
Lo asaltaron en las avenidas España y 28 de Julio
Lo asaltaron en la intersección de las avenidas 28 de Julio y 9 de Octubre
La agrupación 1 de Mayo protestó
Protestan cada 5 de mayo
Protestan los 5 de mayo
Pidió una oportunidad por Navidad
Lo asaltaron en el cruce de España con 28 de Julio
Asaltaron una joyería en 18 de Julio
Murió pasada la medianoche
Murió horas después
Lo asaltaron en el jirón Dos de Mayo
Lo asaltaron en el jr. 2 de Mayo
Lo asaltaron en la calle 1° de Mayo
Lo asaltaron en la calle Primero de Mayo
Lo asaltaron en la urb. 12 de Noviembre
Lo asaltaron en la urbanización 12 de noviembre
Lo asaltaron en el A. H. 9 de Octubre
Lo asaltaron en el asentamiento humano 9 de Octubre
Lo asaltaron en el barrio 4 de Noviembre
Lo asaltaron en la plaza 2 de Mayo
Lo asaltaron en la plaza Dos de Mayo
Lo asaltaron en la plaza de Mayo
Lo asaltaron en el mercado 3 de Febrero
Lo asaltaron en el colegio 6 de Agosto
Lo asaltaron en la I.E. 6 de Agosto
Lo asaltaron en el sector 5 de Abril
Lo asaltaron en la cooperativa 15 de Enero
Lo asaltaron en la asociación 1 de Junio
El Movimiento 26 de Julio se pronunció
El club 7 de Agosto perdió
El detenido es Julio Abril
El detenido es Julio Marzo Rojas
Domingo Pérez fue asaltado
Asaltaron a Domingo Quispe en su casa
El detenido es Plácido Domingo
La víctima vive en Santo Domingo
Declaró Abril Rojas, vecina
La señora Mayo Torres denunció el robo
Perdió S/ 5000 y 25 soles
Le robaron 2000 soles y 2019 dólares
Tiene 35 años de edad
Es un menor de 15 años
Fue condenado a 15 años de cárcel
El robo duró tres días
Estuvo secuestrado durante dos semanas
Caminó cinco meses
Su DNI es 18 04 2025
Llamó al 949-123-456
Llamó al (044) 28-07-12
Rige la Ley 30077
Rige el Decreto Legislativo 1373
El bus placa T3A-952 volcó
Ocurrió a las 8:40 p. m.
Ocurrió a las 10 de la noche
Ocurrió cerca del mediodía
Llegó más tarde
Lo hacen los lunes
Lo hacen todos los martes
Lo hacen cada viernes
Atienden de lunes a viernes
Atienden los sábados y domingos
Atienden los fines de semana
Lo hacen cada mañana
Lo hacen todas las noches
Por la noche se oyen disparos
El 25 % de los detenidos
Entre el 1 y el 2 por ciento
Fue el 10 de la selección
Perdió por 3-1 y 2/3 de los votos
Llegó el 15 hombres
Citó a 15 para explicar
La mayor de las hermanas
Hoy por hoy nadie responde
Hoy en día nadie responde
El hoy occiso tenía antecedentes
Lo mataron el 31 de abril
Fue un 30 de febrero de mentira
El número 45/13/2025 es falso
La versión 3.14.2025
Lo hizo hace poco
Lo hizo hace tiempo
Lo hizo hace algunos años
Fue en Viernes Santo
La otra semana
Los últimos meses
En el último año
Un lunes cualquiera
"""


@pytest.mark.parametrize("text", [line.strip() for line in NOT_DATES.strip().splitlines()])
def test_no_date(text: str) -> None:
    assert values(text) == []


def test_the_value_says_how_it_was_read() -> None:
    (text, value), *rest = values("Lo asaltaron la noche del lunes 18 de agosto en Moche")
    assert not rest
    assert text == "la noche del lunes 18 de agosto"
    assert value.rule == "calendar"
    assert (value.relative, value.anchored) == (True, "published")
    assert (value.year, value.month, value.day, value.weekday) == (None, 8, 18, 0)
    assert value.start == value.end == date(2025, 8, 18)


def test_an_absolute_date_needs_no_anchor() -> None:
    [(_, value)] = values("El 14 de agosto de 2019 lo mataron", published=None)
    assert (value.iso(), value.relative, value.anchored) == ("2019-08-14", False, None)


WITHOUT_PUBLICATION = """
Lo mataron ayer | none
Lo mataron anoche | none noche
Lo mataron el lunes | none
Lo mataron el lunes 18 | none
Lo mataron el 24 de marzo | none
Lo mataron el martes 22 de diciembre | none
Lo mataron en marzo | none
Lo mataron hace dos meses | none
Lo mataron el año pasado | none
Lo mataron ese mismo día | none
Lo mataron el 24 de marzo de 2023 | 2023-03-24
Lo mataron el 24/03/2023 | 2023-03-24
Lo mataron en marzo de 2023 | 2023-03
Lo mataron en 2019 | 2019
Trujillo, 12 de marzo de 2024.- Ayer lo mataron | 2024-03-12, 2024-03-11
Publicado el 12 de marzo de 2024 ¶ Anoche lo mataron | 2024-03-12, 2024-03-11 noche
Las fotos son del 30 de octubre de 2024. La batida fue el lunes 10 de febrero. | 2024-10-30, 2025-02-10
Lo citaron el 3 de mayo de 2022. El 9 de mayo lo mataron. | 2022-05-03, 2022-05-09
Lo citaron el 3 de mayo de 2022. El 9 de noviembre lo mataron. | 2022-05-03, none
Lo citaron el 3 de mayo de 2022. Al día siguiente lo mataron. | 2022-05-03, 2022-05-04
"""


@pytest.mark.parametrize(("text", "want"), cases(WITHOUT_PUBLICATION))
def test_without_a_day_of_publication_only_the_text_decides(text: str, want: str) -> None:
    got = [
        f"none {value.part_of_day}" if value.start is None and value.part_of_day else written(value)
        for _, value in values(text.replace(" ¶ ", "\n"), published=None)
    ]
    assert got == want.split(", ")


def test_what_is_stated_is_kept_where_it_does_not_resolve() -> None:
    [(text, value)] = values("Lo mataron el martes 22 de diciembre", published=None)
    assert text == "el martes 22 de diciembre"
    assert (value.precision, value.start, value.end) == ("none", None, None)
    assert (value.day, value.month, value.weekday, value.relative) == (22, 12, 1, True)


def test_weekday_written_with_the_story_corrects_a_day_of_publication_that_is_off() -> None:
    assert found("Ayer, lunes, lo mataron", date(2025, 8, 20)) == ["2025-08-18"]
    assert found("Hoy jueves 21 lo mataron", date(2025, 8, 20)) == ["2025-08-21"]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Lo balearon el viernes a las siete y cuarto de la noche", "noche"),
        ("Volaron la fachada anteayer a las 9 y 20 de la mañana", "mañana"),
        ("Ocurrió el sábado, a las dos y media de la madrugada", "madrugada"),
        ("Los asaltaron ayer, 7 de la noche", "noche"),
    ],
)
def test_clock_times_in_words_give_the_part_of_the_day(text: str, part: str) -> None:
    assert [value.part_of_day for _, value in values(text)] == [part]


def test_a_text_put_out_again_keeps_its_own_day() -> None:
    text = "Trujillo, 12 de marzo de 2024.- Ayer asaltaron una botica."
    assert [written(value) for _, value in values(text)] == ["2024-03-12", "2024-03-11"]
    text = "Trujillo, 19 de agosto de 2025.- Ayer asaltaron una botica."
    assert [written(value) for _, value in values(text)] == ["2025-08-19", "2025-08-19"]


def test_component_sets_the_span_group(tmp_path: Path) -> None:
    nlp = spacy.blank("es")
    nlp.add_pipe("dates")
    nlp.to_disk(tmp_path / "model")
    for pipeline in (nlp, spacy.load(tmp_path / "model")):
        doc = pipeline("El 24 de marzo de 2023 lo citaron y el 25 de mayo de 2024 lo mataron.")
        assert [span._.date.iso() for span in doc.spans["dates"]] == ["2023-03-24", "2024-05-25"]
        assert {span.label_ for span in doc.spans["dates"]} == {"date"}


VOCABULARY = """
el la los del al de en a y , . ; ( hace dos tres 5 15 18 31 99 2019 2025 1° lunes domingo Domingo sábado marzo Julio mayo ago
ago. mañana tarde noche madrugada ayer hoy anoche pasado último próximo este ese mismo día días semana mes año años fin víspera
siguiente anterior dentro atrás después antes 19/08/2025 31/02/2024 45/13/99 9999-12-31 0001-01-01 8:40 p. m. horas avenida
que viene hasta entre por ciento fue será casa 🚓 <b> Navidad una un otro medio hrs mil décadas lustro 50
"""
WORDS = st.sampled_from([*VOCABULARY.split(), "\n", "\n\n"])
PUBLICATIONS = st.none() | st.dates(min_value=date(1950, 1, 1), max_value=date(2090, 1, 1)) | st.dates()


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=200) | st.lists(WORDS, max_size=60).map(" ".join), published=PUBLICATIONS)
def test_any_text_gives_ordered_spans_with_sane_values(text: str, published: date | None) -> None:
    doc = NLP(text)
    doc._.published = published
    spans = find_dates(doc)
    assert all(0 <= span.start < span.end <= len(doc) for span in spans)
    assert all(left.end <= right.start for left, right in pairwise(spans))
    for span in spans:
        value = span._.date
        assert (value.start is None) == (value.end is None) == (value.precision == "none")
        assert value.start is None or value.start <= value.end
        assert published or value.start is None or value.anchored != "published"


STYLES = (
    "{d} de {month} de {y}",
    "{d} de {month} del {y}",
    "{d} de {month} del año {y}",
    "{weekday} {d} de {month} de {y}",
    "{weekday}, {d} de {month} de {y}",
    "{d} {abbreviation}. {y}",
    "{d:02}/{m:02}/{y}",
    "{d:02}-{m:02}-{y}",
    "{y}-{m:02}-{d:02}",
    "{month} {d} de {y}",
    "{d:02} de {upper} de {y}",
)


@settings(max_examples=200, deadline=None)
@given(
    day=st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31)),
    style=st.sampled_from(STYLES),
    published=PUBLICATIONS,
)
def test_a_full_date_is_read_back_in_every_style(day: date, style: str, published: date | None) -> None:
    month = MONTHS[day.month - 1]
    shown = style.format(
        d=day.day,
        m=day.month,
        y=day.year,
        month=month,
        upper=month.upper(),
        abbreviation=month[:3],
        weekday=WEEKDAYS[day.weekday()],
    )
    assert [value.iso() for _, value in values(f"El hecho, del que se supo tarde, fue así: {shown}.", published)] == [
        day.isoformat()
    ]


@settings(max_examples=200, deadline=None)
@given(published=st.dates(min_value=date(1950, 1, 1), max_value=date(2090, 1, 1)), back=st.integers(0, 364))
def test_day_and_month_after_a_past_verb_are_the_latest_up_to_publication(published: date, back: int) -> None:
    day = published - timedelta(days=back)
    latest = next(d for n in range(back + 1) if ((d := published - timedelta(days=n)).month, d.day) == (day.month, day.day))
    assert found(f"Lo mataron el {day.day} de {MONTHS[day.month - 1]} en su casa", published) == [latest.isoformat()]


@settings(max_examples=100, deadline=None)
@given(published=st.dates(min_value=date(1950, 1, 1), max_value=date(2090, 1, 1)), weekday=st.integers(0, 6))
def test_weekdays_fall_within_the_week_before_or_after(published: date, weekday: int) -> None:
    name = WEEKDAYS[weekday]
    [past] = [date.fromisoformat(day) for day in found(f"Lo mataron el {name}", published)]
    [strict] = [date.fromisoformat(day) for day in found(f"Lo mataron el pasado {name}", published)]
    [future] = [date.fromisoformat(day) for day in found(f"Lo juzgarán el {name}", published)]
    assert past.weekday() == strict.weekday() == future.weekday() == weekday
    assert timedelta(0) <= published - past < timedelta(7)
    assert timedelta(0) < published - strict <= timedelta(7)
    assert timedelta(0) < future - published <= timedelta(7)


PIECES = [
    "lunes ",
    "el 5, ",
    "el 3. ",
    "12 de ",
    "hace dos ",
    "noche del ",
    "el día del ",
    "1/1/",
    "mes de ",
    "y el 3 ",
    "5 de mayo, ",
]


@pytest.mark.parametrize("published", [PUBLISHED, None])
@pytest.mark.parametrize("piece", [*PIECES, "el lunes 5 de mayo y el 1/{n}/20{n}. "])
def test_a_long_repetitive_text_is_read_to_its_end(piece: str, published: date | None) -> None:
    many = "".join(piece.replace("{n}", f"{n % 12 + 1:02}") for n in range(200_000 // len(piece)))
    got = values(f"{many}\n\nLo mataron el 14 de agosto de 2025", published, spacy.blank("es"))
    assert written(got[-1][1]) == "2025-08-14"
