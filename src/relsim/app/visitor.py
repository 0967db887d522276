"""One open page: what it looks at, the latest change of it, and what is still being worked out."""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from starlette.websockets import WebSocketDisconnect

from relsim import __version__
from relsim.app import pictures
from relsim.app.engine import Engine, Growing
from relsim.app.folder import Folder, Start
from relsim.app.keep import Picture, command_of, keep, python_of
from relsim.app.messages import (
    Base,
    Change,
    Copy,
    Freeze,
    Keep,
    MessageError,
    Open,
    Step,
    as_text,
    read_message,
)
from relsim.app.stepping import Stepping
from relsim.ensemble.chunks import Stop, Stopped, new_stop
from relsim.errors import RelsimError, ResultsError, ScenarioError
from relsim.model.mesa_model import StateAgent
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario

MOST_PROBLEMS = 50  # of a refusal that are sent
LONGEST_TEXT = 500  # characters of one
GONE = (WebSocketDisconnect, OSError, RuntimeError)  # what sending to a page that has left raises
CHANGE = "change "  # how positions name a change, before its path

Answer = TypeVar("Answer")
Send = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Shared:
    """What all visitors share.

    Attributes:
        start: the folder, and what is shown first.
        here: the folder that the app was started in, which commands are given in.
        engine: what simulates.
        threads: where all that takes longer than a moment is done.
        agent_class: by which states decide in step mode; the standard rule where None.
    """

    start: Start
    here: Path
    engine: Engine
    threads: ThreadPoolExecutor
    agent_class: type[StateAgent] | None = None

    @property
    def folder(self) -> Folder:
        """What is read and written in."""
        return self.start.folder


@dataclass(frozen=True)
class Look:
    """A scenario and the base that it is compared with.

    Attributes:
        file, scenario: its path from the folder, and the scenario as the file has it.
        base: the file and the changes of the base.
        growing: the runs of the base.
        seed: of both.
    """

    file: str
    scenario: Scenario
    base: Base
    growing: Growing
    seed: int


@dataclass
class Shown:
    """The changed scenario that was asked for last.

    Attributes:
        changes: all that is changed, as text.
        scenario: with the changes.
        growing: its runs; None until a picture was asked for.
        runs: of its last picture; 0 where there was none.
    """

    changes: str
    scenario: Scenario
    growing: Growing | None = None
    runs: int = 0


