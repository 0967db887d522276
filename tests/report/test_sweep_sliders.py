"""The sliders of a sweep's page: what they move over, and what the browser makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.browser import ABSENT, BROWSER, DRIVER, browsing
from experiments.small import SCENARIO, VARIED, study_in
from relsim.experiments.load import own_values
from relsim.experiments.study import Study
from relsim.experiments.sweep import sweep, sweep_points
from relsim.figures.experiment import sweep_charts
from relsim.figures.save import Painter, definition
from relsim.report.scored_page import experiment_page
from relsim.report.sweep_sliders import sweep_grid
from relsim.stats import Values
from report.browser import complaints, open_page

HOSTILE = "<script>window.pwned = 1</script></script>"
PARAMETERS = {
    "A.ties.B": [0.0, 1.0],
    "half_life": ["2 months", "20 months"],
    "reciprocity": [0.0, 0.4],
}
OWN = "parameters: {half_life: 5 months, reciprocity: 0.15}\n"
NOISE = np.array([-0.01, 0.0, 0.01])
in_a_browser = pytest.mark.skipif(BROWSER is None or DRIVER is None, reason=ABSENT)


def study_of(folder: Path, parameters: int, method: Mapping[str, int], other: Any = None) -> Study:
    plain = {key: value for key, value in VARIED.items() if key != "sensitivity"}
    varied = other or dict(list(PARAMETERS.items())[:parameters])
    measures = {"level": {"level": "A-B", "label": HOSTILE}, "often": VARIED["measures"]["often"]}
    whole = {**plain, "parameters": varied, "measures": measures, "sweep": dict(method)}
    return study_in(folder, whole, SCENARIO + OWN)


def bent(points: Values) -> Values:
    """An outcome that bends along the first parameter alone, with noise: [P, 3]."""
    return np.asarray((points**2)[:, :1] + points[:, 1:].sum(axis=1, keepdims=True) + NOISE)


def found(study: Study, values: Values | None = None) -> Any:
    """The findings of a sweep whose outcomes are known rather than simulated."""
    size = study.method.grid  # type: ignore[attr-defined]
    points = sweep_points("grid", study.parameters, size)
    values = bent(points) if values is None else values
    named = study.by_name({"level": values, "often": (values > 3).astype(float)})
    return sweep("grid", study.parameters, points, named, shares=[study.measure_name("often")])


def test_the_data_are_those_of_the_table(tmp_path: Path) -> None:
    study = study_of(tmp_path, 2, {"grid": 3})
    points = found(study).tables()["points"]
    grid = sweep_grid(study, points)
    assert grid is not None
    assert [one["levels"] for one in grid["parameters"]] == [[0.0, 0.5, 1.0], [2.0, 11.0, 20.0]]
    assert [one["unit"] for one in grid["parameters"]] == ["", "months"]
    level, often = grid["measures"]
    assert (level["name"], often["unit"]) == (HOSTILE, "share of runs")
    expected = [a**2 + b for a, b in product([0.0, 0.5, 1.0], [2.0, 11.0, 20.0])]
    assert level["mean"] == pytest.approx(expected, rel=1e-4)
    rows = points[points["measure"] == "often"]
    assert often["low"] == pytest.approx(rows["low 95 %"].tolist(), rel=1e-4)
    assert often["high"] == pytest.approx(rows["high 95 %"].tolist(), rel=1e-4)


def test_a_mean_that_no_run_has_is_none(tmp_path: Path) -> None:
    study = study_of(tmp_path, 1, {"grid": 3})
    values = np.array([[1.0, 1.0], [np.nan, np.nan], [2.0, 4.0]])
    grid = sweep_grid(study, found(study, values).tables()["points"])
    assert grid is not None
    assert grid["measures"][0]["mean"] == [1.0, None, 3.0]


def test_sampled_points_have_no_sliders(tmp_path: Path) -> None:
    points = found(study_of(tmp_path, 2, {"grid": 3})).tables()["points"]
    assert sweep_grid(study_of(tmp_path, 2, {"sobol": 16}), points) is None


def test_own_values_are_those_of_the_scenario(tmp_path: Path) -> None:
    own = own_values(study_of(tmp_path, 3, {"grid": 2}))
    assert own == {"A.ties.B": 0.5, "half_life": 5.0, "reciprocity": 0.15}
    uncertain = {"A.ties.C": [0.0, 1.0]}  # uniform from 0.2 to 0.6 in the file
    drawn = own_values(study_of(tmp_path, 0, {"grid": 2}, uncertain))
    assert "{uniform: [0.2, 0.6]}" in SCENARIO
    assert drawn == {"A.ties.C": pytest.approx(0.4)}


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with browsing() as one:
        yield one


@pytest.fixture(scope="module")
def script() -> str:
    with Painter() as painter:
        return painter.script()


def page_of(study: Study, findings: Any, script: str, folder: Path) -> Path:
    charts = {name: definition(chart) for name, chart in sweep_charts(findings).items()}
    manifest = {"points": 9, "runs": 3, "seed": 1, "id": "x", "command": "", "sentences": []}
    manifest["warnings"] = []
    page = folder / "report.html"
    text = experiment_page(study, findings.tables(), charts, manifest, script)
    page.write_text(text, encoding="utf-8")
    return page


def sliders(driver: Any) -> list[Any]:
    return list(driver.find_elements("css selector", "#sliders input[type=range]"))


def here(driver: Any, measure: int = 0) -> str:
    row = driver.find_element("css selector", f"[data-measure='{measure}']")
    return str(row.find_elements("css selector", "td.number")[0].text.replace("−", "-"))


def where(driver: Any) -> str:
    return str(driver.find_element("id", "sweep-where").text)


def press(slider: Any, *keys: str) -> None:
    from selenium.webdriver.common.keys import Keys

    slider.send_keys(*(getattr(Keys, key) for key in keys))


@in_a_browser
@pytest.mark.parametrize("count", [1, pytest.param(2, marks=pytest.mark.slow), 3])
def test_simulated_points_show_the_table(
    driver: Any, script: str, tmp_path: Path, count: int
) -> None:
    study = study_of(tmp_path, count, {"grid": 3})
    findings = found(study)
    open_page(driver, page_of(study, findings, script, tmp_path), 400)
    table = findings.tables()["points"]
    table = table[table["measure"] == HOSTILE]
    parts = [int(slider.get_attribute("data-parts")) for slider in sliders(driver)]
    for corner in ([0] * count, [2] * count, [1] * (count - 1) + [2]):
        for slider, level, steps in zip(sliders(driver), corner, parts, strict=True):
            press(slider, "HOME", *["ARROW_RIGHT"] * (level * steps))
        row = table.iloc[int(np.ravel_multi_index(corner, (3,) * count))]
        numbers = [float(text.strip("()")) for text in here(driver).split() if text != "to"]
        assert numbers[0] == pytest.approx(row["mean"], abs=0.006)
        assert numbers[1] == pytest.approx(row["low 95 %"], abs=0.006)
        assert where(driver) == "This is a simulated point."
    assert driver.execute_script("return window.pwned") is None
    assert HOSTILE in driver.find_element("css selector", "#sliders").text
    assert complaints(driver) == []
    inner, full = driver.execute_script(
        "return [document.documentElement.clientWidth, document.documentElement.scrollWidth]"
    )
    assert full <= inner


@in_a_browser
def test_between_points_the_measures_are_mixed_and_the_figures_say_where(
    driver: Any, script: str, tmp_path: Path
) -> None:
    study = study_of(tmp_path, 2, {"grid": 3})
    open_page(driver, page_of(study, found(study), script, tmp_path))
    first, second = sliders(driver)
    press(first, "HOME", *["ARROW_RIGHT"] * 5)  # a fourth of the way to the second level: 0.125
    press(second, "HOME", *["ARROW_RIGHT"] * 10)  # half of the way: 6.5 months
    assert first.get_attribute("aria-valuetext") == "0.125, between simulated values"
    # Linear in both: a fourth of 0.5 ** 2, and not 0.125 ** 2, beside 6.5.
    assert float(here(driver).split()[0]) == pytest.approx(0.0625 + 6.5, abs=0.006)
    assert where(driver).startswith("This is between simulated points")
    heat = driver.find_element("css selector", "[data-chart^=heat]")
    edged = "path[stroke='#b3541e']"
    assert len(heat.find_elements("css selector", edged)) == 4
    lines = "[data-chart^=response] line[stroke='#b3541e']"
    assert len(driver.find_elements("css selector", lines)) == 4  # two measures, two parameters
    press(second, "END")
    press(first, "HOME")
    driver.execute_async_script("setTimeout(arguments[0], 200)")
    assert len(heat.find_elements("css selector", edged)) == 1


@in_a_browser
def test_the_page_begins_at_the_scenarios_own_values_and_returns_there(
    driver: Any, script: str, tmp_path: Path
) -> None:
    study = study_of(tmp_path, 2, {"grid": 3})
    open_page(driver, page_of(study, found(study), script, tmp_path))
    first, second = sliders(driver)
    assert first.get_property("value") == "1"
    # 5 months lie a third of the way from 2 to 11.
    assert float(second.get_property("value")) == pytest.approx(1 / 3)
    own = here(driver)
    assert float(own.split()[0]) == pytest.approx(0.25 + 5, abs=0.006)
    press(first, "END")
    cells = driver.find_elements("css selector", "[data-measure='0'] td.number")
    assert cells[1].text.replace("−", "-") == own
    assert float(cells[2].text) == pytest.approx(0.75, abs=0.006)
    driver.find_element("id", "sweep-own").click()
    assert here(driver) == own
    assert float(cells[2].text) == 0


@in_a_browser
def test_a_point_without_a_value_says_so_and_so_does_what_lies_beside_it(
    driver: Any, script: str, tmp_path: Path
) -> None:
    study = study_of(tmp_path, 1, {"grid": 3})
    values = np.array([[1.0, 1.5], [np.nan, np.nan], [2.0, 4.0]])
    open_page(driver, page_of(study, found(study, values), script, tmp_path))
    (slider,) = sliders(driver)
    assert here(driver) == "no value"  # the scenario's own value is the second level
    press(slider, "ARROW_RIGHT")
    assert here(driver) == "no value"
    press(slider, "END")
    assert here(driver).startswith("3.00")
    assert complaints(driver) == []
