"""Names say what things are in the terms of the field: no private vocabulary, and one class for one word."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "blueprint"
MODULES = sorted(PACKAGE.rglob("*.py"))
WORDS = frozenset(
    {
        "told", "tell", "tells", "telling", "teller", "said", "says", "saying", "ask", "asks", "asked",
        "asking", "keeping", "kept", "wish", "wishes", "wished", "answers", "unwatched", "ground", "whoever",
        "whatever", "nobody", "somebody", "everybody", "anybody", "meant", "likes", "wants",
        "claiming", "comparing", "configuring", "selecting", "serving", "concealing",
    }
)  # fmt: skip
"""Words that say who speaks or wants, and not what a thing is: `message`, `requested`, `selected`, `inventory`, ..."""
UNFINISHED: frozenset[str] = frozenset()
"""Packages whose names are still to be changed. The set may only shrink."""
SAME_NAME = {
    "PoolDriver": "as declared, and resolved",
    "PoolGpu": "as declared, and resolved",
    "PoolNetwork": "as declared, and resolved",
}
"""Names that classes of different modules share, with their meaning. The list may only shrink, too."""


def parts(name: str) -> set[str]:
    """The words of an identifier: `wait_until_told` and `WaitUntilTold` have three."""
    return set(re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().split("_"))


def identifiers(tree: ast.AST) -> Iterator[str]:
    """What a module defines: functions, classes, arguments, variables, attributes, imports under another name."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
                yield name


def package_of(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("name", ["told", "_told", "told_apart", "SAID_TWICE", "PodAnswers", "is_asked"])
def test_words_are_found_wherever_they_are(name: str) -> None:
    assert parts(name) & WORDS


@pytest.mark.parametrize("name", ["task", "basking", "answer_time", "background", "saidi"])
def test_parts_of_words_do_not_count(name: str) -> None:
    assert not parts(name) & WORDS


def test_no_identifier_uses_private_vocabulary() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for module in MODULES:
        names = {module.stem, *identifiers(ast.parse(module.read_text("utf-8")))}
        found[package_of(module)] |= {f"{module.stem}: {name}" for name in names if parts(name) & WORDS}
    assert {package: sorted(names) for package, names in found.items() if names and package not in UNFINISHED} == {}
    assert not {package for package in UNFINISHED if not found[package]}, "these are finished: take them off the list"


def test_classes_of_one_name_are_reviewed() -> None:
    where: dict[str, list[str]] = defaultdict(list)
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                where[node.name].append(module.relative_to(PACKAGE).as_posix())
    shared = {name: places for name, places in where.items() if len(places) > 1}
    assert {name: places for name, places in shared.items() if name not in SAME_NAME} == {}
    assert set(SAME_NAME) == set(shared), "these are one each by now: take them off the list"


def test_the_names_in_the_glossary_exist() -> None:
    text = (PACKAGE.parent / "docs" / "reference" / "glossary.md").read_text("utf-8")
    rows = [row.split("|")[1:4] for row in text.splitlines() if row.startswith("| ") and "in the code" not in row]
    terms = [term.strip() for term, _, _ in rows]
    assert len(terms) == len(set(terms)) > 40
    for _, _, places in rows:
        paths = re.findall(r"`((?:blueprint|components)/[^`]*)`", places)
        assert [path for path in paths if not (PACKAGE.parent / path).exists()] == []
        if name := re.match(r" `(\w+)` in", places):
            assert f"class {name[1]}" in (PACKAGE.parent / paths[0]).read_text("utf-8")
