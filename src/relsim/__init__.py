"""relsim: simulate how relations between states might evolve.

>>> import relsim
>>> scenario = relsim.load("scenarios/pakistan-russia/status-quo.yaml")
>>> ensemble = relsim.simulate(scenario, runs=1000, seed=7)
>>> ensemble.level("PAK-RUS").median("run")

Public names are imported when first used, so that ``import relsim`` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

if TYPE_CHECKING:
    from relsim.analysis.account import Account
    from relsim.analysis.claims import Verdict, judge
    from relsim.analysis.compare import Comparison, compare
    from relsim.analysis.explain import explain
    from relsim.analysis.interests import Explained, explained
    from relsim.analysis.rule_sets import simulate_rule_sets
    from relsim.analysis.spread import Spread, spread
    from relsim.analysis.summary import summarise
    from relsim.analysis.until_clear import compare_until_clear
    from relsim.ensemble.simulate import Ensemble, simulate
    from relsim.errors import Problem, RelsimError, ResultsError, ScenarioError
    from relsim.experiments.load import load_experiment
    from relsim.model.mesa_model import RelationsModel, StateAgent
    from relsim.results.experiment import run_experiment
    from relsim.results.result import Result, open_result
    from relsim.results.run import run
    from relsim.scenario.diff import diff
    from relsim.scenario.load import check_file, load
    from relsim.scenario.schema import Scenario

_HOMES = {
    "Account": "relsim.analysis.account",
    "Comparison": "relsim.analysis.compare",
    "Ensemble": "relsim.ensemble.simulate",
    "Explained": "relsim.analysis.interests",
    "Problem": "relsim.errors",
    "RelationsModel": "relsim.model.mesa_model",
    "RelsimError": "relsim.errors",
    "Result": "relsim.results.result",
    "ResultsError": "relsim.errors",
    "Scenario": "relsim.scenario.schema",
    "ScenarioError": "relsim.errors",
    "Spread": "relsim.analysis.spread",
    "StateAgent": "relsim.model.mesa_model",
    "Verdict": "relsim.analysis.claims",
    "check_file": "relsim.scenario.load",
    "compare": "relsim.analysis.compare",
    "compare_until_clear": "relsim.analysis.until_clear",
    "diff": "relsim.scenario.diff",
    "explain": "relsim.analysis.explain",
    "explained": "relsim.analysis.interests",
    "judge": "relsim.analysis.claims",
    "load": "relsim.scenario.load",
    "load_experiment": "relsim.experiments.load",
    "open_result": "relsim.results.result",
    "run": "relsim.results.run",
    "run_experiment": "relsim.results.experiment",
    "simulate": "relsim.ensemble.simulate",
    "simulate_rule_sets": "relsim.analysis.rule_sets",
    "spread": "relsim.analysis.spread",
    "summarise": "relsim.analysis.summary",
}

__all__ = [
    "Account",
    "Comparison",
    "Ensemble",
    "Explained",
    "Problem",
    "RelationsModel",
    "RelsimError",
    "Result",
    "ResultsError",
    "Scenario",
    "ScenarioError",
    "Spread",
    "StateAgent",
    "Verdict",
    "check_file",
    "compare",
    "compare_until_clear",
    "diff",
    "explain",
    "explained",
    "judge",
    "load",
    "load_experiment",
    "open_result",
    "run",
    "run_experiment",
    "simulate",
    "simulate_rule_sets",
    "spread",
    "summarise",
]


def __getattr__(name: str) -> Any:
    """A public name, imported from its home when first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'relsim' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
