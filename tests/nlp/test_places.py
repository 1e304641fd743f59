"""Places: what is read as one, in which role, and which place it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language

import nlp
from nlp.gazetteer import Gazetteer, fold
from nlp.places import PlaceMention, ResolvedPlace, Resolver
from nlp.report import NewsText


def pipeline() -> Language:
    blank = spacy.blank("es")
    blank.add_pipe("places")
    return blank


NLP = pipeline()
RESOLVER = Resolver()


def mentions(text: str, country: str | None = "PE") -> list[PlaceMention]:
    doc = NLP.make_doc(text)
    doc._.article = NewsText("x", text, country=country)
    return [span._.place for span in NLP.get_pipe("places")(doc).spans["places"]]


def resolve(text: str, words: str, country: str | None = "PE", region: str | None = None) -> ResolvedPlace:
    found = mentions(text, country)
    chosen = [m for m in found if m.text == words]
    assert chosen, f"{words!r} not among {[(m.kind, m.text) for m in found]}"
    return RESOLVER.resolve(chosen[0], found, country, region)


@dataclass(frozen=True)
class Case:
    text: str
    words: str
    """The mention to resolve."""
    place: str | None = None
    street: str | None = None
    admin: str = ""
    """ "district, province, department" with "-" for what stays open."""
    country: str = "PE"
    region: str | None = None
    where: str | None = None
    """Country of the place, if it is not the newspaper's."""


