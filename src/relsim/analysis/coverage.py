"""What the bands of a scenario can be trusted for: how much such bands held in a hindcast."""

from __future__ import annotations

from relsim.scenario.fitted import FIT, Fit
from relsim.scenario.schema import Parameters, Scenario

# What sets the width of bands; those not fitted are part of how the fitted ones were found.
OF_BANDS = (
    "adaptability",
    "volatility",
    "drift",
    "domain_correlation",
)


def own_numbers(scenario: Scenario) -> list[str]:
    """The parameters that set the width of bands and are not the fitted ones."""
    defaults = Parameters()
    return [
        name for name in OF_BANDS if getattr(scenario.parameters, name) != getattr(defaults, name)
    ]


def coverage_line(scenario: Scenario, fit: Fit = FIT) -> str:
    """What 80 % bands of the model held, in a line to stand beside a fan."""
    own = own_numbers(scenario)
    if own:
        return f"Nobody has measured what such bands hold: the scenario sets its own {_list(own)}"
    held = _list([f"{100 * row.held:.0f} %" for row in fit.coverage])
    years = _list([str(row.years) for row in fit.coverage])
    return f"In a hindcast such 80 % bands held {held} of the values {years} years ahead"


def coverage_sentence(scenario: Scenario, fit: Fit = FIT) -> str:
    """The same with what it was measured on, and where it does not reach."""
    if own_numbers(scenario):
        return f"{coverage_line(scenario, fit)}."
    forecasts = sum(row.values for row in fit.coverage)
    return (
        f"{coverage_line(scenario, fit)}: {forecasts:,} forecasts of {fit.pairs} pairs of states "
        f"(series {fit.series}, {fit.first_year} to {fit.last_year}), with speed, volatility and "
        "drift fitted on the years before each. The defaults are those fitted on all years. What "
        "lies further ahead, and what events, levers and issues do, has not been scored."
    )


def _list(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
