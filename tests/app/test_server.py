"""Who may ask what of the app's server, and what it answers."""

from __future__ import annotations

import csv
import html
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import websocket

import relsim as api
from commands import Command
from relsim.app import server
from relsim.app.messages import MOST_BYTES
from relsim.app.server import HEADERS, Guard, Serving, listening, stages_for
from relsim.errors import RelsimError
from scenarios_to_test import FAMILY, STATUS_QUO
from visiting import Page, asked, cookie_of, family_served


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with family_served(tmp_path_factory.mktemp("served")) as running:
        yield running


def test_the_first_address_gives_a_cookie_in_place_of_the_token(serving: Serving) -> None:
    address = serving.address.removeprefix(f"http://127.0.0.1:{serving.port}")
    with asked(serving, "GET", address, cookie=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/")
        given = answer.headers["Set-Cookie"]
    assert given.startswith(f"{cookie_of(serving)};")
    assert "HttpOnly" in given
    assert "SameSite=strict" in given
    with asked(serving, "GET", "/") as answer:
        assert answer.status == 200
        assert "<title>" in answer.read().decode()


@pytest.mark.parametrize(
    "path", ["/", "/?token=", "/?token=wrong", "/static/main.js", "/static/vega.js", "/nothing"]
)
def test_nothing_is_shown_without_the_token(serving: Serving, path: str) -> None:
    with asked(serving, "GET", path, cookie=False) as answer:
        assert answer.status == 403
        assert "printed in the terminal" in answer.read().decode()
        assert "Set-Cookie" not in answer.headers
    wrong = {"Cookie": f"relsim_{serving.port}=wrong"}
    with asked(serving, "GET", path, cookie=False, headers=wrong) as answer:
        assert answer.status == 403


def test_a_token_that_no_cookie_can_hold_is_a_wrong_one(serving: Serving) -> None:
    with asked(serving, "GET", "/?token=%ff%c3%a9&token=2", cookie=False) as answer:
        assert answer.status == 403
    headers = {"Cookie": f"relsim_{serving.port}=\xe9"}
    with asked(serving, "GET", "/", cookie=False, headers=headers) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("host", ["evil.example:{}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.x:{}"])
def test_a_foreign_host_is_refused(serving: Serving, host: str) -> None:
    headers = {"Host": host.format(serving.port)}
    with asked(serving, "GET", "/", headers=headers) as answer:
        assert answer.status == 403
    with asked(serving, "GET", f"/?token={serving.token}", headers=headers) as answer:
        assert answer.status == 403
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:{}", ""])
def test_a_foreign_origin_is_refused(serving: Serving, origin: str) -> None:
    origin = origin.format(serving.port)
    with asked(serving, "POST", "/table", {}, headers={"Origin": origin}) as answer:
        assert answer.status == 403
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        websocket.create_connection(
            f"ws://127.0.0.1:{serving.port}/socket",
            cookie=cookie_of(serving),
            origin=origin or None,
            suppress_origin=not origin,
        )


@pytest.mark.parametrize("cookie", ["", "relsim_{}=wrong", "relsim_1={}"])
def test_a_connection_needs_the_cookie(serving: Serving, cookie: str) -> None:
    port = serving.port
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        websocket.create_connection(
            f"ws://127.0.0.1:{port}/socket",
            cookie=cookie.format(port),
            origin=f"http://127.0.0.1:{port}",
        )


def test_own_names_of_the_machine_are_no_foreign_hosts() -> None:
    def own(listens: str, host: str) -> bool:
        return Guard(lambda *_: None, "t", listens, 8321)._is_own(host)  # type: ignore[arg-type]

    assert own("127.0.0.1", "localhost:8321")
    assert own("0.0.0.0", "192.0.2.7:8321")
    assert own("0.0.0.0", f"{socket.gethostname()}:8321")
    assert own("::1", "[::1]:8321")
    assert not own("0.0.0.0", "evil.example:8321")
    assert not own("127.0.0.1", "192.0.2.7:8321")
    assert not own("127.0.0.1", "localhost:8322")


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/static/page.css", "/nothing"])
def test_every_answer_says_what_a_page_may_do(serving: Serving, path: str) -> None:
    for cookie in (True, False):
        with asked(serving, "GET", path, cookie=cookie) as answer:
            assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self' 'unsafe-eval';" in policy


def test_what_the_page_loads_is_there_and_nothing_beside_it(serving: Serving) -> None:
    for name, kind in {"main.js": "javascript", "app.css": "css", "page.css": "css"}.items():
        with asked(serving, "GET", f"/static/{name}") as answer:
            assert answer.status == 200
            assert kind in answer.headers["Content-Type"]
    with asked(serving, "GET", "/static/vega.js") as answer:
        assert "vegaEmbed" in answer.read().decode()
    for path in ("../server.py", "%2e%2e/server.py", "..%2fserver.py", "//etc/passwd"):
        with asked(serving, "GET", f"/static/{path}") as answer:
            assert answer.status == 404


def test_data_are_kept_in_no_cache(serving: Serving) -> None:
    with asked(serving, "GET", "/") as answer:
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_table_has_the_fans_of_both_and_their_differences(serving: Serving) -> None:
    changes = {"PAK.ties.USA": 0.1}
    asks = {"scenario": "status-quo.yaml", "changes": changes, "runs": 40, "seed": 3}
    with asked(serving, "POST", "/table", asks) as answer:
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="status-quo.csv"'
        rows = list(csv.DictReader(io.StringIO(answer.read().decode())))
    base = api.load(STATUS_QUO)
    ensembles = {
        of: api.simulate(scenario, runs=40, seed=3)
        for of, scenario in {"base": base, "scenario": base.with_changes(changes)}.items()
    }
    end = str(base.time.end)
    for of, ensemble in ensembles.items():
        expected = float(ensemble.level("PAK-RUS")[:, -1].astype(float).mean())
        (row,) = [r for r in rows if (r["of"], r["month"], r["pair"]) == (of, end, "PAK-RUS")]
        assert float(row["mean"]) == pytest.approx(expected, abs=1e-6)
    comparison = api.compare(ensembles["base"], ensembles["scenario"])
    expected = float(comparison.change("PAK-RUS")[:, -1].astype(float).mean())
    (row,) = [r for r in rows if (r["of"], r["month"], r["pair"]) == ("difference", end, "PAK-RUS")]
    assert float(row["mean"]) == pytest.approx(expected, abs=1e-6)
    assert {row["pair"] for row in rows} == set(base.pair_names(base.watched_pairs))


@pytest.mark.parametrize("edited", ["scenario", "base"])
def test_nothing_of_a_file_that_was_edited_is_downloaded(serving: Serving, edited: str) -> None:
    files = {name: serving.shared.here / f"{edited}-{name}.yaml" for name in ("scenario", "base")}
    for file in files.values():
        file.write_text("relsim: 1\nextends: status-quo.yaml\n", encoding="utf-8")
    base = {"scenario": files["base"].name, "changes": {}}
    with Page(serving) as page:
        opened = page.open(files["scenario"].name, base=base)
    hashes = {f"{name}_hash": opened[name]["hash"] for name in files}
    asks = {"scenario": files["scenario"].name, "base": base, "changes": {}, "runs": 8, **hashes}
    with asked(serving, "POST", "/table", asks) as answer:
        assert answer.status == 200
    with files[edited].open("a", encoding="utf-8") as appended:
        appended.write("states: {PAK: {ties: {USA: 0}}}\n")
    for path in ("/table", "/page"):
        with asked(serving, "POST", path, asks) as answer:
            assert answer.status == 422
            (problem,) = json.loads(answer.read())["problems"]
        assert problem["text"] == (
            f"{files[edited].name} has changed since it was opened; reload the page."
        )


def page_to_send(serving: Serving, scenario: str, **asks: Any) -> str:
    with asked(serving, "POST", "/page", {"scenario": scenario, **asks}) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Disposition"] == 'attachment; filename="status-quo.html"'
        text = answer.read().decode()
    assert not (serving.shared.here / "results").exists()
    return text


def data_of(page: str, chart: str) -> list[dict[str, Any]]:
    """The rows of the data of a chart on a page."""
    (definition,) = re.findall(f'<script type="application/json" id="{chart}">(.*)</script>', page)
    return [row for rows in json.loads(definition)["datasets"].values() for row in rows]


def test_a_page_to_be_sent_shows_scenario_and_base_and_their_paired_difference(
    serving: Serving,
) -> None:
    changes = {"PAK.ties.USA": 0.1}
    page = page_to_send(serving, "status-quo.yaml", changes=changes, runs=20, seed=3)
    assert "20 runs each from seed 3" in page
    assert "PAK.ties.USA" in page
    base = api.load(STATUS_QUO)
    ensembles = [api.simulate(each, runs=20, seed=3) for each in (base, base.with_changes(changes))]
    expected = float(api.compare(*ensembles).change("PAK-RUS")[:, -1].astype(float).median())
    assert expected != 0
    last = [row for row in data_of(page, "differences") if row["pair"] == "PAK-RUS"][-1]
    assert last["median"] == pytest.approx(expected, abs=1e-4)


def test_a_page_to_be_sent_compares_with_the_base_of_the_visitor(serving: Serving) -> None:
    # Claims of capacity-relief cite the status quo, which is all the same not the base here.
    base = {"scenario": "capacity-relief.yaml", "changes": {}}
    page = page_to_send(serving, "status-quo.yaml", base=base, changes={}, runs=20)
    assert f"Base: {api.load(FAMILY / 'capacity-relief.yaml').name}" in html.unescape(page)


def test_a_page_to_be_sent_of_a_scenario_that_is_its_own_base_is_its_report(
    serving: Serving,
) -> None:
    page = page_to_send(serving, "status-quo.yaml", changes={"name": "Another name"}, runs=20)
    assert "<h1>Another name" in page
    assert "How this was made" in page


@pytest.mark.parametrize(
    ("asks", "status", "words"),
    [
        ({"scenario": "../secret.yaml", "changes": {}, "runs": 50}, 422, "outside"),
        ({"scenario": "status-quo.yaml", "changes": {"PAK.x": 1}, "runs": 50}, 422, "PAK.x"),
        ({"scenario": "status-quo.yaml", "changes": {}, "runs": 0}, 400, "greater"),
        (b"{", 400, "understood"),
        (b"x" * (MOST_BYTES + 1), 413, "bytes"),
    ],
    ids=["outside", "refused", "no runs", "no JSON", "too large"],
)
def test_a_wrong_download_is_answered_in_words(
    serving: Serving, asks: object, status: int, words: str
) -> None:
    with asked(serving, "POST", "/table", asks) as answer:
        assert answer.status == status
        assert words in answer.read().decode()


def test_a_visitor_too_many_is_refused(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MOST_VISITORS", len(serving.site.visitors) + 1)
    with Page(serving) as first:
        first.receive()
        with Page(serving) as second:
            answer = second.receive()
            assert answer["type"] == "failed"
            assert "Close one of them" in answer["text"]
        assert first.open()["type"] == "opened"


def test_a_port_that_is_taken_is_said_or_another_is_taken() -> None:
    with listening("127.0.0.1", None) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            RelsimError, match=f"Port {port} of 127.0.0.1 cannot be used: [^()]*[.] Without"
        ):
            listening("127.0.0.1", port)
        with listening("127.0.0.1", None) as other:
            assert other.getsockname()[1] != port
    with pytest.raises(RelsimError, match=r"192\.0\.2\.1"):
        listening("192.0.2.1", None)


def test_the_runs_of_a_result_are_the_last_stage() -> None:
    assert stages_for(None) == (50, 200, 1000)
    assert stages_for(400) == (50, 200, 400)
    assert stages_for(20) == (20,)
    assert stages_for(1_000_000) == (50, 200, 1000)


def test_the_command_prints_its_address_and_ctrl_c_ends_it_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "relsim", "app", str(STATUS_QUO), "--no-browser"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert process.stdout.readline() == "Ctrl-C ends it.\n"
        host, _, token = address.removeprefix("http://").partition("/?token=")
        connection = websocket.create_connection(
            f"ws://{host}/socket",
            timeout=60,
            cookie=f"relsim_{host.split(':')[1]}={token}",
            origin=f"http://{host}",
        )
        for message in (
            {"type": "open"},
            {"type": "change", "number": 1, "changes": {"PAK.ties.USA": 0.1}},
        ):
            connection.send(json.dumps(message))
        while json.loads(connection.recv())["type"] != "picture":
            assert process.poll() is None
        os.kill(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=30)
        connection.close()
    assert process.returncode == 130
    assert said.strip() == "Stopped."


def test_what_ctrl_c_interrupts_is_still_waited_for(tmp_path: Path) -> None:
    with family_served(tmp_path) as serving:
        alarm = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
        alarm.start()
        with pytest.raises(KeyboardInterrupt):
            serving.wait()
        assert serving._thread.is_alive()


def test_the_command_says_what_is_wrong_with_what_it_is_given(
    relsim: Command, tmp_path: Path
) -> None:
    wrong = {
        (tmp_path,): "There is no scenario in",
        (tmp_path / "lacking.yaml",): "There is no",
        (STATUS_QUO, "--agent", "nothing:Nobody"): "There is no module nothing",
        (STATUS_QUO, "--host", "192.0.2.1"): "192.0.2.1",
    }
    for arguments, words in wrong.items():
        done = relsim("app", *arguments, "--no-browser")
        assert done.returncode in (2, 3)
        assert words in done.stderr
