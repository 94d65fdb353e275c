"""Everything that tests and tools import from the package exists: no type checker reads them, nor the scripts in
strings.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for folder in ("tests", "tools") for path in (ROOT / folder).rglob("*.py"))
IMPORT = re.compile(r"\b(?:from\s+blueprint[\w.]*\s+import\s+(?:\([^)]*\)|[\w, ]+)|import\s+blueprint[\w.]*)")
"""An import statement of the package in any text, up to the end of its names."""
EXAMPLES = {"test_imports.py", "test_import_graph.py"}
"""These contain imports of modules that do not exist."""


def in_statements(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    """Module and name of every absolute import of the package; no name for `import module`."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), level=0) if module.split(".")[0] == "blueprint":
                yield from ((module, alias.name) for alias in node.names)
            case ast.Import():
                yield from ((each.name, None) for each in node.names if each.name.split(".")[0] == "blueprint")


def in_strings(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    """The imports in strings: scripts that tests run in another process, and their pieces."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for found in IMPORT.findall(textwrap.dedent(node.value)):
                try:
                    yield from in_statements(ast.parse(found))
                except SyntaxError:  # a sentence
                    continue


def exists(module: str, name: str | None) -> bool:
    try:
        loaded = import_module(module)
        return name is None or name == "*" or hasattr(loaded, name) or find_spec(f"{module}.{name}") is not None
    except ImportError:
        return False


def missing(tree: ast.AST) -> list[str]:
    imported = {*in_statements(tree), *in_strings(tree)}
    return sorted(f"{module}: {name}" for module, name in imported if not exists(module, name))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_what_is_imported_exists(file: Path) -> None:
    if file.name not in EXAMPLES:
        assert missing(ast.parse(file.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "text",
    [
        "from blueprint.units import no_such_name",
        "from blueprint.no_such_module import name",
        "import blueprint.no_such_module",
        "def late():\n    from blueprint.units import (\n        no_such_name,\n    )",
        "SCRIPT = 'import sys; from blueprint.units import no_such_name; no_such_name()'",
        'SCRIPT = """\n    import sys\n    from blueprint.units import no_such_name as other\n    """',
        'run(f"from blueprint.no_such_module import name; print({1})")',
    ],
)
def test_an_import_of_nothing_is_found(text: str) -> None:
    assert len(missing(ast.parse(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "from blueprint import units",
        "from blueprint.source.files import MemoryFiles",
        "import blueprint.units",
        "'a sentence: what we import blueprint by'",
        "SCRIPT = 'from blueprint.source import files; files.MemoryFiles({})'",
    ],
)
def test_an_import_of_something_is_not(text: str) -> None:
    assert missing(ast.parse(text)) == []
