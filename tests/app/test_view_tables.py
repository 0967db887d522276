"""The tables of other views are those of the summary, and a picture has only that of its view."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from relsim.analysis.summary import how_often, summarise
from relsim.app.pictures import Selection, picture


def test_other_views_have_their_tables_alone(pair: Any) -> None:
    ensemble, base = pair
    opening_end = summarise(ensemble)["overall"].sel(statistic="q0.5").isel(time=[0, -1])
    base_end = summarise(base)["overall"].sel(statistic="q0.5").isel(time=-1)
    network = picture(ensemble, base, Selection("PAK-RUS", None, "network"))
    matrix = picture(ensemble, base, Selection("PAK-RUS", None, "matrix"))
    events = picture(ensemble, base, Selection("PAK-RUS", None, "events"))
    for found, own in ((network, "network"), (matrix, "matrix"), (events, "often")):
        filled = {name for name in ("network", "matrix", "often") if found[name] is not None}
        assert filled == {own}
    assert len(network["network"]["ties"]) == len(matrix["matrix"]["pairs"]) == 55
    for tie in network["network"]["ties"]:
        levels = opening_end.sel(pair=tie["pair"]).values
        assert np.allclose([tie["levels"][0], tie["levels"][-1]], levels, atol=5.1e-4)
        assert tie["base"][-1] == pytest.approx(float(base_end.sel(pair=tie["pair"])), abs=5.1e-4)
    for row in matrix["matrix"]["pairs"]:
        levels = opening_end.sel(pair=row["pair"]).values
        assert np.allclose([row["opening"], row["end"]], levels, atol=5.1e-5)
        assert row["base"] == pytest.approx(float(base_end.sel(pair=row["pair"])), abs=5.1e-5)
    table = how_often(ensemble)
    assert [row["event"] for row in events["often"]] == list(table["event"])
    assert [row["share"] for row in events["often"]] == list(table["share"])
