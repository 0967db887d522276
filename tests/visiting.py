"""The app as tests visit it: a real server on a port of its own, and pages that talk to it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import websocket

from relsim.app.folder import start_on
from relsim.app.server import Serving
from scenarios_to_test import FAMILY

STAGES = (8, 16, 40)  # numbers of runs, few so that tests are quick
WAIT = 60  # seconds, for a machine that is busy with other tests


class Page:
    """A browser's page, less the picture: it has the cookie and talks over the websocket."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        self.number = 0
        self.connection = websocket.create_connection(
            f"ws://127.0.0.1:{serving.port}/socket",
            timeout=WAIT,
            cookie=cookie_of(serving),
            origin=f"http://127.0.0.1:{serving.port}",
        )

    def send(self, **message: Any) -> None:
        self.connection.send(json.dumps(message))

    def receive(self) -> dict[str, Any]:
        """The next message."""
        message: dict[str, Any] = json.loads(self.connection.recv())
        return message

    def receive_until(self, kind: str, **parts: Any) -> dict[str, Any]:
        """The next message of a kind that has these parts; those before it are passed over."""
        while True:
            message = self.receive()
            if message["type"] == kind and parts.items() <= message.items():
                return message
            assert message["type"] not in ("refused", "failed"), message

    def ask(self, kind: str, **message: Any) -> dict[str, Any]:
        """The first answer to a message."""
        self.send(type=kind, **message)
        return self.receive()

    def open(self, scenario: str | None = None, **more: Any) -> dict[str, Any]:
        self.send(type="open", scenario=scenario, **more)
        return self.receive_until("opened")

    def change(self, changes: dict[str, Any], **more: Any) -> int:
        """Sends a change; its number."""
        self.number += 1
        self.send(type="change", number=self.number, changes=changes, **more)
        return self.number

    def picture(self, changes: dict[str, Any], **more: Any) -> dict[str, Any]:
        """The last picture of a change."""
        return self.receive_until("picture", number=self.change(changes, **more), last=True)

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def cookie_of(serving: Serving) -> str:
    return f"relsim_{serving.port}={serving.token}"


@contextmanager
def family_served(folder: Path, file: str = "status-quo.yaml", **more: Any) -> Iterator[Serving]:
    """The app on a copy of the shipped family, in a folder that tests may write in."""
    here = folder / "family"
    shutil.copytree(FAMILY, here)
    with Serving(start_on(here / file, here), here=here, **{"stages": STAGES, **more}) as serving:
        yield serving


@contextmanager
def asked(
    serving: Serving,
    method: str,
    path: str,
    body: Any = None,
    *,
    cookie: bool = True,
    headers: dict[str, str] | None = None,
) -> Iterator[HTTPResponse]:
    """The answer to a request that has the cookie and, to change something, the own origin."""
    sent = {"Cookie": cookie_of(serving)} if cookie else {}
    if method == "POST":
        sent["Origin"] = f"http://127.0.0.1:{serving.port}"
    connection = HTTPConnection("127.0.0.1", serving.port, timeout=WAIT)
    try:
        text = body if body is None or isinstance(body, bytes) else json.dumps(body)
        connection.request(method, path, text, {**sent, **(headers or {})})
        yield connection.getresponse()
    finally:
        connection.close()
