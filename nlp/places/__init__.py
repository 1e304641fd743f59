"""Where a text names a place, as what and in which role (component `places`), and which place that is (`Resolver`).

The scanner looks every capitalised word and every kind word ("urbanización", "jr.", "distrito") up in dictionaries and reads on
from there; it matches no patterns over all tokens. Words are data (`nlp/data/places.toml`), names are the gazetteer's.
"""

from ..gazetteer import Place
from .component import PlaceScanner
from .mention import ADMIN, BELOW, SOFT_ROLES, PlaceMention
from .resolve import ResolvedPlace, Resolver

__all__ = ["ADMIN", "BELOW", "SOFT_ROLES", "Place", "PlaceMention", "PlaceScanner", "ResolvedPlace", "Resolver"]
