"""One open page: the scenario and the base that it has open, and the latest change to them.

The page sends all its changes at once, and a :class:`Visitor` answers the latest and drops those
before it. For each stage, which is a number of runs, the engine (:mod:`relsim.app.engine`)
simulates as many of the changed scenario and of its base, and :mod:`relsim.app.pictures` makes of
the two ensembles the picture that is sent. The first stage is always finished; a newer change
stops the later ones and the account of why, which also give way to the first stages of others.
"""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from starlette.websockets import WebSocketDisconnect

from relsim import __version__
from relsim.analysis.explain import subject_of
from relsim.analysis.recorded import pairing_obstacle
from relsim.app import opening, pictures, reasons
from relsim.app.engine import Engine, Growing
from relsim.app.folder import Folder, Start
from relsim.app.keep import Recipe, command_of, keep, python_of
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
    problems_of,
    read_message,
)
from relsim.app.stepping import Stepping
from relsim.ensemble.chunks import Stop, Stopped, new_stop
from relsim.errors import RelsimError, ResultsError
from relsim.model.mesa_model import StateAgent
from relsim.scenario.schema import Scenario

GONE = (WebSocketDisconnect, OSError, RuntimeError)  # what sending to a page that has left raises

# Seconds for which later stages give way to the first pictures of others, and between two looks
# whether they still have to.
LONGEST_WAY, GLANCE = 1.0, 0.01

Answer = TypeVar("Answer")
Send = Callable[[str], Awaitable[None]]


class FirstPictures:
    """The first pictures that are being made for all visitors, to which later ones give way.

    Where ten people drag at once, the picture of 200 runs of one would only delay the first
    pictures of nine, and be overtaken by the next change of that one before it is there.
    """

    def __init__(self) -> None:
        self._in_hand = 0

    def __enter__(self) -> None:
        self._in_hand += 1

    def __exit__(self, *_: object) -> None:
        self._in_hand -= 1

    async def give_way(self, stop: Stop) -> None:
        """Waits until none is being made, or for a second.

        Raises:
            Stopped: ``stop`` was set.
        """
        end = time.monotonic() + LONGEST_WAY
        while not stop[0] and self._in_hand and time.monotonic() < end:
            await asyncio.sleep(GLANCE)
        if stop[0]:
            raise Stopped


@dataclass(frozen=True)
class Shared:
    """What all visitors share.

    Attributes:
        start: the folder, and the scenario that is opened first.
        here: the folder that the app was started in; copied commands are relative to it.
        engine: simulates.
        threads: where all that takes longer than a moment is done.
        agent_class: by which states decide in step mode; the standard rule where None.
        first_pictures: that are being made.
    """

    start: Start
    here: Path
    engine: Engine
    threads: ThreadPoolExecutor
    agent_class: type[StateAgent] | None = None
    first_pictures: FirstPictures = field(default_factory=FirstPictures)

    @property
    def folder(self) -> Folder:
        """The folder that files are read from and written to."""
        return self.start.folder


@dataclass(frozen=True)
class Opened:
    """A scenario that a page has open, and the base that it is compared with.

    Attributes:
        file, scenario: its path from the folder, and the scenario as the file has it.
        base: the file and the changes of the base.
        base_growing: the ensemble of the base.
        seed: of both ensembles.
    """

    file: str
    scenario: Scenario
    base: Base
    base_growing: Growing
    seed: int


@dataclass
class Changed:
    """The open scenario with the latest changes.

    Attributes:
        changes: all of them, as text.
        scenario: with the changes.
        growing: its ensemble; None until a picture was asked for.
        runs: number of runs of its last picture; 0 where there was none.
    """

    changes: str
    scenario: Scenario
    growing: Growing | None = None
    runs: int = 0


