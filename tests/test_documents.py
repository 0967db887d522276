"""What the documents show works as shown."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml

from commands import spawned
from relsim.scenario.load import check_text, load
from scenarios_to_test import FAMILY, ROOT, STATUS_QUO

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def test_the_scenario_of_the_readme_is_valid() -> None:
    claims, scenario = blocks(README, "yaml")
    checked = check_text(scenario)
    assert (checked.problems, checked.warnings) == ((), ())
    shipped = yaml.safe_load((FAMILY / "armenia-recognition.yaml").read_text(encoding="utf-8"))
    for name, claim in yaml.safe_load(claims)["claims"].items():
        assert shipped["claims"][name] == claim


def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = blocks(README, "python")
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    assert {"effect", "result", "model"} <= set(names)
    assert (tmp_path / "results" / "status-quo").is_dir()


TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")


def test_the_python_of_the_tutorial_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for code in blocks(TUTORIAL, "python"):
        exec(compile(code, "tutorial.md", "exec"), names)
    assert {path.name for path in Path("my-figures").glob("*.png")} == {"difference.png", "why.png"}


@pytest.mark.slow
@pytest.mark.parametrize("command", "".join(blocks(TUTORIAL, "sh")).splitlines())
def test_the_commands_of_the_tutorial_run(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    monkeypatch.chdir(tmp_path)
    if "new" not in command:
        _relsim("new my-question.yaml")
    assert _relsim(command) == 0


def _relsim(command: str) -> int:
    return spawned(*shlex.split(command.removeprefix("relsim "))).returncode


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("scenarios/**/*.md")]:
        text = document.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
            if not target.startswith("http") and not (document.parent / target).exists():
                broken.append(f"{document.name}: {target}")
    assert broken == []


def test_tests_named_in_the_model_description_exist() -> None:
    described = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "ODD.md").read_text("utf-8")))
    written = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
    }
    assert described
    assert described <= written


def test_the_claims_and_effects_of_the_guide_to_coding_are_valid() -> None:
    text = (ROOT / "docs" / "codebook.md").read_text(encoding="utf-8")
    base = load(STATUS_QUO)
    claims = re.findall(r"`(\{(?:level|change|order|reach|halfway): [^`]*\})`", text)
    assert len(claims) == 9
    for claim in claims:
        base.with_changes({"claims.it": {"says": "x", "expect": yaml.safe_load(claim)}})
    effects = re.findall(r"`(\{(?:pulse|add): [^`]*\})`", text)
    assert len(effects) == 2
    for effect in effects:
        event = {"at": "2021-01", "effects": [yaml.safe_load(effect)]}
        base.with_changes({"events.it": event})