CASES = [
    # towns whose names begin as a port's, a bridge's or a housing estate's
    Case("Asaltaron una farmacia en Puerto Montt.", "Puerto Montt", admin="Puerto Montt, -, Los Lagos", country="CL"),
    Case("Un asalto en Puerto Vallarta, de noche.", "Puerto Vallarta", admin="Puerto Vallarta, -, Jalisco", country="MX"),
    Case("Robaron en Villa Carlos Paz.", "Villa Carlos Paz", admin="Villa Carlos Paz, -, Córdoba", country="AR"),
    Case("El robo fue en Puente Nacional.", "Puente Nacional", admin="Puente Nacional, -, Santander", country="CO"),
    Case("Asaltaron un grifo en el distrito Raimondi.", "distrito Raimondi", admin="Raymondi, Atalaya, Ucayali"),
    # a road between two towns of one province
    Case(
        "Juliaca: dos operativos\n\nCayó en la carretera Azángaro - Asillo.",
        "carretera Azángaro - Asillo",
        street="carretera Azángaro - Asillo",
        admin="-, Azángaro, Puno",
    ),
    # where a facility named after the city lies is said after it
    Case(
        "Fue en el aeropuerto de Trujillo, que se encuentra en el distrito de Huanchaco.",
        "aeropuerto de Trujillo",
        "aeropuerto de Trujillo",
        admin="Huanchaco, Trujillo, La Libertad",
    ),
    # a sector of the town, not the district of that name in the same province
    Case(
        "Fue en el sector Pueblo Nuevo, en Aucayacu, provincia de Leoncio Prado.",
        "sector Pueblo Nuevo",
        "sector Pueblo Nuevo",
        admin="José Crespo y Castillo, Leoncio Prado, Huánuco",
    ),
    # the region beside a road says less than its two ends
    Case(
        "Fue en la ruta Cojata - Huancané, en la región Puno.",
        "ruta Cojata - Huancané",
        street="ruta Cojata - Huancané",
        admin="-, Huancané, Puno",
    ),
    # a town's centre and a known landmark stay where they are, whatever else the sentence names
    Case(
        "Lo subieron en el centro de Chiclayo y lo dejaron cerca de Pimentel.",
        "centro de Chiclayo",
        "centro de Chiclayo",
        admin="Chiclayo, Chiclayo, Lambayeque",
    ),
    Case(
        "Estudia en San Miguel. La estafa fue en el Estadio Nacional.",
        "Estadio Nacional",
        "Estadio Nacional",
        admin="Lima, Lima, Lima",
    ),
    Case(
        "Fue en el malecón de Cerro Azul.", "malecón de Cerro Azul", "malecón de Cerro Azul", admin="Cerro Azul, Cañete, Lima"
    ),
    Case("Fue en el malecón Grau, en Chimbote.", "malecón Grau", street="malecón Grau", admin="Chimbote, Santa, Áncash"),
    # a municipality abroad is not called as its seat
    Case("Fue en Ureña.", "Ureña", admin="Pedro María Ureña, -, Táchira", country="VE"),
    # of namesakes in one country the city that is thought of; a colonia is no municipality of that name
    Case("Fue en Fresnillo.", "Fresnillo", admin="Fresnillo, -, Zacatecas", country="MX"),
    Case(
        "Fresnillo: un herido\n\nFue en la colonia Arboledas.",
        "colonia Arboledas",
        "colonia Arboledas",
        admin="Fresnillo, -, Zacatecas",
        country="MX",
    ),
    Case("Ocurrió en Petapa.", "Petapa", admin="San Miguel Petapa, -, Guatemala", country="GT"),
    # everyday and older spellings, and landmarks that a local reader knows
    Case("Fue en Pichanaki.", "Pichanaki", admin="Pichanaqui, Chanchamayo, Junín"),
    Case("Robaron en Baños del Inca.", "Baños del Inca", admin="Los Baños del Inca, Cajamarca, Cajamarca"),
    Case("Fue en el estadio Nacional.", "estadio Nacional", "estadio Nacional", admin="Lima, Lima, Lima"),
    Case(
        "Fue en la garita de Corcona.",
        "garita de Corcona",
        "garita de Corcona",
        admin="Santa Cruz de Cocachacra, Huarochirí, Lima",
    ),
    # a barrio of the city, not the hamlet of that name elsewhere in the province
    Case("Fue en el barrio San José, en Tumbes.", "barrio San José", "barrio San José", admin="Tumbes, Tumbes, Tumbes"),
    # kind words below the district
    Case(
        "Robaron en la urbanización Las Quintanas, en Trujillo.",
        "urbanización Las Quintanas",
        "urbanización Las Quintanas",
        admin="Trujillo, Trujillo, La Libertad",
    ),
    Case(
        "Robacasas en la urbanización Las Quintanas.",
        "urbanización Las Quintanas",
        "urbanización Las Quintanas",
        admin="Trujillo, Trujillo, La Libertad",
        region="La Libertad",
    ),
    Case(
        "Hallaron el cuerpo en el caserío Las Quintanas, distrito de Chocope.",
        "caserío Las Quintanas",
        "caserío Las Quintanas",
        admin="Chocope, Ascope, La Libertad",
    ),
    Case(
        "Lo acribillaron en el centro poblado de Nuevo Chao, en Virú.",
        "centro poblado de Nuevo Chao",
        "centro poblado de Nuevo Chao",
        admin="Chao, Virú, La Libertad",
    ),
    Case(
        "Asaltaron una bodega en el A.H. Armando Villanueva, en El Porvenir, provincia de Trujillo.",
        "A.H. Armando Villanueva",
        "A.H. Armando Villanueva",
        admin="El Porvenir, Trujillo, La Libertad",
    ),
    Case(
        "Balean a mototaxista en el AA. HH. Villa El Paraíso de Nuevo Chimbote.",
        "AA. HH. Villa El Paraíso",
        "AA. HH. Villa El Paraíso",
        admin="Nuevo Chimbote, Santa, Áncash",
    ),
    Case(
        "El robo fue en el P. J. San Martín de Chiclayo.",
        "P. J. San Martín",
        "P. J. San Martín",
        admin="Chiclayo, Chiclayo, Lambayeque",
    ),
    Case(
        "Sucedió en el sector Río Seco, del distrito de El Porvenir (Trujillo).",
        "sector Río Seco",
        "sector Río Seco",
        admin="El Porvenir, Trujillo, La Libertad",
    ),
    Case(
        "Ocurrió en el sector denominado “Los Pinos”, en Laredo.",
        "sector denominado “Los Pinos”",
        "sector denominado “Los Pinos”",
        admin="Laredo, Trujillo, La Libertad",
    ),
    Case(
        "Mataron a un agricultor en el anexo de Yamobamba, en Huamachuco.",
        "anexo de Yamobamba",
        "anexo de Yamobamba",
        admin="Huamachuco, Sánchez Carrión, La Libertad",
    ),
    Case(
        "La víctima cayó en el barrio 5 de Alto Trujillo.", "barrio 5", "barrio 5", admin="Alto Trujillo, Trujillo, La Libertad"
    ),
    Case(
        "Atacaron un local en la urb. Santa Victoria, en Chiclayo.",
        "urb. Santa Victoria",
        "urb. Santa Victoria",
        admin="Chiclayo, Chiclayo, Lambayeque",
    ),
    Case(
        "Cayó en la urbanización Buenos Aires II etapa, en Nuevo Chimbote.",
        "urbanización Buenos Aires II etapa",
        "urbanización Buenos Aires II etapa",
        admin="Nuevo Chimbote, Santa, Áncash",
    ),
    Case(
        "En la asociación de vivienda Los Jardines, distrito de Ate, hallaron armas.",
        "asociación de vivienda Los Jardines",
        "asociación de vivienda Los Jardines",
        admin="Ate, Lima, Lima",
    ),
    Case(
        "En Wichanzao, en La Esperanza, detonaron una granada.",
        "Wichanzao",
        "Wichanzao",
        admin="La Esperanza, Trujillo, La Libertad",
    ),
    Case("Detonaron una granada en Huaycán, distrito de Ate.", "Huaycán", "Huaycán", admin="Ate, Lima, Lima"),
    # facilities
    Case(
        "Extorsionan a comerciantes del mercado La Hermelinda, en Trujillo.",
        "mercado La Hermelinda",
        "mercado La Hermelinda",
        admin="Trujillo, Trujillo, La Libertad",
    ),
    Case(
        "Entraron al colegio emblemático San Juan, en Trujillo.",
        "colegio emblemático San Juan",
        "colegio emblemático San Juan",
        admin="Trujillo, Trujillo, La Libertad",
    ),
    Case(
        "Asaltan la discoteca “La Noche”, en Huanchaco.",
        "discoteca “La Noche”",
        "discoteca “La Noche”",
        admin="Huanchaco, Trujillo, La Libertad",
    ),
    Case(
        "Roban laptops de la I.E. N.° 80010 Ricardo Palma, en Trujillo.",
        "I.E. N.° 80010 Ricardo Palma",
        "I.E. N.° 80010 Ricardo Palma",
        admin="Trujillo, Trujillo, La Libertad",
    ),
    Case("Hallaron droga en el puerto del Callao.", "puerto del Callao", "puerto del Callao", admin="Callao, Callao, Callao"),
    Case(
        "Cobraron coimas en la Municipalidad Distrital de Moche.",
        "Municipalidad Distrital de Moche",
        "Municipalidad Distrital de Moche",
        admin="Moche, Trujillo, La Libertad",
    ),
    Case(
        "Asaltan grifo Primax en la avenida Mansiche, en Trujillo.",
        "grifo Primax",
        "grifo Primax",
        "avenida Mansiche",
        admin="Trujillo, Trujillo, La Libertad",
    ),
    Case(
        "Robaron en el restaurante El Mochica, en Trujillo.",
        "restaurante El Mochica",
        "restaurante El Mochica",
        admin="Trujillo, Trujillo, La Libertad",
    ),
    # streets
    Case(
        "Lo balearon en la cuadra 5 del jirón Pizarro, en Trujillo.",
        "cuadra 5 del jirón Pizarro",
        None,
        "cuadra 5 del jirón Pizarro",
        "Trujillo, Trujillo, La Libertad",
    ),
    Case(
        "Lo balearon en el jirón Pizarro cuadra 5, en Trujillo.",
        "jirón Pizarro cuadra 5",
        None,
        "jirón Pizarro cuadra 5",
        "Trujillo, Trujillo, La Libertad",
    ),
    Case(
        "El choque de bandas fue en la intersección de las avenidas España y Mansiche, en Trujillo.",
        "intersección de las avenidas España y Mansiche",
        None,
        "intersección de las avenidas España y Mansiche",
        "Trujillo, Trujillo, La Libertad",
    ),
    Case(
        "Fue en la avenida España con la calle Junín, en Trujillo.",
        "avenida España con la calle Junín",
        None,
        "avenida España con la calle Junín",
        "Trujillo, Trujillo, La Libertad",
    ),
    Case(
        "Asaltan bus en el kilómetro 512 de la Panamericana Norte, en Chao.",
        "kilómetro 512 de la Panamericana Norte",
        None,
        "kilómetro 512 de la Panamericana Norte",
        "Chao, Virú, La Libertad",
    ),
    Case(
        "Vive en la Mz. B, Lt. 5 de la urb. La Merced, en Trujillo, donde entraron a robar.",
        "urb. La Merced",
        "urb. La Merced",
        "Mz. B, Lt. 5",
        "Trujillo, Trujillo, La Libertad",
    ),
    Case(
        "Robaron en el jirón 28 de Julio 450, en Huancayo.",
        "jirón 28 de Julio 450",
        None,
        "jirón 28 de Julio 450",
        "Huancayo, Huancayo, Junín",
    ),
    Case("Le robaron en la avenida Trujillo, en el Rímac.", "avenida Trujillo", None, "avenida Trujillo", "Rímac, Lima, Lima"),
    Case(
        "El crimen fue en la calle Lima, en Moquegua.", "calle Lima", None, "calle Lima", "Moquegua, Mariscal Nieto, Moquegua"
    ),
    Case(
        "En la av. Perú, San Martín de Porres, cayeron dos.", "av. Perú", None, "av. Perú", "San Martín de Porres, Lima, Lima"
    ),
    # administrative levels
    Case("Fue en Trujillo.", "Trujillo", admin="Trujillo, Trujillo, La Libertad"),
    Case("Fue en la provincia de Trujillo.", "provincia de Trujillo", admin="-, Trujillo, La Libertad"),
    Case("Van más extorsiones en la región Piura.", "región Piura", admin="-, -, Piura"),
    Case("Ocurrió en el departamento de Arequipa.", "departamento de Arequipa", admin="-, -, Arequipa"),
    Case(
        "Fue en el distrito de Guadalupe, provincia de Pacasmayo.",
        "distrito de Guadalupe",
        admin="Guadalupe, Pacasmayo, La Libertad",
    ),
    Case("Fue en Víctor Larco.", "Víctor Larco", admin="Víctor Larco Herrera, Trujillo, La Libertad"),
    Case("Lo secuestraron en SJL.", "SJL", admin="San Juan de Lurigancho, Lima, Lima"),
    Case("Ocurrió en Lima Norte.", "Lima Norte", admin="-, Lima, Lima"),
    Case("Fue en la ciudad de Iquitos.", "ciudad de Iquitos", admin="Iquitos, Maynas, Loreto"),
    Case(
        "Fue en la localidad de Tamshiyacu, en Loreto.",
        "localidad de Tamshiyacu",
        "localidad de Tamshiyacu",
        admin="Fernando Lores, Maynas, Loreto",
    ),
    Case(
        "Sucedió en el distrito trujillano de La Esperanza.",
        "distrito trujillano de La Esperanza",
        admin="La Esperanza, Trujillo, La Libertad",
    ),
    # namesakes
    Case("Fue en Santa Rosa, provincia de Chiclayo.", "Santa Rosa", admin="Santa Rosa, Chiclayo, Lambayeque"),
    Case("Fue en el distrito de Santa Rosa.", "distrito de Santa Rosa", admin="-, -, -"),
    Case(
        "Fue en el distrito de Santa Rosa.",
        "distrito de Santa Rosa",
        admin="Santa Rosa, Chiclayo, Lambayeque",
        region="Lambayeque/Chiclayo",
    ),
    Case(
        "Fue en el distrito de Pueblo Nuevo, en Chepén.", "distrito de Pueblo Nuevo", admin="Pueblo Nuevo, Chepén, La Libertad"
    ),
    Case("Fue en el distrito de Bellavista, en Sullana.", "distrito de Bellavista", admin="Bellavista, Sullana, Piura"),
    Case("Fue en Bellavista, Callao.", "Bellavista", admin="Bellavista, Callao, Callao"),
    Case("Iquitos: caen dos. Los atraparon en el distrito de Belén.", "distrito de Belén", admin="Belén, Maynas, Loreto"),
    Case("Fue en La Victoria, provincia de Chiclayo.", "La Victoria", admin="La Victoria, Chiclayo, Lambayeque"),
    Case("Fue en Miraflores, Arequipa.", "Miraflores", admin="Miraflores, Arequipa, Arequipa"),
    Case(
        "La Libertad: balacera. Cayeron en el caserío Santa Elena, en Virú.",
        "caserío Santa Elena",
        "caserío Santa Elena",
        admin="Virú, Virú, La Libertad",
    ),
    # what comes from elsewhere in the article
    Case(
        "TRUJILLO. – Dos sujetos murieron. La balacera fue en la avenida América Sur.",
        "avenida América Sur",
        None,
        "avenida América Sur",
        "Trujillo, Trujillo, La Libertad",
    ),
    Case(
        "Chepén: matan a comerciante\n\nEl hecho se produjo en el jirón Atahualpa.",
        "jirón Atahualpa",
        None,
        "jirón Atahualpa",
        "Chepén, Chepén, La Libertad",
    ),
    Case(
        "El crimen se registró en la urbanización Los Álamos Verdes.",
        "urbanización Los Álamos Verdes",
        "urbanización Los Álamos Verdes",
        admin="-, -, -",
    ),
    Case(
        "Fue en el caserío Canduall, en el distrito y provincia de Julcán.",
        "caserío Canduall",
        "caserío Canduall",
        admin="Julcán, Julcán, La Libertad",
    ),
    Case(
        "Huancayo: roban joyería\n\nForado en el jirón Ancash. Otro robo en El Tambo.",
        "jirón Ancash",
        None,
        "jirón Ancash",
        "Huancayo, Huancayo, Junín",
    ),
    Case(
        "Trujillo: cae falso médico\n\nAtendía en el jirón Gamarra. Su colega radica en Moquegua.",
        "jirón Gamarra",
        None,
        "jirón Gamarra",
        "Trujillo, Trujillo, La Libertad",
    ),
    Case("Asaltan galería de Gamarra.", "galería de Gamarra", "galería de Gamarra", admin="La Victoria, Lima, Lima"),
    Case("Robaron en el malecón Cisneros, en Miraflores.", "Miraflores", None, "malecón Cisneros", "Miraflores, Lima, Lima"),
    Case(
        "Cusco: hieren a turista\n\nFue en la plaza San José.", "plaza San José", "plaza San José", admin="Cusco, Cusco, Cusco"
    ),
    Case("Cayeron en Villa María del Triunfo.", "Villa María del Triunfo", admin="Villa María del Triunfo, Lima, Lima"),
    Case(
        "Salió del bar. El agresor huyó por la avenida España, en Trujillo.",
        "avenida España",
        None,
        "avenida España",
        "Trujillo, Trujillo, La Libertad",
    ),
    Case(
        "Ola de robos en Piura\n\nUn vigilante de Sullana murió en la urbanización Santa Rosa.",
        "urbanización Santa Rosa",
        "urbanización Santa Rosa",
        admin="Sullana, Sullana, Piura",
    ),
    Case(
        "Bus asaltado en la vía Chepén - Cajamarca, en Pacanga.",
        "vía Chepén - Cajamarca",
        None,
        "vía Chepén - Cajamarca",
        "Pacanga, Chepén, La Libertad",
    ),
    Case(
        "Coimas en la Municipalidad Provincial de Caylloma.",
        "Municipalidad Provincial de Caylloma",
        "Municipalidad Provincial de Caylloma",
        admin="Chivay, Caylloma, Arequipa",
    ),
    # all capitals
    Case("TRUJILLO: MATAN A TAXISTA EN LA ESPERANZA Y FUGAN", "LA ESPERANZA", admin="La Esperanza, Trujillo, La Libertad"),
    # abroad
    Case("Peruana fue asesinada en Guayaquil, Ecuador.", "Guayaquil", admin="Guayaquil, -, Guayas", where="EC"),
    Case("Cayeron en Santiago de Chile.", "Santiago de Chile", admin="Santiago, -, Región Metropolitana", where="CL"),
    Case("Un peruano fue apuñalado en Madrid, España.", "Madrid", admin="Madrid, -, Comunidad de Madrid", where="ES"),
    Case("Robaron una casa en La Plata.", "La Plata", admin="La Plata, -, Buenos Aires", country="AR"),
    Case(
        "El portonazo ocurrió en la comuna de Maipú.", "comuna de Maipú", admin="Maipú, -, Región Metropolitana", country="CL"
    ),
    Case(
        "Lo mataron en la colonia Las Torres, en Culiacán, Sinaloa.",
        "colonia Las Torres",
        "colonia Las Torres",
        admin="Culiacán, -, Sinaloa",
        country="MX",
    ),
    Case(
        "Ataque armado en el municipio de Celaya, Guanajuato.",
        "municipio de Celaya",
        admin="Celaya, -, Guanajuato",
        country="MX",
    ),
    Case("Balacera en el cantón Durán, provincia del Guayas.", "cantón Durán", admin="Durán, -, Guayas", country="EC"),
    Case(
        "El hecho fue en el barrio Siloé, en Cali.",
        "barrio Siloé",
        "barrio Siloé",
        admin="Cali, -, Valle del Cauca",
        country="CO",
    ),
    Case("Lo detuvieron en Pérez Zeledón.", "Pérez Zeledón", admin="Pérez Zeledón, -, San José", country="CR"),
    Case("Mataron a un colmadero en Higüey, La Altagracia.", "Higüey", admin="Higüey, -, La Altagracia", country="DO"),
    Case(
        "Detenido por robar en una vivienda de Dos Hermanas.", "Dos Hermanas", admin="Dos Hermanas, -, Andalucía", country="ES"
    ),
    Case(
        "La rapiña fue en Punta Carretas, en Montevideo.",
        "Montevideo",
        "Punta Carretas",
        admin="Montevideo, -, Montevideo",
        country="UY",
    ),
    Case(
        "Ataque en la comunidad Los Mangos, municipio de Tecozautla, Hidalgo.",
        "comunidad Los Mangos",
        "comunidad Los Mangos",
        admin="Tecozautla, -, Hidalgo",
        country="MX",
    ),
    Case(
        "Detenidos nueve sospechosos en la provincia de Alicante.",
        "provincia de Alicante",
        admin="-, Alicante, Comunidad Valenciana",
        country="ES",
    ),
    Case(
        "Copamiento en el barrio Pocitos.", "barrio Pocitos", "barrio Pocitos", admin="Montevideo, -, Montevideo", country="UY"
    ),
    Case(
        "Una familia de Quilmes Oeste fue asaltada.",
        "Quilmes Oeste",
        "Quilmes Oeste",
        admin="Quilmes, -, Buenos Aires",
        country="AR",
    ),
    Case(
        "Cayó en la colonia Jardines de Morelos, en Ecatepec.",
        "colonia Jardines de Morelos",
        "colonia Jardines de Morelos",
        admin="Ecatepec de Morelos, -, Estado de México",
        country="MX",
    ),
    Case(
        "Entraron a la casa de la calle Gran Canaria al 2300, entre Smith y Pellegrini, en Quilmes.",
        "calle Gran Canaria al 2300, entre Smith y Pellegrini",
        None,
        "calle Gran Canaria al 2300, entre Smith y Pellegrini",
        "Quilmes, -, Buenos Aires",
        country="AR",
    ),
    Case(
        "Noche violenta en Manabí\nEn Manta\nMataron a tres en el barrio Jocay.",
        "barrio Jocay",
        "barrio Jocay",
        admin="Manta, -, Manabí",
        country="EC",
    ),
    Case(
        "Detenido en un albergue de Cazorla, en la provincia de Jaén.",
        "Cazorla",
        admin="Cazorla, -, Andalucía",
        country="ES",
    ),
    # what only says what stands in the place named
    Case("La agresión ocurrió en un condominio de San Borja.", "San Borja", admin="San Borja, Lima, Lima"),
    Case("Lo hallaron en zona rural de Otuzco, La Libertad.", "Otuzco", admin="Otuzco, Otuzco, La Libertad"),
    # phrases of belonging
    Case(
        "Cayó a la altura del centro poblado Las Tunas Altas, que pertenece al distrito de Perené, en Chanchamayo.",
        "centro poblado Las Tunas Altas",
        "centro poblado Las Tunas Altas",
        admin="Perené, Chanchamayo, Junín",
    ),
    Case(
        "Decomisaron la carga en la salida a Cusco, en Juliaca.",
        "salida a Cusco",
        "salida a Cusco",
        admin="Juliaca, San Román, Puno",
    ),
    # a city whose district is called otherwise is no part of the district
    Case("PUERTO MALDONADO. Dos sujetos asaltaron un grifo.", "PUERTO MALDONADO", admin="Tambopata, Tambopata, Madre de Dios"),
    # a neighbourhood is no evidence for its neighbour
    Case("Robaron en Miraflores. Otro robo se dio en San Borja.", "Miraflores", admin="Miraflores, Lima, Lima"),
    # the context confirms a common name
    Case(
        "La casa está en la urbanización Santa Victoria. El local quedaba en Chiclayo.",
        "urbanización Santa Victoria",
        "urbanización Santa Victoria",
        admin="Chiclayo, Chiclayo, Lambayeque",
    ),
    # abroad, X of Y is a part of Y
    Case(
        "Los allanamientos fueron en Desamparados de Alajuela.",
        "Desamparados",
        "Desamparados",
        admin="Alajuela, -, Alajuela",
        country="CR",
    ),
    Case("Hallaron cocaína en El Alto, departamento de La Paz.", "El Alto", admin="El Alto, -, La Paz", country="BO"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.text[:40]} [{c.words[:20]}]")
def test_resolves(case: Case) -> None:
    found = resolve(case.text, case.words, case.country, case.region)
    admin = [fold(part or "") for part in (found.district, found.province, found.department)]
    assert (found.place_text, found.street, admin) == (case.place, case.street, [fold(part) for part in case.admin.split(",")])
    if any(admin):
        assert found.country == (case.where or case.country)
    if case.country == "PE" and not case.where and found.district:
        assert found.ubigeo is not None
        assert Gazetteer.default().by_ubigeo[found.ubigeo].district == found.district


def texts(text: str, country: str | None = "PE") -> list[str]:
    return [m.text for m in mentions(text, country)]


@pytest.mark.parametrize(
    ("text", "not_a_place"),
    [
        ("Julio Trujillo Pérez fue detenido.", "Trujillo"),
        ("El capitán Castilla dirigió el operativo.", "Castilla"),
        ("La víctima, Rosa Bolívar, denunció.", "Bolívar"),
        ("Defienden la libertad y la esperanza.", "la libertad"),
        ("El abogado Luis Lima pidió su libertad.", "Lima"),
        ("Alianza Lima ganó el clásico.", "Lima"),
        ("La Policía Nacional del Perú (PNP) intervino.", "Perú"),
        ("El sector Salud pidió calma.", "sector Salud"),
        ("Todo fue por la gracia de Dios.", "Dios"),
        ("En el Día de la Independencia hubo desfile.", "Independencia"),
        ("Tomó asiento, no comas tan rápido, le dijo.", "comas"),
        ("El Tren de Aragua cobraba cupos.", "Aragua"),
        ("Para esto se reunieron.", "Para"),
        ("Era una calle oscura.", "calle oscura"),
        ("La Policía ingresó a «La Cueva» de noche.", "ingresó a «La Cueva»"),
        ("El conductor desvió a Lurín.", "desvió a Lurín"),
    ],
)
def test_is_no_place(text: str, not_a_place: str) -> None:
    assert not_a_place not in texts(text)


@pytest.mark.parametrize(
    ("text", "words", "role"),
    [
        ("Fue llevado a la comisaría de Chao.", "comisaría de Chao", "institution"),
        ("El cuerpo quedó en la morgue de Trujillo.", "morgue de Trujillo", "institution"),
        ("Lo internaron en el hospital Belén de Trujillo.", "hospital Belén de Trujillo", "institution"),
        ("Cumple condena en el penal El Milagro.", "penal El Milagro", "institution"),
        ("Investiga la Divincri de Chimbote.", "Divincri de Chimbote", "institution"),
        ("El detenido, natural de Piura, no habló.", "Piura", "origin"),
        ("El bus iba rumbo a Cajamarca.", "Cajamarca", "destination"),
        ("Cayeron Los Malditos de Chicama.", "Chicama", "gang"),
        ("El empresario trujillano apareció.", "trujillano", "demonym"),
        ("El alcalde de Moche lamentó el hecho.", "Moche", "government"),
        ("Vecinos de Huanchaco piden ayuda.", "Huanchaco", "resident"),
        ("La víctima, comerciante de Chepén, viajaba sola.", "Chepén", "occupation"),
        ("Cayó el exalcalde de Paiján por coimas.", "Paiján", "government"),
        ("Asaltaron el ómnibus que cubría la ruta Lima - Huaraz.", "ruta Lima - Huaraz", "destination"),
        ("Pararon el bus del servicio Tocache - Lima.", "Lima", "destination"),
    ],
)
def test_role(text: str, words: str, role: str) -> None:
    found = {m.text: m for m in mentions(text)}
    assert words in found, list(found)
    assert role in found[words].roles


@pytest.mark.parametrize(
    ("text", "kind", "words", "country"),
    [
        # what a town has one of needs no name
        ("Ocurrió a una cuadra de la plaza de armas.", "facility", "plaza de armas", "PE"),
        ("Cayó en el mercado modelo, de noche.", "facility", "mercado modelo", "PE"),
        ("Lo mataron en la plaza de armas de Ascope.", "facility", "plaza de armas de Ascope", "PE"),
        # kind words that are places only when written small
        ("Lo hallaron en las pampas de Salaverry.", "facility", "pampas de Salaverry", "PE"),
        ("Lo hallaron en Pampas.", "district", "Pampas", "PE"),
        # names that no table holds, before a wider place
        ("Asaltaron una casa de Los Jazmines, en Ventanilla.", "neighbourhood", "Los Jazmines", "PE"),
        ("Un vecino de Piedra Larga Pampa, en el distrito de Yanacancha, lo vio.", "neighbourhood", "Piedra Larga Pampa", "PE"),
        ("Fue en Punta de Choros, comuna de Pichilemu.", "neighbourhood", "Punta de Choros", "CL"),
        ("Fue en una vivienda del sector rural de Paine, comuna de Longaví.", "neighbourhood", "sector rural de Paine", "CL"),
        # what is said after a name tells that it is a place
        ("Lo hallaron en Piedra Larga Pampa, un pequeño caserío de la sierra.", "neighbourhood", "Piedra Larga Pampa", "PE"),
        ("Asaltaron dos viviendas de Los Ceibos Altos, barrio cerrado del norte.", "neighbourhood", "Los Ceibos Altos", "AR"),
        # several in one
        ("Hubo robos en los sectores Pampa Honda y Tres Cruces.", "neighbourhood", "sectores Pampa Honda y Tres Cruces", "PE"),
        (
            "Pobladores de los caseríos Chorobal y La Ramada lo vieron.",
            "populated_place",
            "caseríos Chorobal y La Ramada",
            "PE",
        ),
        ("Robaron en el templo colonial de San Cristóbal.", "facility", "templo colonial de San Cristóbal", "BO"),
        # roads told by what they join
        ("Lo hallaron en la vía que va a Cajabamba.", "street", "vía que va a Cajabamba", "PE"),
        ("Fue en la carretera que une Trujillo con Huamachuco.", "street", "carretera que une Trujillo con Huamachuco", "PE"),
        # landmarks of nature and of roads
        ("Ardió un auto frente a los humedales de Puerto Viejo.", "facility", "humedales de Puerto Viejo", "PE"),
        ("Cayó a la salida del túnel de Yanango.", "facility", "túnel de Yanango", "PE"),
        ("Le venden lotes en el arenal de Alto Molino.", "facility", "arenal de Alto Molino", "PE"),
        # a namesake of a district within another one that is named beside it
        ("Lo balearon en Buenos Aires, Víctor Larco.", "neighbourhood", "Buenos Aires", "PE"),
        ("Asaltaron una botica en Santa Rosa, en el distrito de Ate.", "neighbourhood", "Santa Rosa", "PE"),
        ("Hubo robos en Moche, Laredo y Salaverry.", "district", "Moche", "PE"),
        ("Lo detuvieron en Tingo María.", "district", "Tingo María", "PE"),
        # the town, not a street named after it
        ("Lo asaltaron en plena calle de Aucallama.", "district", "Aucallama", "PE"),
        ("Hay caos en las calles de Ferreñafe.", "district", "Ferreñafe", "PE"),
        ("Lo asaltaron en la calle Ferreñafe.", "street", "calle Ferreñafe", "PE"),
        # devotions hold names of districts
        ("Robaron en la capilla Nuestra Señora de la Asunción.", "facility", "capilla Nuestra Señora de la Asunción", "PE"),
        ("El local, “Noches de Bruma”, fue clausurado.", "facility", "local, “Noches de Bruma”", "PE"),
        # streets without the word for one
        ("La casa queda en Hernandarias al 1500, barrio Guadalupe.", "street", "Hernandarias al 1500", "AR"),
        ("El auto frenó en Homero y Recondo, y bajó un hombre.", "street", "Homero y Recondo", "AR"),
        ("Hubo allanamientos en Rosario y Funes, dijeron.", "district", "Rosario", "AR"),
    ],
)
def test_fine_place_is_found(text: str, kind: str, words: str, country: str) -> None:
    assert (kind, words) in [(m.kind, m.text) for m in mentions(text, country)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("La Policía Nacional de Talavera llegó.", "Policía Nacional de Talavera"),
        ("Terminaron en el local de la Policía Ambiental.", "local de la Policía Ambiental"),
        ("Se quejó en la oficina de la Defensoría del Pueblo.", "oficina de la Defensoría"),
    ],
)
def test_authority_is_no_scene(text: str, words: str) -> None:
    assert {m.text: m.locates for m in mentions(text)}[words] is False