class Visitor:
    """Answers the messages of one page; of changes the latest, so that none waits in a queue.

    Args:
        shared: what all visitors share.
        send: sends a text to the page; raises one of GONE where that has left.
    """

    def __init__(self, shared: Shared, send: Send) -> None:
        self._shared, self._send_text = shared, send
        self._opened: Opened | None = None
        self._changed: Changed | None = None
        self._next: Change | None = None
        self._answering: asyncio.Task[None] | None = None
        self._first_pictures_sent = asyncio.Event()  # of all changes that came
        self._first_pictures_sent.set()
        self._first_stage_only = False  # while another scenario or base is to be opened
        self._stop_later = new_stop()  # of the present change, all after its first picture
        self._stop_all = new_stop()
        self._stepping = Stepping(shared.agent_class)

    async def send_scenarios(self) -> None:
        """Sends the list of the scenarios in the folder, the first message of a connection."""
        folder = self._shared.folder
        listed = await self._in_thread(folder.scenarios)
        files = [{"file": each.file, "name": each.name, "about": each.about} for each in listed]
        here = folder.root.name or str(folder.root)
        await self._send(
            {"type": "scenarios", "files": files, "here": here, "version": __version__}
        )

    async def receive(self, text: str | bytes) -> None:
        """Answers a message from the page. Errors are sent to the page; none is raised.

        Of a page that has left, messages may still come, and are passed over.
        """
        if self._stop_all[0]:
            return
        kind = ""
        try:
            message = read_message(text)
            kind = message.type
            if isinstance(message, Change):
                self._start_answering(message)
            elif isinstance(message, Open | Freeze):
                await self._finish_first_stages()
                await self._answer_opening(message)
            else:
                await self._first_pictures_sent.wait()
                await self._answer_other(message)
        except MessageError as error:
            await self._send({"type": "failed", "to": kind or error.kind, "text": str(error)})
        except RelsimError as error:
            await self._send_refusal(0, error, kind)
        except Exception as error:
            await self._send_failure(0, error, kind)

    async def close(self) -> None:
        """Stops the work for this page, and frees its memory."""
        self._stop_all[0] = self._stop_later[0] = 1
        self._next = None
        if self._answering is not None:
            await self._answering
        await self._in_thread(self._stepping.close)
        self._opened = self._changed = None

    def _now_open(self) -> Opened:
        """The open scenario.

        Raises:
            MessageError: there is none yet.
        """
        if self._opened is None:
            raise MessageError("No scenario has been opened yet.")
        return self._opened

    # Changes

    def _start_answering(self, change: Change) -> None:
        """Makes a change the next to be answered, in place of one that still waits."""
        self._now_open()
        self._next = change
        self._first_pictures_sent.clear()
        self._stop_later[0] = 1
        if self._answering is None or self._answering.done():
            self._answering = asyncio.create_task(self._answer_changes())

    async def _answer_changes(self) -> None:
        """Answers the next change, until there is none."""
        while (change := self._next) is not None:
            self._next, self._stop_later = None, new_stop()
            self._stop_later[0] = self._first_stage_only
            try:
                await self._answer(change, self._stop_later)
            except Stopped as stopped:
                # Its trace leads to all runs in hand, in a circle that is collected late.
                stopped.__traceback__ = None
            except RelsimError as error:
                await self._send_refusal(change.number, error, change.type)
            except Exception as error:
                await self._send_failure(change.number, error, change.type)
        self._first_pictures_sent.set()

    async def _finish_first_stages(self) -> None:
        """Waits until every change that came has its first picture; later stages are stopped."""
        if self._answering is not None:
            self._first_stage_only = True
            self._stop_later[0] = 1
            await self._answering
            self._first_stage_only = False

    async def _answer(self, change: Change, stop_later: Stop) -> None:
        """Sends the pictures of a change, its pulls if the page asks for them, and why.

        Raises:
            Stopped: a newer change came after the first picture.
            RelsimError: the changes, the pair or the month are wrong.
        """
        opened, first_pictures = self._now_open(), self._shared.first_pictures
        with first_pictures:
            changed = await self._with_changes(opened, change.changes)
            pair = _pair_of(changed.scenario, change.pair)
            selection = pictures.Selection(pair, change.month, change.view)
            if changed.growing is None:
                _refuse_unpaired(opened.base_growing.scenario, changed.scenario, opened.seed)
                growing = self._shared.engine.growing
                changed.growing = await self._in_thread(growing, changed.scenario, opened.seed)
            first, *later = [
                _Work(self._shared.engine, changed.growing, opened.base_growing, runs, selection)
                for runs in changed.growing.stages
                if runs >= changed.runs
            ]
            await self._send_picture(first, change.number, changed, self._stop_all)
        if self._next is None:
            self._first_pictures_sent.set()
        if change.pulls:
            await first_pictures.give_way(stop_later)
            await self._send_made(partial(first.pulls, stop_later), number=change.number)
        for work in later:
            await first_pictures.give_way(stop_later)
            await self._send_picture(work, change.number, changed, stop_later)
        await first_pictures.give_way(stop_later)
        await self._send_made(partial((first, *later)[-1].why, stop_later), number=change.number)

    async def _send_picture(self, work: _Work, number: int, changed: Changed, stop: Stop) -> None:
        last = work.runs == work.growing.stages[-1]
        await self._send_made(partial(work.picture, stop), number=number, last=last)
        changed.runs = work.runs

    async def _with_changes(self, opened: Opened, changes: dict[str, Any]) -> Changed:
        """The open scenario with changes, at hand where they are those of the last time."""
        text = as_text(changes)
        if self._changed is None or self._changed.changes != text:
            scenario = opened.scenario
            if changes:
                scenario = await self._in_thread(scenario.with_changes, changes)
            self._changed = Changed(text, scenario)
        return self._changed

    # Other messages

    async def _answer_opening(self, message: Open | Freeze) -> None:
        if isinstance(message, Freeze):
            opened = self._now_open()
            await self._open(opened.file, message.base, opened.seed, {})
            return
        start = self._shared.start
        if message.scenario is not None:
            start = Start(start.folder, message.scenario)
        seed = start.seed if message.seed is None else message.seed
        await self._open(start.file, message.base, seed, start.changes)

    async def _answer_other(self, message: Keep | Copy | Step) -> None:
        opened = self._now_open()
        match message:
            case Keep():
                await self._keep(opened, message)
            case Copy():
                await self._copy(opened, message)
            case Step():
                changed = await self._with_changes(opened, message.changes)
                step = partial(self._stepping.answer, changed.scenario, opened.seed, message)
                await self._send_made(step)

    async def _open(
        self, file: str, base: Base | None, seed: int | None, changes: dict[str, Any]
    ) -> None:
        """Opens a scenario beside a base, which is the scenario itself where there is none.

        Raises:
            RelsimError: a file lies outside or has problems, or the two cannot be paired.
        """

        def open_both() -> tuple[Opened, str]:
            folder, engine = self._shared.folder, self._shared.engine
            scenario, against, base_scenario = opening.load_with_base(folder, file, base)
            common_seed = scenario.ensemble.seed if seed is None else seed
            _refuse_unpaired(base_scenario, scenario, common_seed)
            base_growing = engine.base(base_scenario, common_seed)
            growing = engine.growing(scenario, common_seed)
            message = opening.opened(file, growing, against, base_growing)
            now = Opened(file, scenario, against, base_growing, common_seed)
            return now, as_text({**message, "changes": changes})

        before = self._opened
        now, text = await self._in_thread(open_both)
        self._opened = now
        own = (file, now.seed, now.scenario)  # the same file may have been edited
        if before is None or (before.file, before.seed, before.scenario) != own:
            self._changed = None
        await self._send_ready(text)

    async def _keep(self, opened: Opened, message: Keep) -> None:
        folder = self._shared.folder
        recipe = self._recipe(opened, message.changes)

        def kept() -> str | None:
            return keep(
                opened.scenario, recipe, folder, message.file, message.name, replace=message.replace
            )

        file = await self._in_thread(kept)
        kind = "exists" if file is None else "kept"
        await self._send({"type": kind, "file": message.file if file is None else file})

    async def _copy(self, opened: Opened, message: Copy) -> None:
        here = self._shared.here
        recipe = self._recipe(opened, message.changes)
        base_file = self._shared.folder.path(opened.base.scenario)
        base = Recipe(base_file, opened.base.changes, recipe.runs, recipe.seed)
        command, python = command_of(recipe, here), python_of(recipe, base, here)
        await self._send({"type": "copied", "command": command, "python": python})

    def _recipe(self, opened: Opened, changes: dict[str, Any]) -> Recipe:
        """The recipe of what is shown: with the runs of the last picture, or, where there was none,
        of the last stage."""
        file = self._shared.folder.path(opened.file)
        runs = self._changed.runs if self._changed is not None else 0
        runs = runs or self._shared.engine.stages[-1]
        return Recipe(file, changes, runs, opened.seed)

    # Threads and sending

    async def _in_thread(self, call: Callable[..., Answer], *arguments: Any) -> Answer:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._shared.threads, call, *arguments)

    async def _send_made(self, make: Callable[[], dict[str, Any]], **parts: Any) -> None:
        """Sends a message that is made, and written as text, in a thread."""
        await self._send_ready(await self._in_thread(lambda: as_text({**make(), **parts})))

    async def _send(self, message: dict[str, Any]) -> None:
        await self._send_ready(as_text(message))

    async def _send_ready(self, text: str) -> None:
        if self._stop_all[0]:
            return
        try:
            await self._send_text(text)
        except GONE:
            self._stop_all[0] = self._stop_later[0] = 1
            self._next = None

    async def _send_refusal(self, number: int, error: RelsimError, to: str) -> None:
        problems = problems_of(error, self._shared.folder)
        await self._send({"type": "refused", "number": number, "to": to, "problems": problems})

    async def _send_failure(self, number: int, error: Exception, to: str) -> None:
        traceback.print_exception(error, file=sys.stderr)
        text = "This went wrong in a way that was not foreseen; the terminal says more."
        await self._send({"type": "failed", "number": number, "to": to, "text": text})


