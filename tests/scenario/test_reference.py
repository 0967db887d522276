"""scenarios/README.md says what the format is."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import BaseModel

ROOT = Path(__file__).parents[2]
README = ROOT / "scenarios" / "README.md"
CODE = re.compile(r'"((?:[a-z]+-)+[a-z0-9]+)"')
NOT_CODES = {"utf-8", "utf-8-sig"}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "write_reference", ROOT / "scripts" / "write_reference.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_committed_reference_is_current(script: ModuleType) -> None:
    text = README.read_text(encoding="utf-8")
    assert script.updated(text) == text, "Run: make schema"


def test_every_key_of_every_part_has_a_row(script: ModuleType) -> None:
    text = script.reference_text()
    parts: dict[type[BaseModel], list[str]] = script._models()
    assert len(parts) > 15
    for part in parts:
        section = text.split(f"### {script._title(part)}\n")[1].split("\n### ")[0]
        for name, field in part.model_fields.items():
            assert f"\n| `{field.alias or name}` |" in section


def test_readme_without_marks_is_refused(script: ModuleType) -> None:
    with pytest.raises(ValueError, match="lacks"):
        script.updated("no marks here")


def test_every_error_and_warning_code_is_explained() -> None:
    sources = [*(ROOT / "src/relsim/scenario").glob("*.py"), ROOT / "src/relsim/model/stability.py"]
    codes = {code for file in sources for code in CODE.findall(file.read_text(encoding="utf-8"))}
    text = README.read_text(encoding="utf-8")
    missing = sorted(code for code in codes - NOT_CODES if f"`{code}`" not in text)
    assert not missing, f"Explain in scenarios/README.md: {missing}"
