"""A hindcast leaves a whole folder, once; on measured series it beats simple forecasts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from relsim.cli import main
from relsim.errors import RelsimError
from relsim.results.hindcast import run_hindcast, save_parameters

HISTORY = Path(os.environ.get("RELSIM_HISTORY", Path(__file__).parents[3] / "shared" / "history"))
STATES = ("AAA", "BBB", "CCC", "DDD", "EEE", "FFF")


def series(file: Path, years: int = 8, seed: int = 4) -> Path:
    """Levels of pairs with slow fluctuation, measured with error."""
    stream = np.random.default_rng(seed)
    rows = ["dyad,period,value,events"]
    for i, first in enumerate(STATES):
        for second in STATES[i + 1 :]:
            level, lasting = stream.uniform(0.2, 0.8), 0.0
            for year in range(2000, 2000 + years):
                lasting = 0.6 * lasting + stream.normal(0, 0.08)
                value = np.clip(level + lasting + stream.normal(0, 0.05), -1, 1)
                rows.append(f"{first}-{second},{year},{value:.4f},{stream.integers(60, 400)}")
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return file


def test_a_hindcast_leaves_a_whole_folder_once(tmp_path: Path) -> None:
    file = series(tmp_path / "made.csv")
    result = run_hindcast(file, horizons=(1, 3), out=tmp_path / "out")
    names = {path.name for path in result.folder.iterdir()}
    tables = {f"{name}.csv" for name in ("skill", "turning", "pit", "forecast", "scores")}
    assert names >= {*tables, "figures", "manifest.json", "report.html", "parameters.json"}
    assert {path.stem for path in (result.folder / "figures").iterdir()} == {
        "skill",
        "bands",
        "pit",
    }
    assert set(result.skill["horizon"]) == {1, 3}
    assert result.manifest["forecast_from"] == [2003, 2004, 2005, 2006]
    assert "the model is" in result.manifest["sentences"][0]
    assert str(tmp_path) not in json.dumps(result.manifest)
    assert run_hindcast(file, horizons=(1, 3), out=tmp_path / "out").reused
    save_parameters(result, tmp_path / "x" / "numbers.json")
    saved = json.loads((tmp_path / "x" / "numbers.json").read_text())
    assert 0 < saved["persistence"] < 1


def test_a_series_that_is_too_short_says_so(tmp_path: Path) -> None:
    with pytest.raises(RelsimError, match="a hindcast over 3 years takes 5"):
        run_hindcast(series(tmp_path / "short.csv", years=3), horizons=(3,), out=tmp_path)


def test_the_command_prints_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = series(tmp_path / "made.csv", years=5)
    arguments = ["hindcast", "--observed", file, "--horizons", 1, "--out", tmp_path / "out"]
    monkeypatch.setattr("sys.argv", ["relsim", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    printed = capsys.readouterr().out
    for words in ("state space", "last value", "times best baseline", "80 % bands", "report.html"):
        assert words in printed


@pytest.mark.slow
@pytest.mark.skipif(not HISTORY.is_dir(), reason=f"no measured series in {HISTORY.name}/")
def test_measured_series_are_forecast_better_than_by_any_baseline(tmp_path: Path) -> None:
    skill = run_hindcast(HISTORY / "icews_net.csv", out=tmp_path).skill
    model = skill[skill["forecaster"] == "state space"].set_index("horizon")
    assert (model["ratio"] <= 0.97).all()
    assert model["cover80"].between(0.77, 0.83).all()
