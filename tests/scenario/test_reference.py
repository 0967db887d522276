"""scenarios/README.md says what the format is."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import BaseModel

from relsim.experiments.experiment import Experiment
from relsim.scenario.schema import Scenario

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


FORMATS = (Scenario, Experiment)


@pytest.mark.parametrize("root", FORMATS)
def test_committed_reference_is_current(script: ModuleType, root: type[BaseModel]) -> None:
    text = script.DOCUMENTS[root].read_text(encoding="utf-8")
    assert script.updated(text, root) == text, "Run: make schema"


@pytest.mark.parametrize("root", FORMATS)
def test_every_key_of_every_part_has_a_row(script: ModuleType, root: type[BaseModel]) -> None:
    text = script.reference_text(root)
    parts: dict[type[BaseModel], list[str]] = script._models(root)
    assert len(parts) > 9
    for part in parts:
        section = text.split(f"### {script._title(part)}\n")[1].split("\n### ")[0]
        for name, field in part.model_fields.items():
            assert f"\n| `{field.alias or name}` |" in section


def test_readme_without_marks_is_refused(script: ModuleType) -> None:
    with pytest.raises(ValueError, match="lacks"):
        script.updated("no marks here")


def test_every_error_and_warning_code_is_explained() -> None:
    experiments = ROOT / "src/relsim/experiments"
    sources = [
        experiments / "load.py",
        experiments / "schema.py",
        *(ROOT / "src/relsim/scenario").glob("*.py"),
        ROOT / "src/relsim/model/stability.py",
    ]
    codes = {code for file in sources for code in CODE.findall(file.read_text(encoding="utf-8"))}
    pages = (README, ROOT / "docs" / "experiments.md")
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    missing = sorted(code for code in codes - NOT_CODES if f"`{code}`" not in text)
    assert not missing, f"Explain in scenarios/README.md: {missing}"
