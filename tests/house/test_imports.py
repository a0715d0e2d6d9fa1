"""Imports go `halo_site` <- `scheduler`, `memory` <- `app_manager` <- `app_runtime` <- the urls."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("halo_site", "scheduler", "memory", "app_manager", "app_runtime")
MAY_IMPORT = {
    "halo_site": {"halo_site"},
    "scheduler": {"halo_site", "scheduler"},
    "memory": {"halo_site", "memory"},
    "app_manager": {"halo_site", "scheduler", "memory", "app_manager"},
    "app_runtime": set(PACKAGES),
}
# The list of addresses is the one place of the platform that knows every app.
EXCEPTIONS = {Path("halo_site/urls.py")}
PURE = ("app_manager/spec",)


def imports_of(source: str) -> Iterator[str]:
    """The dotted names that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def backward(package: str, source: str) -> list[str]:
    """The imports of a module in ``package`` that go against the direction."""
    ours = [name for name in imports_of(source) if name.partition(".")[0] in PACKAGES]
    return [name for name in ours if name.partition(".")[0] not in MAY_IMPORT[package]]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_import_goes_back(package):
    modules = [path for path in (ROOT / package).rglob("*.py") if path.relative_to(ROOT) not in EXCEPTIONS]
    found = {
        str(path.relative_to(ROOT)): names
        for path in modules
        if (names := backward(package, path.read_text()))
    }
    assert found == {}


def test_a_backward_import_would_be_seen():
    assert backward("scheduler", "def f():\n    from app_runtime.models import Run\n") == [
        "app_runtime.models"
    ]


@pytest.mark.parametrize("folder", PURE)
def test_spec_types_know_no_django(folder):
    found = [
        f"{path.name}: {name}"
        for path in (ROOT / folder).rglob("*.py")
        for name in imports_of(path.read_text())
        if name.partition(".")[0] == "django"
    ]
    assert found == []


def test_only_the_fragments_module_knows_htmx():
    users = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if "request.htmx" in path.read_text()
        or any(name.startswith("django_htmx") for name in imports_of(path.read_text()))
    ]
    assert users == ["halo_site/fragments.py"]
