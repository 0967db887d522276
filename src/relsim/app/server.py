"""The server of the app: which requests it accepts, its routes, and its life from start to end."""

from __future__ import annotations

import html
import ipaddress
import secrets
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from urllib.parse import parse_qs

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request, cookie_parser
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from relsim.app import downloads
from relsim.app.engine import STAGES, Engine
from relsim.app.folder import Start
from relsim.app.messages import (
    MOST_BYTES,
    Download,
    MessageError,
    as_text,
    problems_of,
    read_download,
)
from relsim.app.visitor import Shared, Visitor
from relsim.ensemble.chunks import Stop, Stopped, new_stop
from relsim.errors import RelsimError
from relsim.figures.save import Painter
from relsim.model.mesa_model import StateAgent

STATIC = Path(__file__).parent / "static"
STYLE = Path(__file__).parent.parent / "report" / "templates" / "page.css"
FIRST_PORT, PORTS_TRIED = 8321, 20
MOST_VISITORS = 50  # a classroom; each may hold 150 MB of runs
MOST_DOWNLOADS = 2  # at once; each keeps all cores busy for a second
MOST_RUNS = 4_000  # of a result that becomes the last stage; more take too long for a page
# A websocket message of more bytes closes the connection; one over MOST_BYTES is answered in words.
MOST_FRAME_BYTES = 1024 * 1024
ENDING = 2  # seconds for open connections to close when the server ends

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
REFUSED = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>relsim</title>
<p>{}</p>
</html>
"""
WITHOUT_COOKIE = (
    "This page belongs to whoever started it. Open the address that relsim app has printed in the "
    "terminal, with its token."
)


class Guard:
    """Passes on requests that the app's own page sends to the address that was printed.

    A request for another ``Host`` came by a name that somebody has made point to this machine; one
    of another ``Origin`` comes from another page in the same browser.

    Args:
        app: the application that is guarded.
        token: in the first address, and then in the cookie.
        host, port: where the server listens.
    """

    def __init__(self, app: ASGIApp, token: str, host: str, port: int) -> None:
        self._app, self._token, self._host, self._port = app, token, host, port
        self._cookie = f"relsim_{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or refuses it."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        if scope["type"] == "websocket":
            if self._reason_to_refuse(scope):
                await receive()
                await send({"type": "websocket.close", "code": 1008})
            else:
                await self._app(scope, receive, send)
        elif scope["type"] == "http":
            answer = self._refusal(scope) or self._cookie_for_token(scope) or self._app
            await answer(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        reason = self._reason_to_refuse(scope)
        if not reason or (reason == WITHOUT_COOKIE and self._token_in(scope)):
            return None
        return HTMLResponse(REFUSED.format(html.escape(reason)), HTTPStatus.FORBIDDEN)

    def _cookie_for_token(self, scope: Scope) -> Response | None:
        """The answer to an address with the token: a cookie, and the address without it."""
        if not self._token_in(scope):
            return None
        answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        answer.set_cookie(self._cookie, self._token, httponly=True, samesite="strict")
        return answer

    def _reason_to_refuse(self, scope: Scope) -> str:
        """Why a request is refused; empty where it is not."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_own(hosts[0]):
            return "This is not the address that relsim app has printed in the terminal."
        changes = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD")
        if changes and headers.getlist("origin") != [f"http://{hosts[0]}"]:
            return "Only the page of this app may ask this."
        given = cookie_parser(headers.get("cookie", "")).get(self._cookie, "")
        return "" if self._is_token(given) else WITHOUT_COOKIE

    def _is_own(self, host: str) -> bool:
        """Whether a ``Host`` is where the server listens.

        Where it listens on all addresses, any of them will do: another name than that of this
        machine could be anybody's.
        """
        name, _, port = host.rpartition(":")
        if port != str(self._port):
            return False
        name = name.removeprefix("[").removesuffix("]").lower()
        if name in (self._host.lower(), "localhost", "127.0.0.1"):
            return True
        if not is_everywhere(self._host):
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name == socket.gethostname().lower()
        return True

    def _is_token(self, given: str) -> bool:
        return secrets.compare_digest(given.encode("utf-8", "surrogatepass"), self._token.encode())

    def _token_in(self, scope: Scope) -> bool:
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/":
            return False
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        return len(given) == 1 and self._is_token(given[0])


