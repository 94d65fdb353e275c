"""Every leaf of the language, changed in turn: an output or a diagnostic changes, and `trace` knows the line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from blueprint.bundle.trace import trace_forward
from blueprint.diagnostics import Diagnostic, Refused, has_errors
from blueprint.pipeline import Compilation
from blueprint.source.paths import Path as FieldPath
from blueprint.source.paths import format_path
from blueprint.spec.schema import json_schema
from tests.support.alternatives import LEAVES, TEXT, others
from tests.support.edits import NAME, changed_fields, compared_objects, compared_parts, compiled, parsed, replaced, said

CASES = [pytest.param(path, new, id=f"{format_path(path)}={new}") for path in LEAVES for new in others(path)]


def lines_of(diagnostics: Iterable[Diagnostic]) -> set[int]:
    """The lines of the blueprint that diagnostics point at, directly or in a note."""
    places = [place for found in diagnostics for place in (found.at, *(note.at for note in found.notes))]
    return {place.line for place in places if place and place.file == NAME}


@pytest.fixture(scope="module")
def original() -> Compilation:
    """The blueprint that sets everything, compiled."""
    return compiled(TEXT)


@pytest.fixture(scope="module")
def said_before(original: Compilation) -> dict[str, Any]:
    """What its bundle says."""
    assert original.files
    return said(original.files)


def test_the_blueprint_that_sets_everything_sets_everything_and_is_valid(original: Compilation) -> None:
    """A key that the language gains must be added to it, and thereby to every test here."""
    assert [found.message for found in original.diagnostics] == []
    written = {tuple(step for step in path if isinstance(step, str)) for path in LEAVES}
    # The keys of pools are tried in the pools; `poolDefaults` has the same.
    leaves = {path for path in _schema_leaves(json_schema()) if path[:2] != ("spec", "poolDefaults")}
    lacking = [path for path in sorted(leaves) if not any(_fits(path, each) for each in written)]
    assert lacking == []


def _schema_leaves(schema: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    def walk(node: dict[str, Any], at: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
        inner = [
            *((key, child) for key, child in node.get("properties", {}).items()),
            *(("*", child) for child in [node.get("additionalProperties")] if isinstance(child, dict)),
        ]
        for key, child in inner:
            yield from walk(child, (*at, key))
        branches = [*node.get("anyOf", []), *([node["items"]] if "items" in node else [])]
        for child in branches:
            yield from walk(child, at)
        if not inner and not branches and node.get("type") != "null":
            yield at

    yield from walk(schema, ())


def _fits(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    return len(path) >= len(pattern) and all(p in ("*", step) for p, step in zip(pattern, path, strict=False))


@pytest.mark.parametrize(("path", "new"), CASES)
def test_a_changed_leaf_changes_an_output_or_is_refused_at_its_line(
    path: FieldPath, new: str, original: Compilation, said_before: dict[str, Any]
) -> None:
    """And `trace` of whatever changed in an object names the leaf."""
    text = replaced(TEXT, path, new)
    line = parsed(text).span(path).line
    after = compiled(text)
    if after.files is None:
        assert line in lines_of(after.diagnostics) or path[-2:] == ("target", "kind"), "see the kind's own schema"
        return
    told = [found for found in after.diagnostics if found.at and found.at.line == line]
    differs = said(after.files) != said_before
    assert differs or told, "nothing follows from this leaf"
    assert original.bundle
    assert after.bundle
    objects = compared_objects(original.bundle, after.bundle)
    assert bool(objects or compared_parts(original, after)) == differs, "diff and the bundles disagree"
    name = format_path(path)
    uncited = [
        f"{sides[0].object.id} {sides[0].name}"
        for sides in changed_fields(original.bundle, after.bundle, objects)
        if not all(any(source.path == name for source in side.origin.sources) for side in sides)
    ]
    assert uncited == []


WITHOUT_EFFECT = (("apiVersion",), ("kind",), ("spec", "computeDomains"))
"""What no object follows from: beside the operator's device plugin, computeDomains: false brings nothing."""


@pytest.mark.parametrize("path", [path for path in LEAVES if path not in WITHOUT_EFFECT], ids=format_path)
def test_every_leaf_leads_somewhere(path: FieldPath, original: Compilation) -> None:
    """`trace` of a leaf lists what it decides."""
    assert original.bundle
    assert any(trace_forward(original.bundle, format_path(path)))


@pytest.mark.parametrize("path", LEAVES, ids=format_path)
def test_a_leaf_of_the_wrong_type_is_refused_at_its_line(path: FieldPath) -> None:
    """A list of a list is nowhere right; inside of a patch it is the object's schema that knows."""
    line = parsed(TEXT).span(path).line
    try:
        found = compiled(replaced(TEXT, path, "[[]]")).diagnostics
    except Refused as refused:
        found = refused.diagnostics
    assert has_errors(found)
    assert line in lines_of(found)
