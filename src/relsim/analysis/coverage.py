"""What is known of the bands of a scenario: what bands of another kind held in a hindcast."""

from __future__ import annotations

from relsim.scenario.schema import Parameters, Scenario
from relsim.scenario.shipped import FIT, Fit

# What sets the width of bands; those not fitted are part of how the fitted ones were found.
OF_BANDS = (
    "adaptability",
    "volatility",
    "drift",
    "domain_correlation",
)


def own_numbers(scenario: Scenario) -> list[str]:
    """The parameters that set the width of bands and are not the defaults."""
    defaults = Parameters()
    return [
        name for name in OF_BANDS if getattr(scenario.parameters, name) != getattr(defaults, name)
    ]


def coverage_sentence(scenario: Scenario, fit: Fit = FIT) -> str:
    """That bands of scenarios were never scored, which others were, and how those differ."""
    held = _list([f"{100 * row.held:.0f} %" for row in fit.coverage])
    years = _list([str(row.years) for row in fit.coverage])
    forecasts = sum(row.values for row in fit.coverage)
    own = own_numbers(scenario)
    numbers = (
        f"This scenario has its own {_list(own)}, which are not fitted at all."
        if own
        else "The defaults that this scenario has are of a later fit, to all years, and were not "
        "scored."
    )
    return (
        "What the bands of this scenario hold has not been measured. What comes nearest are bands "
        f"of yearly news values: in a hindcast of {fit.pairs} pairs of states (series "
        f"{fit.series}, {fit.first_year} to {fit.last_year}; {forecasts:,} forecasts) 80 % bands "
        f"held {held} of those measured {years} years ahead. They were made by this model with "
        "speed, volatility and drift fitted on the years before each, under priors chosen with the "
        "series in view. But they contain what only the news of a year have, which is gone the "
        "next, and the error of counting them; they open as unsure as the fit is, and leave out "
        "reciprocity, mutuality, several domains, issues and events. Bands of cooperation have "
        f"none of the former and may have all of the latter. {numbers}"
    )


def _list(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
