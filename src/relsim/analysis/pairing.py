"""Which runs of two ensembles are the same draws, and what both of them record."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import pandas as pd
import xarray as xr

from relsim.ensemble.simulate import Ensemble
from relsim.scenario.schema import Scenario


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
        first, second = base.scenario.name, other.scenario.name
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
    if pair not in ensemble.data.indexes["pair"]:
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
        return "keeps no domains (--record overall)"
    return "" if domain in ensemble.data.indexes["domain"] else f"has no domain {domain}"


def recorded_levels(ensemble: Ensemble, domain: str | None = None) -> xr.DataArray:
    """Cooperation of all recorded pairs, overall or in a domain: (run, time, pair), yet unread."""
    if domain is None:
        return ensemble.data["overall"]
    return ensemble.data["cooperation"].sel(domain=domain, drop=True).rename(watched="pair")
