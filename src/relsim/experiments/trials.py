"""Trials of a tuning on disk, resumed where they were left.

Optuna proposes points and keeps them, in a journal that is one file; one process at a time works at
it. Each trial has an index, and the sampler is seeded by it, so that the same trials come again,
after an interruption as well.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from relsim.errors import ResultsError
from relsim.experiments.study import require
from relsim.stats import Values

# Attributes of a trial: its index, its outcomes by measure, and that it was abandoned.
INDEX, OUTCOMES, LEFT = "index", "outcomes", "left"

Outcome = Mapping[str, Values]  # of one point: [R] by measure


@dataclass(frozen=True)
class Journal:
    """Where studies are kept: Optuna's storage, and its file; None in memory."""

    storage: Any
    file: Path | None


@dataclass(frozen=True)
class Question:
    """The question of a study; a study on disk answers one only.

    Attributes:
        names: of the parameters, each between 0 and 1 within the study.
        directions: how many objectives, each minimised.
        about: what must be the same for a study to go on, as plain data.
    """

    names: tuple[str, ...]
    directions: int
    about: Mapping[str, Any]


@dataclass(frozen=True)
class Trials:
    """Finished trials in order.

    Attributes:
        points: [N, K], of the unit cube.
        outcomes: [N, R] by measure.
    """

    points: Values
    outcomes: Mapping[str, Values]


@contextmanager
def open_journal(file: Path | None) -> Iterator[Journal]:
    """The storage of studies, in memory where there is no file. Waits for another process that has
    it open.

    Raises:
        ResultsError: the file cannot be used.
    """
    optuna = require("optuna")
    with ExitStack() as stack:
        stack.callback(optuna.logging.set_verbosity, optuna.logging.get_verbosity())
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        if file is None:
            yield Journal(optuna.storages.InMemoryStorage(), None)
            return
        with _reported(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context(FileLock(f"{file}.lock"))
            _drop_torn_line(file)
            backend = require("optuna.storages.journal").JournalFileBackend(str(file), lock)
            storage = optuna.storages.JournalStorage(backend)
        yield Journal(storage, file)


@contextmanager
def _reported(file: Path | str) -> Iterator[None]:
    """Turns the errors of a broken or forbidden file into a ResultsError."""
    try:
        yield
    except OSError as error:
        raise ResultsError(f"{file} cannot be used: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
        text = f"{file} is not a journal of trials, or is damaged. Move it away to begin anew."
        raise ResultsError(text) from error


def _drop_torn_line(file: Path) -> None:
    """Takes back the line that a killed process did not finish."""
    if not file.exists():
        return
    content = file.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with file.open("rb+") as stream:
            stream.truncate(whole)


def collect(
    journal: Journal,
    name: str,
    question: Question,
    count: int,
    sampler: Callable[[int], Any],
    evaluate: Callable[[Values], Outcome],
    losses: Callable[[Outcome], list[float]],
) -> Trials:
    """Works at a study until it has ``count`` finished trials.

    Args:
        journal: where the study is kept.
        name: of the study.
        question: what it asks.
        count: how many trials; of a study that has more, the first ones are given.
        sampler: proposes the point of a trial; seeded by its index.
        evaluate: outcomes at a point [K] of the unit cube.
        losses: of outcomes, one for each objective. A trial without finite losses counts, and the
            sampler does not learn from it.

    Raises:
        ResultsError: the study on disk asks something else, or is damaged.
    """
    study = _open_study(journal, name, question)
    known = {trial.user_attrs[INDEX] for trial in _trials(study)}
    for index in range(count):
        if index in known:
            continue
        trial = _proposed(study, sampler, index, question.names)
        outcome = evaluate(np.array([trial.params[name] for name in question.names]))
        _finish(study, trial, outcome, losses(outcome))
    trials = [trial for trial in _trials(study) if trial.user_attrs[INDEX] < count]
    trials.sort(key=lambda trial: int(trial.user_attrs[INDEX]))
    points = np.array([[trial.params[name] for name in question.names] for trial in trials])
    outcomes = {
        measure: np.array([trial.user_attrs[OUTCOMES][measure] for trial in trials], float)
        for measure in (trials[0].user_attrs[OUTCOMES] if trials else ())
    }
    return Trials(points.reshape(len(trials), len(question.names)), outcomes)


def _open_study(journal: Journal, name: str, question: Question) -> Any:
    optuna = require("optuna")
    about = json.loads(json.dumps(question.about))
    with _reported(journal.file or name):
        study = optuna.create_study(
            storage=journal.storage,
            study_name=name,
            directions=["minimize"] * question.directions,
            load_if_exists=True,
        )
        if "about" not in study.user_attrs:
            study.set_user_attr("about", about)
        known = study.user_attrs["about"]
        if known == about:
            _leave_unfinished(study)
            _check_trials(study, question)
    if known != about:
        changed = [key for key in about if known.get(key) != about[key]]
        raise ResultsError(
            f"{journal.file} holds trials of another question: it differs in "
            f"{', '.join(changed)}. Move it away, or keep these trials in another file."
        )
    return study


def _leave_unfinished(study: Any) -> None:
    """Marks what an interrupted process was at, so that its trials are proposed again."""
    failed = require("optuna").trial.TrialState.FAIL
    for trial in study.get_trials(deepcopy=False):
        if not trial.state.is_finished():
            study._storage.set_trial_user_attr(trial._trial_id, LEFT, True)
            study.tell(trial.number, state=failed)


def _check_trials(study: Any, question: Question) -> None:
    """Raises a ValueError where a trial lacks a part, as where a line of the file is missing."""
    shapes = set()
    for trial in _trials(study):
        outcomes = trial.user_attrs[OUTCOMES]
        shapes.add(tuple((name, len(values)) for name, values in outcomes.items()))
        if {*trial.params} != {*question.names} or len(shapes) > 1:
            raise ValueError(f"trial {trial.number} lacks a part")


def _trials(study: Any) -> list[Any]:
    """All trials but abandoned ones."""
    trials: list[Any] = study.get_trials(deepcopy=False)
    return [trial for trial in trials if LEFT not in trial.user_attrs and INDEX in trial.user_attrs]


def _proposed(study: Any, sampler: Callable[[int], Any], index: int, names: tuple[str, ...]) -> Any:
    optuna = require("optuna")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.sampler = sampler(index)
        unit = optuna.distributions.FloatDistribution(0.0, 1.0)
        trial = study.ask(dict.fromkeys(names, unit))
    trial.set_user_attr(INDEX, index)
    return trial


def _finish(study: Any, trial: Any, outcome: Outcome, losses: list[float]) -> None:
    kept = {measure: np.asarray(values, float).tolist() for measure, values in outcome.items()}
    trial.set_user_attr(OUTCOMES, kept)
    if np.isfinite(losses).all():
        study.tell(trial, losses)
    else:
        study.tell(trial, state=require("optuna").trial.TrialState.FAIL)
