"""The marks that figures share: rows, keys, numbers that do not touch, colours of cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relsim.figures import marks, style


def test_numbers_beside_points_do_not_touch() -> None:
    random = np.random.default_rng(0)
    x, y = random.uniform(0, 120, 30), random.uniform(0, 60, 30)
    tops = y + marks.number_heights(x.tolist(), y.tolist())
    apart = (np.abs(np.subtract.outer(x, x)) >= marks.NUMBER_WIDTH) | (
        np.abs(np.subtract.outer(tops, tops)) >= marks.NUMBER_HEIGHT
    )
    assert apart[~np.eye(len(x), dtype=bool)].all()
    assert (tops > y).all()


def test_numbers_of_points_above_each_other_keep_their_order() -> None:
    heights = marks.number_heights([0, 0, 0], [20, 15, 10])
    tops = [level + height for level, height in zip((20, 15, 10), heights, strict=True)]
    assert tops == sorted(tops, reverse=True)


def test_names_that_read_alike_are_told_apart_by_paths_or_numbers() -> None:
    names = ["same", "other", "same"]
    assert marks.row_labels(names, ["a.b", "c.d", "e.f"]) == ["a.b", "other", "e.f"]
    assert marks.row_labels(names) == ["1: same", "other", "3: same"]


def test_rows_have_what_their_frame_has() -> None:
    frame = pd.DataFrame({"name": ["a", "b"], "value": [0.1, -0.2]})
    plain = marks.rows(frame, "change").to_dict()
    assert [layer["mark"]["type"] for layer in plain["layer"]] == ["rule", "point"]
    full = frame.assign(low=-0.3, high=0.3, start=0.0, end=frame["value"], tick=0.1)
    drawn = marks.rows(full, "change", rule=float("nan")).to_dict()
    kinds = [layer["mark"]["type"] for layer in drawn["layer"]]
    assert kinds == ["bar", "rule", "rule", "point", "tick"]
    assert drawn["height"] == 2 * style.ROW


def test_intervals_of_one_name_lie_beside_each_other() -> None:
    looks = {"total": ("#000000", "circle"), "first": ("#111111", "square")}
    frame = pd.DataFrame(
        {"name": ["a", "a"], "value": [0.2, 0.1], "low": 0.0, "high": 0.3, "kind": list(looks)}
    )
    drawn = marks.rows(frame, "share", looks).to_dict()
    assert drawn["layer"][-1]["encoding"]["yOffset"]["field"] == "kind"
    assert drawn["height"] == style.ROW


def test_a_colour_of_a_scale_is_mixed_from_its_neighbours() -> None:
    greys = ["#000000", "#808080", "#ffffff"]
    assert [style.shade(value, (-1.0, 1.0), greys) for value in (-2, -1, 0, 1, 2)] == [
        "#000000",
        "#000000",
        "#808080",
        "#ffffff",
        "#ffffff",
    ]
    assert style.shade(0.5, (-1.0, 1.0), greys) == "#c0c0c0"
    assert style.shade(float("nan"), (-1.0, 1.0), greys) == "#ffffff"


@pytest.mark.parametrize(("colour", "ink"), [("#ffffff", style.INK), ("#0b4f8a", "white")])
def test_ink_is_read_on_cells(colour: str, ink: str) -> None:
    assert style.ink_on(colour) == ink
