"""Libraries that only experiments need: imported when used, and named where they are missing."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

from relsim.errors import RelsimError


def require(module: str) -> Any:
    """A module of the extra ``experiments``.

    Raises:
        RelsimError: it is not installed.
    """
    try:
        with warnings.catch_warnings():
            # Such as ema_workbench's word that other, unused parts of it lack their libraries.
            warnings.simplefilter("ignore")
            return import_module(module)
    except ImportError as error:
        raise RelsimError(
            f"This experiment needs {module.split('.')[0]}: pip install 'relsim[experiments]'."
        ) from error
