"""One app and one browser for all tests of the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.live_page import opened, opened_or_reset
from relsim.app.server import Serving
from report.browser import browsing, complaints
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
