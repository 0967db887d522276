"""Trials of a study on disk: resumed where they were left, shared by several processes.

Optuna proposes points and keeps them, in a journal that is one file. Around it stands what makes
a study repeatable: each trial has a place of its own, and the sampler is seeded by that place. So
one process gives the same trials again, and the same after an interruption. Trials of several
processes depend on what had come in when each was proposed, and are not repeatable.
"""

from __future__ import annotations

import json
import time
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from relsim.errors import ResultsError
from relsim.experiments.optional import require
from relsim.experiments.parameters import Values

WAIT = 0.2  # seconds between looks at what other processes are at
# Where a trial keeps what: its place in the study and who works at it, its outcomes by measure,
# and that its worker left it.
TAKEN, OUTCOMES, LEFT = "taken", "outcomes", "left"

Outcome = Mapping[str, Values]  # of one point: [R] by measure


@dataclass(frozen=True)
class Journal:
    """An open storage.

    Attributes:
        storage: Optuna's.
        turn: held while a trial is proposed or put down; may be entered again by its holder.
        worker: the name of this process while it works.
        file: None in memory.
    """

    storage: Any
    turn: AbstractContextManager[Any]
    worker: str
    file: Path | None


@dataclass(frozen=True)
class Question:
    """What a study asks; a study on disk answers one question only.

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
    """Finished trials in the order of their places.

    Attributes:
        points: [N, K], of the unit cube.
        outcomes: [N, R] by measure.
    """

    points: Values
    outcomes: Mapping[str, Values]


@contextmanager
def open_journal(file: Path | None) -> Iterator[Journal]:
    """The storage of studies, in memory where there is no file.

    Raises:
        ResultsError: the file cannot be used.
    """
    optuna = require("optuna")
    with _quiet(optuna):
        if file is None:
            yield Journal(optuna.storages.InMemoryStorage(), nullcontext(), "", None)
            return
        with _reported(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(f"{file}.lock")
            with lock:
                _drop_torn_line(file)
        worker = uuid.uuid4().hex
        presence = _presence(file, worker)
        with FileLock(presence):
            try:
                with _reported(file):
                    backend = require("optuna.storages.journal").JournalFileBackend(str(file), lock)
                    storage = optuna.storages.JournalStorage(backend)
                yield Journal(storage, lock, worker, file)
            finally:
                presence.unlink(missing_ok=True)


@contextmanager
def _quiet(optuna: Any) -> Iterator[None]:
    """Without Optuna's messages, which are none of the user's; its settings are put back."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


@contextmanager
def _reported(file: Path) -> Iterator[None]:
    """What a broken or forbidden file raises, in words."""
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


def _presence(file: Path, worker: str) -> Path:
    return file.with_name(f"{file.name}.{worker}.working")


def _is_at_work(journal: Journal, worker: str) -> bool:
    """Whether a process still holds its lock; the lock of one that died is free."""
    if journal.file is None or worker == journal.worker:
        return True
    presence = _presence(journal.file, worker)
    if not presence.exists():
        return False
    try:
        with FileLock(presence, timeout=0):
            pass
    except Timeout:
        return True
    presence.unlink(missing_ok=True)
    return False


def collect(
    journal: Journal,
    name: str,
    question: Question,
    count: int,
    sampler: Callable[[int], Any],
    evaluate: Callable[[Values], Outcome],
    losses: Callable[[Outcome], list[float]],
) -> Trials:
    """Works at a study until it has ``count`` finished trials, by this process and others.

    Args:
        journal: where the study is kept.
        name: of the study.
        question: what it asks.
        count: how many trials; of a study that has more, the first ones are given.
        sampler: what proposes the point of a place; seeded by the place.
        evaluate: outcomes at a point [K] of the unit cube.
        losses: of outcomes, one for each objective. A trial without finite losses counts, and the
            sampler does not learn from it.

    Raises:
        ResultsError: the study on disk asks something else, or is damaged.
    """
    study = _open_study(journal, name, question)
    while True:
        with journal.turn:
            _leave_abandoned(journal, study)
            trial = _next_trial(journal, study, question, count, sampler)
            if trial is None and _finished(study, count):
                return _trials(study, question, count)
        if trial is None:
            time.sleep(WAIT)  # others are at the last trials
            continue
        point = np.array([trial.params[one] for one in question.names])
        try:
            outcome = evaluate(point)
        except BaseException:
            with journal.turn:
                _leave(study, trial)
            raise
        with journal.turn:
            _put_down(study, trial, outcome, losses(outcome))


