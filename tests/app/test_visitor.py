"""Which messages a visitor is sent, and in which order: the latest change wins."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.websockets import WebSocketDisconnect
from websocket import WebSocketTimeoutException

import relsim as api
from relsim import __version__
from relsim.analysis.claims import judge
from relsim.app import pictures, reasons
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
SCENARIO = api.load(STATUS_QUO)


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with family_served(tmp_path_factory.mktemp("visited")) as running:
        yield running


@pytest.fixture
def page(serving: Serving) -> Iterator[Page]:
    with Page(serving) as page:
        page.receive_until("scenarios")
        page.open()
        yield page


def effect(picture: dict[str, Any], pair: str = "PAK-RUS") -> dict[str, Any]:
    found: dict[str, Any] = picture["pairs"][pair]["effect"]
    return found


def expected(changes: dict[str, Any], runs: int, base: dict[str, Any] | None = None) -> float:
    """The mean difference at the end, from the public functions."""
    pair = [
        api.simulate(SCENARIO.with_changes(each), runs=runs, progress=False)
        for each in (base or {}, changes)
    ]
    return float(api.compare(*pair).change("PAK-RUS")[:, -1].astype(float).mean())


def received_until_why(page: Page, number: int) -> list[dict[str, Any]]:
    received = [page.receive()]
    while (received[-1]["type"], received[-1].get("number")) != ("why", number):
        received.append(page.receive())
    return received


def test_the_first_message_lists_the_scenarios(serving: Serving) -> None:
    with Page(serving) as page:
        scenarios = page.receive()
    assert (scenarios["type"], scenarios["here"], scenarios["version"]) == (
        "scenarios",
        "family",
        __version__,
    )
    files = {each["file"]: each for each in scenarios["files"]}
    assert files["status-quo.yaml"]["name"] == SCENARIO.name
    assert files["armenia-recognition.yaml"]["about"].startswith("The step the article does not")
    assert len(files) == len([*STATUS_QUO.parent.glob("*.yaml")])


def test_a_change_is_answered_by_ever_more_runs_and_then_by_why(page: Page) -> None:
    received = received_until_why(page, page.change(TIE))
    kinds = [(each["type"], each.get("runs"), each.get("last")) for each in received]
    assert kinds[:3] == [
        ("picture", FIRST, False),
        ("picture", MORE, False),
        ("picture", MOST, True),
    ]
    assert kinds[3][0] == "why"
    assert {each["number"] for each in received} == {page.number}
    for picture, runs in zip(received, STAGES, strict=False):
        assert effect(picture)["mean"] == pytest.approx(expected(TIE, runs), abs=1e-4)


def test_another_look_at_the_same_changes_is_one_picture(page: Page) -> None:
    received_until_why(page, page.change(TIE))
    received = received_until_why(page, page.change(TIE, pair="IND-PAK", month="2025-01"))
    assert [each["type"] for each in received] == ["picture", "why"]
    assert received[0]["last"]
    assert SCENARIO.pair_name("IND-PAK") in received[0]["pairs"]
    assert received[0]["month"] == "2025-01"


def test_pulls_come_when_they_are_asked_for(page: Page) -> None:
    received = received_until_why(page, page.change(TIE, pulls=True, view="network"))
    assert [each["type"] for each in received].count("pulls") == 1
    assert received[1]["type"] == "pulls"
    assert received[1]["runs"] == FIRST


def test_what_the_loader_refuses_is_sent_with_its_path_and_the_next_change_is_answered(
    page: Page,
) -> None:
    number = page.change({"PAK.ties.USA": 7, "alignment_gain": 0.1, "RUS.ties.XYZ": 0.1})
    refused = page.receive()
    assert (refused["type"], refused["number"]) == ("refused", number)
    problems = {each["path"]: each["text"] for each in refused["problems"]}
    assert set(problems) == {"PAK.ties.USA", "RUS.ties.XYZ"}
    assert "7" in problems["PAK.ties.USA"]
    assert page.picture(TIE)["number"] == number + 1


ABSENT: list[tuple[dict[str, Any], str]] = [
    ({"pair": "PAK-XYZ"}, "PAK-XYZ is no pair"),
    ({"pair": "PAK-PAK"}, "PAK-PAK is no pair"),
    ({"pair": "PAK"}, "PAK is no pair"),
    ({"month": "1812-06"}, "1812-06"),
]


def test_a_pair_or_a_month_that_is_not_there_is_refused(page: Page) -> None:
    for more, words in ABSENT:
        number = page.change(TIE, **more)
        refused = page.receive()
        assert (refused["type"], refused["number"]) == ("refused", number)
        assert words in refused["problems"][0]["text"]


def test_changes_that_cannot_be_paired_are_refused_before_anything_is_simulated(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown: list[int] = []
    monkeypatch.setattr(Growing, "grow", lambda _, runs, stop: grown.append(runs))
    number = page.change({"time.end": "9999-12"})
    refused = page.receive()
    assert (refused["type"], refused["number"]) == ("refused", number)
    assert "same seed, time span" in refused["problems"][0]["text"]
    assert grown == []


def wait_until_set(stop: Stop) -> None:
    end = time.monotonic() + WAIT
    while not stop[0]:
        assert time.monotonic() < end
        time.sleep(0.001)


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
    page.send(type="copy", changes={})  # is received after the changes, and answered after them
    gate.opened.set()
    received = [page.receive() for _ in range(3)]
    assert [(each["type"], each.get("number"), each.get("runs")) for each in received] == [
        ("picture", first, FIRST),
        ("picture", last, FIRST),
        ("copied", None, None),
    ]
    assert effect(received[1])["mean"] == pytest.approx(
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
            wait_until_set(stop)  # by the newer change
        return grow(growing, asked, stop)

    monkeypatch.setattr(Growing, "grow", held_up)
    first = page.change({"PAK.ties.USA": 0.15})
    assert reached.wait(WAIT)
    second = page.change({"PAK.ties.USA": 0.25})
    sent.set()
    received = received_until_why(page, second)
    pictures_sent = [
        (each["number"], each["runs"]) for each in received if each["type"] == "picture"
    ]
    assert pictures_sent[-3:] == [(second, FIRST), (second, MORE), (second, MOST)]
    assert (first, runs) not in pictures_sent
    assert first not in [each["number"] for each in received if each["type"] == "why"]


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ({"type": "copy", "changes": {"PAK.ties.USA": 0.12}}, "copied"),
        ({"type": "step", "do": "reset", "changes": {"PAK.ties.USA": 0.12}}, "stepped"),
    ],
    ids=["copy", "step"],
)
def test_what_else_is_asked_stops_no_picture(
    page: Page, monkeypatch: pytest.MonkeyPatch, message: dict[str, Any], answer: str
) -> None:
    gate = Gate(MORE, monkeypatch)
    number = page.change({"PAK.ties.USA": 0.12})
    assert gate.reached.wait(WAIT)
    page.send(**message)
    assert page.receive_until("picture")["runs"] == FIRST
    assert page.receive()["type"] == answer
    gate.opened.set()
    received = received_until_why(page, number)
    assert [each["runs"] for each in received if each["type"] == "picture"] == [MORE, MOST]


def test_what_is_copied_has_the_runs_of_the_last_picture(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(MORE, monkeypatch)
    changes = {"PAK.ties.USA": 0.13}
    number = page.change(changes)
    assert page.receive_until("picture")["runs"] == FIRST
    assert f"--runs {FIRST}" in page.ask("copy", changes=changes)["command"]
    gate.opened.set()
    received_until_why(page, number)
    assert f"--runs {MOST}" in page.ask("copy", changes=changes)["command"]


def test_more_runs_give_way_to_the_first_pictures_of_others(
    page: Page, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relsim.app.visitor.LONGEST_WAY", WAIT)
    with serving.shared.first_pictures:
        number = page.change({"PAK.ties.USA": 0.35})
        assert page.receive_until("picture", number=number)["runs"] == FIRST
        page.connection.settimeout(0.5)
        with pytest.raises(WebSocketTimeoutException):
            page.receive()
        newer = page.change({"PAK.ties.USA": 0.45})
        page.connection.settimeout(WAIT)
        picture = page.receive_until("picture")
        assert (picture["number"], picture["runs"]) == (newer, FIRST)
    received = received_until_why(page, newer)
    assert [each["runs"] for each in received if each["type"] == "picture"] == [MORE, MOST]


def test_more_runs_come_in_time_however_many_drag(
    page: Page, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relsim.app.visitor.LONGEST_WAY", 0.05)
    with serving.shared.first_pictures:
        received = received_until_why(page, page.change({"PAK.ties.USA": 0.55}))
    assert [each["runs"] for each in received if each["type"] == "picture"] == list(STAGES)


def test_why_is_left_off_for_a_newer_change(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Stop] = []
    reached = threading.Event()
    why = reasons.why

    def noted(*arguments: Any) -> dict[str, Any]:
        stop = arguments[-1]
        if not given:
            given.append(stop)
            reached.set()
            wait_until_set(stop)
        return why(*arguments)

    monkeypatch.setattr(reasons, "why", noted)
    first = page.change({"PAK.ties.USA": 0.35})
    assert reached.wait(WAIT)
    second = page.change({"PAK.ties.USA": 0.36})
    received = received_until_why(page, second)
    assert given[0][0] == 1
    assert (second, MOST) in [(each["number"], each.get("runs")) for each in received]
    assert first not in [each["number"] for each in received if each["type"] == "picture"][3:]


def test_another_base_is_compared_with(page: Page) -> None:
    opened = page.ask("base", base={"scenario": "status-quo.yaml", "changes": TIE})
    assert opened["type"] == "opened"
    assert opened["base"]["changes"] == TIE
    changes = {"PAK.ties.USA": 0.4}
    picture = page.picture(changes)
    assert effect(picture)["mean"] == pytest.approx(expected(changes, MOST, TIE), abs=1e-4)
    page.receive_until("why")
    opened = page.ask("base", base=None)
    assert opened["base"]["changes"] == {}
    number = page.change(changes)
    received = received_until_why(page, number)
    assert [each["type"] for each in received] == ["picture", "why"]  # its runs were at hand
    assert effect(received[0])["mean"] == pytest.approx(expected(changes, MOST), abs=1e-4)


def test_a_file_that_was_edited_is_shown_as_it_is_with_the_next_base(
    page: Page, serving: Serving
) -> None:
    file = serving.shared.here / "edited.yaml"
    variant = "relsim: 1\nextends: status-quo.yaml\n"
    try:
        file.write_text(variant)
        page.open("edited.yaml")
        page.picture(TIE)
        file.write_text(f"{variant}states: {{RUS: {{ties: {{IND: -0.9}}}}}}\n")
        changed, base = api.load(file, TIE), api.load(file)
        assert page.ask("base", base=None)["type"] == "opened"
        received = page.picture(TIE)
    finally:
        file.unlink()
    ensembles = [api.simulate(each, runs=MOST, progress=False) for each in (base, changed)]
    assert effect(received)["mean"] == api.compare(*ensembles).effect("PAK-RUS").mean.value


def test_claims_of_a_base_are_judged_anew_where_another_is_frozen(page: Page) -> None:
    shares = []
    stricter = {"claims.not_repelling_india.expect.above": 0.0}
    for changes in ({}, {"parameters.volatility": 0.1}, stricter):
        page.ask("base", base={"scenario": "status-quo.yaml", "changes": changes})
        (claim,) = page.picture(TIE)["claims"]
        base = api.simulate(SCENARIO.with_changes(changes), runs=MOST, progress=False)
        (verdict,) = judge(base)
        assert claim["base"] == {"verdict": verdict.verdict, "share": verdict.share}
        shares.append(verdict.share)
    assert len({*shares}) == 3


def test_the_seed_is_that_which_was_asked_for(page: Page) -> None:
    assert page.open("status-quo.yaml", seed=5)["scenario"]["seed"] == "5"
    levels = api.simulate(SCENARIO, runs=MOST, seed=5).level("PAK-RUS")[:, -1]
    base = effect(page.picture({}))["base"]
    assert base == pytest.approx(float(levels.astype(float).median()), abs=0.02)


def test_a_base_that_cannot_be_paired_is_refused_as_it_is_opened(page: Page) -> None:
    refused = page.ask("base", base={"scenario": "hindcast-1991-2020.yaml"})
    assert (refused["type"], refused["to"]) == ("refused", "base")
    assert "same seed, time span" in refused["problems"][0]["text"]
    assert page.picture({})["same"]


OUTSIDE = [
    "../status-quo.yaml",
    "/etc/passwd",
    str(STATUS_QUO),
    "lacking.yaml",
    "CODEBOOK.md",
    "linked.yaml",
    "a\u0000b.yaml",
    "",
]


def test_a_scenario_outside_of_the_folder_is_refused_and_the_open_one_stays(
    page: Page, serving: Serving
) -> None:
    (serving.shared.here / "linked.yaml").symlink_to(STATUS_QUO)
    for file in OUTSIDE:
        for message in ({"scenario": file}, {"scenario": None, "base": {"scenario": file}}):
            refused = page.ask("open", **message)
            assert (refused["type"], refused["number"]) == ("refused", 0), file
            assert refused["problems"], file
            assert "line 0" not in refused["problems"][0]["text"]
        assert "status-quo.yaml" in page.ask("copy", changes={})["command"]


MALFORMED = [
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
]


def test_a_malformed_message_is_answered_in_a_sentence_and_the_connection_stays(page: Page) -> None:
    for text in MALFORMED:
        page.connection.send(text)
        failed = page.receive()
        assert failed["type"] == "failed", text
        assert failed["text"].startswith("The message ")
        assert page.ask("copy", changes={})["type"] == "copied"


def test_what_cannot_be_opened_or_kept_is_told_from_other_failures(page: Page) -> None:
    asks: dict[str, dict[str, Any]] = {
        "open": {"seed": 2**63},
        "base": {"base": {}},
        "keep": {"file": "x" * 501},
        "copy": {},
    }
    for kind, wrong in asks.items():
        failed = page.ask(kind, **wrong)
        assert (failed["type"], failed["to"]) == ("failed", kind)


def test_bytes_are_read_as_text_is(page: Page) -> None:
    page.connection.send_binary(b"\xff\xfe")
    assert page.receive()["type"] == "failed"


@pytest.mark.parametrize("kind", ["change", "copy", "base", "step"])
def test_nothing_is_answered_before_a_scenario_is_open(serving: Serving, kind: str) -> None:
    more: dict[str, Any] = {
        "change": {"number": 1, "changes": {}},
        "copy": {"changes": {}},
        "step": {"do": "look"},
    }
    with Page(serving) as page:
        page.receive()
        failed = page.ask(kind, **more.get(kind, {}))
    assert (failed["type"], failed["text"]) == ("failed", "No scenario has been opened yet.")


def test_what_was_not_foreseen_fails_in_a_sentence_and_the_page_goes_on(
    page: Page, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(pictures, "picture", lambda *_: 1 / 0)
        number = page.change(TIE)
        failed = page.receive_until("failed")
    assert (failed["number"], failed["to"]) == (number, "change")
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
            listed = {each["file"]: each["name"] for each in other.receive()["files"]}
    finally:
        file.unlink()
    assert opened["scenario"]["name"].startswith("<script>alert(1)</script> &")
    assert listed["script.yaml"].startswith("<script>alert(1)</script> &")


def test_visitors_do_not_mix(serving: Serving) -> None:
    ties = [0.0, 0.03, 0.06, 0.09]
    pages = [Page(serving) for _ in ties]
    try:
        for page in pages:
            page.open()
        numbers = [
            page.change({"PAK.ties.USA": tie}) for page, tie in zip(pages, ties, strict=True)
        ]
        got = [
            effect(page.receive_until("picture", number=number, last=True))["mean"]
            for page, number in zip(pages, numbers, strict=True)
        ]
    finally:
        for page in pages:
            page.close()
    for tie, mean in zip(ties, got, strict=True):
        assert mean == pytest.approx(expected({"PAK.ties.USA": tie}, MOST), abs=1e-4)


def test_runs_of_changes_that_were_overtaken_are_let_go_without_a_collection(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow: Callable[..., Ensemble] = Growing.grow
    begun = threading.Event()
    seen: list[weakref.ref[Any]] = []

    def slow(growing: Growing, asked: int, stop: Stop) -> Ensemble:
        if asked == MORE:
            seen.append(weakref.ref(growing._rows))
            begun.set()
            while not stop[0]:
                threading.Event().wait(0.001)
        return grow(growing, asked, stop)

    with Page(serving) as page:
        page.open()
        page.picture({})  # the base has all its runs
        monkeypatch.setattr(Growing, "grow", slow)
        gc.collect()
        gc.disable()
        try:
            for step in range(5):
                page.change({"PAK.ties.USA": 0.5 + step / 100})
                assert begun.wait(WAIT)
                begun.clear()
            monkeypatch.setattr(Growing, "grow", grow)
            page.picture({"PAK.ties.USA": 0.9})
            alive = [rows for rows in seen if rows() is not None]
        finally:
            gc.enable()
    assert len(seen) >= 5
    assert alive == []


def test_a_visitor_who_leaves_is_freed_and_the_work_is_stopped(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = threading.Event()
    reached = threading.Event()
    grow: Callable[..., Ensemble] = Growing.grow

    def held_up(growing: Growing, asked: int, stop: Stop) -> Ensemble:
        if asked == MOST:
            reached.set()
            wait_until_set(stop)
            stopped.set()
        return grow(growing, asked, stop)

    monkeypatch.setattr(Growing, "grow", held_up)
    before = set(serving.site.visitors)
    page = Page(serving)
    page.open()
    (visitor,) = set(serving.site.visitors) - before
    page.change({"PAK.ties.USA": 0.45})
    assert reached.wait(WAIT)
    page.close()
    assert stopped.wait(WAIT)
    while visitor in serving.site.visitors:
        threading.Event().wait(0.001)
    assert visitor._opened is None
    assert visitor._changed is None


@pytest.mark.parametrize("gone", [WebSocketDisconnect(), OSError(), RuntimeError()])
def test_a_page_that_leaves_before_its_answer_is_no_fault_to_report(
    serving: Serving, gone: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    async def send(text: str) -> None:
        raise gone

    async def visit() -> None:
        visitor = Visitor(serving.shared, send)
        await visitor.send_scenarios()
        await visitor.receive('{"type": "open"}')
        await visitor.close()

    asyncio.run(visit())
    assert capsys.readouterr().err == ""


def test_messages_of_a_page_that_has_left_are_passed_over(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[Path] = []

    def noted(path: Path, *more: Any) -> Any:
        loaded.append(path)
        return api.load(path, *more)

    async def send(text: str) -> None:
        raise OSError

    async def visit() -> None:
        visitor = Visitor(serving.shared, send)
        for _ in range(3):  # sent before it left, and read after
            await visitor.receive('{"type": "open"}')
        await visitor.close()

    monkeypatch.setattr("relsim.app.opening.load", noted)
    asyncio.run(visit())
    assert len(loaded) == 1


def test_step_mode_follows_the_run_of_the_ensemble(page: Page) -> None:
    scenario = SCENARIO.with_changes(TIE)
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
    page.receive_until("why")
    asks = {"file": "kept.yaml", "name": "Kept <b>", "changes": changes}
    assert page.ask("keep", **asks) == {"type": "kept", "file": "kept.yaml"}
    assert page.ask("keep", **asks) == {"type": "exists", "file": "kept.yaml"}
    assert page.ask("keep", **asks, replace=True) == {"type": "kept", "file": "kept.yaml"}
    file = serving.shared.here / "kept.yaml"
    kept = api.load(file)
    assert kept.name == "Kept <b>"
    ensembles = [api.simulate(scenario, runs=MOST, progress=False) for scenario in (SCENARIO, kept)]
    assert effect(picture)["mean"] == api.compare(*ensembles).effect("PAK-RUS").mean.value
    opened = page.open("kept.yaml")
    assert opened["scenario"]["name"] == "Kept <b>"
    file.unlink()


NOT_WRITTEN = [
    ("../kept.yaml", "outside"),
    ("/tmp/kept.yaml", "outside"),
    ("kept.txt", ".yaml"),
    ("elsewhere/kept.yaml", "beside the file"),
    ("status-quo.yaml", "a file that the variant extends"),
]


def test_a_variant_that_may_not_be_written_is_refused(page: Page, serving: Serving) -> None:
    for file, words in NOT_WRITTEN:
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
        assert "results/" not in json.dumps(page.receive()["files"])
        opened = page.open()
        assert opened["scenario"]["file"] == "status-quo.yaml"
        assert opened["scenario"]["seed"] == "4"
        assert opened["scenario"]["own_seed"] == str(SCENARIO.ensemble.seed)
        assert opened["scenario"]["stages"] == [50, 60]
        assert opened["changes"] == TIE
