"""The why-chart: stacks that end at the pull, few names, nothing on top of anything."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from figures.pictures import svg_of
from relsim.analysis.account import Account
from relsim.analysis.explain import explain
from relsim.figures import why
from relsim.figures.marks import KEY_LETTERS, KEY_LINE, key
from relsim.figures.style import PARTS, ink_on
from relsim.figures.why import largest_parts, part_colours, why_chart
from relsim.scenario.load import load
from scenarios_to_test import EVERYTHING, FAMILY, STATUS_QUO, quiet, scenario_of


@pytest.fixture(scope="module")
def programme() -> Account:
    return explain(load(FAMILY / "article-programme.yaml"), "PAK-RUS", runs=20)


def panels_of(account: Account, *, levels: bool = False) -> list[Any]:
    whole = (account.parts if levels else account.change).sel(domain="overall")
    names = largest_parts(whole)
    return [why.stack_of(account, whole.sel(direction=way), names) for way in account.directions]


@pytest.mark.parametrize("levels", [False, True])
def test_stacks_up_and_down_end_at_the_pull(levels: bool, programme: Account) -> None:
    pull = programme.data["pull"].sel(statistic="mean", domain="overall")
    for panel, way in zip(panels_of(programme, levels=levels), programme.directions, strict=True):
        up, down = (ends[-1] for ends in panel.ends)
        expected = pull.sel(view="level" if levels else "change", direction=way)
        np.testing.assert_allclose(up + down, expected, rtol=0, atol=1e-12)
        np.testing.assert_allclose(panel.pull, expected, rtol=0, atol=1e-12)
        assert (up >= 0).all()
        assert (down <= 0).all()


def test_areas_lie_side_by_side(programme: Account) -> None:
    areas = why.stack_areas(panels_of(programme)[0])
    for _, stack in areas.groupby(["time", "side"]):
        stack = stack.sort_values("part")
        np.testing.assert_allclose(stack["start"].to_numpy()[1:], stack["end"].to_numpy()[:-1])
        assert stack["start"].iloc[0] == 0


def test_at_most_eight_parts_are_named_the_largest_first(programme: Account) -> None:
    names = largest_parts(programme.change)
    assert len(names) == len(set(names)) == len(PARTS) == 8
    power = [float((programme.change.sel(part=name) ** 2).mean()) for name in names]
    assert power == sorted(power, reverse=True)
    rest = programme.change.drop_sel(part=names)
    assert float((rest**2).mean(["step", "direction", "domain"]).max()) <= power[-1]


def test_what_cannot_be_seen_is_not_named() -> None:
    here, base = (load(FAMILY / f"{name}.yaml") for name in ("armenia-recognition", "status-quo"))
    account = explain(here, "PAK-AZE", runs=10, against=base)
    names = largest_parts(account.change.sel(domain="overall"))
    assert names[0] == "issue.karabakh"
    assert len(names) < 8


def test_a_part_has_one_colour_in_all_figures_and_those_of_a_figure_differ(
    programme: Account,
) -> None:
    scenario = load(FAMILY / "article-programme.yaml")
    accounts = [programme, *(explain(scenario, pair, runs=5) for pair in ("IND-RUS", "PAK-USA"))]
    colours = part_colours(accounts)
    for account in accounts:
        names = largest_parts(account.change.sel(domain="overall"))
        assert len({colours[name] for name in names}) == len(names)
        drawn = why_chart(account, colours=colours).to_dict()
        scale = drawn["vconcat"][0]["layer"][0]["encoding"]["color"]["scale"]["range"]
        assert scale[:-1] == [colours[name] for name in names]


def test_numbers_stand_inside_their_areas_clear_of_the_line(programme: Account) -> None:
    found = 0
    for panel in panels_of(programme):
        low, high = why.stack_range([panel])
        pixels = why.HEIGHT / (high - low)
        for ends in panel.ends:
            for part in range(len(panel.sizes) - 1):
                place = why.roomiest(panel, ends, part, pixels)
                if place is None:
                    continue
                step, middle = place
                start = ends[part - 1][step] if part else 0.0
                lower, upper = sorted((start, ends[part][step]))
                assert (middle - lower) * pixels >= why.NUMBER_HEIGHT / 2
                assert (upper - middle) * pixels >= why.NUMBER_HEIGHT / 2
                assert abs(panel.pull[step] - middle) * pixels > why.NUMBER_HEIGHT / 2
                found += 1
    assert found >= 6


def test_legend_labels_do_not_touch(programme: Account) -> None:
    long = "A label that is so long that it needs a second line in its column, and then some more"
    spec = key([long, "Short", long, "All else", "The pull"], ["#332288"] * 5).to_dict()
    (rows,) = spec["datasets"].values()
    assert len(rows[0]["text"]) == 2
    assert all(len(line) <= KEY_LETTERS for row in rows for line in row["text"])
    for column in (rows[:3], rows[3:]):
        for above, below in pairwise(column):
            assert below["y"] - above["y"] >= KEY_LINE * len(above["text"])
    assert spec["height"] >= rows[-1]["y"] + KEY_LINE


def test_a_chart_is_drawn_with_its_words(programme: Account) -> None:
    picture = svg_of(why_chart(programme))
    for words in ("Pakistan towards Russia", "Russia towards Pakistan", "pull units", "All else"):
        assert words in picture
    assert "Change of the pull since the opening in 2020-07" in picture
    one = why_chart(programme, directions=("RUS>PAK",), domain="economic", levels=True)
    picture = svg_of(one)
    assert "Russia towards Pakistan" in picture
    assert "Pakistan towards Russia" not in picture


def test_nothing_and_little_can_be_drawn() -> None:
    still = scenario_of(quiet({"states": {"A": {}, "B": {}}, "ties": {"A-B": 0.2}}))
    assert "All else" in svg_of(why_chart(explain(still, "A-B", runs=1)))
    yearly = scenario_of({**EVERYTHING, "time": {"start": "2020-01", "end": "2021-01"}})
    yearly = yearly.with_changes({"time.step": "year"})
    assert "<svg" in svg_of(why_chart(explain(yearly, "A-B", run=1)))


def test_labels_of_a_user_are_text_not_markup() -> None:
    name = "events.prime_minister_visit"
    label = "<script>alert(1)</script> & co"
    scenario = load(STATUS_QUO).with_changes({f"{name}.off": False, f"{name}.label": label})
    picture = svg_of(why_chart(explain(scenario, "PAK-RUS", runs=2)))
    assert "<script" not in picture
    assert "&lt;script&gt;" in picture


def test_ink_is_read_on_every_colour() -> None:
    assert {colour: ink_on(colour) for colour in ("#332288", "#882255")} == {
        "#332288": "white",
        "#882255": "white",
    }
    assert ink_on("#ddcc77") != "white"
