"""What tuning found, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from relsim.analysis.labels import capital
from relsim.experiments.objectives import Objective, best_of_front
from relsim.experiments.parameters import Parameter

if TYPE_CHECKING:
    from relsim.experiments.tune import Tuning

MANY = 0.25  # of the search fitting as well as the best: the noise hides what the search is for
EDGE = 0.01  # of the allowed range from its end: the best may lie beyond
GAIN = 0.01  # of the spread of values: less is not worth a word
SURE = 1e-9  # of a mean: smaller errors are those of rounding
SINGLE = 1e-6  # of a level, which is recorded in single precision: smaller differences are none
POOR = 0.5  # of the variance: a surface that explains less says little


def number(value: float) -> str:
    """Four digits, with a true minus."""
    return f"{value + 0.0:.4g}".replace("-", "−")


def amount(parameter: Parameter, value: float) -> str:
    """A value with its unit."""
    return f"{number(value)} {parameter.unit}".rstrip()


def sentences(tuning: Tuning) -> list[str]:
    """The fit, then each parameter, then what was held out."""
    if len(tuning.objectives) > 1:
        return [*_front(tuning), *_held_out(tuning)]
    return [_best(tuning), *_held_out(tuning), *_pinned(tuning)]


def reached(tuning: Tuning, measure: str, point: int) -> str:
    """The mean over fresh runs with its 95 % interval, to two digits of half the width of that."""
    mean, low, high = tuning.estimate(measure, point)
    half = (high - low) / 2
    if not half > SURE * abs(mean):
        return number(mean)
    shown = [_to_digits_of(half, one) for one in (mean, low, high)]
    return f"{shown[0]} ({shown[1]} to {shown[2]})"


def in_the_search(tuning: Tuning, measure: str, point: int) -> str:
    """The mean over the runs of the search with its standard error, to two digits of that."""
    mean, error = tuning.means(measure)[point], tuning.errors(measure)[point]
    if not error > SURE * abs(mean):
        return number(mean)
    return f"{_to_digits_of(error, mean)} ± {_to_digits_of(error, error)}"


def _to_digits_of(error: float, value: float) -> str:
    """A value to two digits of its error."""
    digits = max(0, 1 - math.floor(math.log10(error)))
    return f"{value + 0.0:.{digits}f}".replace("-", "−")


def fresh_runs(tuning: Tuning) -> int:
    """How many fresh runs there are of each point that is reported."""
    return tuning.fresh[tuning.objectives[0].measure].shape[1]


def _best(tuning: Tuning) -> str:
    (objective,) = tuning.objectives
    values = ", ".join(
        f"{one.name} {amount(one, value)}"
        for one, value in zip(tuning.parameters, tuning.points[tuning.best], strict=True)
    )
    return (
        f"The best of {len(tuning.points)} points has {objective.name} "
        f"{reached(tuning, objective.measure, tuning.best)}{_unit(objective)}, "
        f"{_goal(objective)}: {values}. This is the mean of {fresh_runs(tuning)} fresh runs with "
        "its 95 % interval; in the runs of the search, which chose the point, it was "
        f"{in_the_search(tuning, objective.measure, tuning.best)}."
    )


def _goal(objective: Objective) -> str:
    if isinstance(objective.goal, str):
        return f"wanted as {'low' if objective.goal == 'lowest' else 'high'} as can be"
    return f"wanted {number(objective.goal)}"


def _unit(objective: Objective) -> str:
    return f" {objective.unit}" if objective.unit else ""


def _held_out(tuning: Tuning) -> list[str]:
    point = "best point" if len(tuning.objectives) == 1 else "compromise"
    return [
        f"Held out, and no part of the fit: {measure} is "
        f"{reached(tuning, measure, tuning.best)} at the {point}."
        for measure in tuning.held_out
    ]


def _pinned(tuning: Tuning) -> list[str]:
    """Each parameter's range, those that are not pinned down first."""
    said: dict[str, list[str]] = {"not pinned down": [], "only together": [], "pinned down": []}
    rows = zip(tuning.parameters, tuning.pinned, tuning.ranges, tuning.shares, strict=True)
    for which, (parameter, state, (low, high), share) in enumerate(rows):
        if not state:
            continue
        least = "at least " if _is_cut(tuning, which) else ""
        values = (
            f"{least}{number(low)} to {amount(parameter, high)} fit as well, "
            f"{_percent(share)} of its allowed range"
        )
        if state == "pinned down":
            text = f"{_subject(parameter)} is pinned down: {values}."
        elif state == "only together":
            others = _others(tuning, which)
            text = f"{_subject(parameter)} is not pinned down apart from {others}: {values}, "
            text += "as one makes up for the other. With the others held, "
            text += f"{_percent(_alone(tuning, which))} of it does."
        else:
            text = f"{_subject(parameter)} is not pinned down: {values}."
        said[state].append(text)
    return [text for texts in said.values() for text in texts]


