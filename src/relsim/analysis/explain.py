"""Why a pair moves: the additive account of the pull on either side, at every step.

The account follows from scenario, seed and runs, so it is computed when asked for and a result
stores nothing for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from relsim import __version__
from relsim.analysis.account import Account
from relsim.analysis.recorded import pairing_obstacle
from relsim.ensemble.accounts import OVERALL, Compared, account_runs
from relsim.ensemble.agents import compile_with, rules_of
from relsim.ensemble.chunks import Stop
from relsim.ensemble.simulate import Ensemble
from relsim.errors import ResultsError, did_you_mean, plain_hint
from relsim.progress import Progress, told
from relsim.scenario.schema import Scenario

if TYPE_CHECKING:
    from relsim.model.mesa_model import StateAgent  # Mesa is loaded by what needs agents

# Nanoseconds of a core on the machine of docs/performance.md: of a posture in a step of the
# simulation (5 with 11 states, 10 with 200), and of a number of an account in a step.
PER_POSTURE, PER_NUMBER = 5.0, 1.0
SECONDS = 2.0  # that a page may take to explain all its pairs
LEAST_RUNS = 100  # with which a mean is known to a tenth of the spread


def explain(
    subject: Ensemble | Scenario,
    pair: str,
    *,
    against: Ensemble | Scenario | None = None,
    runs: int | None = None,
    seed: int | None = None,
    run: int | None = None,
    executor: Executor | None = None,
    progress: Progress | bool = True,
) -> Account:
    """The account of what pulls two states, in either direction.

    Args:
        subject: an ensemble, whose runs are computed once more by its own rules, or a scenario.
            Runs that fail, or failed in the ensemble, are left out. Where a class of agents
            decided, the account is of what draws states by the standard rule, at the postures that
            the class took: not of what the class makes of it.
        pair: as in ``PAK-RUS``, in either order.
        against: another ensemble or scenario on the same seed, time and domains: the change is
            then measured from that, run by run, instead of from the opening.
        runs: the first so many; where absent all, with ``against`` all that both have.
        seed: that of the ensemble or scenario where absent.
        run: this run alone.
        executor: where chunks of runs are computed (see :mod:`relsim.ensemble.executors`);
            threads on all cores where absent. The numbers are the same anywhere.
        progress: as for :func:`relsim.simulate`.

    Raises:
        ResultsError: there is no such pair or run, the two cannot be paired run by run, or all
            runs fail.
    """
    (account,) = explain_pairs(
        subject,
        [pair],
        against=against,
        runs=runs,
        seed=seed,
        run=run,
        executor=executor,
        progress=progress,
    ).values()
    return account


def explain_pairs(
    subject: Ensemble | Scenario,
    pairs: Sequence[str],
    *,
    against: Ensemble | Scenario | None = None,
    runs: int | None = None,
    seed: int | None = None,
    run: int | None = None,
    executor: Executor | None = None,
    progress: Progress | bool = True,
    stop: Stop | None = None,
) -> dict[str, Account]:
    """The accounts of several pairs, by pair as asked for: runs are computed once for all of them.

    Args and errors are those of :func:`explain`. ``stop`` ends the work from another thread, with
    :class:`relsim.ensemble.chunks.Stopped`.
    """
    given = [subject] if against is None else [subject, against]
    subjects = [subject_of(item, runs, seed) for item in given]
    scenarios = [item.scenario for item in subjects]
    states = {pair: known_pair(pair, *scenarios) for pair in pairs}
    if reason := pairing_obstacle(subjects[0], subjects[-1]):
        raise ResultsError(reason)
    count = min(item.runs for item in subjects)
    left_out = {number for item in subjects for number in item.failed}
    if run is not None and not 0 <= run < count:
        raise ResultsError(f"There is no run {run}: the runs are 0 to {count - 1}.")
    if run in left_out:
        raise ResultsError(f"Run {run} failed in the ensemble, so there is nothing to explain.")
    if not pairs:
        return {}
    first, number = (0, count) if run is None else (run, 1)
    with told(progress, number) as told_of_runs:
        accounts = account_runs(
            Compared(
                tuple(dict.fromkeys(states.values())),
                *(compile_with(item.scenario, item.agent_class) for item in subjects),
            ),
            *(subjects[0].seed, first, number),
            left_out=left_out,
            executor=executor,
            progress=told_of_runs,
            stop=stop,
        )
    failed = left_out.intersection(range(first, first + number))
    failed |= {failure.run for failure in accounts.failures}
    return {
        pair: Account(
            scenarios[0],
            None if against is None else scenarios[1],
            scenarios[0].pair_name(pair),
            subjects[0].seed,
            accounts.runs,
            run,
            accounts.data[states[pair]],
            accounts.failures,
            tuple(sorted(failed)),
            tuple(rules_of(item.agent_class) for item in subjects),
        )
        for pair in pairs
    }


def runs_to_explain(ensemble: Ensemble, pairs: int) -> int:
    """How many runs of an ensemble can be explained in a couple of seconds, and at least 100 where
    it has them: a matter of the ensemble alone, never of the machine.

    Runs in which a class of agents decides, which take some hundred times as long, are 100.

    Args:
        ensemble: which.
        pairs: of how many pairs.
    """
    scenario, fit = ensemble.scenario, LEAST_RUNS
    if ensemble.agent_class is None:
        states, domains = len(scenario.states), len(scenario.domains)
        parts = states + len(scenario.issues) + len(scenario.events)
        numbers = 2 * pairs * (domains + 1) * parts
        per_step = PER_POSTURE * states**2 * domains + PER_NUMBER * numbers
        fit = max(fit, int(SECONDS * 1e9 / (scenario.time.steps * per_step)))
    return min(ensemble.asked, fit)


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
    """The domain, if the scenario has it or it is ``overall``.

    Raises:
        ResultsError: the scenario has no such domain.
    """
    known = (OVERALL, *scenario.domains)
    if domain not in known:
        hint = did_you_mean(domain, known)
        raise ResultsError(f"'{domain}' is not a domain here. {hint}".rstrip())
    return domain


@dataclass(frozen=True)
class Subject:
    """What is explained: runs 0 to ``runs`` - 1 of a scenario, without those that failed before.

    They are computed by this version, whichever made the ensemble.
    """

    scenario: Scenario
    seed: int
    runs: int
    failed: tuple[int, ...] = ()
    version: str = __version__
    agent_class: type[StateAgent] | None = None


def subject_of(
    given: Ensemble | Scenario, runs: int | None = None, seed: int | None = None
) -> Subject:
    """The runs of an ensemble or a scenario that are explained: its own number and seed where none
    are given.

    Runs of an ensemble that failed are left out where the seed is its own.
    """
    if isinstance(given, Ensemble):
        own = Subject(given.scenario, given.seed, given.asked, given.failed)
        own = replace(own, agent_class=given.agent_class)
    else:
        own = Subject(given, given.ensemble.seed, given.ensemble.runs)
    runs, seed = own.runs if runs is None else runs, own.seed if seed is None else seed
    return replace(own, runs=runs, seed=seed, failed=own.failed if seed == own.seed else ())
