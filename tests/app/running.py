"""The app as a process of its own, and what speaks to it without a browser."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPCookieProcessor, build_opener

import websocket

SHIPPED = Path(__file__).parents[2] / "scenarios" / "pakistan-russia"
STATUS_QUO = "status-quo.yaml"
SECONDS = 120  # that anything may take, on a busy machine that compiles first


@dataclass(frozen=True)
class App:
    """A running app.

    Attributes:
        address: with the token.
        folder: that it was started in.
        process: of the server.
    """

    address: str
    folder: Path
    process: subprocess.Popen[str]

    @property
    def place(self) -> str:
        """Host and port."""
        return urlsplit(self.address).netloc

    def cookie(self) -> str:
        """What a browser has once it has opened the address."""
        jar = CookieJar()
        with build_opener(HTTPCookieProcessor(jar)).open(self.address) as page:
            page.read()
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[App]:
    """An app on the shipped case, in a copy of its folder; killed at the end if need be."""
    shutil.copytree(SHIPPED, folder, dirs_exist_ok=True)
    command = [sys.executable, "-m", "relsim", "app", STATUS_QUO, "--no-browser", *arguments]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if found := re.search(r"http://\S+token=\S+", line):
                yield App(found[0], folder, process)
                break
        else:
            raise AssertionError(f"No address was printed:\n{said}")
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


class Visitor:
    """A page without a browser: sends changes, and reads what comes."""

    def __init__(self, app: App, scenario: str | None = None, base: Any = None) -> None:
        self.socket = websocket.create_connection(
            f"ws://{app.place}/socket",
            cookie=app.cookie(),
            origin=f"http://{app.place}",
            timeout=SECONDS,
        )
        self.number = 0
        self.files = self.receive("scenarios")["files"]
        self.send({"type": "open", "scenario": scenario, "base": base, "seed": None})
        self.opened = self.receive("opened")

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, message: dict[str, Any]) -> None:
        """Sends a message as it is."""
        self.socket.send(json.dumps(message))

    def receive(self, *kinds: str, number: int | None = None) -> dict[str, Any]:
        """The next message of some kinds, of a change if one is named; others are passed over."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            message: dict[str, Any] = json.loads(self.socket.recv())
            assert message["type"] != "failed", message["text"]
            if message["type"] in kinds and number in (None, message.get("number")):
                return message
        raise AssertionError(f"No {' or '.join(kinds)} came.")

    def change(self, changes: dict[str, Any], pair: str = "PAK-RUS", **more: Any) -> int:
        """Sends changes; gives the number of the change."""
        self.number += 1
        asked = {"pair": pair, "month": None, "view": "futures", "pulls": False, **more}
        self.send({"type": "change", "number": self.number, "changes": changes, **asked})
        return self.number

    def last_picture(self, changes: dict[str, Any], **more: Any) -> dict[str, Any]:
        """The picture with all runs that some changes give."""
        number = self.change(changes, **more)
        while True:
            message = self.receive("picture", "refused", number=number)
            assert message["type"] == "picture", message
            if message["last"]:
                return message

    def kept(self, message: dict[str, Any], kinds: Sequence[str]) -> dict[str, Any]:
        """What is answered to a message that is not a change."""
        self.send(message)
        return self.receive(*kinds)
