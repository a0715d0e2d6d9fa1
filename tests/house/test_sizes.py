"""Rooms stay small: files of at most 400 lines, functions of at most 30 (house style 1 and 2)."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("halo_site", "scheduler", "memory", "app_manager", "app_runtime")
LONGEST_FILE = 400
LONGEST_FUNCTION = 30


def sources() -> list[Path]:
    """The modules of the product."""
    return [
        path
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if "migrations" not in path.parts
    ]


def long_functions(source: str) -> list[str]:
    """Functions longer than the limit, their docstring not counted."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            words = ast.get_docstring(node, clean=False)
            length = (node.end_lineno or 0) - node.lineno + 1 - (len(words.splitlines()) if words else 0)
            if length > LONGEST_FUNCTION:
                found.append(f"{node.name}: {length}")
    return found


def test_files_are_short():
    tests = list((ROOT / "tests").rglob("*.py"))
    assert [
        str(path) for path in [*sources(), *tests] if len(path.read_text().splitlines()) > LONGEST_FILE
    ] == []


def test_functions_are_short():
    found = {
        str(path.relative_to(ROOT)): names
        for path in sources()
        if (names := long_functions(path.read_text()))
    }
    assert found == {}


def test_a_long_function_would_be_seen():
    assert long_functions("def f():\n" + "    x = 1\n" * 31) == ["f: 32"]


def test_no_drawer_for_everything():
    drawers = {"utils.py", "helpers.py", "common.py", "services.py", "misc.py"}
    assert [path for path in sources() if path.name in drawers] == []
