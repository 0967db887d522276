"""What is known of the bands of a scenario: what bands of the model held in a hindcast."""

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


def coverage_sentence(scenario: Scenario, fit: Fit = FIT) -> str:
    """What 80 % bands of the model held, on whose data, and that this scenario was not scored."""
    own = own_numbers(scenario)
    if own:
        said = f"the scenario sets its own {_list(own)}"
        return f"Nobody has measured what bands like these hold: {said}."
    held = _list([f"{100 * row.held:.0f} %" for row in fit.coverage])
    years = _list([str(row.years) for row in fit.coverage])
    forecasts = sum(row.values for row in fit.coverage)
    return (
        "The bands of this scenario were not scored. On other data the model's were: in a hindcast "
        f"of {fit.pairs} pairs of states (series {fit.series}, {fit.first_year} to "
        f"{fit.last_year}; {forecasts:,} forecasts), its 80 % bands held {held} of the values "
        f"measured {years} years ahead, with speed, volatility and drift fitted on the years "
        "before each. The defaults are those fitted on all years. Nothing of it is on what lies "
        "further ahead, nor on what events, levers and issues do."
    )


def _list(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
