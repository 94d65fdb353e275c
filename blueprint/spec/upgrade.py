"""Reads a document of an earlier version: the same values, at the same locations, under current keys."""

from collections.abc import Iterator
from typing import Any

from blueprint.diagnostics import Diagnostic, Note, Refused
from blueprint.records import replace
from blueprint.source.merge import Node, plain
from blueprint.source.paths import Path, format_path
from blueprint.spec import codes, versions
from blueprint.spec.versions import (
    Change,
    ConversionStep,
    Language,
    Move,
    NewDefault,
    NullRemoves,
    Rename,
    Split,
    emptied,
    matches,
    removed,
    target,
)


def earlier_version(root: Node, language: Language | None = None) -> str | None:
    """The earlier version of a document. None if it has the current version, or an unknown one."""
    language = language or versions.LANGUAGE
    written = root.value.get("apiVersion") if isinstance(root.value, dict) else None
    version = written.value if written else None
    return version if version in language.versions and version != language.current else None


def upgraded(root: Node, language: Language | None = None) -> Node:
    """The document in the current version. An unknown version stays unchanged and is rejected by the models.

    Raises Refused if old and new keys contradict each other, or a value cannot be converted.
    """
    language = language or versions.LANGUAGE
    version = earlier_version(root, language)
    return root if version is None else upgraded_to(root, language.current, language)


def upgraded_to(root: Node, version: str, language: Language) -> Node:
    """The document in a later version."""
    written = root.value["apiVersion"]
    carry_over(root, written.value, version, language)
    root.value["apiVersion"] = replace(written, value=version)
    return root


def carry_over(root: Node, older: str, newer: str, language: Language) -> None:
    """Convert the values of a document, or of a part of it, from one version to another, in place."""
    for step in language.way(older, newer):
        refuse_added(root, step)
        for change in step.changes:
            _apply(change, root)


def fill_earlier_defaults(root: Node, older: str, language: Language | None = None) -> None:
    """Add the old defaults of keys that no layer sets, if the blueprint has an earlier version; in place.

    The source of these values is the line with the version, which determines them.
    """
    language = language or versions.LANGUAGE
    place = root.value["apiVersion"]
    for change in earlier_defaults(older, language.current, language):
        *above, key = change.path.split(".")
        parent = root.get(tuple(above))
        if parent and isinstance(parent.value, dict) and key not in parent.value:
            parent.value[key] = replace(place, value=change.earlier)


def earlier_defaults(older: str, newer: str, language: Language) -> Iterator[NewDefault]:
    """The defaults that changed from one version to another."""
    for step in language.way(older, newer):
        yield from (change for change in step.changes if isinstance(change, NewDefault))


def refuse_added(root: Node, step: ConversionStep) -> None:
    """Raise Refused if a document sets keys that its version does not have."""
    data = plain(root)
    found = [path for pattern in step.added for path in matches(data, pattern)]
    if found:
        raise Refused(*(_added(root, path, step) for path in found))


def _added(root: Node, path: Path, step: ConversionStep) -> Diagnostic:
    node, name = _at(root, path), format_path(path)
    message = f"{name} exists only in {short(step.newer)}, but the document is written in {short(step.older)}"
    help_ = f"convert the document to {short(step.newer)} with `blueprint convert FILE -o FILE`"
    return Diagnostic(codes.UNKNOWN_KEY, message, at=node.key_span or node.span, path=name, help=help_)


def short(version: str) -> str:
    """`v1alpha1` for `gpublueprint.dev/v1alpha1`."""
    return version.rpartition("/")[2]


def _apply(change: Change, root: Node) -> None:
    if isinstance(change, NewDefault):
        return
    data = plain(root)
    removals = removed(data, change) if isinstance(change, Move) else []
    for path in matches(data, change.path):
        _apply_at(change, root, path)
    for path in removals:
        _remove(root, path)


def _apply_at(change: Rename | Move | Split | NullRemoves, root: Node, path: Path) -> None:
    if isinstance(change, Move):
        _move(root, path, target(change, path))
        return
    parent, key = _at(root, path[:-1]), path[-1]
    node = parent.value[key]
    if isinstance(change, NullRemoves):
        if node.value is None:
            parent.value[key] = replace(node, value={name: replace(node, replaced=node) for name in change.keys})
        return
    made = {change.to: node} if isinstance(change, Rename) else _parts(change, node, path)
    for new in made:
        if new in parent.value and new != key:
            raise _conflict(path, (*path[:-1], new), node, parent.value[new])
    items = [pair for name, item in parent.value.items() for pair in (made.items() if name == key else [(name, item)])]
    parent.value = dict(items)


def _parts(change: Split, node: Node, path: Path) -> dict[str, Node]:
    try:
        parts = change.parts(plain(node))
    except ValueError as error:
        message = f"{format_path(path)} cannot be converted: {error}"
        raise Refused(Diagnostic(codes.CANNOT_CONVERT, message, at=node.span.head, path=format_path(path))) from error
    return {key: replace(node, value=value) for key, value in parts.items()}


def _move(root: Node, path: Path, to: Path) -> None:
    node = _at(root, path)
    gone = emptied(plain(root), path)
    del _at(root, gone[:-1]).value[gone[-1]]
    _put(root, path, to, node)


def _remove(root: Node, to: Path) -> None:
    """Remove at a new path what a `null` above the old one removed; do nothing if the document sets it."""
    if root.get(to) is None:
        above, _ = root.nearest(to)
        _put(root, to, to, Node(None, above.span, above.layer, above.key_span, replaced=above))


def _put(root: Node, path: Path, to: Path, node: Node) -> None:
    here = root
    for step in to[:-1]:
        if step not in here.value:
            here.value[step] = Node({}, node.span, node.layer, node.key_span)
        here = here.value[step]
        if not isinstance(here.value, dict):
            raise _conflict(path, to, node, here)
    if to[-1] in here.value:
        raise _conflict(path, to, node, here.value[to[-1]])
    here.value[to[-1]] = node


def _at(root: Node, path: Path) -> Node:
    node: Any = root
    for step in path:
        node = node.value[step]
    return node  # type: ignore[no-any-return]


def _conflict(path: Path, to: Path, node: Node, other: Node) -> Refused:
    message = f"{format_path(path)} is now called {format_path(to)}, but both are set"
    note = Note("set here", other.key_span or other.span.head)
    at = node.key_span or node.span.head
    return Refused(Diagnostic(codes.CANNOT_CONVERT, message, at=at, notes=(note,), help="remove one of them"))
