"""Plain data to YAML text that :mod:`relsim.scenario.reader` reads back as it was."""

from __future__ import annotations

from typing import Any

import yaml

from relsim.scenario.reader import scalar_value
from relsim.words import true_minus


class _Dumper(yaml.SafeDumper):
    """PyYAML's dumper, which quotes what YAML 1.1 would misread, and what 1.2 would as well."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if isinstance(scalar_value(text), str) else "'"  # as in 1e3
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def yaml_text(data: Any) -> str:
    """The data in block style, in its own order."""
    text: str = yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)
    return text


def flow_text(data: Any) -> str:
    """The data in flow style on one line, as ``--set`` takes it."""
    dumped: str = yaml.dump(
        data,
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=float("inf"),
        default_flow_style=True,
    )
    return dumped.removesuffix("\n").removesuffix("\n...")


def shown_text(data: Any) -> str:
    """The same for people to read, who see numbers with one minus sign everywhere."""
    return true_minus(flow_text(data))
