"""`relsim run` on processes and clusters, keeping less."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from relsim import cli
from relsim.cli.application import app
from relsim.figures.save import Painter
from relsim.results.result import open_result
from relsim.results.run import run
from scenarios_to_test import EVERYTHING, scenario_of

assert cli  # its commands are registered when it is imported


def test_the_manifest_says_what_was_kept_and_not_who_computed_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(Painter, "draw_what_can_be", lambda _, charts, folder: drawn.extend(charts))
    file = tmp_path / "everything.yaml"
    data = {"relsim": 1, "name": "test", **EVERYTHING}
    file.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    options = ["--runs", "20", "--record", "watched", "--thin", "12", "--workers", "1"]
    options += ["--figures", "all"]
    done = CliRunner().invoke(app, ["run", str(file), *options, "--out", str(tmp_path), "-q"])
    assert done.exit_code == 0, done.output
    folder = Path(done.output.strip())
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["record"], manifest["thin"]) == ("watched", 12)
    kept = "relsim run everything.yaml --runs 20 --record watched --thin 12"
    assert manifest["command"] == kept
    here = run(file, runs=20, record="watched", thin=12, out=tmp_path / "here", views=False)
    assert here.folder.name == folder.name
    assert here.ensemble.data.equals(open_result(folder).ensemble.data)
    assert sorted(drawn) == ["fan", "network", "why-A-B", "why-C-A"]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert 'id="matrix"' not in page
    assert 'href="#matrix"' not in page


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--workers", "2", "--cluster", "tcp://127.0.0.1:9"], "not with --workers"),
        (["--workers", "0"], "'--workers'"),
        (["--thin", "0"], "'--thin'"),
        (["--record", "everything"], "watched, overall, domains, postures"),
    ],
)
def test_options_that_cannot_be_are_refused(options: list[str], said: str, tmp_path: Path) -> None:
    file = tmp_path / "everything.yaml"
    file.write_text(yaml.safe_dump(scenario_of(EVERYTHING).as_written), encoding="utf-8")
    done = CliRunner().invoke(app, ["run", str(file), *options, "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert said in " ".join(done.output.replace("│", " ").split())
    assert not (tmp_path / "out").exists()
