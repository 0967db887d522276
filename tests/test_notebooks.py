"""Every notebook that ships runs from its first cell to its last."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator

import nbformat
import pytest
from nbclient import NotebookClient

from scenarios_to_test import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture
def _one_core() -> Iterator[None]:
    """Agents then have one process, which starts in a second, rather than one on each core."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


@pytest.mark.usefixtures("_one_core")
@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_notebook_runs(file: object) -> None:
    """Where a notebook says ``RUNS = 40``, which takes a quarter of a minute, with four of them."""
    notebook = nbformat.read(str(file), as_version=4)  # type: ignore[no-untyped-call]
    assert not any(cell.get("outputs") for cell in notebook.cells)  # it ships without
    for cell in notebook.cells:
        cell.source = cell.source.replace("RUNS = 40\n", "RUNS = 4\n")
    folder = {"metadata": {"path": str(ROOT / "notebooks")}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the kernel's own libraries
        NotebookClient(notebook, timeout=120, resources=folder).execute()
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    assert any("text/html" in out.get("data", {}) for out in outputs)
    assert not any(out.get("name") == "stderr" for out in outputs)
