"""Interrupted runs: nothing finished is lost, and what comes out is what would have come out."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commands import Command
from families import run_family
from relsim.cli.application import EXIT_RESULTS, EXIT_STOPPED
from relsim.ensemble import chunks, simulate
from relsim.ensemble.chunks import Chunk
from relsim.errors import ResultsError
from relsim.results import run as run_module
from relsim.results import views
from relsim.results.folder import JOURNAL, locked, written_aside
from relsim.results.folder import beside as place_beside
from relsim.results.job import Nobody
from relsim.results.result import Result, open_result
from relsim.results.run import run
from relsim.scenario.load import check_file

SOON = 5  # seconds; far from the end of what is interrupted, whatever else the machine does
DRIVER = Path(__file__).with_name("driver.py")
VARIABLES = ("overall", "cooperation", "fired", "drawn")
RUNS = 40  # five chunks of eight
SCENARIO = """\
relsim: 1
name: Small
time: {start: 2020-01, end: 2022-01}
states: {A: {ties: {C: {uniform: [0.2, 0.4]}}}, B: {}, C: {}}
ties: {A-B: 0.3, B-C: 0.2}
events: {spat: {chance: 1 per year, effects: [{pulse: A-B, size: -0.1, half_life: 3 months}]}}
"""
AGAINST = 'claims: {c: {says: x, expect: {change: A-B, above: 0, against: "%s.yaml"}}}\n'


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "MAX_RUNS", 8)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "small.yaml"
    found.write_text(SCENARIO)
    return found


class Told(Nobody):
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.phases: list[str] = []
        self.runs = 0

    def phase(self, text: str) -> None:
        self.phases.append(text)

    def runs_done(self, runs: int) -> None:
        self.runs += runs


def simulated(file: Path, told: Told | None = None, **options: Any) -> Result:
    asked: dict[str, Any] = {"runs": RUNS, "seed": 7, "out": file.parent / "results", **options}
    return run(check_file(file).require(), views=False, watcher=told, **asked)


def arrays_of(result: Result) -> dict[str, bytes]:
    return {name: result.ensemble.data[name].values.tobytes() for name in VARIABLES}


def undisturbed(file: Path) -> dict[str, bytes]:
    return arrays_of(simulated(file, out=file.parent / "undisturbed"))


def command(*arguments: object) -> list[str]:
    return [sys.executable, str(DRIVER), *(str(argument) for argument in arguments)]


def cli(what: str, number: int, file: Path, *options: str) -> subprocess.Popen[str]:
    asked = ("run", file, "--runs", RUNS, "--seed", 7, "--out", file.parent / "results", *options)
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    asked_for = command(what, number, *asked)
    return subprocess.Popen(asked_for, text=True, start_new_session=True, **pipes)


def notes(file: Path) -> int:
    found = list((file.parent / "results").glob(f"*/.*.part/{JOURNAL}"))
    return len(found[0].read_text().splitlines()) if found else 0


def interrupt(monkeypatch: pytest.MonkeyPatch, after: int, error: BaseException) -> None:
    """Makes noting a chunk fail, once so many are noted."""
    module: Any = run_module
    sound, left = module.note, iter([None] * after)

    def note(*arguments: Any) -> None:
        if next(left, error) is error:
            raise error
        sound(*arguments)

    monkeypatch.setattr(run_module, "note", note)


def interrupted(file: Path, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Leaves so many chunks noted."""
    with monkeypatch.context() as patch:
        interrupt(patch, after, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt, match=f"{after} of 5 chunks are kept"):
            simulated(file)


def test_a_killed_process_loses_no_finished_chunk(file: Path) -> None:
    process = cli("kill", 3, file, "--no-page")
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert notes(file) == 3
    with pytest.raises(ResultsError, match="no finished result"):
        open_result(file.parent / "results" / "small")
    told = Told()
    result = simulated(file, told)
    assert "Resuming: 3 of 5 chunks are done" in told.phases
    assert told.runs == RUNS
    assert arrays_of(result) == undisturbed(file)
    assert [path.name for path in result.folder.parent.iterdir()] == [result.folder.name]
    assert not (result.folder / JOURNAL).exists()


