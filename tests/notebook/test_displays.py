"""What notebooks show: a line, and a card that is small, whole, offline and escaped."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

import relsim
from experiments.small import VARIED, study_in
from hindcast.made import made_file
from relsim.analysis.claims import Verdicts
from relsim.display import Displayed, Figure
from relsim.errors import ResultsError
from relsim.notebook import plots
from relsim.results.experiment import run_experiment
from relsim.results.hindcast import run_hindcast
from relsim.scenario.schema import Scenario
from relsim.scenario.world import world_text
from scenarios_to_test import STATUS_QUO, scenario_of

LARGEST = 150_000  # bytes of a card
SCRIPT = "<script>alert(1)</script>"
DATA = {
    "name": f"Two {SCRIPT} & others, with a name that is a good deal longer than what fits a line",
    "states": {"A": {"name": SCRIPT}, "B": {"ties": {"C": 0.4}}, "C": {}},
    "ties": {"B-A": 0.2, "A-C": 0.4},
    "events": {"e": {"label": SCRIPT, "at": "2020-06", "effects": [{"pulse": "A-B", "size": 0.3}]}},
    "watch": ["B-A", "A-C"],
    "claims": {
        "it": {"says": SCRIPT, "expect": {"level": "A-B", "above": 0.0}},
        "that": {"says": "no", "expect": {"level": "A-B", "above": 0.9}, "probability": 0.9},
    },
}
SCENARIO = scenario_of(DATA)
KINDS = (
    *("Scenario", "Ensemble", "Comparison", "Account", "Verdicts", "Result"),
    *("ExperimentResult", "HindcastResult"),
)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Displayed]:
    out = tmp_path_factory.mktemp("results")
    base = relsim.simulate(SCENARIO, runs=20, seed=1)
    other = relsim.simulate(SCENARIO.with_changes({"events.e.off": True}), runs=20, seed=1)
    sweep = {key: value for key, value in VARIED.items() if key != "sensitivity"}
    study = study_in(out, sweep | {"measures": {"level": {"level": "A-B"}}, "sweep": {"grid": 2}})
    series = made_file(out / "made.csv", years=5, states=4)
    with pytest.MonkeyPatch.context() as patch:  # a fit that ends where it begins looks alike
        patch.setattr("relsim.hindcast.fitting.lowest", lambda height, start, *_, **__: start)
        scored = run_hindcast(series, horizons=(1,), simulate=False, out=out)
    subjects = [
        *(SCENARIO, base, relsim.compare(base, other), relsim.judge(base)),
        *(relsim.explain(base, "A-B"), relsim.run(SCENARIO, runs=20, out=out, views=False)),
        *(run_experiment(study, out=out), scored),
    ]
    return {type(subject).__name__: subject for subject in subjects}


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def drawing(card: str) -> str:
    (content,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]*)"', card)
    return base64.b64decode(content).decode()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_shows_itself(shown: dict[str, Displayed], kind: str) -> None:
    subject = shown[kind]
    line = repr(subject)
    assert line.startswith(f"<{kind} ")
    assert len(line) < 120
    assert "\n" not in line
    assert str(subject) == line
    card = subject._repr_html_()
    assert len(card) < LARGEST
    tags = Tags(card).found
    assert {"table", "td", "img"} <= {tag for tag, _ in tags}
    assert {tag for tag, _ in tags} <= {
        *["div", "b", "table", "thead", "tbody", "tr", "th", "td", "img"]
    }
    svg = drawing(card)
    assert svg.startswith("<svg")
    assert "<script" not in svg
    # Names of XML are no addresses that anything is fetched from.
    addresses = {
        address for text in (card, svg) for address in re.findall(r"https?://[^\"]*", text)
    }
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_tidy_table(shown: dict[str, Displayed], kind: str) -> None:
    frame = shown[kind].to_frame()  # type: ignore[attr-defined]
    assert len(frame)
    assert list(frame.index) == [*range(len(frame))]
    assert frame.columns.name is None


def test_tables_are_what_they_say(shown: dict[str, Displayed]) -> None:
    ensemble, comparison = shown["Ensemble"], shown["Comparison"]
    assert isinstance(ensemble, relsim.Ensemble)
    assert isinstance(comparison, relsim.Comparison)
    frame = ensemble.to_frame().set_index(["month", "pair", "domain"])
    level = ensemble.level("A-B").sel(time="2020-08")
    assert frame.loc[("2020-08", "B-A", "overall"), "mean"] == pytest.approx(float(level.mean()))
    changes = comparison.to_frame(["A-B"]).set_index(["month", "pair"])
    change = comparison.change("A-B").sel(time="2020-08")
    assert changes.loc[("2020-08", "B-A"), "mean"] == pytest.approx(float(change.mean()))
    opening = SCENARIO.to_frame().set_index(["pair", "domain"])["level"]
    assert opening["A-C", "overall"] == pytest.approx(0.4)
    assert ensemble.level("A-C")[:, 0].values == pytest.approx(opening["A-C", "overall"], abs=1e-6)


def test_options_of_plots(shown: dict[str, Displayed]) -> None:
    ensemble, experiment = shown["Ensemble"], shown["ExperimentResult"]
    assert isinstance(ensemble, relsim.Ensemble)
    one = ensemble.plot("A-B", domain="economic").svg
    assert "Economic cooperation" in one
    assert one.count("cooperation</text>") < ensemble.plot().svg.count("cooperation</text>")
    with pytest.raises(ResultsError, match="A-X is not recorded"):
        ensemble.plot(["A-X"])
    with pytest.raises(ResultsError, match="has no figure nothing"):
        experiment.plot("nothing")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("ending", "start"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("html", b"<!d")]
)
def test_a_figure_is_saved(
    shown: dict[str, Displayed], tmp_path: Path, ending: str, start: bytes
) -> None:
    file = tmp_path / "new" / f"claims.{ending}"
    shown["Verdicts"].plot().save(file)
    assert file.read_bytes().startswith(start)
    if ending == "html":
        assert "<script" not in file.read_text(encoding="utf-8")


def test_a_figure_in_no_known_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"ends in \.svg, \.png, \.pdf or \.html"):
        Figure("<svg></svg>", "x").save(tmp_path / "x.gif")


def test_where_nothing_can_be_drawn_the_table_is_there(shown: dict[str, Displayed]) -> None:
    verdicts = shown["Verdicts"]
    assert isinstance(verdicts, Verdicts)
    unjudged = Verdicts([replace(verdicts[0], share=None, verdict="not judged")], SCENARIO)
    card = unjudged._repr_html_()
    assert "<table" in card
    assert "No claim was judged" in card
    assert "<img" not in card


def test_a_card_of_a_large_world_is_small() -> None:
    world = relsim.load(world_text(60, 0))
    months = world.with_changes({"watch": list(world.as_written["ties"])[:30]})
    assert len(months._repr_html_()) < LARGEST
    assert len(relsim.simulate(months, runs=4, record="overall")._repr_html_()) < LARGEST


def test_an_engine_that_fails_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "opening_matrix", lambda *_: {"mark": "nothing of the kind"})
    monkeypatch.setattr("relsim.figures.inline.definition", lambda chart: chart)
    card = SCENARIO._repr_html_()
    assert "<table" in card
    assert "The figure could not be drawn" in card


def test_a_long_account_keeps_its_size() -> None:
    long = relsim.load(STATUS_QUO).with_changes({"time.end": "2060-07"})
    account = relsim.explain(long, "PAK-RUS", runs=2)
    assert len(account._repr_html_()) < LARGEST


def test_verdicts_are_a_tuple_still(shown: dict[str, Displayed]) -> None:
    verdicts = shown["Verdicts"]
    assert isinstance(verdicts, tuple)
    assert [verdict.name for verdict in verdicts] == ["it", "that"]
    assert repr(verdicts[1]).startswith("<Verdict that: ")
    assert isinstance(SCENARIO, Scenario)
