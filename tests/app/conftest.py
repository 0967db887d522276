"""One app and one browser for all tests of the page, and one picture's two ensembles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.live_page import opened, opened_or_reset
from app.paired import CHANGES, RUNS, SCENARIO, SEED
from benchmarks.browser import browsing
from relsim.app.engine import Engine
from relsim.app.server import Serving
from relsim.ensemble.chunks import new_stop
from report.browser import complaints
from visiting import family_served


@pytest.fixture(scope="package")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """The app on a copy of the shipped family."""
    with family_served(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture(scope="package")
def driver() -> Iterator[Any]:
    with browsing() as one:
        yield one


@pytest.fixture
def page(driver: Any, serving: Serving) -> Iterator[Any]:
    """The page in the state in which it opens; its console has no errors at the end."""
    opened_or_reset(driver, serving.address)
    yield driver
    assert complaints(driver) == []


@pytest.fixture
def fresh_page(driver: Any, serving: Serving) -> Iterator[Any]:
    """The page as it is loaded, for what a change of state does not set back."""
    opened(driver, serving.address)
    yield driver
    assert complaints(driver) == []


@pytest.fixture(scope="package")
def engine() -> Iterator[Engine]:
    made = Engine((RUNS,), workers=2)
    yield made
    made.close()


@pytest.fixture(scope="package")
def pair(engine: Engine) -> tuple[Any, Any]:
    """An ensemble and its base."""
    changed = SCENARIO.with_changes(CHANGES)
    ensemble = engine.base(changed, SEED).grow(RUNS, new_stop())
    return ensemble, engine.base(SCENARIO, SEED).grow(RUNS, new_stop())