def test_only_what_is_missing_is_simulated_again(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(file, monkeypatch, 3)
    done: list[int] = []
    sound = simulate.simulate_chunk  # type: ignore[attr-defined]

    def simulate_chunk(compiled: Any, seed: int, level: Any, chunk: Chunk, stop: Any) -> Any:
        done.append(chunk.first)
        return sound(compiled, seed, level, chunk, stop)

    monkeypatch.setattr(simulate, "simulate_chunk", simulate_chunk)
    simulated(file)
    assert sorted(done) == [24, 32]


# An interrupted family and a closed terminal, below, end by the two that are slow here.
ENDING = [
    ("SIGTERM", 143),
    pytest.param("SIGINT", 130, marks=pytest.mark.slow),
    pytest.param("SIGHUP", 129, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("name", "code"), ENDING)
def test_a_signal_stops_within_a_second_and_says_how_to_go_on(
    file: Path, name: str, code: int
) -> None:
    process = cli("slow", 3, file, "--no-page")
    while notes(file) < 2 and process.poll() is None:
        time.sleep(0.02)
    began = time.perf_counter()
    for _ in range(2):  # a terminal, shells and timeout send theirs more than once
        os.killpg(process.pid, getattr(signal, name))
    _, said = process.communicate(timeout=60)
    assert time.perf_counter() - began < SOON
    assert process.returncode == code
    kept = notes(file)
    assert said == f"Stopped. {kept} of 5 chunks are kept; the same command goes on from there.\n"
    assert 2 <= kept < 5
    assert arrays_of(simulated(file)) == undisturbed(file)


def test_a_signal_does_not_wait_for_a_figure(file: Path) -> None:
    process = cli("figure", 0, file)
    results = file.parent / "results"
    while not list(results.glob("*/*/.figures.part")) and process.poll() is None:
        time.sleep(0.02)
    time.sleep(0.5)  # the figure is being drawn by then
    began = time.perf_counter()
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert time.perf_counter() - began < SOON
    assert process.returncode == 143
    assert said == "Stopped. 5 of 5 chunks are kept; the same command goes on from there.\n"
    assert not list(results.glob("*/*/figures")) + list(results.glob("*/*/.figures.part"))


def test_a_closed_terminal_ends_processes_and_what_tracks_them_without_a_word(file: Path) -> None:
    out = file.parent / "results"
    asked = ("run", file, "--runs", 20_000, "--workers", 2, "--no-page", "--out", out)
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(
        command("slow", 0, *asked), text=True, start_new_session=True, **pipes
    )
    while notes(file) < 1 and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGHUP)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 129
    assert re.fullmatch(r"Stopped. [\d,]+ of 2,500 chunks are kept; .* from there.\n", said)


@pytest.mark.parametrize("name", ["a" * 300, "a\0b", "/".join(["a" * 250] * 20)])
@pytest.mark.parametrize("force", [False, True])
def test_a_place_that_no_folder_can_have_is_refused(file: Path, name: str, force: bool) -> None:
    out = file.parent / name
    said = "cannot be written: .*Choose another place with --out"
    with pytest.raises(ResultsError, match=said):
        simulated(file, out=out, force=force)
    with pytest.raises(ResultsError, match=said):
        run_family([file], out=out, runs=8, force=force)


def test_an_interrupted_family_says_what_is_kept_of_all(tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.yaml" for name in "abc"]
    for file in files:
        file.write_text(SCENARIO.replace("Small", file.stem))
    asked = ("run", *files, "--runs", RUNS, "--out", tmp_path / "results")
    process = subprocess.Popen(
        command("slow", 3, *asked),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not notes(files[0]) and process.poll() is None:
        time.sleep(0.02)
    began = time.perf_counter()
    os.killpg(process.pid, signal.SIGINT)  # as the terminal does
    _, said = process.communicate(timeout=60)
    assert time.perf_counter() - began < SOON
    assert process.returncode == EXIT_STOPPED
    assert re.fullmatch(r"Stopped. \d+ of 15 chunks are kept; the same .* from there.\n", said)


@pytest.mark.parametrize("damage", ["flip", "cut", "remove", "partial", "label"])
def test_a_damaged_chunk_is_simulated_again(
    file: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    interrupted(file, monkeypatch, 4)
    (part,) = (file.parent / "results" / "small").glob(".*.part")
    shard = next(one for one in (part / "ensemble.zarr/overall/c/1").rglob("*") if one.is_file())
    spoil(damage, shard)
    told = Told()
    result = simulated(file, told)
    kept = {"partial": 4, "label": 0}.get(damage, 3)
    assert any("Resuming" in phase for phase in told.phases) is (kept > 0)
    assert kept == 0 or f"Resuming: {kept} of 5 chunks are done" in told.phases
    assert arrays_of(result) == undisturbed(file)
    assert not list(result.folder.rglob("*.partial"))


def spoil(damage: str, shard: Path) -> None:
    content = shard.read_bytes()
    if damage == "flip":
        shard.write_bytes(bytes(255 - byte for byte in content[:90]) + content[90:])
    elif damage == "cut":
        shard.write_bytes(content[: len(content) // 2])
    elif damage == "remove":
        shard.unlink()
    elif damage == "partial":
        shard.with_suffix(".0123.partial").write_bytes(content[:9])
    else:
        (shard.parents[3] / "zarr.json").write_text("{")


@pytest.mark.parametrize("after", [0, 2])
def test_a_full_disk_is_said_and_loses_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    with monkeypatch.context() as patch:
        interrupt(patch, after, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        with pytest.raises(ResultsError) as raised:
            simulated(file)
    kept = f"{after} of 5 chunks are kept."
    hint = "Free some space and run the same command again."
    assert str(raised.value) == f"The disk is full. {kept} {hint}"
    assert arrays_of(simulated(file)) == undisturbed(file)


def test_a_place_that_must_not_be_written_is_named(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "mkdir", refuse)  # permissions do not bind root
    with pytest.raises(ResultsError, match=r"results cannot be written: Read-only.*--out"):
        simulated(file)


def test_force_begins_afresh(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted(file, monkeypatch, 3)
    told = Told()
    simulated(file, told, force=True)
    assert not [phase for phase in told.phases if "Resuming" in phase]


def test_two_processes_do_not_write_one_result_at_once(file: Path) -> None:
    other = cli("slow", 2, file, "--no-page")
    while not notes(file) and other.poll() is None:
        time.sleep(0.02)
    told = Told()
    result = simulated(file, told)
    _, said = other.communicate(timeout=60)
    assert (other.returncode, said) == (0, "")
    assert told.phases == ["Another process is simulating this; waiting"]
    assert result.reused
    assert arrays_of(result) == undisturbed(file)


def test_threads_that_ask_at_once_get_one_result(file: Path) -> None:
    found: list[Result] = []
    threads = [threading.Thread(target=lambda: found.append(simulated(file))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(result.reused for result in found) == [False, True, True, True]


def test_scenarios_that_compare_with_each_other_can_be_asked_at_once(tmp_path: Path) -> None:
    for own, other in ("ab", "ba"):
        (tmp_path / f"{own}.yaml").write_text(SCENARIO + AGAINST % other)
    asked = ("--runs", RUNS, "-q", "--no-page", "--out", tmp_path / "results")
    both = [
        subprocess.Popen(command("slow", 1, "run", tmp_path / f"{own}.yaml", *asked))
        for own in "ab"
    ]
    assert [process.wait(60) for process in both] == [0, 0]
    names = sorted(path.name for path in (tmp_path / "results").glob("*/*"))
    assert len(names) == 2  # a result each, and nothing beside them


def test_a_lock_is_given_back_and_leaves_no_file(tmp_path: Path) -> None:
    folder, waited = tmp_path / "s" / "abc", []
    with locked([folder, folder], lambda: waited.append(1)):
        assert len(list(folder.parent.iterdir())) == 1
    with locked([folder], lambda: waited.append(1)):
        pass
    assert (list(folder.parent.iterdir()), waited) == ([], [])


def test_what_stands_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "s" / "abc"
    folder.mkdir(parents=True)
    (folder / "old").touch()
    with pytest.raises(ZeroDivisionError):
        _write_half(folder)
    assert [path.name for path in folder.iterdir()] == ["old"]
    with written_aside(folder, afresh=False) as aside:
        assert (aside / "new").exists()
    assert [path.name for path in folder.iterdir()] == ["new"]
    assert not place_beside(folder).exists()


def _write_half(folder: Path) -> None:
    with written_aside(folder, afresh=True) as aside:
        (aside / "new").touch()
        assert (folder / "old").exists()
        raise ZeroDivisionError


def beside(file: Path) -> list[str]:
    """All that is hidden in the results: what is written aside, and locks."""
    found = [path for path in (file.parent / "results").rglob(".*") if path.name != ".zgroup"]
    return sorted(path.suffix for path in found)


def killed(what: str, number: int, file: Path, *options: str) -> None:
    asked = ("run", file, "--runs", RUNS, "--seed", 7, "--out", file.parent / "results")
    process = subprocess.run(command(what, number, *asked, *options), capture_output=True)
    assert process.returncode == -signal.SIGKILL, process.stderr


@pytest.mark.parametrize(
    ("what", "left"),
    [
        pytest.param("charts", [".lock", ".part"], marks=pytest.mark.slow),
        ("page", [".lock", ".part"]),
    ],
)
def test_what_a_killed_process_left_of_a_page_goes_with_the_next_one(
    file: Path, monkeypatch: pytest.MonkeyPatch, what: str, left: list[str]
) -> None:
    killed(what, 0, file)
    assert beside(file) == left
    told = Told()
    module: Any = views
    monkeypatch.setattr(module, "charts_of", lambda *_: [])
    monkeypatch.setattr(module, "result_page", lambda *_: "page")
    result = run(file, runs=RUNS, seed=7, out=file.parent / "results", watcher=told)
    assert result.reused
    assert "Drawing figures and the report" in told.phases
    assert beside(file) == []
    assert (result.folder / "report.html").read_text() == "page"
    assert (result.folder / "figures").is_dir()


@pytest.mark.parametrize("what", [pytest.param("kill", marks=pytest.mark.slow), "move"])
def test_what_a_killed_process_left_of_a_new_result_goes_with_the_next_one(
    file: Path, what: str
) -> None:
    expected = arrays_of(simulated(file))
    killed(what, 3, file, "--force", "--no-page")
    assert beside(file) == ([".lock", ".part"] if what == "kill" else [".lock", ".old", ".part"])
    result = simulated(file)
    assert result.reused is (what == "kill")  # else nothing stands
    assert arrays_of(result) == expected
    assert beside(file) == []
    assert not (result.folder / JOURNAL).exists()


def test_what_a_killed_process_left_goes_even_where_the_result_stands(file: Path) -> None:
    result = simulated(file)
    leave(result.folder)
    assert len(beside(file)) == 5
    assert simulated(file).reused
    assert beside(file) == []
    assert not (result.folder / JOURNAL).exists()
    assert arrays_of(open_result(result.folder)) == undisturbed(file)


def leave(folder: Path) -> None:
    for name in (".part", ".old"):
        (folder.parent / f".{folder.name}{name}" / "ensemble.zarr").mkdir(parents=True)
    (folder.parent / f".{folder.name}.lock").touch()
    (folder / ".figures.part").mkdir()
    (folder / ".report.html.part").touch()
    (folder / JOURNAL).touch()


def test_nothing_of_a_living_process_is_removed(file: Path) -> None:
    folder = simulated(file).folder
    leave(folder)
    holder = "from relsim.results.folder import locked; from pathlib import Path; import sys\n"
    holder += "with locked([Path(sys.argv[1])], print): print('held', flush=True); input()"
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    other = subprocess.Popen([sys.executable, "-c", holder, str(folder)], text=True, **pipes)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    assert simulated(file).reused
    assert len(beside(file)) == 5
    assert (folder / JOURNAL).exists()
    other.kill()
    other.communicate()
    assert simulated(file).reused
    assert beside(file) == []


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Runs 9 and 20 fail."""
    sound = simulate.simulate_chunk  # type: ignore[attr-defined]

    def simulate_chunk(compiled: Any, seed: int, level: Any, chunk: Chunk, stop: Any) -> Any:
        if any(chunk.first <= run < chunk.first + chunk.runs for run in (9, 20)):
            raise FloatingPointError("in a test")
        return sound(compiled, seed, level, chunk, stop)

    with monkeypatch.context() as patch:
        patch.setattr(simulate, "simulate_chunk", simulate_chunk)
        yield patch


def test_failed_runs_are_recorded_counted_and_left_out(
    file: Path, failing: pytest.MonkeyPatch
) -> None:
    from relsim.cli.run import closing_lines

    result = simulated(file)
    told = json.loads((result.folder / "failures.json").read_text())
    assert [one["run"] for one in told] == [9, 20]
    assert told[0]["error"] == "FloatingPointError: in a test"
    assert result.manifest["failures"] == 2
    assert result.ensemble.failed == (9, 20)
    assert result.ensemble.runs == RUNS - 2
    assert not result.summary()["overall"].isnull().any()
    words = f"2 of 40 runs failed and are left out; see {result.folder / 'failures.json'}"
    assert words in closing_lines(result)
    assert simulated(file).reused


def test_chunks_with_failed_runs_are_tried_again(file: Path, failing: pytest.MonkeyPatch) -> None:
    interrupted(file, failing, 2)  # of the chunks that went well
    failing.undo()
    result = simulated(file)
    assert result.manifest["failures"] == 0
    assert not (result.folder / "failures.json").exists()
    assert arrays_of(result) == undisturbed(file)


def test_the_command_line_names_a_place_that_cannot_be_written(file: Path, relsim: Command) -> None:
    (file.parent / "results").write_text("in the way")
    done = relsim("run", file, "--runs", RUNS, "--out", file.parent / "results")
    assert done.returncode == EXIT_RESULTS
    assert "results cannot be written" in done.stderr
