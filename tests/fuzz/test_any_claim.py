"""Any claim is judged as one reads it: month by month, run by run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.strategies import Names, claims
from fuzz.test_any_scenario import loaded, reproducible
from relsim.analysis.claims import judge
from relsim.ensemble.simulate import Ensemble
from relsim.scenario.names import TieRef
from relsim.scenario.schema import Expectation
from relsim.scenario.values import Number, central

RUNS, STEPS = 3, 5
TIME = {"start": "2020-01", "end": "2020-06"}
PAIRS = ["A-B", "A-C", "B-C"]
DOMAINS = ["low", "high"]
NAMES = Names(["A", "B", "C"], DOMAINS, [], [], [])
# Few levels, thresholds among them, so that equal numbers and changes of 0 are common.
LEVELS = [-0.3, -0.1, 0.0, 0.1, 0.2]


@st.composite
def judged_futures(draw: st.DrawFn) -> Ensemble:
    claim = draw(claims(NAMES, TIME, st.sampled_from(LEVELS)))
    states: dict[str, Any] = {code: {} for code in NAMES.states}
    data = {"time": TIME, "domains": DOMAINS, "states": states, "claims": {"it": claim}}
    scenario = loaded({"relsim": 1, "name": "test", **data})
    shape = (RUNS, STEPS + 1, len(PAIRS), len(DOMAINS))
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    cooperation = chance.choice(np.array(LEVELS, dtype=np.float32), shape)
    futures = xr.Dataset(
        {
            "overall": (("run", "time", "pair"), cooperation[..., 0]),
            "cooperation": (("run", "time", "watched", "domain"), cooperation),
        },
        coords={"pair": PAIRS, "watched": PAIRS, "domain": DOMAINS},
    )
    return Ensemble(scenario, 0, futures)


@settings(reproducible, max_examples=150)
@given(judged_futures())
def test_a_claim_holds_where_a_reader_finds_that_it_does(futures: Ensemble) -> None:
    holds_where_a_reader_finds_that_it_does(futures)


@pytest.mark.slow
@settings(reproducible, max_examples=3000)
@given(judged_futures())
def test_many_claims_hold_where_a_reader_finds_that_they_do(futures: Ensemble) -> None:
    holds_where_a_reader_finds_that_it_does(futures)


def holds_where_a_reader_finds_that_it_does(futures: Ensemble) -> None:
    expect = futures.scenario.claims["it"].expect
    found = [_holds_in(expect, futures, run) for run in range(RUNS)]
    (verdict,) = judge(futures)
    assert verdict.share == sum(found) / RUNS


def _holds_in(expect: Expectation, futures: Ensemble, run: int) -> bool:
    """Read from the definition of each kind of claim, one number at a time."""
    time = futures.scenario.time

    def level(tie: TieRef, step: int) -> float:
        recorded = futures.data.isel(run=run, time=step)
        if tie.domain is None:
            return float(recorded["overall"].sel(pair="-".join(tie.pair)))
        return float(recorded["cooperation"].sel(watched="-".join(tie.pair), domain=tie.domain))

    def change(tie: TieRef, step: int) -> float:
        return level(tie, step) - level(tie, 0)

    def fits(step: int) -> bool:
        quantity = change if expect.change is not None or expect.of == "change" else level
        value = quantity(expect.ties[0], step)
        if expect.order is not None:
            return value > quantity(expect.ties[1], step)
        return _lies(np.float32(value), expect.above, expect.below)

    last = (expect.by or expect.at or time.end).serial - time.start.serial
    if expect.halfway is not None:
        tie = expect.ties[0]
        end = change(tie, last)
        if end == 0:
            return False
        half = next(step for step in range(1, last + 1) if change(tie, step) / end >= 0.5)
        late = expect.after is None or time.start.plus(half) > expect.after
        return late and (expect.before is None or time.start.plus(half) < expect.before)
    if expect.reach is not None:
        return any(fits(step) for step in range(1, last + 1))
    if expect.by is not None:
        return all(fits(step) for step in range(1, last + 1))
    return fits(last)


def _lies(recorded: np.float32, above: Number | None, below: Number | None) -> bool:
    over = above is None or recorded > np.float32(central(above))
    return bool(over and (below is None or recorded < np.float32(central(below))))