def _is_cut(tuning: Tuning, which: int) -> bool:
    """Whether values further out were not looked at."""
    return tuning.identified is not None and bool(tuning.identified.cut[which].any())


def _subject(parameter: Parameter) -> str:
    """Its name at the beginning of a sentence; a path stays as it is written."""
    return capital(parameter.label) or parameter.path


def _others(tuning: Tuning, which: int) -> str:
    assert tuning.identified is not None
    names = [tuning.parameters[one].name for one in tuning.identified.partners[which]]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _alone(tuning: Tuning, which: int) -> float:
    assert tuning.identified is not None
    low, high = tuning.identified.alone[which]
    return float(high - low)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.1g} %"


def _front(tuning: Tuning) -> list[str]:
    size, whole = len(tuning.front), len(tuning.points)
    said = [
        f"{size} of {whole} points are on the Pareto front: at each, no other is better in one "
        "objective without being worse in another."
    ]
    for objective in tuning.objectives:
        point = best_of_front(objective, tuning.outcomes[objective.measure], tuning.front)
        said.append(f"The best {objective.name} is bought with this: {_all(tuning, point)}.")
    said.append(
        f"A compromise, the nearest to the best of each on the front: {_all(tuning, tuning.best)}."
    )
    said.append(
        f"Values of these points are means of {fresh_runs(tuning)} fresh runs with 95 % "
        "intervals. What is the same in a run at all points widens these, not the differences "
        "between the points. The front is that of the runs of the search, which on average flatter "
        "the points they chose."
    )
    return said


def _all(tuning: Tuning, point: int) -> str:
    """Every objective at a point, then the point."""
    measured = ", ".join(
        f"{one.name} {reached(tuning, one.measure, point)}{_unit(one)}" for one in tuning.objectives
    )
    values = ", ".join(
        f"{one.name} {amount(one, value)}"
        for one, value in zip(tuning.parameters, tuning.points[point], strict=True)
    )
    return f"{measured}, at {values}"


def warnings(tuning: Tuning) -> list[str]:
    """What the trials do not support, and what to do about it."""
    said = [*_failed(tuning), *_at_an_end(tuning)]
    if len(tuning.objectives) == 1:
        said += _missed(tuning) or _unconfirmed(tuning)
        if still := _unmoved(tuning):
            return [*said, *still]
        said += [*_unsettled(tuning), *_noisy(tuning), *_unexplained(tuning)]
    return said


def _unmoved(tuning: Tuning) -> list[str]:
    """Whether the measure is the same wherever it was looked at."""
    (objective,) = tuning.objectives
    means = tuning.means(objective.measure)[tuning.sound]
    if np.ptp(means) > SINGLE * np.abs(means).max():
        return []
    return [
        f"{capital(objective.name)} is the same at all {len(means)} points: none of the "
        "parameters moves it."
    ]


def _failed(tuning: Tuning) -> list[str]:
    said = []
    for objective in tuning.objectives:
        measure = objective.measure
        outcomes = np.vstack([tuning.outcomes[measure], tuning.fresh[measure]])
        failed = int((~np.isfinite(outcomes)).sum())
        empty = int((~np.isfinite(outcomes)).all(axis=1).sum())
        if failed:
            points = f", at {empty} points in all" if empty else ""
            said.append(
                f"{objective.name}: {failed} of {outcomes.size} runs gave no value{points}. They "
                "are left out of means; look at what such runs have in common."
            )
    return said


