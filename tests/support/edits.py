"""Edit a value in the text of a blueprint, compile it in memory, and compare the bundles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from blueprint.bundle.layout import LOCK, PROVENANCE
from blueprint.bundle.model import Bundle, Object, ObjectId
from blueprint.bundle.trace import TracedField, trace_back
from blueprint.changes.compare import ABSENT, Action, ObjectChange, compare_objects
from blueprint.changes.platform_changes import compare_parts, platform_parts
from blueprint.diagnostics import Span
from blueprint.pipeline import Compilation, compile_blueprint
from blueprint.records import replace
from blueprint.source.document import Document
from blueprint.source.files import MemoryFiles
from blueprint.source.loader import load_text
from blueprint.source.paths import Path as FieldPath

EVERYTHING = Path(__file__).parents[1] / "platform" / "everything"
NAME = "blueprint.yaml"
_FILES = {
    file.relative_to(EVERYTHING).as_posix(): file.read_text("utf-8") for file in sorted(EVERYTHING.glob("**/*.yaml"))
}


def compiled(text: str, *, sets: tuple[str, ...] = ()) -> Compilation:
    """Compile `text` instead of the blueprint that sets every field."""
    return compile_blueprint(NAME, sets=sets, files=MemoryFiles({**_FILES, NAME: text}))


@lru_cache(maxsize=4)
def parsed(text: str) -> Document:
    """The parsed text with source positions. It is cached because hundreds of tests edit the same text."""
    return load_text(text, NAME)


def leaves(data: Any, at: FieldPath = ()) -> Iterator[tuple[FieldPath, Any]]:
    """Every scalar with its path."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else None
    if items is None:
        yield at, data
    for key, value in items or ():
        yield from leaves(value, (*at, key))


def replaced(text: str, path: FieldPath, new: str) -> str:
    """The text with the value at `path` written as `new`."""
    return _put(text, parsed(text).span(path), new)


def without(text: str, path: FieldPath) -> str:
    """The text without the lines of the key at `path`, which must be in block style."""
    document = parsed(text)
    first, last = document.key_span(path).line, document.span(path).end_line
    lines = text.splitlines(keepends=True)
    return "".join(lines[: first - 1] + lines[last:])


def _put(text: str, span: Span, new: str) -> str:
    lines = text.splitlines(keepends=True)
    before = "".join(lines[: span.line - 1]) + lines[span.line - 1][: span.column - 1]
    after = lines[span.end_line - 1][span.end_column - 1 :] + "".join(lines[span.end_line :])
    return before + new + after


def said(files: Mapping[str, bytes]) -> dict[str, Any]:
    """The content of the bundle's files without its origin: no positions, digests or input hashes."""
    lock = orjson.loads(files[LOCK])
    for key in ("inputs", "files", "digest"):
        del lock[key]
    told = {
        name: _unplaced(orjson.loads(data)) if name.endswith(".json") else data
        for name, data in files.items()
        if name not in (LOCK, PROVENANCE)
    }
    return {**told, LOCK: _unplaced(lock)}


def compared_parts(before: Compilation, after: Compilation) -> list[ObjectChange]:
    """The parts of the platform that `diff` reports as different."""
    assert before.files
    assert after.files
    return compare_parts(platform_parts(before.files.__getitem__), platform_parts(after.files.__getitem__))


def compared_objects(before: Bundle, after: Bundle) -> list[ObjectChange]:
    """The objects that `diff` reports as different."""
    found = compare_objects(before.objects, after.objects)
    return [change for change in found if change.action is not Action.UNCHANGED]


def _unplaced(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unplaced(item) for key, item in value.items() if key != "sources"}
    return [_unplaced(item) for item in value] if isinstance(value, list) else value


def changed_fields(before: Bundle, after: Bundle, changes: Iterable[ObjectChange]) -> Iterator[tuple[TracedField, ...]]:
    """Each rendered leaf that differs, as traced on both sides. If one side lacks the leaf, its nearest remaining
    parent.

    `changes` are the result of `compared_objects`.

    Objects whose name ends in a digest of their content are treated as the same object.
    """
    old = {obj.id: obj for obj in before.objects}
    new = {obj.id: obj for obj in after.objects}
    renamed = {_stem(one): one for one in old.keys() - new.keys()}
    renamed = {found: one for found in new.keys() - old.keys() if (one := renamed.get(_stem(found)))}
    for new_id, old_id in renamed.items():
        yield from _changed_leaves(old[old_id], new[new_id])
    for change in changes:
        if change.id in renamed or change.id in renamed.values():
            continue
        if change.action in (Action.CREATE, Action.DELETE):
            yield from ((_named(field),) for field in trace_back((new if change.id in new else old)[change.id], ()))
        elif change.action is Action.UPDATE:
            yield from _changed_leaves(old[change.id], new[change.id])


def _named(field: TracedField) -> TracedField:
    """The name of an object that was added or removed: its origins are those of the object's name and namespace."""
    names = [field.object.origin(("metadata", key)) for key in ("name", "namespace")]
    sources = (*field.origin.sources, *(source for origin in names if origin for source in origin.sources))
    return replace(field, origin=replace(field.origin, noted=sources))


def _stem(one: ObjectId) -> ObjectId:
    return replace(one, name=re.sub("-[0-9a-f]{8}$", "", one.name))


def _changed_leaves(old: Object, new: Object) -> Iterator[tuple[TracedField, ...]]:
    was = {field.path: field for field in trace_back(old, ())}
    now = {field.path: field for field in trace_back(new, ())}
    for path in {**was, **now}:
        sides = tuple(side.get(path) or _around(obj, path) for side, obj in ((was, old), (now, new)))
        if sides[0].value != sides[1].value:
            yield sides


def _around(obj: Object, path: FieldPath) -> TracedField:
    """The nearest existing parent of a missing leaf, with the origins of its containers."""
    origins = [found for end in range(len(path) + 1) if (found := obj.origins.get(path[:end]))]
    sources = tuple(source for origin in origins for source in origin.sources)
    return TracedField(obj, path, ABSENT, sources, replace(origins[-1], noted=sources))
