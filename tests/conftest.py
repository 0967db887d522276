"""Settings of the whole suite."""

from __future__ import annotations

import os

# Terminal output is compared as text, so no colours and a width that breaks nothing.
os.environ.update({"NO_COLOR": "1", "COLUMNS": "140", "TERM": "dumb"})
