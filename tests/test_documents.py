"""What the documents show works as shown."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml

from commands import Command, spawned
from relsim import __all__ as public_names
from relsim.figures.save import Painter
from relsim.scenario.load import check_text, load
from scenarios_to_test import ROOT, STATUS_QUO

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks at those of results."""
    monkeypatch.setattr(Painter, "draw_what_can_be", lambda *_: None)


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 150


def test_the_scenario_of_the_readme_is_valid() -> None:
    (scenario,) = blocks(README, "yaml")
    checked = check_text(scenario)
    assert (checked.problems, checked.warnings) == ((), ())
    assert len(scenario.splitlines()) <= 10


@pytest.mark.parametrize("place", range(3))
def test_the_output_in_the_readme_is_real(
    place: int, relsim: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (scenario,) = blocks(README, "yaml")
    (tmp_path / "two-neighbours.yaml").write_text(scenario, encoding="utf-8")
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    monkeypatch.setenv("COLUMNS", "100")
    documented = transcripts(README)
    assert len(documented) == 3
    typed, shown = documented[place]
    assert not_printed(shown, relsim(*typed, cwd=tmp_path).stdout) == []


def test_the_mistakes_in_the_guide_to_scenarios_are_found_as_shown(
    relsim: Command, tmp_path: Path
) -> None:
    text = (ROOT / "scenarios" / "README.md").read_text(encoding="utf-8")
    ((typed, shown),) = transcripts(text)
    (mistaken,) = (block for block in blocks(text, "yaml") if "Three mistakes" in block)
    (tmp_path / typed[-1]).write_text(mistaken, encoding="utf-8")
    done = relsim(*typed, cwd=tmp_path)
    assert not_printed(shown, done.stdout + done.stderr) == []


def transcripts(text: str) -> list[tuple[list[str], list[str]]]:
    """Commands that a document shows, as arguments of relsim, with the lines of their output."""
    found = re.findall(r"```\n\$ relsim (.*?)```", text, flags=re.DOTALL)
    lines = [block.splitlines() for block in found]
    return [(shlex.split(typed), shown) for typed, *shown in lines]


def not_printed(shown: list[str], printed: str) -> list[str]:
    """What differs: every line shown is the next one printed, or a later one after an elision."""
    left = [line.rstrip() for line in printed.splitlines() if line.strip()]
    missing = []
    skipped = False
    for line in shown:
        if line == "…":
            skipped = True
        elif line in (left if skipped else left[:1]):
            left = left[left.index(line) + 1 :]
            skipped = False
        else:
            missing.append(line)
    return missing if skipped or not left else [*missing, *left]


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
    for document in documents():
        text = document.read_text(encoding="utf-8")
        links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
        for target in [*links, *re.findall(r'<img src="([^"]+)"', text)]:
            if not target.startswith("http") and not (document.parent / target).exists():
                broken.append(f"{document.name}: {target}")
    assert broken == []


def test_links_to_a_section_name_one_that_is_there() -> None:
    broken = []
    for document in documents():
        text = document.read_text(encoding="utf-8")
        for target, section in re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", text):
            page = document.parent / target if target else document
            if not target.startswith("http") and section not in sections(page):
                broken.append(f"{document.name}: {target}#{section}")
    assert broken == []


def test_every_picture_is_shown_somewhere() -> None:
    shown = {
        Path(picture).name
        for document in documents()
        for picture in re.findall(r'<img src="([^"]+)"', document.read_text(encoding="utf-8"))
    }
    assert shown == {path.name for path in (ROOT / "docs" / "images").iterdir()}


def documents() -> list[Path]:
    folders = ("*.md", "docs/*.md", "scenarios/**/*.md", "results/README.md")
    return [path for folder in folders for path in ROOT.glob(folder)]


def sections(page: Path) -> set[str]:
    """The anchors of the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


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


def test_the_glossary_names_what_is_there(relsim: Command) -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    commands = set(re.findall(r"`relsim ([a-z]+)", text))
    helps = [relsim(command, "--help").stdout for command in commands]
    assert set(re.findall(r"(?<=`)--[a-z-]+", text)) <= set(
        re.findall(r"--[a-z-]+", "".join(helps))
    )
    named = re.findall(r"`relsim\.(\w+)`", text)
    assert named
    assert set(named) <= set(public_names)


def test_the_hooks_run_what_make_lint_runs() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.split("\nlint: ")[1].split("\n\n")[0].splitlines()[1:]
    lint = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe]
    assert [hook["entry"] for repo in hooks["repos"] for hook in repo["hooks"]] == lint


def test_the_code_that_the_architecture_names_is_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`(\w+/\w+\.py)`(?:, `(\w+)`)?", text)
    assert len(named) > 25
    missing = []
    for file, name in named:
        path = ROOT / "src" / "relsim" / file
        code = path.read_text(encoding="utf-8") if path.is_file() else ""
        if not re.search(rf"^(?:def|class) {name}\b|^{name}\b.* = " if name else ".", code, re.M):
            missing.append(f"{file} {name}".strip())
    assert missing == []