def test_police_that_entered_a_prison_leaves_it_a_possible_scene() -> None:
    found = {m.text: m.locates for m in mentions("Es lo que se llevó la Policía del establecimiento penal de La Merced.")}
    assert found["establecimiento penal de La Merced"] is True


@pytest.mark.parametrize("text", ["Durmió en un hotel de S/450 la noche.", "Robaron a la cooperativa: S/ 18,000 en total."])
def test_money_is_no_name(text: str) -> None:
    assert not [t for t in texts(text) if "S/" in t]


@pytest.mark.parametrize(
    "text",
    [
        "Los interceptaron antes de llegar al puente Samaniego.",
        "Les faltaba poco para llegar al puente Samaniego.",
        "Fueron baleados al llegar al puente Samaniego.",
    ],
)
def test_what_happens_on_the_way_to_a_place_happens_there(text: str) -> None:
    assert [m.locates for m in mentions(text)] == [True]


@pytest.mark.parametrize("text", ["en el sector denominado", "un cerro conocido como", "la plaza llamada"])
def test_a_text_may_break_off_before_the_name(text: str) -> None:
    assert all(m.text for m in mentions(text))


def test_crime_can_have_happened_at_an_institution_but_not_at_an_origin() -> None:
    found = {m.text: m.locates for m in mentions("Natural de Piura, murió en el penal El Milagro.")}
    assert found == {"Piura": False, "penal El Milagro": True}


