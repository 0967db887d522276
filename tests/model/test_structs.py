"""Structs: arrays by a table of fields, as Python and compiled code see them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from relsim.model import compilation
from relsim.model.compilation import compiled
from relsim.model.structs import Floats, Struct, array_of, floats, number

U = np.uint64


class Ledger(Struct, lanes=True):
    amount = floats("N M")
    total = floats("")
    count = array_of(np.uint8, "N")


class Settings(Struct):
    factor = number(np.float64)
    seed = number(np.uint64)
    weight = floats("N")


SIZES = {"N": 2, "M": 3, "L": 4}


def test_shapes_follow_from_the_table_and_end_with_lanes() -> None:
    ledger = Ledger.zeros(SIZES)
    assert ledger.amount.shape == (2, 3, 4)
    assert ledger.total.shape == (4,)
    assert ledger.count.dtype == np.uint8
    assert Ledger.shape("amount", {"N": 2, "M": 3}) == (2, 3)
    assert ledger.lane(1).amount.shape == (2, 3)
    assert np.shares_memory(ledger.lane(1).amount, ledger.amount)


def settings() -> Settings:
    return Settings(factor=0.5, seed=2**64 - 1, weight=np.array([1.0, 10.0]))


def test_compiled_code_reads_and_fills_what_python_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilation, "_CACHE", None)

    def add(some: Settings, ledger: Ledger) -> int:
        for i in range(ledger.amount.shape[0]):
            for m in range(ledger.amount.shape[1]):
                for lane in range(ledger.total.size):
                    ledger.total[lane] += some.factor * some.weight[i] * ledger.amount[i, m, lane]
            ledger.count[i, 0] = 7
        return some.seed

    ledger = Ledger.zeros(SIZES)
    ledger.amount[:] = np.arange(24.0).reshape(2, 3, 4)
    expected: Floats = 0.5 * np.einsum("i,iml->l", [1.0, 10.0], ledger.amount)
    assert compiled(add)(settings(), ledger) == U(2**64 - 1)
    assert np.array_equal(ledger.total, expected)
    assert ledger.count[:, 0].tolist() == [7, 7]


def test_a_copy_in_another_process_points_to_its_own_arrays() -> None:
    here = settings()
    address = here.address
    copy = pickle.loads(pickle.dumps(here))
    assert copy.address != address == here.address
    assert copy.arrays().keys() == here.arrays().keys()
    changed = here.replace(factor=2.0)
    assert (changed.factor, changed.weight is here.weight) == (2.0, True)
    assert changed.address != address


def test_arrays_that_compiled_code_would_misread_are_refused() -> None:
    ledger = Ledger.zeros(SIZES)
    every_other = np.zeros((2, 3, 8))[..., ::2]
    for amount in (ledger.amount[0], every_other, ledger.amount.astype(np.float32)):
        with pytest.raises(TypeError, match="amount must be a contiguous float64 of 3 axes"):
            _ = ledger.replace(amount=amount).address
    with pytest.raises(TypeError, match="Settings lacks a field or has one too many: seed"):
        Settings(factor=0.5, weight=np.zeros(2))
    with pytest.raises(AttributeError, match="factor cannot be replaced"):
        settings().factor = 2.0
