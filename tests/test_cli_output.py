"""What the command line writes to: any encoding, a closed pipe, a full disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from relsim.cli.application import EXIT_RESULTS, EXIT_UNREAD
from relsim.cli.output import _ascii

SMALL = """\
relsim: 1
name: "Zürich – 北 \U0001f54a"
time: {start: 2020-01, end: 2021-01}
states: {A: {name: "Ä–北"}, B: {}}
ties: {A-B: -0.2}
claims: {falls: {says: "Ä – 北", expect: {change: A-B, above: -1}}}
"""


def relsim(
    folder: Path, *arguments: str, stdout: int = subprocess.PIPE, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "relsim", *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        cwd=folder,
        env={**os.environ, "PYTHONUTF8": "0", **environment},
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two scenarios, one of which was simulated."""
    made = tmp_path_factory.mktemp("encodings")
    (made / "small.yaml").write_text(SMALL, encoding="utf-8")
    (made / "other.yaml").write_text(SMALL.replace("北", "南"), encoding="utf-8")
    asked = ("run", "small.yaml", "--runs", "8", "--figures", "none")
    done = relsim(made, *asked, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    return made


@pytest.mark.parametrize(
    ("encoding", "arguments"),
    [
        ("ascii", ("list",)),
        ("latin-1", ("run", "small.yaml", "--runs", "8", "--figures", "none", "--check")),
        ("cp1252", ("diff", "small.yaml", "other.yaml")),
        ("cp932", ("validate", "small.yaml")),
        ("utf-16", ("--help",)),
    ],
)
def test_output_of_any_encoding_is_written(
    folder: Path, encoding: str, arguments: tuple[str, ...]
) -> None:
    done = relsim(folder, *arguments, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    assert done.stdout.decode(encoding)


def test_a_plain_locale_loses_no_sign_and_files_are_utf_8(folder: Path) -> None:
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    asked = ("run", "small.yaml", "--runs", "8", "--figures", "none")
    done = relsim(folder, *asked, stdout=subprocess.PIPE, **plain)
    assert done.returncode == 0, done.stderr
    said = done.stdout.decode("ascii")
    assert "-0.2" in said
    assert r"Zurich - \u5317 \U0001f54a" in said
    assert "?" not in said
    (result,) = (folder / "results" / "small").iterdir()
    for name in ("scenario.resolved.yaml", "claims.csv", "manifest.json", "report.html"):
        assert "北" in (result / name).read_text(encoding="utf-8"), name


def test_what_tables_use_has_a_plain_form() -> None:
    assert [_ascii(one) for one in "−–×…é"] == ["-", "-", "x", "...", "e"]
    assert [_ascii(one) for one in "½²北"] == [r"\xbd", r"\xb2", r"\u5317"]


@pytest.mark.parametrize("arguments", [("list",), ("schema",), ("--help",)], ids=lambda a: a[0])
def test_a_closed_pipe_ends_quietly(folder: Path, arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = relsim(folder, *arguments, stdout=writing)
    finally:
        os.close(writing)
    assert done.returncode == EXIT_UNREAD
    assert done.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device")
def test_output_that_cannot_be_written_is_said(folder: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = relsim(folder, "list", stdout=full.fileno())
    assert done.returncode == EXIT_RESULTS
    assert done.stderr == b"Output cannot be read or written: No space left on device.\n"
