"""What is named on a command line: files that are none, of the other kind or misspelt; switches."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from commands import Command
from scenario.minimal import MINIMAL

SCENARIO = MINIMAL + (
    "events:\n  us_pact: {off: true, at: 2020-03, effects: []}\n"
    "  quarrel: {at: 2020-05, effects: [{pulse: A-B, size: -0.1}]}\n"
)
EXPERIMENT = (
    "relsim: 1\nname: E\nscenario: base.yaml\nparameters: {drift: [0, 0.1]}\n"
    "measures: {m: {level: A-B}}\nsweep: {grid: 2}\n"
)


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    (tmp_path / "base.yaml").write_text(SCENARIO)
    (tmp_path / "study.yaml").write_text(EXPERIMENT)
    return tmp_path


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Fails what reads for ever."""

    def fail(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


READERS = {
    "run": ["run", "{}"],
    "validate": ["validate", "{}"],
    "diff": ["diff", "base.yaml", "{}"],
    "compare": ["compare", "base.yaml", "{}"],
    "explain": ["explain", "{}", "A-B"],
    "experiment": ["experiment", "{}"],
    "experiment --check": ["experiment", "--check", "{}"],
    "hindcast": ["hindcast", "--observed", "{}"],
    "hindcast --scenario": ["hindcast", "--observed", "o.csv", "--scenario", "{}"],
    "observe": ["observe", "{}"],
    "observe --codes": ["observe", "events.csv", "--codes", "{}"],
    "verify": ["verify", "{}"],
    "report": ["report", "{}"],
    "extends": ["validate", "leaf.yaml"],
    "misfit": ["experiment", "--check", "leaf.yaml"],
}


@pytest.mark.parametrize("arguments", READERS.values(), ids=READERS)
@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "device", "link to a device"])
def test_what_is_no_file_is_refused_unopened(
    relsim: Command, folder: Path, arguments: list[str], kind: str, request: pytest.FixtureRequest
) -> None:
    os.mkfifo(folder / "pipe.yaml")
    (folder / "link.yaml").symlink_to("pipe.yaml")
    (folder / "zero.yaml").symlink_to("/dev/zero")
    (folder / "events.csv").write_text("source,target,date,cameo\n")
    (folder / "o.csv").write_text("dyad,period,value\nA-B,2020,0\n")
    name = {"pipe": "pipe.yaml", "link to a pipe": "link.yaml", "device": "/dev/zero"}
    place = name.get(kind, "zero.yaml")
    if "misfit" in request.node.name:
        misfit = EXPERIMENT.replace("level: A-B", f"misfit: {place}")
        (folder / "leaf.yaml").write_text(misfit)
    else:
        (folder / "leaf.yaml").write_text(f"extends: {place}\n")
    with within(20):
        done = relsim(*(one.format(place) for one in arguments), cwd=folder)
    assert done.returncode in (2, 3)
    assert place in done.stderr
    words = ("This is a ", f"{place} is a ", "no finished result", "lies outside")
    assert any(said in done.stderr for said in words)


@pytest.mark.parametrize(
    "arguments", [["run"], ["validate"], ["diff", "base.yaml"], ["compare", "base.yaml"]]
)
def test_an_experiment_for_a_scenario_is_said_once(
    relsim: Command, folder: Path, arguments: list[str]
) -> None:
    done = relsim(*arguments, "study.yaml", cwd=folder)
    assert done.returncode == 2
    assert done.stderr == (
        "study.yaml:3:1  other-kind  This is an experiment: its `scenario` says so. "
        "Run it: relsim experiment study.yaml\n1 problem.\n"
    )


@pytest.mark.parametrize("arguments", [["experiment"], ["experiment", "--check"]])
def test_a_scenario_for_an_experiment_is_said_once(
    relsim: Command, folder: Path, arguments: list[str]
) -> None:
    done = relsim(*arguments, "base.yaml", cwd=folder)
    assert (done.returncode, done.stderr.count("\n")) == (2, 2)
    assert "This is a scenario: its `states` says so. Run it: relsim run base.yaml" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["validate", "bse.yaml"], "Did you mean base.yaml?"),
        (["run", "base.yml"], "Did you mean base.yaml?"),
        (["experiment", "stduy.yaml"], "Did you mean study.yaml?"),
        (["explain", "base", "A-B"], "Did you mean base.yaml?"),
        (["verify", "results/status-qou"], "Did you mean results/status-quo?"),
        (["report", "status-quo"], "Did you mean results/status-quo?"),
        (["explain", "reslts/status-quo", "A-B"], "Did you mean results?"),
    ],
)
def test_a_misspelt_file_or_result_is_guessed_at(
    relsim: Command, folder: Path, arguments: list[str], hint: str
) -> None:
    (folder / "results" / "status-quo").mkdir(parents=True)
    done = relsim(*arguments, cwd=folder)
    assert done.returncode in (2, 3)
    assert hint in done.stderr
    assert ":1:1" not in done.stderr


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("set: {events.us_pact.off: false}", "Write what differs in its place"),
        ("scenario: base.yaml", "extends: FILE"),
        ("runs: 10", "It belongs in `ensemble`."),
        ("seed: 1", "It belongs in `ensemble`."),
        ("drift: 0.1", "It belongs in `parameters`."),
        ("step: year", "It belongs in `time`."),
        ("extend: x.yaml", "Did you mean extends?"),
    ],
)
def test_a_key_in_the_wrong_place_is_told_where_it_belongs(
    relsim: Command, folder: Path, key: str, hint: str
) -> None:
    (folder / "leaf.yaml").write_text(f"extends: base.yaml\n{key}\n")
    done = relsim("validate", "leaf.yaml", cwd=folder)
    assert done.returncode == 2
    assert hint in done.stderr


