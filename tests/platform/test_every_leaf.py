"""Every leaf of the language, changed in turn: an output or a diagnostic changes, and `trace` knows the line.

Unrelated leaves are changed together first, since compiling everything takes half a second. Leaves for which the result
is not clear, or which are rejected, are tested again on their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from blueprint.bundle.trace import trace_forward
from blueprint.diagnostics import Diagnostic, Refused, Severity
from blueprint.pipeline import Compilation
from blueprint.source.paths import Path as FieldPath
from blueprint.source.paths import format_path
from blueprint.spec.schema import json_schema
from tests.support.alternatives import LEAVES, TEXT, others
from tests.support.edits import NAME, changed_fields, compared_objects, compared_parts, compiled, parsed, replaced, said

EDITS = [(path, new) for path in LEAVES for new in others(path)]
TOGETHER = 8
BATCHES = -(-len(EDITS) // TOGETHER)
Edit = tuple[FieldPath, str]


def lines_of(diagnostics: Iterable[Diagnostic]) -> set[int]:
    """The lines of the blueprint at which diagnostics point, directly or in a note."""
    places = [place for found in diagnostics for place in (found.at, *(note.at for note in found.notes))]
    return {place.line for place in places if place and place.file == NAME}


@pytest.fixture(scope="module")
def original() -> Compilation:
    """The blueprint that sets everything, compiled."""
    return compiled(TEXT)


@pytest.fixture(scope="module")
def said_before(original: Compilation) -> dict[str, Any]:
    """The content of its bundle."""
    assert original.files
    return said(original.files)


def test_the_blueprint_that_sets_everything_sets_everything_and_is_valid(original: Compilation) -> None:
    """A new key of the language must be added to it, and thereby to every test here."""
    assert [found.message for found in original.diagnostics] == []
    written = {tuple(step for step in path if isinstance(step, str)) for path in LEAVES}
    # The keys of pools are tested in the pools; `poolDefaults` has the same keys.
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


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_changed_leaf_changes_an_output_or_is_refused_at_its_line(
    batch: int, original: Compilation, said_before: dict[str, Any]
) -> None:
    """And `trace` of any changed field of an object names the leaf."""
    edits = EDITS[batch::BATCHES]
    assert len(dict(edits)) == len(edits), "one edit of a leaf"
    clear = clear_together(edits, original)
    wrong = {
        f"{format_path(path)}={new}": trouble
        for path, new in edits
        if (path, new) not in clear and (trouble := trouble_alone(path, new, original, said_before))
    }
    assert wrong == {}


def clear_together(edits: list[Edit], original: Compilation) -> set[Edit]:
    """Edits that are certainly correct: each of them is the only one to which a diagnostic points, or determines a
    changed field.

    Rejected edits are removed until the rest is valid. If a field changed that no edit determines, only edits with a
    diagnostic are clear.
    """
    clear: set[Edit] = set()
    while edits:
        text = edited(edits)
        after = compiled(text)
        at = {parsed(text).span(path).line: (path, new) for path, new in edits}
        pointed = [(found.severity, lines_of([found]) & at.keys()) for found in after.diagnostics]
        clear |= {at[line] for _, lines in pointed if len(lines) == 1 for line in lines}
        if after.bundle:
            return clear | _traced(edits, original, after)
        refused = {at[line] for severity, lines in pointed if severity is Severity.ERROR for line in lines}
        if not refused:
            break
        edits = [edit for edit in edits if edit not in refused]
    return clear


def _traced(edits: list[Edit], original: Compilation, after: Compilation) -> set[Edit]:
    """Edits that alone determine a changed field; none if another field changed."""
    assert original.bundle
    assert after.bundle
    edit_of = {format_path(path): (path, new) for path, new in edits}
    alone = set()
    for sides in changed_fields(original.bundle, after.bundle, compared_objects(original.bundle, after.bundle)):
        cited = [{source.path for source in side.origin.sources} & edit_of.keys() for side in sides]
        if not set.intersection(*cited):
            return set()
        if len(set.union(*cited)) == 1:
            alone |= cited[0]
    return {edit_of[name] for name in alone}


def edited(edits: list[Edit]) -> str:
    """The blueprint with several edits, the last one applied first, so that positions of earlier ones stay valid."""
    text = TEXT
    for path, new in sorted(edits, key=lambda edit: place(edit[0]), reverse=True):
        text = replaced(text, path, new)
    return text


def place(path: FieldPath) -> tuple[int, int]:
    """The position of a leaf's value."""
    span = parsed(TEXT).span(path)
    return span.line, span.column


def trouble_alone(path: FieldPath, new: str, original: Compilation, said_before: dict[str, Any]) -> str:
    """The problem with the edit by itself; empty if there is none."""
    text = replaced(TEXT, path, new)
    line = parsed(text).span(path).line
    after = compiled(text)
    if after.files is None:
        right = line in lines_of(after.diagnostics) or path[-2:] == ("target", "kind")  # see the kind's own schema
        return "" if right else "it is refused elsewhere"
    told = [found for found in after.diagnostics if found.at and found.at.line == line]
    differs = said(after.files) != said_before
    if not differs and not told:
        return "nothing follows from this leaf"
    assert original.bundle
    assert after.bundle
    objects = compared_objects(original.bundle, after.bundle)
    if bool(objects or compared_parts(original, after)) != differs:
        return "diff and the bundles disagree"
    name = format_path(path)
    uncited = [
        f"{sides[0].object.id} {sides[0].name}"
        for sides in changed_fields(original.bundle, after.bundle, objects)
        if not all(any(source.path == name for source in side.origin.sources) for side in sides)
    ]
    return f"it is not named where it is traced from {uncited}" if uncited else ""


WITHOUT_EFFECT = (("apiVersion",), ("kind",), ("spec", "computeDomains"))
"""Leaves without effect on any object: with the operator's device plugin, computeDomains: false installs nothing."""


@pytest.mark.parametrize("path", [path for path in LEAVES if path not in WITHOUT_EFFECT], ids=format_path)
def test_every_leaf_leads_somewhere(path: FieldPath, original: Compilation) -> None:
    """`trace` of a leaf lists what it determines."""
    assert original.bundle
    assert any(trace_forward(original.bundle, format_path(path)))


@pytest.mark.parametrize("batch", range(TOGETHER))
def test_a_leaf_of_the_wrong_type_is_refused_at_its_line(batch: int) -> None:
    """A list of lists is valid nowhere; inside a patch, the object's schema decides."""
    edits = [(path, "[[]]") for path in list(LEAVES)[batch::TOGETHER]]
    at = {place(path)[0]: format_path(path) for path, _ in edits}
    clear = {at[line] for line in lines_refused(edits) & at.keys()}
    left = [edit for edit in edits if format_path(edit[0]) not in clear]
    assert [format_path(edit[0]) for edit in left if place(edit[0])[0] not in lines_refused([edit])] == []


def lines_refused(edits: list[Edit]) -> set[int]:
    """The lines at which only errors point after these edits, which move no line."""
    try:
        found = compiled(edited(edits)).diagnostics
    except Refused as refused:
        found = refused.diagnostics
    lines = [lines_of([each]) for each in found if each.severity is Severity.ERROR]
    return {line for some in lines for line in some if len(edits) == 1 or len(some) == 1}