def is_everywhere(host: str) -> bool:
    """Whether a host means all addresses of the machine."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


class Site:
    """The routes behind the guard: the page, its files, downloads and the websocket.

    Args:
        shared: what all visitors share.
        script: the Vega bundle, once it is written.

    Attributes:
        visitors: of all open pages.
        ending: set when the server ends.
    """

    def __init__(self, shared: Shared, script: Future[str]) -> None:
        self.shared, self._script = shared, script
        self.visitors: set[Visitor] = set()
        self.ending = new_stop()
        self._downloads = threading.BoundedSemaphore(MOST_DOWNLOADS)

    def application(self) -> Starlette:
        """The routes."""
        routes = [
            Route("/", self.page),
            Route("/static/page.css", self.style),
            Route("/static/vega.js", self.script),
            Mount("/static", StaticFiles(directory=STATIC)),
            Route("/table", self.table, methods=["POST"]),
            Route("/page", self.report, methods=["POST"]),
            WebSocketRoute("/socket", self.socket),
        ]
        return Starlette(routes=routes)

    async def page(self, request: Request) -> Response:
        """The page itself."""
        return FileResponse(STATIC / "app.html")

    async def style(self, request: Request) -> Response:
        """The style sheet that the page shares with reports."""
        return FileResponse(STYLE, headers={"Cache-Control": "no-cache"})

    async def script(self, request: Request) -> Response:
        """The Vega bundle, which draws charts."""
        text = await run_in_threadpool(self._script.result)
        cached = {"Cache-Control": "private, max-age=3600"}
        return Response(text, media_type="text/javascript", headers=cached)

    async def table(self, request: Request) -> Response:
        """A picture as a CSV table, to download."""
        return await self._download(request, "text/csv", downloads.table)

    async def report(self, request: Request) -> Response:
        """A page of the changed scenario beside its base, to download."""
        return await self._download(request, "text/html", downloads.page)

    async def _download(
        self,
        request: Request,
        kind: str,
        make: Callable[[Shared, Download, Stop], tuple[str, str]],
    ) -> Response:
        def made(body: bytes) -> Response:
            with self._downloads:
                name, text = make(self.shared, read_download(body), self.ending)
            headers = {"Content-Disposition": f'attachment; filename="{name}"'}
            return Response(text, media_type=kind, headers=headers)

        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > MOST_BYTES:
                too_large = {"text": f"More than {MOST_BYTES:,} bytes were sent."}
                return JSONResponse(too_large, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            return await run_in_threadpool(made, body)
        except MessageError as error:
            return JSONResponse({"text": str(error)}, HTTPStatus.BAD_REQUEST)
        except RelsimError as error:
            problems = problems_of(error, self.shared.folder)
            refused = as_text({"type": "refused", "number": 0, "problems": problems})
            return Response(refused, HTTPStatus.UNPROCESSABLE_ENTITY, media_type="application/json")
        except Stopped:
            return JSONResponse({"text": "The app has ended."}, HTTPStatus.SERVICE_UNAVAILABLE)

    async def socket(self, connection: WebSocket) -> None:
        """Serves one visitor as long as the page is open."""
        await connection.accept()
        if len(self.visitors) >= MOST_VISITORS:
            text = f"{MOST_VISITORS} pages are open, as many as one app serves. Close one of them."
            await connection.send_text(as_text({"type": "failed", "text": text}))
            await connection.close(1013)
            return
        visitor = Visitor(self.shared, connection.send_text)
        self.visitors.add(visitor)
        try:
            await visitor.send_scenarios()
            while (message := await connection.receive())["type"] == "websocket.receive":
                await visitor.receive(message.get("text") or message.get("bytes") or "")
        finally:
            await visitor.close()
            self.visitors.discard(visitor)


class Serving:
    """The running app, in a thread of its own.

    Args:
        start: the folder, and the scenario that is opened first.
        here: the folder that it was started in.
        host, port: where it listens; without a port, on the first that is free from 8321 on.
        agent_class: by which states decide in step mode; the standard rule where absent.
        stages: numbers of runs of pictures, rising; for a result, up to its own number.

    Raises:
        RelsimError: it cannot listen there.
    """

    def __init__(
        self,
        start: Start,
        *,
        here: Path | None = None,
        host: str = "127.0.0.1",
        port: int | None = None,
        agent_class: type[StateAgent] | None = None,
        stages: Sequence[int] = STAGES,
    ) -> None:
        self._socket = listening(host, port)
        self.port: int = self._socket.getsockname()[1]
        self.token = secrets.token_urlsafe(24)
        self.host = host
        self.engine = Engine(stages_for(start.runs, stages))
        self._threads = ThreadPoolExecutor(MOST_VISITORS + 4, thread_name_prefix="visitor")
        self.shared = Shared(start, here or Path.cwd(), self.engine, self._threads, agent_class)
        self.warmed = self._threads.submit(self.engine.warm)
        self.site = Site(self.shared, self._threads.submit(_script))
        guard = Guard(self.site.application(), self.token, host, self.port)
        config = uvicorn.Config(
            guard,
            http="h11",
            ws="wsproto",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            ws_max_size=MOST_FRAME_BYTES,
            ws_per_message_deflate=False,  # which takes longer than the way within a machine
            timeout_graceful_shutdown=ENDING,
        )
        self._server = uvicorn.Server(config)
        # In a thread of its own, where it takes no signals: those end the command.
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="server", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """What to open in a browser."""
        host = "localhost" if is_everywhere(self.host) else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/?token={self.token}"

    def wait(self) -> None:
        """Waits until the server ends; it runs until :meth:`close` or an interrupt.

        The thread itself is not joined here: one whose `join` Ctrl-C has interrupted passes for
        ended (Python 3.11), and :meth:`close` would no longer wait for it.
        """
        self._ended.wait()

    def _serve(self) -> None:
        try:
            self._server.run([self._socket])
        finally:
            self._ended.set()

    def close(self) -> None:
        """Ends the server and stops all work."""
        self._server.should_exit = True
        self.site.ending[0] = 1
        self._thread.join()
        self._socket.close()
        self._threads.shutdown()
        self.engine.close()

    def __enter__(self) -> Serving:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def stages_for(runs: int | None, stages: Sequence[int] = STAGES) -> tuple[int, ...]:
    """The stages of an app that is started on a result: the last is the number of its runs, unless
    they are over 4,000; else the usual ones."""
    if runs is None or runs > MOST_RUNS:
        return tuple(stages)
    return (*(stage for stage in stages if stage < runs), runs)


def listening(host: str, port: int | None) -> socket.socket:
    """A socket that listens, on the first port that is free where none is given.

    Raises:
        RelsimError: the port is taken, or the host is none of this machine.
    """
    tried = [port] if port is not None else [*range(FIRST_PORT, FIRST_PORT + PORTS_TRIED), 0]
    for number in tried:
        try:
            family = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0][0]
            return socket.create_server((host, number), family=family, backlog=128)
        except OSError as error:
            # Python adds what was attempted, which the sentence says.
            reason = (error.strerror or str(error)).partition(" (while attempting")[0]
    if port is None:
        raise RelsimError(f"Nothing can listen on {host}: {reason}.")
    raise RelsimError(
        f"Port {port} of {host} cannot be used: {reason}. Without --port, "
        "one that is free is taken."
    )


def _script() -> str:
    with Painter() as painter:
        return painter.script()
