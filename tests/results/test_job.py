"""The runner of jobs, with a job that counts to three."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from relsim.errors import DamagedError, ResultsError
from relsim.results.folder import JOURNAL, MANIFEST, beside, locked
from relsim.results.job import Execution, Job, Nobody, carry_out
from relsim.results.manifest import HindcastManifest, read_whole, write_manifest

COUNT = "count.txt"


@dataclass(frozen=True)
class Counting(Job[int, Path]):
    """Writes one number after the other, going on where an earlier process stopped."""

    to: int = 3
    title: str = "Counting"
    die_at: int = 0
    error: BaseException | None = None

    kind: ClassVar = "a count"
    model: ClassVar = HindcastManifest  # it asks for words and sentences
    draws: ClassVar = False
    resumes: ClassVar = True

    @property
    def parent(self) -> Path:
        return Path("counts", "small")

    def key(self) -> dict[str, int]:
        return {"to": self.to}

    def words(self) -> str:
        return self.title.encode().hex().ljust(64, "0")[:64]

    def make(self, folder: Path, execution: Execution) -> int:
        journal, file = folder / JOURNAL, folder / COUNT
        done = len(journal.read_text()) if journal.exists() else 0
        execution.watcher.phase(f"Counting from {done}")
        for number in range(done + 1, self.to + 1):
            if number == self.die_at:
                os.kill(os.getpid(), signal.SIGKILL)
            if self.error is not None:
                raise self.error
            file.write_text((file.read_text() if file.exists() else "") + str(number))
            journal.write_text("." * number)
        return self.to

    def about(self, findings: int) -> dict[str, Any]:
        series = {"file": "x.csv", "pairs": findings, "years": [1, 2]}
        return {**series, "title": self.title, "sentences": [], "warnings": []}

    def outdated(self, folder: Path) -> str:
        try:
            read_whole(self.model, folder, self.kind)
        except DamagedError as error:
            return str(error)
        return ""

    def refresh(self, folder: Path, execution: Execution) -> None:
        content = json.loads((folder / MANIFEST).read_text())
        if content["words"] != self.words():
            write_manifest({**content, "words": self.words(), "title": self.title}, folder)

    def open(self, folder: Path) -> Path:
        return folder

    def kept(self, out: Path) -> str:
        return "Some numbers are kept"


class Phases(Nobody):
    def __init__(self) -> None:
        self.texts: list[str] = []

    def phase(self, text: str) -> None:
        self.texts.append(text)


def title_of(folder: Path) -> str:
    return str(json.loads((folder / MANIFEST).read_text())["title"])


def test_a_job_is_done_once_and_described(tmp_path: Path) -> None:
    execution = Execution(tmp_path, command="relsim count")
    folder, reused = carry_out(Counting(), execution)
    assert not reused
    assert folder == tmp_path / "counts" / "small" / Counting().id
    assert {file.name for file in folder.iterdir()} == {COUNT, MANIFEST}  # the journal is gone
    assert list(folder.parent.iterdir()) == [folder]
    content = json.loads((folder / MANIFEST).read_text())
    assert (content["id"], content["command"]) == (folder.name, "relsim count")
    assert set(content["files"]) == {COUNT}
    before = (folder / MANIFEST).stat().st_mtime_ns
    assert carry_out(Counting(), execution) == (folder, True)
    assert (folder / MANIFEST).stat().st_mtime_ns == before
    assert carry_out(Counting(4), execution)[0] != folder
    assert carry_out(Counting(), Execution(tmp_path, force=True)) == (folder, False)


def test_a_job_that_was_killed_halfway_goes_on(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from pathlib import Path\nfrom test_job import Counting, Execution, carry_out\n"
        f"carry_out(Counting(die_at=3), Execution(Path({str(tmp_path)!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    folder = Counting().folder(tmp_path)
    assert not folder.exists()
    assert (beside(folder) / COUNT).read_text() == "12"
    phases = Phases()
    assert carry_out(Counting(), Execution(tmp_path, watcher=phases)) == (folder, False)
    assert phases.texts == ["Counting from 2"]
    assert (folder / COUNT).read_text() == "123"
    assert list(folder.parent.iterdir()) == [folder]


def test_changed_words_are_refreshed_without_doing_it_again(tmp_path: Path) -> None:
    folder, _ = carry_out(Counting(), Execution(tmp_path))
    phases = Phases()
    again = carry_out(Counting(title="Sums"), Execution(tmp_path, watcher=phases))
    assert again == (folder, True)
    assert phases.texts == []
    assert title_of(folder) == "Sums"


def test_what_does_not_stand_is_made_anew_and_the_reason_told(tmp_path: Path) -> None:
    folder, _ = carry_out(Counting(), Execution(tmp_path))
    (folder / COUNT).unlink()
    phases = Phases()
    assert carry_out(Counting(), Execution(tmp_path, watcher=phases)) == (folder, False)
    assert phases.texts[0].endswith("Making it anew")
    assert f"{COUNT} is missing" in phases.texts[0]
    assert (folder / COUNT).read_text() == "123"


@pytest.mark.parametrize(
    ("force", "kept"),
    [
        (False, "Some numbers are kept; the same command goes on from there."),
        (True, "With --force the same command begins afresh; what was there is as it was."),
    ],
)
def test_an_interruption_says_what_is_kept(tmp_path: Path, force: bool, kept: str) -> None:
    job = Counting(error=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt) as stopped:
        carry_out(job, Execution(tmp_path, force=force))
    assert str(stopped.value) == f"Stopped. {kept}"
    assert not job.folder(tmp_path).exists()


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    folder, _ = carry_out(Counting(), Execution(tmp_path))
    with pytest.raises(ZeroDivisionError):
        carry_out(Counting(error=ZeroDivisionError()), Execution(tmp_path, force=True))
    assert (folder / COUNT).read_text() == "123"


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("name", ["a" * 300, "a\0b"])
def test_a_place_that_no_folder_can_have_is_refused(tmp_path: Path, name: str, force: bool) -> None:
    with pytest.raises(ResultsError, match=r"cannot be written: .*Choose another place with --out"):
        carry_out(Counting(), Execution(tmp_path / name, force=force))


def test_locks_that_the_caller_holds_are_not_waited_for(tmp_path: Path) -> None:
    folder = Counting().folder(tmp_path)
    with locked([folder], lambda: None):
        held = Execution(tmp_path, held=frozenset([folder]))
        assert carry_out(Counting(), held) == (folder, False)
