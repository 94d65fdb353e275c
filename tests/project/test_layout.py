"""A test folder is named after a package of the tool, or listed here with a reason: tests mirror the code."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
OTHERS = {
    "bad_input": "mistakes in blueprints, through all phases",
    "bench": "figures beside peers; no tests",
    "cases": "reported situations, each with the answer that is right",
    "components": "the folders of components/, compared with upstream",
    "docs": "pages and what they show",
    "end_to_end": "one fact through all phases, into a cluster and a GPU",
    "goldens": "what the examples compile to",
    "observability": "rules, alerts and dashboards of components/gpu-observability",
    "operators": "the real operators on what is rendered",
    "project": "the repository itself: layout, packaging, names, interrupts",
    "support": "helpers that several tests share; no tests",
    "tools": "Go modules of programs that tests build; no tests",
}


def test_each_folder_of_tests_is_named_for_what_it_tests() -> None:
    folders = {path.name for path in TESTS.iterdir() if path.is_dir() and path.name != "__pycache__"}
    packages = {path.parent.name for path in (ROOT / "blueprint").glob("*/__init__.py")}
    assert folders - packages == set(OTHERS)


def test_tests_import_helpers_by_their_full_name() -> None:
    """A short name would depend on which folder pytest put on the path first."""
    helpers = {path.stem for path in TESTS.rglob("*.py")} - {"__init__", "conftest"}
    bare = []
    for path in sorted(TESTS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            bare += [f"{path.relative_to(ROOT)}: {name}" for name in names if name in helpers]
    assert not bare


def test_helpers_contain_no_tests() -> None:
    assert not [path.name for path in (TESTS / "support").rglob("test_*.py")]