class Visitor:
    """What one page asks, answered: the latest change wins, and nothing waits in a queue.

    The first picture of a change is always finished. What refines it is left off as soon as there
    is a newer one.

    Args:
        shared: what all visitors share.
        send: sends a text to the page; raises one of GONE where that has left.
    """

    def __init__(self, shared: Shared, send: Send) -> None:
        self._shared, self._send_text = shared, send
        self._look: Look | None = None
        self._shown: Shown | None = None
        self._waiting: Change | None = None
        self._answering: asyncio.Task[None] | None = None
        self._hurried = False
        self._later = new_stop()  # ends what refines the present picture
        self._left = new_stop()  # ends everything
        self._stepping = Stepping(shared.agent_class)

    async def welcome(self) -> None:
        """Says which scenarios there are."""
        folder = self._shared.folder
        listed = await self._in_thread(folder.scenarios)
        files = [{"file": each.file, "name": each.name, "about": each.about} for each in listed]
        here = folder.root.name or str(folder.root)
        await self._send(
            {"type": "scenarios", "files": files, "here": here, "version": __version__}
        )

    async def hear(self, text: str | bytes) -> None:
        """Takes a message from the page. What is wrong is told to the page and raised nowhere."""
        kind = ""
        try:
            message = read_message(text)
            kind = message.type
            if isinstance(message, Change):
                self._take(message)
            else:
                await self._do(message)
        except MessageError as error:
            await self._send({"type": "failed", "text": str(error)})
        except RelsimError as error:
            await self._refuse(0, error, kind)
        except Exception as error:
            await self._fail(error)

    async def leave(self) -> None:
        """Ends what is being worked out, and frees what was held."""
        self._left[0] = self._later[0] = 1
        self._waiting = None
        if self._answering is not None:
            await self._answering
        await self._in_thread(self._stepping.close)
        self._look = self._shown = None

    # Changes

    def _take(self, change: Change) -> None:
        """Answers a change, next if another is being answered."""
        if self._look is None:
            raise MessageError("No scenario has been opened yet.")
        self._waiting = change
        self._later[0] = 1
        if self._answering is None or self._answering.done():
            self._answering = asyncio.create_task(self._answer_all())

    async def _answer_all(self) -> None:
        """Answers the change that waits, until none does."""
        while (change := self._waiting) is not None:
            self._waiting, self._later = None, new_stop()
            self._later[0] = self._hurried
            try:
                await self._answer(change, self._later)
            except Stopped:
                pass
            except RelsimError as error:
                await self._refuse(change.number, error, change.type)
            except Exception as error:
                await self._fail(error, change.number)

    async def _settled(self) -> None:
        """Waits until every change that came has its first picture."""
        if self._answering is not None:
            self._hurried = True
            self._later[0] = 1
            await self._answering
            self._hurried = False

    async def _answer(self, change: Change, later: Stop) -> None:
        """Sends the pictures of a change, and why they are as they are.

        Raises:
            Stopped: a newer change came after the first picture.
            RelsimError: it cannot be made.
        """
        look = self._look
        assert look is not None
        shown = await self._changed(change.changes)
        pair = _pair(shown.scenario, change.pair)
        asked = pictures.Asked(pair, change.month, change.view)
        if shown.growing is None:
            growing = self._shared.engine.growing
            shown.growing = await self._in_thread(growing, shown.scenario, look.seed)
        stages = shown.growing.stages
        stop, last = self._left, stages[-1]
        for runs in [stage for stage in stages if stage >= shown.runs]:
            head = {"number": change.number, "last": runs == last}
            work = _Work(self._shared.engine, shown.growing, look.growing, runs, asked, stop)
            await self._send_text_of(work.picture, head)
            shown.runs = runs
            self._leave_off(later)
            if change.pulls and stop is self._left:
                await self._send_text_of(replace(work, stop=later).pulls, {"number": change.number})
                self._leave_off(later)
            stop = later
        await self._send_text_of(replace(work, stop=later).why, {"number": change.number})

    def _leave_off(self, later: Stop) -> None:
        if later[0]:
            raise Stopped

    async def _changed(self, changes: dict[str, Any]) -> Shown:
        """The scenario with changes; as it is at hand where they are those of the last time."""
        assert self._look is not None
        text = as_text(changes)
        if self._shown is None or self._shown.changes != text:
            scenario = self._look.scenario
            changed = await self._in_thread(scenario.with_changes, changes) if changes else scenario
            self._shown = Shown(text, changed)
        return self._shown

    # All else

    async def _do(self, message: Open | Freeze | Keep | Copy | Step) -> None:
        await self._settled()
        if isinstance(message, Open):
            file = self._shared.start.file if message.scenario is None else message.scenario
            first = (
                self._shared.start if message.scenario is None else Start(self._shared.folder, file)
            )
            seed = first.seed if message.seed is None else message.seed
            await self._open(file, message.base, seed, first.changes)
            return
        look = self._look
        if look is None:
            raise MessageError("No scenario has been opened yet.")
        match message:
            case Freeze():
                await self._open(look.file, message.base, look.seed)
            case Keep():
                await self._keep(look, message)
            case Copy():
                seed = look.seed if message.seed is None else message.seed
                runs = self._shared.engine.stages[-1]
                own_file = self._shared.folder.path(look.file)
                base_file = self._shared.folder.path(look.base.scenario)
                picture = Picture(own_file, message.changes, runs, seed)
                base = Picture(base_file, look.base.changes, runs, seed)
                here = self._shared.here
                await self._send(
                    {
                        "type": "copied",
                        "command": command_of(picture, here),
                        "python": python_of(picture, base, here),
                    }
                )
            case Step():
                shown = await self._changed(message.changes)
                answer = self._stepping.answer
                await self._send_text_of(
                    lambda: answer(shown.scenario, look.seed, message), {"type": "stepped"}
                )

    async def _open(
        self, file: str, base: Base | None, seed: int | None, changes: dict[str, Any] | None = None
    ) -> None:
        """Opens a scenario beside a base, which is the scenario itself where there is none."""

        def opened() -> tuple[Look, str]:
            scenario = load(self._shared.folder.path(file))
            chosen = scenario.ensemble.seed if seed is None else seed
            against = base or Base(scenario=file)
            beside = (
                scenario
                if against == Base(scenario=file)
                else load(self._shared.folder.path(against.scenario), against.changes)
            )
            engine = self._shared.engine
            look = Look(file, scenario, against, engine.base(beside, chosen), chosen)
            growing = engine.growing(scenario, chosen)
            message = pictures.opened(
                scenario,
                beside,
                against.scenario,
                against.changes,
                file,
                chosen,
                growing.stages,
                growing.record,
            )
            return look, as_text({**message, "changes": changes or {}})

        before = self._look
        look, text = await self._in_thread(opened)
        self._look = look
        if before is None or (before.file, before.seed) != (file, look.seed):
            self._shown = None
        await self._send_ready(text)

    async def _keep(self, look: Look, message: Keep) -> None:
        shown = self._shown
        runs = shown.runs if shown is not None and shown.runs else self._shared.engine.stages[-1]
        folder = self._shared.folder
        picture = Picture(folder.path(look.file), message.changes, runs, look.seed)

        def kept() -> str | None:
            return keep(
                look.scenario, picture, folder, message.file, message.name, replace=message.replace
            )

        file = await self._in_thread(kept)
        kind = "exists" if file is None else "kept"
        await self._send({"type": kind, "file": message.file if file is None else file})

    # Threads and the line

    async def _in_thread(self, call: Callable[..., Answer], *arguments: Any) -> Answer:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._shared.threads, call, *arguments)

    async def _send_text_of(self, call: Callable[[], dict[str, Any]], head: dict[str, Any]) -> None:
        """Sends what a call gives, which is made and written as text in a thread."""
        await self._send_ready(await self._in_thread(lambda: as_text({**call(), **head})))

    async def _send(self, message: dict[str, Any]) -> None:
        await self._send_ready(as_text(message))

    async def _send_ready(self, text: str) -> None:
        if self._left[0]:
            return
        try:
            await self._send_text(text)
        except GONE:
            self._left[0] = self._later[0] = 1
            self._waiting = None

    async def _refuse(self, number: int, error: RelsimError, to: str) -> None:
        problems = problems_of(error, self._shared.folder)
        await self._send({"type": "refused", "number": number, "to": to, "problems": problems})

    async def _fail(self, error: Exception, number: int = 0) -> None:
        traceback.print_exception(error, file=sys.stderr)
        text = "This went wrong in a way that was not foreseen; the terminal says more."
        await self._send({"type": "failed", "number": number, "text": text})


