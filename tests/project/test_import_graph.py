"""The import graph of the tool has no cycle, including imports for type checkers and imports inside functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import blueprint

ROOT = Path(blueprint.__file__).parent
Graph = Mapping[str, frozenset[str]]


def test_no_modules_import_each_other() -> None:
    assert [sorted(component) for component in components(import_graph(ROOT)) if len(component) > 1] == []


def test_a_cycle_through_imports_for_type_checkers_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "blueprint"
    folder.mkdir()
    (folder / "__init__.py").write_text("", "utf-8")
    (folder / "a.py").write_text("from blueprint.b import thing\n", "utf-8")
    (folder / "b.py").write_text("if TYPE_CHECKING:\n    from blueprint import a\n", "utf-8")
    (folder / "c.py").write_text("def late():\n    import blueprint.a\n", "utf-8")

    found = [component for component in components(import_graph(folder)) if len(component) > 1]

    assert found == [{"blueprint.a", "blueprint.b"}]


def import_graph(root: Path) -> Graph:
    """Every module below `root`, with the modules of the same package that it imports anywhere."""
    files = {_name(file, root): file for file in root.rglob("*.py")}
    return {name: frozenset(_imported(file, files)) - {name} for name, file in files.items()}


def components(graph: Graph) -> Iterator[set[str]]:
    """The strongly connected components: modules each of which reaches all others."""
    reached = {name: _reachable(name, graph) for name in graph}
    left = set(graph)
    while left:
        name = min(left)
        component = {name, *(other for other in reached[name] if name in reached[other])}
        left -= component
        yield component


def _reachable(start: str, graph: Graph) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def _name(file: Path, root: Path) -> str:
    parts = (root.name, *file.relative_to(root).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(file: Path, known: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & known.keys()
            yield from inner or {node.module}
