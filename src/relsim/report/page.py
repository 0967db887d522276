"""Templates to pages: everything inside one file, every text escaped."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from relsim import __version__
from relsim.figures.save import definition


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("relsim.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        thousands="{:,}".format,
        json_text=lambda data: json.dumps(data, ensure_ascii=False, indent=2),
    )
    return environment


def render(template: str, script: str, **content: Any) -> str:
    """A page of a template.

    Args:
        template: its name, as in ``result.html``.
        script: the scripts that show charts, from :meth:`relsim.figures.save.Painter.script`.
        content: what the template names. Charts go through :func:`chart_data`.
    """
    return (
        _environment()
        .get_template(template)
        .render(
            script=_inside_script(script),
            controls=_asset("page.js"),
            style=_asset("page.css"),
            version=__version__,
            **content,
        )
    )


def chart_data(chart: Any) -> dict[str, Any]:
    """A chart as data for the ``tojson`` filter of a template."""
    return definition(chart)


def _asset(name: str) -> Markup:
    text = files("relsim.report").joinpath("templates", name).read_text(encoding="utf-8")
    return Markup(text)


def _inside_script(script: str) -> Markup:
    """A script as it may stand inside a page: nothing in it ends its element."""
    return Markup(script.replace("</script", "<\\/script"))
