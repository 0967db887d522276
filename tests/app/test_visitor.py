"""What a visitor is told, and in which order: the latest change wins."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.websockets import WebSocketDisconnect

import relsim as api
from relsim import __version__
from relsim.app import pictures
from relsim.app.engine import Growing
from relsim.app.messages import MOST_BYTES
from relsim.app.server import Serving
from relsim.app.visitor import Visitor
from relsim.ensemble.chunks import Stop
from relsim.ensemble.simulate import Ensemble
from scenarios_to_test import STATUS_QUO
from visiting import STAGES, WAIT, Page, family_served

FIRST, MORE, MOST = STAGES
TIE = {"PAK.ties.USA": 0.1}


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with family_served(tmp_path_factory.mktemp("visited")) as running:
        yield running


@pytest.fixture
def page(serving: Serving) -> Iterator[Page]:
    with Page(serving) as page:
        page.hear_until("scenarios")
        page.open()
        yield page


def effect(picture: dict[str, Any], pair: str = "PAK-RUS") -> dict[str, Any]:
    found: dict[str, Any] = picture["pairs"][pair]["effect"]
    return found


def expected(changes: dict[str, Any], runs: int, base: dict[str, Any] | None = None) -> float:
    """The mean difference at the end, from the public functions."""
    scenario = api.load(STATUS_QUO)
    pair = [api.simulate(scenario.with_changes(each), runs=runs) for each in (base or {}, changes)]
    return float(api.compare(*pair).change("PAK-RUS")[:, -1].astype(float).mean())


def heard_until_why(page: Page, number: int) -> list[dict[str, Any]]:
    heard = [page.hear()]
    while (heard[-1]["type"], heard[-1].get("number")) != ("why", number):
        heard.append(page.hear())
    return heard


def test_whoever_comes_hears_which_scenarios_there_are(serving: Serving) -> None:
    with Page(serving) as page:
        told = page.hear()
    assert (told["type"], told["here"], told["version"]) == ("scenarios", "family", __version__)
    files = {each["file"]: each for each in told["files"]}
    assert files["status-quo.yaml"]["name"] == api.load(STATUS_QUO).name
    assert files["armenia-recognition.yaml"]["about"].startswith("The step the article does not")
    assert len(files) == len([*STATUS_QUO.parent.glob("*.yaml")])


def test_a_change_is_answered_by_ever_more_runs_and_then_by_why(page: Page) -> None:
    heard = heard_until_why(page, page.change(TIE))
    kinds = [(each["type"], each.get("runs"), each.get("last")) for each in heard]
    assert kinds[:3] == [
        ("picture", FIRST, False),
        ("picture", MORE, False),
        ("picture", MOST, True),
    ]
    assert kinds[3][0] == "why"
    assert {each["number"] for each in heard} == {page.number}
    for picture, runs in zip(heard, STAGES, strict=False):
        assert effect(picture)["mean"] == pytest.approx(expected(TIE, runs), abs=1e-4)


def test_another_look_at_the_same_changes_is_one_picture(page: Page) -> None:
    heard_until_why(page, page.change(TIE))
    heard = heard_until_why(page, page.change(TIE, pair="IND-PAK", month="2025-01"))
    assert [each["type"] for each in heard] == ["picture", "why"]
    assert heard[0]["last"]
    assert "IND-PAK" in heard[0]["pairs"] or "PAK-IND" in heard[0]["pairs"]


def test_pulls_come_when_they_are_asked_for(page: Page) -> None:
    heard = heard_until_why(page, page.change(TIE, pulls=True, view="network"))
    assert [each["type"] for each in heard].count("pulls") == 1
    assert heard[1]["type"] == "pulls"
    assert heard[1]["runs"] == FIRST


def test_what_the_loader_refuses_is_told_at_its_change_and_the_next_is_answered(
    page: Page,
) -> None:
    number = page.change({"PAK.ties.USA": 7, "alignment_gain": 0.1, "RUS.ties.XYZ": 0.1})
    refused = page.hear()
    assert (refused["type"], refused["number"]) == ("refused", number)
    problems = {each["path"]: each["text"] for each in refused["problems"]}
    assert set(problems) == {"PAK.ties.USA", "RUS.ties.XYZ"}
    assert "7" in problems["PAK.ties.USA"]
    assert page.picture(TIE)["number"] == number + 1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"pair": "PAK-XYZ"}, "PAK-XYZ is no pair"),
        ({"pair": "PAK-PAK"}, "PAK-PAK is no pair"),
        ({"pair": "PAK"}, "PAK is no pair"),
        ({"month": "1812-06"}, "1812-06"),
    ],
)
def test_a_pair_or_a_month_that_is_not_there_is_refused(
    page: Page, more: dict[str, str], words: str
) -> None:
    number = page.change(TIE, **more)
    refused = page.hear()
    assert (refused["type"], refused["number"]) == ("refused", number)
    assert words in refused["problems"][0]["text"]


class Gate:
    """Holds up the growing of ensembles to a number of runs until it is opened."""

    def __init__(self, runs: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        grow: Callable[..., Ensemble] = Growing.grow

        def held_up(growing: Growing, asked: int, stop: Stop) -> Ensemble:
            if asked == runs:
                self.reached.set()
                assert self.opened.wait(WAIT)
            return grow(growing, asked, stop)

        monkeypatch.setattr(Growing, "grow", held_up)


def test_the_first_stage_is_finished_and_the_latest_change_is_next(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(FIRST, monkeypatch)
    first = page.change({"PAK.ties.USA": 0.1})
    assert gate.reached.wait(WAIT)
    page.change({"PAK.ties.USA": 0.2})
    last = page.change({"PAK.ties.USA": 0.3})
    page.say(type="copy", changes={})  # is heard after the changes, and answered after them
    gate.opened.set()
    heard = [page.hear() for _ in range(3)]
    assert [(each["type"], each.get("number"), each.get("runs")) for each in heard] == [
        ("picture", first, FIRST),
        ("picture", last, FIRST),
        ("copied", None, None),
    ]
    assert effect(heard[1])["mean"] == pytest.approx(
        expected({"PAK.ties.USA": 0.3}, FIRST), abs=1e-4
    )


@pytest.mark.parametrize("runs", [MORE, MOST])
def test_a_newer_change_cancels_what_refines_the_picture(
    page: Page, monkeypatch: pytest.MonkeyPatch, runs: int
) -> None:
    stops: list[Stop] = []
    grow: Callable[..., Ensemble] = Growing.grow
    reached, sent = threading.Event(), threading.Event()

    def held_up(growing: Growing, asked: int, stop: Stop) -> Ensemble:
        if asked == runs and not reached.is_set():
            stops.append(stop)
            reached.set()
            assert sent.wait(WAIT)
            while not stop[0]:  # which the newer change sets
                assert not sent.wait(0) or True
        return grow(growing, asked, stop)

    monkeypatch.setattr(Growing, "grow", held_up)
    first = page.change({"PAK.ties.USA": 0.15})
    assert reached.wait(WAIT)
    second = page.change({"PAK.ties.USA": 0.25})
    sent.set()
    heard = heard_until_why(page, second)
    told = [(each["number"], each["runs"]) for each in heard if each["type"] == "picture"]
    assert told[-3:] == [(second, FIRST), (second, MORE), (second, MOST)]
    assert (first, runs) not in told
    assert first not in [each["number"] for each in heard if each["type"] == "why"]


def test_why_is_left_off_for_a_newer_change(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Stop] = []
    reached = threading.Event()
    why = pictures.why

    def noted(*arguments: Any) -> dict[str, Any]:
        stop = arguments[-1]
        if not given:
            given.append(stop)
            reached.set()
            while not stop[0]:
                threading.Event().wait(0.001)
        return why(*arguments)

    monkeypatch.setattr(pictures, "why", noted)
    first = page.change({"PAK.ties.USA": 0.35})
    assert reached.wait(WAIT)
    second = page.change({"PAK.ties.USA": 0.36})
    heard = heard_until_why(page, second)
    assert given[0][0] == 1
    assert (second, MOST) in [(each["number"], each.get("runs")) for each in heard]
    assert first not in [each["number"] for each in heard if each["type"] == "picture"][3:]


def test_another_base_is_compared_with(page: Page) -> None:
    opened = page.ask("base", base={"scenario": "status-quo.yaml", "changes": TIE})
    assert opened["type"] == "opened"
    assert opened["base"]["changes"] == TIE
    changes = {"PAK.ties.USA": 0.4}
    picture = page.picture(changes)
    assert effect(picture)["mean"] == pytest.approx(expected(changes, MOST, TIE), abs=1e-4)
    page.hear_until("why")
    opened = page.ask("base", base=None)
    assert opened["base"]["changes"] == {}
    number = page.change(changes)
    heard = heard_until_why(page, number)
    assert [each["type"] for each in heard] == ["picture", "why"]  # its runs were at hand
    assert effect(heard[0])["mean"] == pytest.approx(expected(changes, MOST), abs=1e-4)


def test_the_seed_is_that_which_was_asked_for(page: Page) -> None:
    assert page.open("status-quo.yaml", seed=5)["scenario"]["seed"] == 5
    scenario = api.load(STATUS_QUO)
    levels = api.simulate(scenario, runs=MOST, seed=5).level("PAK-RUS")[:, -1]
    base = effect(page.picture({}))["base"]
    assert base == pytest.approx(float(levels.astype(float).median()), abs=0.02)


@pytest.mark.parametrize(
    "file",
    [
        "../status-quo.yaml",
        "/etc/passwd",
        str(STATUS_QUO),
        "lacking.yaml",
        "CODEBOOK.md",
        "linked.yaml",
        "a\u0000b.yaml",
        "",
    ],
)
def test_a_scenario_outside_of_the_folder_is_refused_and_the_open_one_stays(
    page: Page, serving: Serving, file: str
) -> None:
    link = serving.shared.here / "linked.yaml"
    if not link.is_symlink():
        link.symlink_to(STATUS_QUO)
    for message in ({"scenario": file}, {"scenario": None, "base": {"scenario": file}}):
        refused = page.ask("open", **message)
        assert (refused["type"], refused["number"]) == ("refused", 0)
        assert refused["problems"]
        assert "line 0" not in refused["problems"][0]["text"]
    assert page.picture(TIE)["last"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"type": "nothing"}',
        '{"type": "change", "number": 1}',
        '{"type": "change", "number": -1, "changes": {}}',
        '{"type": "open", "scenario": 3}',
        '{"type": "open", "more": 3}',
        json.dumps({"type": "copy", "changes": {f"a{i}": 1 for i in range(2_001)}}),
        '{"type": "copy", "changes": {"a": ' + "[" * 200 + "]" * 200 + "}}",
        json.dumps({"type": "copy", "changes": {"a": "x" * MOST_BYTES}}),
    ],
)
def test_a_malformed_message_is_answered_in_a_sentence_and_the_line_stays(
    page: Page, text: str
) -> None:
    page.line.send(text)
    failed = page.hear()
    assert failed["type"] == "failed"
    assert failed["text"].startswith("The message ")
    assert page.ask("copy", changes={})["type"] == "copied"


def test_bytes_are_read_as_text_is(page: Page) -> None:
    page.line.send_binary(b"\xff\xfe")
    assert page.hear()["type"] == "failed"


@pytest.mark.parametrize("kind", ["change", "copy", "base", "step"])
def test_nothing_is_answered_before_a_scenario_is_open(serving: Serving, kind: str) -> None:
    more: dict[str, Any] = {
        "change": {"number": 1, "changes": {}},
        "copy": {"changes": {}},
        "step": {"do": "look"},
    }
    with Page(serving) as page:
        page.hear()
        failed = page.ask(kind, **more.get(kind, {}))
    assert (failed["type"], failed["text"]) == ("failed", "No scenario has been opened yet.")


def test_what_was_not_foreseen_fails_in_a_sentence_and_the_page_goes_on(
    page: Page, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(pictures, "picture", lambda *_: 1 / 0)
        number = page.change(TIE)
        failed = page.hear_until("failed")
    assert failed["number"] == number
    assert "Traceback" not in failed["text"]
    assert "ZeroDivisionError" in capfd.readouterr().err
    assert page.picture(TIE)["last"]


def test_text_of_scenarios_stays_text(serving: Serving, page: Page) -> None:
    name = "<script>alert(1)</script> & \u2028 </title>"
    file = serving.shared.here / "script.yaml"
    variant = {"relsim": 1, "extends": "status-quo.yaml", "name": name}
    file.write_text(yaml.safe_dump(variant), encoding="utf-8")
    try:
        opened = page.open("script.yaml")
        with Page(serving) as other:
            listed = {each["file"]: each["name"] for each in other.hear()["files"]}
    finally:
        file.unlink()
    assert opened["scenario"]["name"].startswith("<script>alert(1)</script> &")
    assert listed["script.yaml"].startswith("<script>alert(1)</script> &")


def test_visitors_do_not_mix(serving: Serving) -> None:
    ties = [round(0.01 * each, 2) for each in range(10)]
    pages = [Page(serving) for _ in ties]
    try:
        for page in pages:
            page.open()
        numbers = [
            page.change({"PAK.ties.USA": tie}) for page, tie in zip(pages, ties, strict=True)
        ]
        got = [
            effect(page.hear_until("picture", number=number, last=True))["mean"]
            for page, number in zip(pages, numbers, strict=True)
        ]
    finally:
        for page in pages:
            page.close()
    for tie, mean in zip(ties, got, strict=True):
        assert mean == pytest.approx(expected({"PAK.ties.USA": tie}, MOST), abs=1e-4)


def test_a_visitor_who_leaves_is_freed_and_the_work_is_stopped(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = threading.Event()
    reached = threading.Event()
    grow: Callable[..., Ensemble] = Growing.grow

    def held_up(growing: Growing, asked: int, stop: Stop) -> Ensemble:
        if asked == MOST:
            reached.set()
            while not stop[0]:
                threading.Event().wait(0.001)
            stopped.set()
        return grow(growing, asked, stop)

    monkeypatch.setattr(Growing, "grow", held_up)
    before = set(serving.pages.visitors)
    page = Page(serving)
    page.open()
    (visitor,) = set(serving.pages.visitors) - before
    page.change({"PAK.ties.USA": 0.45})
    assert reached.wait(WAIT)
    page.close()
    assert stopped.wait(WAIT)
    while visitor in serving.pages.visitors:
        threading.Event().wait(0.001)
    assert visitor._look is None
    assert visitor._shown is None


@pytest.mark.parametrize("gone", [WebSocketDisconnect(), OSError(), RuntimeError()])
def test_a_page_that_leaves_before_its_answer_is_no_fault_to_report(
    serving: Serving, gone: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    async def send(text: str) -> None:
        raise gone

    async def visit() -> None:
        visitor = Visitor(serving.shared, send)
        await visitor.welcome()
        await visitor.hear('{"type": "open"}')
        await visitor.leave()

    asyncio.run(visit())
    assert capsys.readouterr().err == ""


def test_step_mode_follows_the_run_of_the_ensemble(page: Page) -> None:
    scenario = api.load(STATUS_QUO).with_changes(TIE)
    levels = api.simulate(scenario, runs=3).level("PAK-RUS")
    stepped = page.ask("step", do="reset", changes=TIE, run=2)
    assert (stepped["type"], stepped["step"], stepped["run"]) == ("stepped", 0, 2)
    stepped = page.ask("step", do="step", changes=TIE, run=2, steps=7, state="PAK")
    assert stepped["step"] == 7
    assert stepped["levels"]["PAK-RUS"] == pytest.approx(float(levels[2, 7]), abs=1e-6)
    assert stepped["state"]["code"] == "PAK"


def test_a_kept_variant_gives_the_numbers_of_the_picture(page: Page, serving: Serving) -> None:
    changes = {"PAK.ties.USA": 0.1, "events.recognise_armenia.off": False}
    picture = page.picture(changes)
    page.hear_until("why")
    asks = {"file": "kept.yaml", "name": "Kept <b>", "changes": changes}
    assert page.ask("keep", **asks) == {"type": "kept", "file": "kept.yaml"}
    assert page.ask("keep", **asks) == {"type": "exists", "file": "kept.yaml"}
    assert page.ask("keep", **asks, replace=True) == {"type": "kept", "file": "kept.yaml"}
    file = serving.shared.here / "kept.yaml"
    kept = api.load(file)
    assert kept.name == "Kept <b>"
    ensembles = [
        api.simulate(scenario, runs=MOST, progress=False)
        for scenario in (api.load(STATUS_QUO), kept)
    ]
    assert effect(picture)["mean"] == api.compare(*ensembles).effect("PAK-RUS").mean.value
    opened = page.open("kept.yaml")
    assert opened["scenario"]["name"] == "Kept <b>"
    file.unlink()


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("../kept.yaml", "outside"),
        ("/tmp/kept.yaml", "outside"),
        ("kept.txt", ".yaml"),
        ("elsewhere/kept.yaml", "beside the file"),
        ("status-quo.yaml", "a file that the variant extends"),
    ],
)
def test_a_variant_that_may_not_be_written_is_refused(
    page: Page, serving: Serving, file: str, words: str
) -> None:
    before = {path: path.read_bytes() for path in serving.shared.here.rglob("*.yaml")}
    refused = page.ask("keep", file=file, name="x", changes=TIE, replace=True)
    assert (refused["type"], refused["to"]) == ("refused", "keep")
    assert words in refused["problems"][0]["text"]
    after = {path: path.read_bytes() for path in serving.shared.here.rglob("*.yaml")}
    assert after == before


def test_a_result_is_opened_with_its_changes_seed_and_runs(tmp_path: Path) -> None:
    with family_served(tmp_path) as running:
        here = running.shared.here
        scenario = api.load(here / "status-quo.yaml", TIE)
        result = api.run(
            scenario,
            runs=60,
            seed=4,
            out=here / "results",
            views=False,
            command="relsim run status-quo.yaml --runs 60 --seed 4",
        )
    from relsim.app.folder import start_on

    with Serving(start_on(result.folder, here), here=here) as running, Page(running) as page:
        assert "results/" not in json.dumps(page.hear()["files"])
        opened = page.open()
        assert opened["scenario"]["file"] == "status-quo.yaml"
        assert opened["scenario"]["seed"] == 4
        assert opened["scenario"]["stages"] == [50, 60]
        assert opened["changes"] == TIE
