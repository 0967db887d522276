"""What was tuned as changes of a scenario, and as a scenario of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relsim.errors import ScenarioError
from relsim.experiments.tuning import Tuning, fresh_runs, number, reached
from relsim.scenario.schema import FORMAT_VERSION, Scenario
from relsim.scenario.text import yaml_text

DIGITS = 6  # significant ones of a value; far finer than any range that fits as well
_UNITS = {"bad-duration": "months", "bad-rate": "per year"}


def tuned_changes(tuning: Tuning) -> dict[str, float]:
    """The best values by path, in the unit of their field; those of the compromise where there are
    several objectives."""
    return {
        one.path: float(f"{value:.{DIGITS}g}")
        for one, value in zip(tuning.parameters, tuning.points[tuning.best], strict=True)
    }


def written_changes(scenario: Scenario, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers as the scenario's fields are written: durations and rates with their unit.

    Raises:
        ScenarioError: the scenario cannot have these values.
    """
    try:
        scenario.with_changes(dict(changes))
    except ScenarioError as error:
        units = {
            problem.position.file.removeprefix("change "): _UNITS[problem.code]
            for problem in error.problems
            if problem.code in _UNITS
        }
        if not units:
            raise
        written = {
            path: f"{value} {units[path]}" if path in units else value
            for path, value in changes.items()
        }
        scenario.with_changes(written)
        return written
    return dict(changes)


def tuned_text(
    tuning: Tuning,
    scenario: Scenario,
    fitted_to: str = "",
    besides: Mapping[str, Any] | None = None,
) -> str:
    """The YAML of a whole scenario, the original with the tuned values. Changed interests keep the
    reference that its opening was read with; readings become what it is read with.

    It inherits nothing, so that it is sound wherever it lies; claims `against` other files, which
    are not there, are left out.

    Args:
        tuning: what was found.
        scenario: the original.
        fitted_to: in words, as in ``measured cooperation, series.csv``.
        besides: changes by path that the scenario has beside its file.

    Raises:
        ScenarioError: the scenario cannot have these values.
    """
    before = scenario.with_changes(dict(besides)) if besides else scenario
    changes = written_changes(before, tuned_changes(tuning))
    readings = [one.path for one in tuning.parameters if one.interest == "reading"]
    written = before.with_changes({**changes, "recoded": readings}).as_written
    head = {"relsim": FORMAT_VERSION, "name": f"{scenario.name}, tuned"}
    about = _about(tuning, fitted_to)
    compared = [name for name, one in scenario.claims.items() if one.expect.against is not None]
    if compared:
        about += f" Left out are claims that compare with other files: {', '.join(compared)}."
        claims = {name: one for name, one in written["claims"].items() if name not in compared}
        written["claims"] = claims
    rest = {key: part for key, part in written.items() if key not in ("relsim", "name", "about")}
    return yaml_text({**head, "about": about, **rest})


def _about(tuning: Tuning, fitted_to: str) -> str:
    """How it was fitted, in one line."""
    reaches = ", ".join(
        f"{one.name} {reached(tuning, one.measure, tuning.best)} (wanted {_wanted(one.goal)})"
        for one in tuning.objectives
    )
    loose = [
        one.name
        for one, state in zip(tuning.parameters, tuning.pinned, strict=True)
        if state not in ("", "pinned down")
    ]
    text = f"Tuned{f' to {fitted_to}' if fitted_to else ''} with relsim: {reaches}; mean and "
    text += f"95 % interval of {fresh_runs(tuning)} fresh runs, which played no part in the choice "
    text += f"among {len(tuning.points)} points; seed {tuning.seed}."
    if loose:
        text += f" Not pinned down by the fit: {', '.join(loose)}."
    return text


def _wanted(goal: str | float) -> str:
    return goal if isinstance(goal, str) else number(goal)
