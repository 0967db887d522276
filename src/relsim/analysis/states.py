"""Names and codes of states as people and event data write them, as ISO 3166 alpha-3 codes.

The codes and names of ISO 3166 come from the package iso3166. ``state_names.csv`` adds what
ICEWS writes otherwise, and the codes of CAMEO that are not those of ISO 3166 (Gerner, Schrodt,
Yilmaz and Abu-Jabr 2002; the list of countries distributed with GDELT); its regions have no code.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType

_NO_LETTERS = re.compile(r"[\W_]+")


@cache
def known_states() -> MappingProxyType[str, str]:
    """Codes by simplified name or code; '' for what is known to be no state."""
    import iso3166

    known: dict[str, str] = {}
    for state in iso3166.countries:
        for name in (state.alpha3, state.name, state.apolitical_name):
            known[simplified(name)] = state.alpha3
    text = files("relsim.analysis").joinpath("state_names.csv").read_text(encoding="utf-8")
    known |= {simplified(row["name"]): row["code"] for row in csv.DictReader(text.splitlines())}
    return MappingProxyType(known)


def simplified(name: str) -> str:
    """A name without case, accents, punctuation and a leading 'the'.

    >>> simplified("Côte d'Ivoire"), simplified("The Gambia")
    ('cote d ivoire', 'gambia')
    """
    parts = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(part for part in parts if not unicodedata.combining(part))
    return _NO_LETTERS.sub(" ", letters).strip().removeprefix("the ")


@lru_cache(maxsize=65_536)
def code_of_state(name: str) -> str:
    """The code of a state by its name or its code of three or two letters; '' where not known.

    Two letters are those of ISO 3166, so they must not be used for event data, whose
    two-letter codes are those of FIPS 10-4.

    >>> code_of_state("Armenia"), code_of_state("arm"), code_of_state("AM"), code_of_state("X")
    ('ARM', 'ARM', 'ARM', '')
    """
    import iso3166

    code = known_states().get(simplified(name), "")
    if not code and name.upper() in iso3166.countries_by_alpha2:
        code = iso3166.countries_by_alpha2[name.upper()].alpha3
    return code
