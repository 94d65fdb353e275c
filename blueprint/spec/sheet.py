"""The text of a document with its values and locations: edits that modify nothing else."""

import re
from typing import Any

from blueprint.diagnostics import Diagnostic, Refused, Span
from blueprint.patterns import lazy_pattern
from blueprint.records import Record
from blueprint.source.loader import load_text
from blueprint.source.paths import Path, format_path
from blueprint.source.yaml_writer import inline
from blueprint.spec import codes
from blueprint.spec.versions import emptied

COMMENT = lazy_pattern(r"(?:^|(?<=\s))#[^\r\n]*")


def impossible(file: str, reason: str) -> Refused:
    """Why a text cannot be edited."""
    message = f"{file} cannot be rewritten: {reason}"
    return Refused(
        Diagnostic(codes.CANNOT_CONVERT, message, help="write the values that change in the plain form, key: value")
    )


class MovedEntry(Record):
    """An entry that is being moved, with minimum indentation: its comments, its lines, and the rest of the last
    line.
    """

    comments: list[str]
    lines: list[str]
    after: str


class Sheet:
    """A text with its values and locations."""

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
        """The span as offsets in the text."""
        return (self.starts[span.line - 1] + span.column - 1, self.starts[span.end_line - 1] + span.end_column - 1)

    def scalars(self, marks: Any) -> Any:
        """The offsets of all keys and scalars."""
        start, end, children = marks
        if children is None:
            yield self.offsets(self.document.span_of(start, end))
        for child in children.values() if isinstance(children, dict) else children or ():
            if isinstance(children, dict):
                yield self.offsets(self.document.span_of(child[0], child[1]))
            yield from self.scalars(child[2] if isinstance(children, dict) else child)

    def flow(self, path: Path, opening: str = "{") -> bool:
        """Whether the mapping is in braces, or the list in brackets."""
        return self.text[self.offsets(self.document.span(path))[0]] == opening

    def entry(self, path: Path) -> tuple[int, int]:
        """The offsets of `key: value`."""
        return self.offsets(self.document.key_span(path))[0], self.offsets(self.document.span(path))[1]

    def with_value(self, path: Path, value: str) -> str:
        """The text with another scalar, in the quotes of the old one."""
        start, end = self.offsets(self.document.span(path))
        quote = self.text[start] if self.text[start] in "\"'" else ""
        return f"{self.text[:start]}{quote}{value}{quote}{self.text[end:]}"

    def with_inline(self, path: Path, value: Any) -> str:
        """The text with another value, written on one line."""
        start, end = self.offsets(self.document.span(path))
        between = "" if start == end or self.text[start - 1].isspace() else " "
        return f"{self.text[:start]}{between}{inline(value)}{self.text[end:]}"

    def without_items(self, path: Path, gone: set[int]) -> tuple[str, list[str]]:
        """The text without some items of a list, or without the list if it becomes empty; and the removed comments."""
        if len(gone) == len(self.value(path)):
            first, last = self._block(path)
            return self._without(path), COMMENT.findall("".join(self.lines[first : last + 1]))
        text, comments = self.text, []
        for index in sorted(gone, reverse=True):
            sheet = Sheet(text, self.document.file)
            start, end = sheet.offsets(sheet.document.span((*path, index)))
            if sheet.flow(path, "["):
                text = _without_part(text, start, end)
                continue
            line = sheet.document.span((*path, index)).line - 1
            comments += COMMENT.findall(sheet.lines[line])
            text = "".join(sheet.lines[:line] + sheet.lines[line + 1 :])
        return text, comments

    def split(self, path: Path, parts: dict[str, Any]) -> str:
        """The text with several entries in place of one."""
        start, end = self.entry(path)
        between = ", " if self.flow(path[:-1]) else self.newline + " " * (self.document.key_span(path).column - 1)
        return self.text[:start] + between.join(f"{k}: {inline(v)}" for k, v in parts.items()) + self.text[end:]

    def moved(self, path: Path, to: Path) -> str:
        """The text with an entry moved."""
        without = self._without(emptied(self.document.data, path))
        return Sheet(without, self.document.file).put(to, self._taken(path, str(to[-1])))

    def _taken(self, path: Path, name: str) -> MovedEntry:
        """An entry under its new name, with the comments that would otherwise be lost."""
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
        return MovedEntry(COMMENT.findall(above), [body[0], *shifted], after)

    def _block(self, path: Path) -> tuple[int, int]:
        """The first and last line of an entry in a block mapping, with the comments directly above it."""
        key = self.document.key_span(path)
        first = key.line - 1
        if self.lines[first][: key.column - 1].strip():
            raise impossible(
                self.document.file, f"{format_path(path)} is on the same line as the mapping that contains it"
            )
        while first and re.match(rf" {{{key.column - 1}}}#", self.lines[first - 1]):
            first -= 1
        return first, self.document.span(path).end_line - 1

    def _without(self, path: Path) -> str:
        if not self.flow(path[:-1]):
            first, last = self._block(path)
            return "".join(self.lines[:first] + self.lines[last + 1 :])
        return _without_part(self.text, *self.entry(path))

    def put(self, to: Path, entry: MovedEntry) -> str:
        """The text with the entry as the last one of a mapping; missing mappings on the path are added."""
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

    def _put_flow(self, home: Path, missing: Path, entry: MovedEntry) -> str:
        """Insert between the braces; comments go above the line where these start."""
        if len(entry.lines) > 1:
            raise impossible(self.document.file, f"several lines would move into the braces of {format_path(home)}")
        text = entry.lines[0]
        for key in reversed(missing):
            text = f"{key}: {{{text}}}"
        span = self.document.span(home)
        end = self.offsets(span)[1] - 1
        comma = ", " if self.value(home) else ""
        new = Sheet(self.text[:end].rstrip() + comma + text + self.text[end:], self.document.file)
        line = self.lines[span.line - 1]
        comments = [*entry.comments, *COMMENT.findall(entry.after)]
        return new._inserted(span.line - 1, comments, len(line) - len(line.lstrip(" ")))

    def _inserted(self, after: int, lines: list[str], indent: int) -> str:
        """The text with lines inserted after its first `after` ones."""
        before = "".join(self.lines[:after])
        if lines and before and not before.endswith(("\n", "\r")):
            before += self.newline
        return before + "".join(_shifted(line, indent) + self.newline for line in lines) + "".join(self.lines[after:])

    def _or_none(self, path: Path) -> Any:
        here = self.document.data
        for step in path:
            here = here.get(step) if isinstance(here, dict) else None
        return here


def _without_part(text: str, start: int, end: int) -> str:
    """The text without one of several comma-separated parts."""
    if after := re.match(r"\s*,\s*", text[end:]):
        return text[:start] + text[end + after.end() :]
    return re.sub(r",\s*$", "", text[:start]) + text[end:]


def _shifted(line: str, by: int) -> str:
    if not line.strip():
        return line
    return " " * by + line if by >= 0 else line[min(-by, len(line) - len(line.lstrip(" "))) :]
