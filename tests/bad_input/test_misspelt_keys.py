"""Every key in every example, misspelt: the mistake is reported at its position.

Where a key of the language first comes it is misspelt in every way, elsewhere in one of them, by turns.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from blueprint.diagnostics import Code, Refused, has_errors
from blueprint.pipeline import compile_blueprint
from blueprint.source.files import DiskFiles, MemoryFiles
from blueprint.source.loader import load_text
from blueprint.source.paths import Path as FieldPath
from blueprint.source.paths import format_path

ROOT = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted(file for file in ROOT.glob("*/*.yaml") if "gpublueprint.dev/" in file.read_text("utf-8"))
BLUEPRINTS = [file for file in EXAMPLES if "kind: Blueprint" in file.read_text("utf-8")]
OWN_NAMES = {
    "selector",
    "selectorLabels",
    "taints",
    "mirrors",
    "nodeClasses",
    "nodePools",
    "merge",
    "topology",
    "priorities",
    "plans",
    "tenants",
}
"""Keys below which users choose the names themselves."""


def keys(data: Any, at: FieldPath = ()) -> Iterator[FieldPath]:
    """The paths of all keys that the language, a release or a component names."""
    if isinstance(data, dict):
        for key, value in data.items():
            if not at or at[-1] not in OWN_NAMES:
                yield (*at, key)
            if key != "merge":
                yield from keys(value, (*at, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from keys(value, (*at, index))


def key_of_the_language(path: FieldPath) -> FieldPath:
    """The path, with `*` for names that users choose and for list positions."""
    above = ("", *path)
    return tuple(
        "*" if isinstance(part, int) or over in OWN_NAMES else part for over, part in zip(above, path, strict=False)
    )


def misspellings(key: str) -> list[str]:
    """The key with two letters swapped, one dropped, one doubled, or in different case."""
    middle = max(1, len(key) // 2)
    swapped = key[: middle - 1] + key[middle] + key[middle - 1] + key[middle + 1 :]
    found = {swapped, key[:middle] + key[middle + 1 :], key[:middle] + key[middle - 1 :], key.swapcase()}
    return sorted(found - {key, ""})


def compiled_with(example: Path) -> str:
    """The blueprint to compile for the example: the example itself, or one that extends it."""
    named = [file for file in BLUEPRINTS if file == example or example.name in file.read_text("utf-8")]
    return str(named[0].relative_to(ROOT)) if named else ""


def cases() -> Iterator[Any]:
    """Every key, with its replacement."""
    seen = set()
    for example in filter(compiled_with, EXAMPLES):  # tested separately
        for number, path in enumerate(keys(load_text(example.read_text("utf-8"), "example").data)):
            wrong = misspellings(str(path[-1]))
            known = key_of_the_language(path)
            some = wrong[number % len(wrong) :][:1] if known in seen else wrong
            seen.add(known)
            yield pytest.param(example, path, some, id=f"{example.parent.name}/{example.name}: {format_path(path)}")


@pytest.mark.parametrize(("example", "path", "written"), list(cases()))
def test_a_misspelt_key_is_caught_at_its_line(example: Path, path: FieldPath, written: list[str]) -> None:
    text = example.read_text("utf-8")
    at = load_text(text, "example").key_span(path)
    name, target = str(example.relative_to(ROOT)), compiled_with(example)
    for wrong in written:
        lines = text.splitlines()
        line = lines[at.line - 1]
        lines[at.line - 1] = line[: at.column - 1] + wrong + line[at.end_column - 1 :]
        edited = MemoryFiles({name: "\n".join(lines)}, DiskFiles(ROOT))
        try:
            found = compile_blueprint(target, files=edited).diagnostics
        except Refused as refused:
            found = refused.diagnostics
            assert refused.exit_code == 1  # noqa: PT017 - a case may end either way, and never in exit code 2
        assert has_errors(found), wrong
        place = (name, at.line, at.column)
        here = [each for each in found if each.at and (each.at.file, each.at.line, each.at.column) == place]
        assert here, (wrong, [each.message for each in found])
        if [each.fix.replacement for each in here if each.fix] == [path[-1]] and "settings" not in path:
            others = {each for each in found if each not in here}
            assert {each.code for each in others} <= codes_of(target), (wrong, [each.message for each in others])


@cache
def codes_of(target: str) -> set[Code]:
    """The codes of findings in an unmodified example: a misspelt key must cause no others."""
    return {each.code for each in compile_blueprint(target, files=MemoryFiles({}, DiskFiles(ROOT))).diagnostics}


def test_there_are_examples_to_misspell() -> None:
    assert BLUEPRINTS