def _open_study(journal: Journal, name: str, question: Question) -> Any:
    optuna = require("optuna")
    about = json.loads(json.dumps(question.about))
    with journal.turn, _reported(journal.file or Path(name)):
        study = optuna.create_study(
            storage=journal.storage,
            study_name=name,
            directions=["minimize"] * question.directions,
            load_if_exists=True,
        )
        known = study.user_attrs.get("about")
        if known is None:
            study.set_user_attr("about", about)
            known = about
    if known != about:
        changed = [key for key in about if known.get(key) != about[key]]
        raise ResultsError(
            f"{journal.file} holds trials of another question: it differs in "
            f"{', '.join(changed)}. Move it away, or keep these trials in another file."
        )
    with _reported(journal.file or Path(name)):
        _check_trials(study, question)
    return study


def _check_trials(study: Any, question: Question) -> None:
    """Refuses finished trials that lack a part, as where a line of the file is missing.

    Raises:
        ValueError: there are some.
    """
    shapes = set()
    for trial in _all_trials(study):
        if not trial.state.is_finished():
            continue
        shapes.add(tuple((name, len(kept)) for name, kept in trial.user_attrs[OUTCOMES].items()))
        if {*trial.params} != {*question.names} or len(shapes) > 1:
            raise ValueError(f"trial {trial.number} lacks a part")


def _all_trials(study: Any) -> list[Any]:
    trials: list[Any] = study.get_trials(deepcopy=False)
    return [trial for trial in trials if LEFT not in trial.user_attrs and TAKEN in trial.user_attrs]


def _place(trial: Any) -> int:
    place: int = trial.user_attrs[TAKEN][0]
    return place


def _next_trial(
    journal: Journal,
    study: Any,
    question: Question,
    count: int,
    sampler: Callable[[int], Any],
) -> Any:
    """A trial at the first free place, proposed and taken, or None where all are taken."""
    optuna = require("optuna")
    taken = {_place(trial) for trial in _all_trials(study)}
    place = next((one for one in range(count) if one not in taken), None)
    if place is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.sampler = sampler(place)
        unit = optuna.distributions.FloatDistribution(0.0, 1.0)
        trial = study.ask(dict.fromkeys(question.names, unit))
    trial.set_user_attr(TAKEN, [place, journal.worker])
    return trial


def _put_down(study: Any, trial: Any, outcome: Outcome, losses: list[float]) -> None:
    optuna = require("optuna")
    kept = {measure: np.asarray(values, float).tolist() for measure, values in outcome.items()}
    trial.set_user_attr(OUTCOMES, kept)
    if np.isfinite(losses).all():
        study.tell(trial, losses)
    else:
        study.tell(trial, state=optuna.trial.TrialState.FAIL)


def _leave(study: Any, trial: Any) -> None:
    """Gives the place of an unfinished trial free."""
    optuna = require("optuna")
    study._storage.set_trial_user_attr(trial._trial_id, LEFT, True)
    study.tell(trial.number, state=optuna.trial.TrialState.FAIL)


def _leave_abandoned(journal: Journal, study: Any) -> None:
    """Gives the places free of processes that ended in the middle of a trial."""
    running = [t for t in study.get_trials(deepcopy=False) if not t.state.is_finished()]
    for trial in running:
        if TAKEN not in trial.user_attrs or not _is_at_work(journal, trial.user_attrs[TAKEN][1]):
            _leave(study, trial)


def _finished(study: Any, count: int) -> bool:
    done = [trial for trial in _all_trials(study) if trial.state.is_finished()]
    return sum(_place(trial) < count for trial in done) == count


def _trials(study: Any, question: Question, count: int) -> Trials:
    done = [trial for trial in _all_trials(study) if _place(trial) < count]
    done.sort(key=_place)
    points = np.array([[trial.params[one] for one in question.names] for trial in done])
    measures = done[0].user_attrs[OUTCOMES] if done else {}
    outcomes = {
        measure: np.array([trial.user_attrs[OUTCOMES][measure] for trial in done], float)
        for measure in measures
    }
    return Trials(points.reshape(len(done), len(question.names)), outcomes)
