"""Which runs of two ensembles are the same draws, and what both of them record."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relsim.ensemble.simulate import Ensemble
from relsim.scenario.schema import Scenario
from relsim.scenario.titles import titles


class Draws(Protocol):
    """What decides the draws: an ensemble, or a question that will be simulated."""

    @property
    def scenario(self) -> Scenario:
        """What is simulated."""

    @property
    def seed(self) -> int:
        """The seed of all draws."""

    @property
    def version(self) -> str:
        """The relsim that simulates it."""


def refusal(base: Draws, other: Draws) -> str:
    """Why runs cannot be paired, of both, and what would be right; empty where they can."""
    if difference := unpaired(base, other):
        first, second = titles([base.scenario, other.scenario])
        hint = "Runs are paired on the same seed, time span, domains and version of relsim."
        return f"{first} {unpaired(other, base)}; {second} {difference}. {hint}"
    return ""


def unpaired(ensemble: Draws, other: Draws) -> str:
    """What makes the draws of ``other`` differ from those of ``ensemble``; empty where none.

    A draw is named by seed, process, run and step. Processes are named by states, domains,
    events and numbers; other states or events leave those that are shared alone, other domains
    are other shocks to every pair. The number of runs does not matter: run r is the same draw
    in all.
    """
    if ensemble.scenario.time != other.scenario.time:
        time = other.scenario.time
        return f"runs from {time.start} to {time.end} by the {time.step}"
    if ensemble.seed != other.seed:
        return f"is on seed {other.seed}"
    if set(ensemble.scenario.domains) != set(other.scenario.domains):
        return f"has the domains {', '.join(other.scenario.domains)}"
    return f"is of relsim {other.version}" if ensemble.version != other.version else ""


def on_shared_runs(one: Ensemble, other: Ensemble) -> tuple[Ensemble, Ensemble]:
    """Both, with only the runs that are in both: neither failed in one, nor beyond its last."""
    shared = one.data.indexes["run"].intersection(other.data.indexes["run"])
    first, second = (_of_runs(which, shared) for which in (one, other))
    return first, second


def _of_runs(ensemble: Ensemble, runs: pd.Index) -> Ensemble:
    own = ensemble.data.indexes["run"]
    if own.equals(runs):
        return ensemble
    if own[: len(runs)].equals(runs):  # a slice is read faster than a list of runs
        return replace(ensemble, data=ensemble.data.isel(run=slice(len(runs))))
    return replace(ensemble, data=ensemble.data.sel(run=runs))


def lacking(ensemble: Ensemble, pair: str, domain: str | None) -> str:
    """What an ensemble lacks for the cooperation of a pair (in a domain); empty where nothing."""
    pair = ensemble.scenario.pair_name(pair)
    if pair not in ensemble.data.indexes["pair"]:
        states = ensemble.scenario.states
        if all(code in states for code in pair.split("-")):
            return f"does not keep {pair}; add it to `watch` there, or keep all pairs"
        return f"has no pair {pair}"
    if domain is None:
        return ""
    if lacked := lacking_domain(ensemble, domain):
        return lacked
    if pair not in ensemble.data.indexes["watched"]:
        return f"does not keep {pair} by domain; add it to `watch` there"
    return ""


def lacking_domain(ensemble: Ensemble, domain: str) -> str:
    """What an ensemble lacks for any cooperation in a domain; empty where nothing."""
    if "cooperation" not in ensemble.data:
        return "keeps no domains (--record domains does)"
    return "" if domain in ensemble.data.indexes["domain"] else f"has no domain {domain}"


def recorded_steps(ensemble: Ensemble) -> NDArray[np.int64]:
    """The step that each recorded time is the end of; 0 is the opening."""
    time = ensemble.scenario.time
    months = ensemble.data["time"].values.astype("datetime64[M]").astype(np.int64)
    return (months - months[0]) // time.months_per_step


def places_of(ensemble: Ensemble, steps: int | slice | NDArray[np.int64]) -> Any:
    """Where steps that are recorded stand on the time axis; a slice where that is one."""
    recorded = recorded_steps(ensemble)
    if isinstance(steps, slice):
        first = int(np.searchsorted(recorded, steps.start))
        return slice(first, first + steps.stop - steps.start)
    return slice(None) if np.array_equal(steps, recorded) else np.searchsorted(recorded, steps)


def lacking_steps(ensemble: Ensemble, steps: slice) -> str:
    """Which of some steps an ensemble does not record; empty where it records all."""
    time = ensemble.scenario.time
    missing = sorted({*range(steps.start, steps.stop)} - {*recorded_steps(ensemble).tolist()})
    if not missing:
        return ""
    month = time.start.plus(missing[0] * time.months_per_step)
    if steps.stop - steps.start == 1:
        return f"does not record {month} (--thin)"
    wanted = steps.stop - steps.start
    return f"records only {wanted - len(missing)} of the {wanted} {time.step}s judged (--thin)"
