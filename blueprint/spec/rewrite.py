"""Carry a document's own text from one version of the language to another. The only module that rewrites users' files.

Only what changes is touched: every other line, comment and blank stays as it was written, byte by byte. Each edit is
found by the places that the reader knows. In the end the text is read again, and it must say exactly what reading the
old text under the new version says, with all comments; otherwise it is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from blueprint.diagnostics import Diagnostic, Refused, Span
from blueprint.records import Record
from blueprint.source.events import events_of
from blueprint.source.loader import load_text
from blueprint.source.merge import Layer, nodes_of, plain
from blueprint.source.paths import Path, format_path
from blueprint.source.yaml_writer import inline
from blueprint.spec import codes
from blueprint.spec.upgrade import upgraded_to
from blueprint.spec.versions import Change, Language, Move, Rename, emptied, matches, target

_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\r\n]*")


def version_of(text: str, file: str, language: Language) -> str:
    """The version that a document says it is of. Raises Refused where it is none, or none that is known."""
    document = load_text(text, file)
    version = document.data.get("apiVersion") if isinstance(document.data, dict) else None
    if version in language.versions:
        return str(version)
    at = document.span(("apiVersion",)) if version else Span(file, 1, 1, 1, 1)
    message = f"there is no version {version}" if version else f"{file} has no apiVersion"
    raise Refused(Diagnostic(codes.UNKNOWN_VERSION, message, at=at, help=f"known: {', '.join(language.versions)}"))


def converted(text: str, file: str, version: str, language: Language) -> str:
    """The text in `version`; unchanged, to the byte, if it is of that version already. Raises Refused."""
    older = version_of(text, file, language)
    if older == version:
        return text
    _refuse_anchors(text, file)
    expected = plain(upgraded_to(nodes_of(load_text(text, file), Layer(file, "blueprint", 0)), version, language))
    try:
        new = _rewritten(text, file, older, version, language)
    except Refused as refused:
        if all(found.code is codes.CANNOT_CONVERT for found in refused.diagnostics):
            raise
        raise _impossible(file, "one of the changes could not be read back") from refused
    _prove(text, new, file, expected)
    return new


def _rewritten(text: str, file: str, older: str, version: str, language: Language) -> str:
    """The text after one edit at a time, each found in what the one before made."""
    for step in language.way(older, version):
        for change in step.changes:
            for path in matches(load_text(text, file).data, change.path):
                text = _changed(_Sheet(text, file), change, path)
    return _Sheet(text, file).with_value(("apiVersion",), version)


def _prove(old: str, new: str, file: str, expected: Any) -> None:
    """The new text says what is expected, and no comment is lost."""
    try:
        converted = load_text(new, file)
    except Refused as refused:
        raise _impossible(file, "the result could not be read") from refused
    if converted.data != expected:
        raise _impossible(file, "the result would say something else")
    if lost := comments_of(old, file) - comments_of(new, file):
        raise _impossible(file, f"the comment {min(lost)} would be lost")


def _impossible(file: str, reason: str) -> Refused:
    message = f"{file} cannot be rewritten: {reason}"
    return Refused(Diagnostic(codes.CANNOT_CONVERT, message, help="write what changes in the plain form, key: value"))


def _refuse_anchors(text: str, file: str) -> None:
    events = events_of(text)
    while type(event := events.next()) is not events.stream_end:
        if getattr(event, "anchor", None):
            mark = event.start_mark
            at = Span(file, mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 2)
            message = f"the anchor or alias {event.anchor} ties places together that may have to differ"
            raise Refused(Diagnostic(codes.CANNOT_CONVERT, message, at=at, help="write the values out"))


def comments_of(text: str, file: str) -> Counter[str]:
    """All comments: what looks like one and is not part of a scalar."""
    sheet = _Sheet(text, file)
    inside = list(sheet.scalars(sheet.document.marks))
    found = [match for match in _COMMENT.finditer(text) if not any(a <= match.start() < b for a, b in inside)]
    return Counter(match[0].rstrip() for match in found)


def _changed(sheet: _Sheet, change: Change, path: Path) -> str:
    if isinstance(change, Rename):
        start, end = sheet.offsets(sheet.document.key_span(path))
        return sheet.text[:start] + change.to + sheet.text[end:]
    if isinstance(change, Move):
        return sheet.moved(path, target(change, path))
    return sheet.split(path, change.parts(sheet.value(path)))


class _Entry(Record):
    """A moving entry, as far left as it can stand: comments above it, its lines, and what follows on the last one."""

    comments: list[str]
    lines: list[str]
    after: str


class _Sheet:
    """A text, what it says, and where."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.document = load_text(text, file)
        self.lines = text.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))
        self.newline = "\r\n" if "\r\n" in text else "\n"

    def value(self, path: Path) -> Any:
        """The plain value."""
        here = self.document.data
        for step in path:
            here = here[step]
        return here

    def offsets(self, span: Span) -> tuple[int, int]:
        """The span as positions in the text."""
        return (self.starts[span.line - 1] + span.column - 1, self.starts[span.end_line - 1] + span.end_column - 1)

    def scalars(self, marks: Any) -> Any:
        """Where all keys and scalars stand, as positions."""
        start, end, children = marks
        if children is None:
            yield self.offsets(self.document.span_of(start, end))
        for child in children.values() if isinstance(children, dict) else children or ():
            if isinstance(children, dict):
                yield self.offsets(self.document.span_of(child[0], child[1]))
            yield from self.scalars(child[2] if isinstance(children, dict) else child)

    def flow(self, path: Path) -> bool:
        """Whether the mapping is written in braces."""
        return self.text[self.offsets(self.document.span(path))[0]] == "{"

    def entry(self, path: Path) -> tuple[int, int]:
        """Where `key: value` stands."""
        return self.offsets(self.document.key_span(path))[0], self.offsets(self.document.span(path))[1]

    def with_value(self, path: Path, value: str) -> str:
        """The text with another scalar, in the quotes of the old one."""
        start, end = self.offsets(self.document.span(path))
        quote = self.text[start] if self.text[start] in "\"'" else ""
        return f"{self.text[:start]}{quote}{value}{quote}{self.text[end:]}"

    def split(self, path: Path, parts: dict[str, Any]) -> str:
        """The text with several entries in place of one."""
        start, end = self.entry(path)
        between = ", " if self.flow(path[:-1]) else self.newline + " " * (self.document.key_span(path).column - 1)
        return self.text[:start] + between.join(f"{k}: {inline(v)}" for k, v in parts.items()) + self.text[end:]

    def moved(self, path: Path, to: Path) -> str:
        """The text with an entry elsewhere."""
        without = self._without(emptied(self.document.data, path))
        return _Sheet(without, self.document.file).put(to, self._taken(path, str(to[-1])))

    def _taken(self, path: Path, name: str) -> _Entry:
        """An entry under its new name, and the comments that would be lost without it."""
        gone = emptied(self.document.data, path)
        key = self.document.key_span(path)
        end = self.entry(path)[1]
        first, last = (0, -1) if self.flow(gone[:-1]) else self._block(gone)
        if self.flow(path[:-1]):
            above, after = "".join(self.lines[first : last + 1]), ""
        else:
            above, after = "".join(self.lines[first : key.line - 1]), self.text[end : self.starts[last + 1]].rstrip()
        body = (name + self.text[self.offsets(key)[1] : end]).splitlines()
        shifted = [_shifted(line, 1 - key.column) for line in body[1:]]
        return _Entry(_COMMENT.findall(above), [body[0], *shifted], after)

    def _block(self, path: Path) -> tuple[int, int]:
        """First and last line of an entry in a block mapping, with the comments right above it."""
        key = self.document.key_span(path)
        first = key.line - 1
        if self.lines[first][: key.column - 1].strip():
            raise _impossible(self.document.file, f"{format_path(path)} shares its line with what holds it")
        while first and re.match(rf" {{{key.column - 1}}}#", self.lines[first - 1]):
            first -= 1
        return first, self.document.span(path).end_line - 1

    def _without(self, path: Path) -> str:
        if not self.flow(path[:-1]):
            first, last = self._block(path)
            return "".join(self.lines[:first] + self.lines[last + 1 :])
        start, end = self.entry(path)
        after = re.match(r"\s*,\s*", self.text[end:])
        if after:
            return self.text[:start] + self.text[end + after.end() :]
        return re.sub(r",\s*$", "", self.text[:start]) + self.text[end:]

    def put(self, to: Path, entry: _Entry) -> str:
        """The text with the entry as the last one of a mapping; mappings on the way are made."""
        known = len(to) - 1
        while not isinstance(self._or_none(to[:known]), dict):
            known -= 1
        home, missing = to[:known], to[known:-1]
        if self.flow(home):
            return self._put_flow(home, missing, entry)
        lines = [*entry.comments, *entry.lines[:-1], entry.lines[-1] + entry.after]
        for key in reversed(missing):
            lines = [f"{key}:", *(_shifted(line, 2) for line in lines)]
        children = list(self.value(home))
        indent = self.document.key_span((*home, children[0])).column - 1
        return self._inserted(self.document.span((*home, children[-1])).end_line, lines, indent)

    def _put_flow(self, home: Path, missing: Path, entry: _Entry) -> str:
        """Between the braces; its comments go above the line where these begin."""
        if len(entry.lines) > 1:
            raise _impossible(self.document.file, f"more than a line would move into the braces of {format_path(home)}")
        text = entry.lines[0]
        for key in reversed(missing):
            text = f"{key}: {{{text}}}"
        span = self.document.span(home)
        end = self.offsets(span)[1] - 1
        comma = ", " if self.value(home) else ""
        new = _Sheet(self.text[:end].rstrip() + comma + text + self.text[end:], self.document.file)
        line = self.lines[span.line - 1]
        comments = [*entry.comments, *_COMMENT.findall(entry.after)]
        return new._inserted(span.line - 1, comments, len(line) - len(line.lstrip(" ")))

    def _inserted(self, after: int, lines: list[str], indent: int) -> str:
        """The text with lines put after its first `after` ones."""
        before = "".join(self.lines[:after])
        if lines and before and not before.endswith(("\n", "\r")):
            before += self.newline
        return before + "".join(_shifted(line, indent) + self.newline for line in lines) + "".join(self.lines[after:])

    def _or_none(self, path: Path) -> Any:
        here = self.document.data
        for step in path:
            here = here.get(step) if isinstance(here, dict) else None
        return here


def _shifted(line: str, by: int) -> str:
    if not line.strip():
        return line
    return " " * by + line if by >= 0 else line[min(-by, len(line) - len(line.lstrip(" "))) :]
