"""The structure that docs and newcomers rely on, read from the imports."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import relsim

SOURCE = Path(relsim.__file__).parent

# Data flows one way: a package imports only those before it. Modules of the same rank do not
# import each other.
RANKS = {
    "display": 0,
    "errors": 0,
    "progress": 0,
    "words": 0,
    "stats": 1,
    "scenario": 1,
    "model": 2,
    "ensemble": 3,
    "analysis": 4,
    "experiments": 5,
    "hindcast": 5,
    "figures": 6,
    "report": 7,
    "results": 8,
    "app": 9,
    "notebook": 9,
    "cli": 10,
    "__init__": 11,
    "__main__": 11,
}


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def part_of(path: Path) -> str:
    first = path.relative_to(SOURCE).parts[0]
    return first.removesuffix(".py")


@cache
def imports(path: Path) -> frozenset[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return frozenset(found)


def test_every_part_has_a_rank() -> None:
    assert {part_of(path) for path in modules()} == set(RANKS)


def test_imports_go_one_way() -> None:
    wrong = []
    for path in modules():
        own = part_of(path)
        for name in imports(path):
            if not name.startswith("relsim."):
                continue
            other = name.split(".")[1]
            if other != own and RANKS[other] >= RANKS[own]:
                wrong.append(f"{path.relative_to(SOURCE)} imports {name}")
    assert wrong == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Also not for types alone: a class and the words about it live in one module."""
    names = {}
    for path in modules():
        parts = path.relative_to(SOURCE.parent).with_suffix("").parts
        names[".".join(parts).removesuffix(".__init__")] = path
    graph = {}
    for name, path in names.items():
        if name == "relsim":
            continue  # the public face, which hands names on
        imported = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                imported |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
        graph[name] = (imported & names.keys()) - {name, "relsim"}
    TopologicalSorter(graph).prepare()


def test_no_function_of_experiments_imports_a_module_of_experiments() -> None:
    inside = []
    for path in (SOURCE / "experiments").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
        inside += [
            f"{path.name}: {node.module}"
            for function in functions
            for node in ast.walk(function)
            if isinstance(node, ast.ImportFrom)
            and (node.module or "").startswith("relsim.experiments")
        ]
    assert inside == []


def users_of(package: str) -> set[str]:
    return {
        str(path.relative_to(SOURCE))
        for path in modules()
        if any(name.split(".")[0] == package for name in imports(path))
    }


def test_libraries_stay_where_they_belong() -> None:
    assert users_of("mesa") == {"model/mesa_model.py"}
    assert users_of("numba") == {"model/compilation.py"}
    assert {path.split("/")[0] for path in users_of("altair") | users_of("vl_convert")} == {
        "figures"
    }
    assert not {path for path in users_of("numpy") if path.startswith("scenario/")}
    assert users_of("zarr") == {"ensemble/store.py"}
    assert users_of("distributed") == {"ensemble/executors.py"}
    assert users_of("pickle") == set()
    assert users_of("cloudpickle") == {"ensemble/agents.py"}
    model_files = users_of("pathlib") & {
        str(path.relative_to(SOURCE)) for path in (SOURCE / "model").glob("*.py")
    }
    assert model_files == {"model/compilation.py"}  # the cache of compiled code


def test_no_module_is_a_drawer() -> None:
    names = {part for path in modules() for part in path.relative_to(SOURCE).with_suffix("").parts}
    assert not names & {"utils", "util", "helpers", "helper", "common", "misc", "core"}


def test_the_public_surface_is_what_it_says() -> None:
    assert sorted(relsim.__all__) == relsim.__all__
    for name in relsim.__all__:
        assert getattr(relsim, name).__doc__
    assert set(dir(relsim)) == {*relsim.__all__, "__version__"}
    assert len(relsim.__all__) <= 30


def test_every_public_function_and_class_is_described() -> None:
    silent = []
    for path in modules():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or node.name.startswith("_"):
                continue
            if not ast.get_docstring(node):
                silent.append(f"{path.name}:{node.name}")
    assert silent == []
