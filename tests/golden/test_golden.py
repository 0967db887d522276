"""Shipped scenarios give the numbers they gave before."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from scenarios_to_test import SHIPPED

SPEC = importlib.util.spec_from_file_location("update", Path(__file__).with_name("update.py"))
assert SPEC is not None
assert SPEC.loader is not None
update = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(update)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_golden_runs(path: Path) -> None:
    golden = json.loads(update.GOLDEN.read_text(encoding="utf-8"))
    name = f"{path.parent.name}/{path.stem}"
    assert name in golden, "a new scenario: run `make golden`"
    found = update.levels(path)
    assert found.keys() == golden[name].keys()
    for pair, levels in found.items():
        np.testing.assert_allclose(levels, golden[name][pair], rtol=0, atol=2e-6, err_msg=pair)
