"""What the code names of the catalogue: components, distributions and the kinds that components bring.

Such knowledge is data and belongs to the folder of the component or the file of the distribution. The names that remain
in the code are listed in `component_knowledge.yaml`, by file, name and number of uses. The list may only become
shorter: a new name fails here, and so does an obsolete entry.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint.catalog.catalog import load_catalog
from blueprint.kubernetes.crds import shipped_crds

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("component_knowledge.yaml")
MOST = 46
"""The total number of names; lower it when some are removed."""


@cache
def names() -> frozenset[str]:
    """The names of components, distributions, and the kinds that components install."""
    distributions = {file.stem for file in (ROOT / "blueprint/catalog/distributions").glob("*.yaml")}
    components = [found for name in load_catalog().components if (found := load_catalog().component(name))]
    crds = {crd for each in components for crd in (*each.crds, *each.optional_crds)}
    files = (file for (group, plural), file in shipped_crds().items() if f"{group}/{plural}.yaml" in crds)
    kinds = {yaml.safe_load(file.read_text("utf-8"))["names"]["kind"] for file in files}
    kinds |= {name.partition(".")[0] for each in components for name in each.kinds}
    return frozenset({*load_catalog().components, *distributions, *kinds})


def found() -> dict[str, dict[str, int]]:
    """Every string literal that is such a name, by file."""
    by_file: dict[str, dict[str, int]] = {}
    for file in sorted((ROOT / "blueprint").rglob("*.py")):
        constants = (node.value for node in _acted_on(ast.parse(file.read_text("utf-8"))))
        counts = Counter(value for value in constants if isinstance(value, str) and value in names())
        if counts:
            by_file[file.relative_to(ROOT / "blueprint").as_posix()] = dict(sorted(counts.items()))
    return by_file


def _acted_on(tree: ast.AST) -> Iterator[ast.Constant]:
    """Every constant, except examples of fields, which are documentation, and tags, by which users select rules."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Constant):
            yield node
        if not (isinstance(node, ast.keyword) and node.arg in ("examples", "tags")):
            waiting += ast.iter_child_nodes(node)


@pytest.fixture(scope="module")
def reviewed() -> dict[str, Any]:
    """The list, by topic of the reason; then file, name, number of uses."""
    listed: dict[str, Any] = yaml.safe_load(LIST.read_text("utf-8"))
    return listed


def test_the_code_names_only_reviewed_parts_of_the_catalogue(reviewed: dict[str, Any]) -> None:
    assert found() == {file: entry for group in reviewed.values() for file, entry in group["names"].items()}


def test_the_list_only_becomes_shorter(reviewed: dict[str, Any]) -> None:
    entries = [entry for group in reviewed.values() for entry in group["names"].values()]
    assert sum(number for entry in entries for number in entry.values()) <= MOST


def test_the_list_says_why(reviewed: dict[str, Any]) -> None:
    assert all(group["why"] for group in reviewed.values())