def test_events_are_switched_on_and_off(relsim: Command, folder: Path) -> None:
    def folder_of(*options: str) -> str:
        done = relsim("run", "base.yaml", "--runs", "2", "-q", *options, cwd=folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    by_path = folder_of("--set", "events.us_pact.off=false", "--set", "events.quarrel.off=true")
    assert folder_of("--on", "us_pact", "--off", "quarrel") == by_path
    shutil.rmtree(folder / "results")


@pytest.mark.parametrize("command", ["run", "validate"])
def test_switches_that_mean_nothing(relsim: Command, folder: Path, command: str) -> None:
    done = relsim(command, "base.yaml", "--on", "us_pct", cwd=folder)
    assert done.returncode == 2
    assert "'us_pct' is not an event here. Did you mean us_pact?" in done.stderr
    done = relsim(command, "base.yaml", "--on", "us_pact", "--off", "us_pact", cwd=folder)
    assert done.returncode == 2
    assert "us_pact is with --off as well" in done.stderr
    done = relsim(command, "base.yaml", "--set", "events.us_pact=on", cwd=folder)
    assert "Write events.us_pact.off=false, or --on us_pact." in done.stderr


def test_a_pair_may_be_two_words(relsim: Command, folder: Path) -> None:
    done = relsim("explain", "base.yaml", "B", "A", "--runs", "2", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "A towards B" in done.stdout
    done = relsim("explain", "base.yaml", "A", "B", "A", cwd=folder)
    assert done.returncode == 2
    assert "Name one pair" in done.stderr
    done = relsim("explain", "base.yaml", "A–B", cwd=folder)
    assert "Write A-B: '–' (U+2013)" in done.stderr


WHOLE = [
    ("run base.yaml --runs", 1),
    ("run base.yaml --seed", 0),
    ("run base.yaml --thin", 1),
    ("run base.yaml --workers", 1),
    ("compare base.yaml base.yaml --runs", 1),
    ("compare base.yaml base.yaml --seed", 0),
    ("explain base.yaml A-B --run", 0),
    ("explain base.yaml A-B --runs", 1),
    ("experiment study.yaml --workers", 1),
    ("hindcast --observed o.csv --origins", 0),
    ("hindcast --observed o.csv --horizons", 1),
    ("hindcast --observed o.csv --runs", 1),
    ("observe events.csv --least", 1),
    ("verify results --chunks", 1),
    ("new w.yaml --seed", 0),
    ("new w.yaml --world", 3),
]


@pytest.mark.parametrize(("command", "least"), WHOLE)
def test_whole_numbers_of_options_are_written_as_such(
    relsim: Command, folder: Path, command: str, least: int
) -> None:
    hints = {"5.0": "Write 5.", "1e1": "Write 10.", "５": "Write 5: '５'", "1_0": "underscores"}
    for written in (*hints, "2.5", "five", "true", "", "9" * 40):
        done = relsim(*command.split(), written, cwd=folder)
        assert done.returncode == 2
        assert "is not a whole number." in done.stderr
        assert hints.get(written, "") in done.stderr
    done = relsim(*command.split(), f"{least - 1}", cwd=folder)
    assert done.returncode == 2
    assert f"{least - 1} is less than {least}." in done.stderr


def test_the_command_of_a_manifest_is_one_that_a_shell_takes(relsim: Command, folder: Path) -> None:
    (folder / "my base.yaml").write_text(SCENARIO)
    setting = "A.ties.B={uniform: [0.1, 0.2]}"
    done = relsim("run", "my base.yaml", "--runs", "2", "-q", "--set", setting, cwd=folder)
    assert done.returncode == 0, done.stderr
    command = json.loads((folder / done.stdout.strip() / "manifest.json").read_text())["command"]
    words = ["relsim", "run", "my base.yaml", "--runs", "2", "--set", setting]
    assert shlex.split(command) == words