@dataclass(frozen=True)
class _Work:
    """What is worked out in a thread for one stage of a picture."""

    engine: Engine
    growing: Growing
    base: Growing
    runs: int
    asked: pictures.Asked
    stop: Stop

    def picture(self) -> dict[str, Any]:
        begun = time.perf_counter()
        ensemble = self.growing.grow(self.runs, self.stop)
        base = self.base.grow(self.runs, self.stop)
        others = self.engine.compared_with(ensemble, self.stop)
        content = pictures.picture(ensemble, base, self.asked, others)
        return {**content, "seconds": round(time.perf_counter() - begun, 4)}

    def pulls(self) -> dict[str, Any]:
        ensemble = self.growing.grow(self.runs, self.stop)
        turn = self.engine.turn(len(self.engine.stages), self.stop)
        return pictures.pulls(ensemble, self.asked.month, executor=turn, stop=self.stop)

    def why(self) -> dict[str, Any]:
        ensemble = self.growing.grow(self.runs, self.stop)
        base = self.base.grow(self.runs, self.stop)
        asked = self.asked
        return pictures.why(self.engine, ensemble, base, asked.pair, asked.month, self.stop)


def _pair(scenario: Scenario, pair: str | None) -> str:
    """The pair that a page is about: the first that is watched where it names none.

    Raises:
        ResultsError: it is no pair of two states of the scenario.
    """
    if pair is None:
        return scenario.pair_names(scenario.watched_pairs[:1])[0]
    states = pair.split("-")
    if len(states) != 2 or states[0] == states[1] or not set(states) <= set(scenario.states):
        raise ResultsError(f"{pair} is no pair of two states of this scenario.")
    return scenario.pair_name(pair)


def problems_of(error: RelsimError, folder: Folder) -> list[dict[str, str]]:
    """What is wrong, in the loader's words, with the path of the change that it is about; empty
    where it is about none."""
    if not isinstance(error, ScenarioError):
        return [{"path": "", "text": str(error)}]
    problems = []
    for problem in error.problems[:MOST_PROBLEMS]:
        position, words = problem.position, f"{problem.text} {problem.hint}".strip()
        path = position.file.removeprefix(CHANGE) if position.file.startswith(CHANGE) else ""
        if not path and Path(position.file).is_absolute():
            line = f", line {position.line}" if position.line else ""  # none of a file that is gone
            words = f"{folder.name_of(Path(position.file))}{line}: {words}"
        problems.append({"path": path, "text": words[:LONGEST_TEXT]})
    return problems