@dataclass(frozen=True)
class _Work:
    """The messages of one stage of a change, each made in a thread.

    Each raises :class:`Stopped` once its ``stop`` is set.
    """

    engine: Engine
    growing: Growing
    base_growing: Growing
    runs: int
    selection: pictures.Selection

    def picture(self, stop: Stop) -> dict[str, Any]:
        begun = time.perf_counter()
        ensemble = self.growing.grow(self.runs, stop)
        base = self.base_growing.grow(self.runs, stop)
        verdicts = self.growing.verdicts(self.runs, stop)
        of_base = self.base_growing.verdicts(self.runs, stop)
        content = pictures.picture(ensemble, base, self.selection, verdicts, of_base)
        return {**content, "seconds": round(time.perf_counter() - begun, 4)}

    def pulls(self, stop: Stop) -> dict[str, Any]:
        ensemble = self.growing.grow(self.runs, stop)
        turn = self.engine.turn(len(self.engine.stages), stop)
        return reasons.pulls(ensemble, self.selection.month, executor=turn, stop=stop)

    def why(self, stop: Stop) -> dict[str, Any]:
        ensemble = self.growing.grow(self.runs, stop)
        base = self.base_growing.grow(self.runs, stop)
        pair, month = self.selection.pair, self.selection.month
        return reasons.why(self.engine, ensemble, base, pair, month, stop)


def _refuse_unpaired(base: Scenario, scenario: Scenario, seed: int) -> None:
    """Refuses a scenario and a base whose runs cannot be paired, before any is simulated: of one
    with thousands of years, that takes long.

    Raises:
        ResultsError: they cannot.
    """
    paired = (subject_of(each, seed=seed) for each in (base, scenario))
    if reason := pairing_obstacle(*paired):
        raise ResultsError(reason)


def _pair_of(scenario: Scenario, pair: str | None) -> str:
    """The subject of a page: the first watched pair where it names none.

    Raises:
        ResultsError: it is no pair of two states of the scenario.
    """
    if pair is None:
        return scenario.pair_names(scenario.watched_pairs[:1])[0]
    states = pair.split("-")
    if len(states) != 2 or states[0] == states[1] or not set(states) <= set(scenario.states):
        raise ResultsError(f"{pair} is no pair of two states of this scenario.")
    return scenario.pair_name(pair)
