"""Read a document of an earlier version: the same values, at the same places, under the keys of today."""

from __future__ import annotations

from typing import Any

from blueprint.diagnostics import Diagnostic, Note, Refused
from blueprint.records import replace
from blueprint.source.merge import Node, plain
from blueprint.source.paths import Path, format_path
from blueprint.spec import codes, versions
from blueprint.spec.versions import Change, Language, Move, Rename, Split, emptied, matches, target


def upgraded(root: Node, language: Language | None = None) -> Node:
    """The document in the current version. One whose version is unknown is left alone: the models refuse it by name.

    Raises Refused where old and new keys contradict each other, or a value cannot be carried over.
    """
    language = language or versions.LANGUAGE
    written = root.value.get("apiVersion") if isinstance(root.value, dict) else None
    if written is None or written.value == language.current or written.value not in language.versions:
        return root
    return upgraded_to(root, language.current, language)


def upgraded_to(root: Node, version: str, language: Language) -> Node:
    """The document in a version that there is a way to."""
    written = root.value["apiVersion"]
    for step in language.way(written.value, version):
        for change in step.changes:
            for path in matches(plain(root), change.path):
                _apply(change, root, path)
    root.value["apiVersion"] = replace(written, value=version)
    return root


def _apply(change: Change, root: Node, path: Path) -> None:
    if isinstance(change, Move):
        _move(root, path, target(change, path))
        return
    parent, key = _at(root, path[:-1]), path[-1]
    node = parent.value[key]
    made = {change.to: node} if isinstance(change, Rename) else _parts(change, node, path)
    for new in made:
        if new in parent.value:
            raise _conflict(path, (*path[:-1], new), node, parent.value[new])
    items = [pair for name, item in parent.value.items() for pair in (made.items() if name == key else [(name, item)])]
    parent.value = dict(items)


def _parts(change: Split, node: Node, path: Path) -> dict[str, Node]:
    try:
        parts = change.parts(plain(node))
    except ValueError as error:
        message = f"{format_path(path)} cannot be carried over: {error}"
        raise Refused(Diagnostic(codes.CANNOT_CONVERT, message, at=node.span.head, path=format_path(path))) from error
    return {key: replace(node, value=value) for key, value in parts.items()}


def _move(root: Node, path: Path, to: Path) -> None:
    node = _at(root, path)
    gone = emptied(plain(root), path)
    del _at(root, gone[:-1]).value[gone[-1]]
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
    message = f"{format_path(path)} is called {format_path(to)} now, and that is set, too"
    note = Note("set here", other.key_span or other.span.head)
    at = node.key_span or node.span.head
    return Refused(Diagnostic(codes.CANNOT_CONVERT, message, at=at, notes=(note,), help="keep one of them"))
