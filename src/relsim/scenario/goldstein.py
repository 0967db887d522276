"""Published weights of event types: CAMEO codes on the Goldstein scale.

Sources: the scale of conflict and cooperation, -10 to +10, is Goldstein (1992), Journal of
Conflict Resolution 36(2); its extension to CAMEO event codes (Gerner, Schrodt, Yilmaz and
Abu-Jabr 2002) is the conversion table distributed with the GDELT project.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@cache
def goldstein_weights() -> MappingProxyType[str, float]:
    """Goldstein weight (-10 to +10, no unit) by CAMEO code."""
    text = files("relsim.scenario").joinpath("goldstein.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return MappingProxyType({row["cameo"]: float(row["goldstein"]) for row in rows})
