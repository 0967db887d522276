"""Names and codes of states."""

from __future__ import annotations

import csv
from importlib.resources import files

import pytest

from relsim.analysis.observed import simplified
from relsim.hindcast.event_values import state_codes


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("PAK", "PAK"),
        ("Russian Federation", "RUS"),
        ("Russia", "RUS"),
        ("Côte d’Ivoire", "CIV"),
        ("Cote d'Ivoire", "CIV"),
        ("Democratic Republic of Congo", "COD"),
        ("Congo", "COG"),
        ("The Bahamas", "BHS"),
        ("Turkey", "TUR"),
        ("TÜRKIYE", "TUR"),
        ("Occupied Palestinian Territory", "PSE"),
        ("Guinea-Bissau", "GNB"),
        ("ROM", "ROU"),  # CAMEO's code
        ("TMP", "TLS"),
        ("EUR", ""),  # a region of CAMEO
    ],
)
def test_states_are_known_as_event_data_write_them(written: str, code: str) -> None:
    assert state_codes()[simplified(written)] == code


def test_names_that_are_added_are_not_those_of_another_state() -> None:
    import iso3166

    text = files("relsim.analysis").joinpath("state_names.csv").read_text(encoding="utf-8")
    added = {simplified(row["name"]): row["code"] for row in csv.DictReader(text.splitlines())}
    codes = {state.alpha3 for state in iso3166.countries}
    assert set(added.values()) - {""} <= codes
    assert not {simplified(code) for code in codes} & set(added)
