"""relsim verify: exit codes, and what it prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import zarr

from commands import Command
from relsim.results.folder import notes_of
from relsim.results.manifest import write_manifest
from relsim.results.run import run
from relsim.scenario.load import load
from scenarios_to_test import STATUS_QUO


def test_verify_passes_what_is_sound_and_names_what_is_not(relsim: Command, tmp_path: Path) -> None:
    result = run(load(STATUS_QUO), runs=10, out=tmp_path, views=False)
    done = relsim("verify", result.folder.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Verified: 1 of 1 chunks (10 runs)" in done.stdout
    group: Any = zarr.open_group(result.folder / "ensemble.zarr", mode="r+")
    group["overall"][4, 2, 0] = np.float32(0.25)
    done = relsim("verify", result.folder)
    assert done.returncode == 2
    assert "ensemble.zarr/overall/c/0/0/0" in done.stderr
    write_manifest({**result.manifest, "files": notes_of(result.folder)}, result.folder)
    done = relsim("verify", result.folder, "--all")
    assert done.returncode == 1
    assert "First difference: overall, run 4, month 2020-09, pair" in done.stdout
    assert "stored 0.25, recomputed" in done.stdout


def test_verify_explains_wrong_use(relsim: Command, tmp_path: Path) -> None:
    assert relsim("verify", tmp_path).returncode == 3
    assert relsim("verify", tmp_path, "--all", "--chunks", "2").returncode == 2
