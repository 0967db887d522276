"""Where compiled code is kept: a folder of the user's own, or nowhere; and who does without it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numba
import pytest

from relsim.errors import RelsimWarning
from relsim.model import compilation
from relsim.model.compilation import cache_folder, compiled, say_where_code_is_kept
from relsim.model.compile import compile_scenario
from relsim.model.kernel import simulate_batch
from relsim.scenario.load import load
from scenarios_to_test import ROOT, STATUS_QUO


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sources beside which nothing can be written, of a user without a home."""
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "rules.py").write_text("A = 1\n")
    (folder / "__pycache__").touch()  # no folder, which stops root as well
    temporary = tmp_path / "temporary"
    temporary.mkdir(mode=0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("HOME", "/dev/null")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    return folder


def temporary_folder() -> Path:
    (folder,) = Path(tempfile.gettempdir()).iterdir()
    return folder


def test_it_is_beside_the_sources_where_that_can_be_written(tmp_path: Path) -> None:
    assert cache_folder(tmp_path) == tmp_path / "__pycache__"


def test_else_in_the_users_cache(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(sources.parent / "cache"))
    found = cache_folder(sources)
    assert found is not None
    assert found.parent == sources.parent / "cache" / "relsim"
    say_where_code_is_kept(found)  # without a warning


def test_else_in_the_temporary_folder_which_is_said(sources: Path) -> None:
    found = cache_folder(sources)
    assert found is not None
    assert found.parent == temporary_folder()
    assert found.parent.stat().st_mode & 0o777 == 0o700
    with pytest.warns(RelsimWarning, match="Compiled code is kept in "):
        say_where_code_is_kept(found)


def test_code_of_other_sources_is_in_another_folder(sources: Path) -> None:
    before = cache_folder(sources)
    (sources / "rules.py").write_text("A = 2\n")
    assert cache_folder(sources) != before


def test_a_folder_that_others_can_write_or_replace_is_not_taken(sources: Path) -> None:
    assert cache_folder(sources)
    folder = temporary_folder()
    folder.chmod(0o770)
    assert cache_folder(sources) is None
    folder.chmod(0o700)
    folder.parent.chmod(0o777)
    assert cache_folder(sources) is None
    folder.parent.chmod(0o1777)  # as /tmp: others cannot rename what is not theirs
    assert cache_folder(sources)


def test_a_link_is_not_taken(sources: Path) -> None:
    assert cache_folder(sources)
    folder = temporary_folder()
    elsewhere = folder.rename(sources.parent / "elsewhere")
    folder.symlink_to(elsewhere)
    assert cache_folder(sources) is None


def test_without_a_folder_functions_are_compiled_and_it_is_said(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/dev/null")
    assert cache_folder(sources) is None
    with pytest.warns(RelsimWarning, match="Compiled code cannot be kept: "):
        say_where_code_is_kept(None)
    monkeypatch.setattr(compilation, "_CACHE", None)

    def double(x: float) -> float:
        return 2 * x

    assert compiled(double)(2.0) == 4.0


COMPILES = """
from relsim.model.draws import _fill_run_uniforms, draw_numbers
from relsim.scenario.values import Distribution
from relsim.model.plan import Draw

draw_numbers((Draw("x", Distribution("uniform", (0.0, 1.0)), (0,)),), 1, 0, 4)
print(sum(_fill_run_uniforms.stats.cache_misses.values()))
"""


def compilations(source: Path) -> int:
    """How often a new process compiles a function of the model in ``source``."""
    environment = {**os.environ, "PYTHONPATH": str(source)}
    environment.pop("NUMBA_CACHE_DIR", None)
    command = [sys.executable, "-c", COMPILES]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return int(done.stdout)


def test_compiled_code_outlives_new_files_of_the_same_model_but_no_edit(tmp_path: Path) -> None:
    package = tmp_path / "relsim"
    shutil.copytree(ROOT / "src" / "relsim", package, ignore=shutil.ignore_patterns("__pycache__"))
    assert compilations(tmp_path) == 1
    for file in package.rglob("*.py"):  # as an upgrade does
        os.utime(file)
    with (package / "errors.py").open("a", encoding="utf-8") as errors:
        errors.write("# another version\n")
    assert compilations(tmp_path) == 0
    with (package / "model" / "rules.py").open("a", encoding="utf-8") as rules:
        rules.write("# edited\n")  # in another file than that of the function
    assert compilations(tmp_path) == 1


def test_it_is_known_for_which_arguments_code_is_kept() -> None:
    from relsim.ensemble.chunks import compile_kernel, kernel_is_compiled
    from relsim.model.plan import Plan

    compile_kernel(compile_scenario(load(STATUS_QUO)))
    assert kernel_is_compiled()
    assert not compilation.is_kept(simulate_batch, Plan)


WITHOUT_NUMBA = """
import sys
from relsim.cli import main

for arguments in ARGUMENTS:
    sys.argv = ["relsim", *arguments]
    try:
        main()
    except SystemExit as end:
        assert not end.code, end.code
assert "numba" not in sys.modules
"""


def test_what_needs_no_kernel_does_not_load_it(tmp_path: Path) -> None:
    file = str(STATUS_QUO)
    asked = [["--help"], ["list"], ["validate", file], ["diff", file, file], ["schema"]]
    program = WITHOUT_NUMBA.replace("ARGUMENTS", repr(asked))
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
