"""Charts as pictures, drawn in this process: one engine serves all tests that only read the SVG."""

from __future__ import annotations

from typing import Any

from relsim.figures.inline import drawn


def svg_of(chart: Any) -> str:
    """The SVG of a chart."""
    return drawn(chart, "in a test").svg
