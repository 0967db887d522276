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

from relsim.errors import plain_form


@cache
def goldstein_weights() -> MappingProxyType[str, float]:
    """Goldstein weight (-10 to +10, no unit) by CAMEO code."""
    text = files("relsim.scenario").joinpath("goldstein.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return MappingProxyType({row["cameo"]: float(row["goldstein"]) for row in rows})


def near_code(written: str) -> str:
    """A hint for what is no code: with its leading zero, or less what comes after a code.

    Codes that only look alike are none: 136 for 36 would turn help into a threat.
    """
    known = goldstein_weights()
    plain = plain_form(written)
    wider = [plain, f"0{plain}", *(plain[:length] for length in range(len(plain) - 1, 1, -1))]
    near = next((code for code in wider if code in known), "")
    return f"Did you mean {near}?" if near else "The codes are listed in goldstein.csv."
