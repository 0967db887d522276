"""Why a pair moves: the additive account of the pull on either side, at every step.

The account follows from scenario, seed and runs, so it is computed when asked for and a result
stores nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from relsim import __version__
from relsim.analysis.account import Account
from relsim.analysis.pairing import refusal
from relsim.ensemble.accounts import OVERALL, Compared, account_runs
from relsim.ensemble.simulate import Ensemble
from relsim.errors import ResultsError, did_you_mean, plain_hint
from relsim.model.compile import compile_scenario
from relsim.scenario.schema import Scenario


def explain(
    subject: Ensemble | Scenario,
    pair: str,
    *,
    against: Ensemble | Scenario | None = None,
    runs: int | None = None,
    seed: int | None = None,
    run: int | None = None,
    executor: Executor | None = None,
    progress: Callable[[int], None] | None = None,
) -> Account:
    """The account of what pulls two states, in either direction.

    Args:
        subject: an ensemble, whose runs are computed once more, or a scenario. Runs that fail, or
            failed in the ensemble, are left out.
        pair: as in ``PAK-RUS``, in either order.
        against: another ensemble or scenario on the same seed, time and domains: the change is
            then this less that, run by run, instead of that since the opening.
        runs: the first so many; where absent all, with ``against`` all that both have.
        seed: that of the ensemble or scenario where absent.
        run: this run alone.
        executor: where chunks of runs are computed (see :mod:`relsim.ensemble.executors`);
            threads on all cores where absent. The numbers are the same anywhere.
        progress: called with the number of runs that have just finished.

    Raises:
        ResultsError: there is no such pair or run, the two cannot be paired run by run, or all
            runs fail.
    """
    sides = [subject] if against is None else [subject, against]
    asked = [asked_of(side, runs, seed) for side in sides]
    scenarios = [one.scenario for one in asked]
    first, second = known_pair(pair, *scenarios)
    if refused := refusal(asked[0], asked[-1]):
        raise ResultsError(refused)
    count, left_out = min(one.runs for one in asked), {run for one in asked for run in one.failed}
    start, number = (0, count) if run is None else (_known_run(run, count, left_out), 1)
    compared = Compared((first, second), *(compile_scenario(scenario) for scenario in scenarios))
    found = account_runs(
        *(compared, asked[0].seed, start, number),
        left_out=left_out,
        executor=executor,
        progress=progress,
    )
    failed = left_out.intersection(range(start, start + number))
    failed |= {failure.run for failure in found.failures}
    return Account(
        scenarios[0],
        scenarios[1] if len(scenarios) == 2 else None,
        scenarios[0].pair_name(pair),
        asked[0].seed,
        found.runs,
        run,
        found.data,
        found.failures,
        tuple(sorted(failed)),
    )


def _known_run(run: int, count: int, failed: Collection[int]) -> int:
    """A run that there is."""
    if not 0 <= run < count:
        raise ResultsError(f"There is no run {run}: the runs are 0 to {count - 1}.")
    if run in failed:
        raise ResultsError(f"Run {run} failed in the ensemble, so there is nothing to explain.")
    return run


def known_pair(pair: str, *scenarios: Scenario) -> tuple[str, str]:
    """The two states of a pair in alphabetical order.

    Raises:
        ResultsError: it is no pair of every scenario.
    """
    codes = pair.split("-")
    if len(codes) != 2 or codes[0] == codes[1]:
        hint = plain_hint(pair) or "Write two states, as in PAK-RUS."
        raise ResultsError(f"'{pair}' is not a pair. {hint}")
    for scenario in scenarios:
        for code in codes:
            if code not in scenario.states:
                hint = did_you_mean(code, scenario.states)
                text = f"'{code}' is not a state of {scenario.name}."
                raise ResultsError(f"{text} {hint}".rstrip())
    first, second = sorted(codes)
    return first, second


def known_directions(pair: str, direction: str | None, scenario: Scenario) -> tuple[str, ...]:
    """A direction of a pair, as in ``PAK>RUS``; both where absent.

    Raises:
        ResultsError: it is none, or the pair is none.
    """
    known_pair(pair, scenario)
    first, second = scenario.pair_name(pair).split("-")
    both = (f"{first}>{second}", f"{second}>{first}")
    if direction is None:
        return both
    if direction not in both:
        known = f"Known: '{both[0]}' and '{both[1]}', quoted on a command line."
        raise ResultsError(f"'{direction}' is not a direction of {pair}. {known}")
    return (direction,)


def known_domain(domain: str, scenario: Scenario) -> str:
    """A domain, or ``overall``.

    Raises:
        ResultsError: the scenario has no such domain.
    """
    known = (OVERALL, *scenario.domains)
    if domain not in known:
        raise ResultsError(
            f"'{domain}' is not a domain here. {did_you_mean(domain, known)}".rstrip()
        )
    return domain


def scenario_of(side: Ensemble | Scenario) -> Scenario:
    """What was or would be simulated."""
    return side.scenario if isinstance(side, Ensemble) else side


@dataclass(frozen=True)
class Asked:
    """What is explained: runs 0 to ``runs`` - 1 of a scenario, less those that failed before.

    They are computed by this version, whichever made the ensemble.
    """

    scenario: Scenario
    seed: int
    runs: int
    failed: tuple[int, ...] = ()
    version: str = __version__


def asked_of(side: Ensemble | Scenario, runs: int | None = None, seed: int | None = None) -> Asked:
    """What is explained of an ensemble or a scenario: its own runs and seed where none are named.

    Runs of an ensemble that failed are left out where its seed is asked for.
    """
    if isinstance(side, Ensemble):
        own = Asked(side.scenario, side.seed, side.asked, side.failed)
    else:
        own = Asked(side, side.ensemble.seed, side.ensemble.runs)
    runs, seed = own.runs if runs is None else runs, own.seed if seed is None else seed
    return replace(own, runs=runs, seed=seed, failed=own.failed if seed == own.seed else ())