def test_unknown_country_is_told_by_the_places_and_words_of_the_text() -> None:
    found = mentions("Carabineros detuvo a dos personas tras un portonazo en Providencia, Santiago.", None)
    at = RESOLVER.resolve(found[0], found)
    assert (at.district, at.department, at.country) == ("Providencia", "Región Metropolitana", "CL")


def test_coordinates_are_the_hamlets_own_where_the_gazetteer_has_it() -> None:
    hamlet = resolve("Fue en el caserío Las Quintanas, distrito de Chocope.", "caserío Las Quintanas")
    district = resolve("Fue en el distrito de Chocope.", "distrito de Chocope")
    assert (hamlet.latitude, hamlet.longitude) == (-7.78215, -79.19974)
    assert district.latitude is not None
    assert (district.latitude, district.longitude) != (hamlet.latitude, hamlet.longitude)


def test_nothing_named_resolves_to_nothing() -> None:
    assert RESOLVER.resolve(None) == ResolvedPlace()


PIECES = re.findall(
    r"\S+",
    """en de del la el los Trujillo LIMA Santa Rosa urb. jr. av. Mz. B Lt. 5 km 12 28 Julio “ ” ( ) , . : – distrito provincia
     cruce con y Los Chacales Perú esquina calle mercado colegio
    San AA. HH. 🙂 <p> cuadra región N.° 450 Chile Quito entre al""",
)

