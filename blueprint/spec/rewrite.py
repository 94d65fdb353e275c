"""Converts a document's own text between versions of the language. The only module that rewrites users' files.

Only what changes is modified: every other line, comment and blank line stays byte-identical. Each edit uses the spans
from the reader. At the end the text is read again. It must have exactly the meaning of the old text under the new
version, with all comments; otherwise the conversion is refused.
"""

import copy
from collections import Counter
from typing import Any

from blueprint.diagnostics import Diagnostic, Refused, Span
from blueprint.records import Record, field
from blueprint.source.events import events_of
from blueprint.source.loader import load_text
from blueprint.source.merge import Layer, nodes_of, plain
from blueprint.source.paths import Path
from blueprint.source.yaml_writer import inline
from blueprint.spec import codes
from blueprint.spec.sheet import COMMENT, MovedEntry, Sheet, impossible
from blueprint.spec.upgrade import upgraded_to
from blueprint.spec.versions import (
    Change,
    Language,
    Move,
    NewDefault,
    NullRemoves,
    Rename,
    matches,
    removed,
    target,
    value_at,
)

EXTENDS: Path = ("extends",)


class OtherLayers(Record):
    """Information about other layers that conversion needs (see `spec.conversion`).

    Attributes:
        added: Values that the document must set explicitly from now on, by path.
        not_extended: Ready-made overlays that it no longer extends.
    """

    added: dict[Path, Any] = field(default_factory=dict)
    not_extended: frozenset[str] = frozenset()


ALONE = OtherLayers()


def version_of(text: str, file: str, language: Language) -> str:
    """The version that a document declares. Raises Refused if it is missing or unknown."""
    document = load_text(text, file)
    version = document.data.get("apiVersion") if isinstance(document.data, dict) else None
    if version in language.versions:
        return str(version)
    at = document.span(("apiVersion",)) if version else Span(file, 1, 1, 1, 1)
    message = f"there is no version {version}" if version else f"{file} has no apiVersion"
    raise Refused(Diagnostic(codes.UNKNOWN_VERSION, message, at=at, help=f"known: {', '.join(language.versions)}"))


def converted(text: str, file: str, version: str, language: Language, around: OtherLayers = ALONE) -> str:
    """The text in `version`; byte-identical if it already has that version. Raises Refused."""
    older = version_of(text, file, language)
    if older == version:
        return text
    _refuse_anchors(text, file)
    upgraded = upgraded_to(nodes_of(load_text(text, file), Layer(file, "blueprint", 0)), version, language)
    expected = _with_surroundings(plain(upgraded), around)
    try:
        new = _rewritten(text, file, older, version, language)
        new = _with_surroundings_in_text(new, file, around)
    except Refused as refused:
        if all(found.code is codes.CANNOT_CONVERT for found in refused.diagnostics):
            raise
        raise impossible(file, "one of the changes could not be read back") from refused
    _prove(text, new, file, expected)
    return new


def _rewritten(text: str, file: str, older: str, version: str, language: Language) -> str:
    """The text after a sequence of edits, each of which uses the result of the previous one."""
    for step in language.way(older, version):
        for change in step.changes:
            text = _changed(text, file, change)
    return Sheet(text, file).with_value(("apiVersion",), version)


def _changed(text: str, file: str, change: Change) -> str:
    if isinstance(change, NewDefault):
        return text
    data = load_text(text, file).data
    removals = removed(data, change) if isinstance(change, Move) else []
    for path in matches(data, change.path):
        text = _changed_at(Sheet(text, file), change, path)
    for path in removals:
        if not matches(load_text(text, file).data, ".".join(map(str, path))):
            text = Sheet(text, file).put(path, MovedEntry([], [f"{path[-1]}: null"], ""))
    return text


def _changed_at(sheet: Sheet, change: Change, path: Path) -> str:
    if isinstance(change, Rename):
        start, end = sheet.offsets(sheet.document.key_span(path))
        return sheet.text[:start] + change.to + sheet.text[end:]
    if isinstance(change, Move):
        return sheet.moved(path, target(change, path))
    if isinstance(change, NullRemoves):
        return sheet.text if sheet.value(path) is not None else sheet.with_inline(path, change.parts())
    if isinstance(change, NewDefault):
        return sheet.text
    return sheet.split(path, change.parts(sheet.value(path)))


def _with_surroundings(data: Any, around: OtherLayers) -> Any:
    """The plain values with those that the document must now set itself."""
    data = copy.deepcopy(data)
    if around.not_extended:
        data["extends"] = [entry for entry in data["extends"] if entry not in around.not_extended]
        if not data["extends"]:
            del data["extends"]
    for path, value in around.added.items():
        here = data
        for step in path[:-1]:
            here = here.setdefault(step, {})
        here[path[-1]] = value
    return data


def _with_surroundings_in_text(text: str, file: str, around: OtherLayers) -> str:
    comments: list[str] = []
    if around.not_extended:
        sheet = Sheet(text, file)
        names = value_at(sheet.document.data, EXTENDS)
        gone = {index for index, name in enumerate(names) if name in around.not_extended}
        text, comments = sheet.without_items(EXTENDS, gone)
    for path, value in around.added.items():
        entry = MovedEntry(comments, [f"{path[-1]}: {inline(value)}"], "")
        text, comments = Sheet(text, file).put(path, entry), []
    return text


def _prove(old: str, new: str, file: str, expected: Any) -> None:
    """Verify that the new text has the expected values, and that no comment is lost."""
    try:
        converted = load_text(new, file)
    except Refused as refused:
        raise impossible(file, "the result could not be read") from refused
    if converted.data != expected:
        raise impossible(file, "the meaning would change")
    if lost := comments_of(old, file) - comments_of(new, file):
        raise impossible(file, f"the comment {min(lost)} would be lost")


def _refuse_anchors(text: str, file: str) -> None:
    events = events_of(text)
    while type(event := events.next()) is not events.stream_end:
        if getattr(event, "anchor", None):
            mark = event.start_mark
            at = Span(file, mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 2)
            message = f"the anchor or alias {event.anchor} links values that may have to differ"
            raise Refused(Diagnostic(codes.CANNOT_CONVERT, message, at=at, help="write out the values"))


def comments_of(text: str, file: str) -> Counter[str]:
    """All comments: text that looks like one and is not part of a scalar."""
    sheet = Sheet(text, file)
    inside = list(sheet.scalars(sheet.document.marks))
    found = [match for match in COMMENT.finditer(text) if not any(a <= match.start() < b for a, b in inside)]
    return Counter(match[0].rstrip() for match in found)