def _at_an_end(tuning: Tuning) -> list[str]:
    said = []
    rows = zip(tuning.parameters, tuning.points[tuning.best], tuning.pinned, strict=True)
    for parameter, value, state in rows:
        room = EDGE * (parameter.high - parameter.low)
        end = "lower" if value - parameter.low <= room else "upper"
        if min(value - parameter.low, parameter.high - value) <= room and state != (
            "not pinned down"
        ):
            said.append(
                f"The best value of {parameter.name}, {amount(parameter, value)}, is at the {end} "
                "end of its range. Widen the range, if values beyond make sense."
            )
    return said


def _missed(tuning: Tuning) -> list[str]:
    (objective,) = tuning.objectives
    if isinstance(objective.goal, str):
        return []
    mean = tuning.means(objective.measure)[tuning.best]
    error = np.nan_to_num(tuning.errors(objective.measure)[tuning.best])
    if abs(mean - objective.goal) <= 2 * error + _near(tuning):
        return []
    return [
        f"{capital(objective.name)} does not reach {number(objective.goal)}: it is "
        f"{reached(tuning, objective.measure, tuning.best)} at best. Other parameters or wider "
        "ranges are needed."
    ]


def _near(tuning: Tuning) -> float:
    """A difference of the objective that is not worth a word."""
    (objective,) = tuning.objectives
    means = tuning.means(objective.measure)
    rounding = SINGLE * float(np.abs(means[tuning.best]))
    return objective.tolerance + max(GAIN * float(np.ptp(means[tuning.sound])), rounding)


def _unconfirmed(tuning: Tuning) -> list[str]:
    """Whether fresh runs contradict what the search saw at the best point."""
    (objective,) = tuning.objectives
    seen = tuning.means(objective.measure)[tuning.best]
    _, low, high = tuning.estimate(objective.measure, tuning.best)
    if isinstance(objective.goal, str):
        beyond = low - seen if objective.goal == "lowest" else seen - high
    else:
        beyond = max(low - objective.goal, objective.goal - high)
    if not beyond > _near(tuning):
        return []
    return [
        f"Fresh runs do not confirm the best point: {objective.name} was "
        f"{in_the_search(tuning, objective.measure, tuning.best)} in the runs that chose it, and "
        f"is {reached(tuning, objective.measure, tuning.best)} in others. With more runs at each "
        "point the search is misled less."
    ]


def _unsettled(tuning: Tuning) -> list[str]:
    """Whether the last stage still found something clearly better."""
    (objective,) = tuning.objectives
    losses = objective.losses(tuning.means(objective.measure))
    last = np.array([stage == tuning.stages[-1] for stage in tuning.stages])
    if last.all() or not tuning.as_well[last].any():
        return []
    spread = float(np.nanmedian(losses) - np.nanmin(losses))
    gain = float(np.nanmin(losses[~last]) - np.nanmin(losses[last]))
    if tuning.as_well[~last].any() or gain <= GAIN * spread:
        return []
    return [
        "The last stage still improved the fit by more than the noise. More trials will find a "
        "better one: the same command with a higher number goes on from here."
    ]


def _noisy(tuning: Tuning) -> list[str]:
    searched = np.array([stage == "search" for stage in tuning.stages])
    alike = int(tuning.as_well[searched].sum())
    if alike <= MANY * searched.sum():
        return []
    (objective,) = tuning.objectives
    runs = tuning.outcomes[objective.measure].shape[1]
    return [
        f"{alike} of the {int(searched.sum())} points of the search cannot be told from the best: "
        f"the parameters hardly move {objective.name}, or its noise hides it. {4 * runs} runs "
        f"instead of {runs} would halve the noise."
    ]


def _unexplained(tuning: Tuning) -> list[str]:
    seen = tuning.identified
    if seen is None:
        return [
            "Too few points around the best have a value to say which parameters are pinned down. "
            "More trials will give them."
        ]
    if seen.surface.explained >= POOR or not np.ptp(seen.profile) > seen.surface.rounding:
        return []
    share = f"only {_percent(seen.surface.explained)}" if seen.surface.explained > 0 else "none"
    return [
        f"The response surface explains {share} of the variance "
        "around the best point, so that ranges that fit as well are wide. More runs make it "
        "surer where noise is the reason."
    ]