ANY_TEXT = st.one_of(
    st.text(max_size=400),
    st.lists(
        st.sampled_from(
            [*PIECES, "\n"],
        ),
        max_size=60,
    ).map(" ".join),
)


@settings(max_examples=300, deadline=None)
@given(ANY_TEXT, st.sampled_from([None, "PE", "MX", "CL", "ES", "XX"]))
def test_any_text_gives_ordered_spans_inside_the_document(text: str, country: str | None) -> None:
    doc = NLP.make_doc(text)
    doc._.article = NewsText("x", text, country=country)
    spans = list(NLP.get_pipe("places")(doc).spans["places"])
    assert all(0 <= s.start < s.end <= len(doc) for s in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    found = [s._.place for s in spans]
    for span, mention in zip(spans, found, strict=True):
        assert text[mention.start : mention.end] == mention.text == span.text
        at = RESOLVER.resolve(mention, found, country, "La Libertad/Trujillo")
        assert at.ubigeo is None or (len(at.ubigeo) == 6 and at.country == "PE")
        assert at.district is None or at.country is not None


def test_a_text_of_ten_thousand_places_is_read_and_each_resolved() -> None:
    found = mentions("Robaron en el jirón Lima, en Santa Rosa, y en el sector Río Seco de El Porvenir (Trujillo). " * 2_500)
    assert len(found) >= 10_000
    last = RESOLVER.resolve(found[-1], found)
    assert (last.district, last.province) == ("El Porvenir", "Trujillo")


def test_the_gazetteer_knows_every_district_once() -> None:
    districts = [p for code, p in Gazetteer.default().by_ubigeo.items() if len(code) == 6]
    assert len(districts) == 1896
    assert len({p.ubigeo for p in districts}) == 1896


def test_pipeline_with_places_survives_the_disk(tmp_path: object) -> None:
    NLP.to_disk(str(tmp_path))
    again = spacy.load(str(tmp_path))
    doc = again("Robaron en la urbanización Las Quintanas, en Trujillo.")
    assert [span.text for span in doc.spans["places"]] == ["urbanización Las Quintanas", "Trujillo"]


@pytest.mark.parametrize(
    ("title", "text", "country", "district", "department"),
    [
        # a region named after no capital of its own is the region, not its lesser namesake
        (None, "Dos sujetos asaltaron a un comerciante en un grifo de Madre de Dios y fugaron.", "PE", None, "Madre de Dios"),
        # the district that stands beside an unknown or homonymous hamlet decides
        (
            None,
            "Mataron a un agricultor en la comunidad de Pampa Michi, distrito de Perené, provincia de Chanchamayo, en Junín.",
            "PE",
            "Perené",
            "Junín",
        ),
        # the headline's city, then the district that the text names as one
        (
            "Cusco: capturan a tres asaltantes",
            "La Policía del Cusco dio un golpe. Se les detuvo en el distrito de San Jerónimo cuando asaltaban una tienda.",
            "PE",
            "San Jerónimo",
            "Cusco",
        ),
        # the region in the headline, the district in the lead, the fine place further down
        (
            "Piura: decomisan combustible de contrabando",
            "Fiscales y policías decomisaron combustible de contrabando en el distrito de Suyo, provincia de Ayabaca.\n\n"
            "El operativo comenzó a las cinco de la mañana.\n\nLos galones estaban bajo el puente Macaracito.",
            "PE",
            "Suyo",
            "Piura",
        ),
        # a mayor's corruption happened where he governs
        (
            "Detienen a alcalde por coimas",
            "El alcalde distrital de Humay, provincia de Pisco, en Ica, fue detenido por cobrar coimas.",
            "PE",
            "Humay",
            "Ica",
        ),
        # of two towns of a route, the headline's one
        (
            "Balean paradero de autos en Pacasmayo",
            "Extorsionadores balearon el paradero de los autos que van entre Pacasmayo y San Pedro de Lloc. "
            "Los disparos fueron en la avenida Gonzalo Ugás.",
            "PE",
            "Pacasmayo",
            "La Libertad",
        ),
        # "in Lima" says where San Miguel lies, and is no rival of it
        (
            "San Miguel: roban en una casa",
            "Cuatro ladrones robaron en una vivienda de San Miguel, en Lima. Fue en la avenida Libertad.",
            "PE",
            "San Miguel",
            "Lima",
        ),
        # a flat is no region
        (
            "Horror en El Agustino: mata a su pareja",
            "Un hombre mató a cuchilladas a su pareja en un departamento de El Agustino, en Lima.",
            "PE",
            "El Agustino",
            "Lima",
        ),
        # a name that begins with another place's, and one that "Ciudad" belongs to
        (None, "Un hombre mató a su vecino en San Salvador de Jujuy.", "AR", "San Salvador de Jujuy", "Jujuy"),
        (None, "Un hombre fue asesinado a balazos en Ciudad Valles.", "MX", "Ciudad Valles", "San Luis Potosí"),
    ],
)
def test_the_district_follows_from_what_stands_around_the_scene(
    title: str | None, text: str, country: str, district: str | None, department: str
) -> None:
    _, reports = next(nlp.extract([NewsText("1", text, title, country=country)]))
    report = reports[0]
    assert (report.district, report.department) == (district, department)
