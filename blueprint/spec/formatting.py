"""The canonical layout of a blueprint or an overlay: keys in schema order, quotes only where needed.

Comments stay above what they describe. User-defined names keep their order, and so do list items. The result must have
the same meaning and the same comments: otherwise the text is rejected.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from blueprint.diagnostics import Diagnostic, Refused
from blueprint.source.document import Document
from blueprint.source.loader import load_text
from blueprint.source.paths import Path
from blueprint.source.yaml_writer import inline, quoted_if_needed
from blueprint.spec.codes import CANNOT_FORMAT
from blueprint.spec.rewrite import comments_of
from blueprint.spec.schema_fields import keys_in_order


def formatted(text: str, file: str) -> str:
    """The text in canonical layout; unchanged if it already is. Raises Refused if it cannot be read."""
    old = load_text(text, file)
    new = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        new = _quotes(new, file)
        for _ in range(_depth(old.data)):
            new = _ordered(new, file)
        new = _spaced(new, file)
        read = load_text(new, file)
    except Refused as refused:
        raise _impossible(file, "the result could not be read") from refused
    if read.data != old.data:
        raise _impossible(file, "the meaning would change")
    if comments_of(text, file) != comments_of(new, file):
        raise _impossible(file, "a comment would be lost")
    return new


def _depth(data: Any) -> int:
    """The nesting depth of mappings: moving an entry of the outermost one moves its contents."""
    below = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return (1 if isinstance(data, dict) else 0) + max((_depth(each) for each in below), default=0)


def _impossible(file: str, reason: str) -> Refused:
    message = f"{file} cannot be formatted: {reason}"
    return Refused(Diagnostic(CANNOT_FORMAT, message, help="write out the values of anchors"))


def _quotes(text: str, file: str) -> str:
    """Add double quotes where they are needed, and remove them elsewhere."""
    document = load_text(text, file)
    starts = _line_starts(text)
    edits = []
    for path, value, in_flow in _texts(document, document.marks, ()):
        span = document.span(path)
        start, end = starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1
        if span.line == span.end_line and text[start : start + 1] in ("'", '"'):
            edits.append((start, end, inline(value) if in_flow else quoted_if_needed(value)))
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


def _texts(document: Document, marks: Any, path: Path, *, in_flow: bool = False) -> Iterator[tuple[Path, str, bool]]:
    """All strings with their paths, and whether they are in braces or brackets."""
    if marks is None:
        return
    children = marks[2]
    if children is None:
        value: Any = document.data
        for step in path:
            value = value[step]
        if isinstance(value, str):
            yield path, value, in_flow
        return
    span = document.span(path)
    flow = in_flow or document.lines[span.line - 1][span.column - 1 : span.column] in ("{", "[")
    below = children.items() if isinstance(children, dict) else enumerate(children)
    for step, child in below:
        yield from _texts(document, child[2] if isinstance(children, dict) else child, (*path, step), in_flow=flow)


def _ordered(text: str, file: str) -> str:
    """The text with the outermost unordered mapping sorted."""
    document = load_text(text, file)
    for path, data in _mappings(document.data, ()):
        known = keys_in_order(path)
        rank = {key: number for number, key in enumerate(known)}
        wanted = sorted(data, key=lambda key: rank.get(key, len(rank)))
        if known and wanted != list(data):
            return _rearranged(text, document, path, list(data), wanted)
    return text


def _mappings(data: Any, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    if isinstance(data, dict):
        yield path, data
        for key, value in data.items():
            yield from _mappings(value, (*path, key))


def _rearranged(text: str, document: Document, path: Path, keys: Sequence[str], wanted: Sequence[str]) -> str:
    opening = document.span(path)
    if document.lines[opening.line - 1][opening.column - 1 : opening.column] == "{":
        return _in_braces(text, document, path, keys, wanted)
    lines = text.splitlines(keepends=True)
    indent = document.key_span((*path, keys[0])).column - 1
    begins = [document.key_span((*path, key)).line - 1 for key in keys]
    ends = [document.span((*path, key)).end_line for key in keys]
    begins = [_above(lines, begin, indent, ends[number - 1] if number else 0) for number, begin in enumerate(begins)]
    last = ends[-1]
    if not lines[last - 1].endswith("\n"):
        lines[last - 1] += "\n"
    bounds = [*begins, last]
    chunks = {key: lines[bounds[number] : bounds[number + 1]] for number, key in enumerate(keys)}
    tails = {key: _tail(chunk) for key, chunk in chunks.items()}
    gaps = [tails[key] for key in keys]
    bodies = [chunks[key][: len(chunks[key]) - len(tails[key])] for key in wanted]
    moved = [line for body, gap in zip(bodies, gaps, strict=True) for line in (*body, *gap)]
    return "".join([*lines[: begins[0]], *moved, *lines[last:]])


def _above(lines: Sequence[str], begin: int, indent: int, floor: int) -> int:
    """The first line of an entry: that of its key, or of the comments directly above it."""
    while begin > floor and re.match(rf" {{{indent}}}#", lines[begin - 1]):
        begin -= 1
    return begin


def _tail(chunk: Sequence[str]) -> list[str]:
    """The blank lines at the end of an entry, which stay at their position as separators."""
    count = 0
    while count < len(chunk) and not chunk[-1 - count].strip():
        count += 1
    return list(chunk[len(chunk) - count :])


def _in_braces(text: str, document: Document, path: Path, keys: Sequence[str], wanted: Sequence[str]) -> str:
    """Reorder entries in braces, keeping what is between them. Comments inside the braces prevent any change."""
    starts = _line_starts(text)
    places = []
    for key in keys:
        key_span, value = document.key_span((*path, key)), document.span((*path, key))
        begin = starts[key_span.line - 1] + key_span.column - 1
        places.append((begin, starts[value.end_line - 1] + value.end_column - 1))
    if "#" in text[places[0][0] : places[-1][1]]:
        return text
    entries = {key: text[start:end] for key, (start, end) in zip(keys, places, strict=True)}
    for (start, end), key in reversed(list(zip(places, wanted, strict=True))):
        text = text[:start] + entries[key] + text[end:]
    return text


def _spaced(text: str, file: str) -> str:
    """Remove trailing whitespace, and limit blank lines to one and final newlines to one; block scalars are
    preserved.
    """
    document = load_text(text, file)
    verbatim = set[int]()
    for path, _, _ in _texts(document, document.marks, ()):
        span = document.span(path)
        verbatim.update(range(span.line, span.end_line + 1) if span.end_line > span.line else ())
    lines = text.split("\n")
    shown: list[str] = []
    for number, line in enumerate(lines, start=1):
        stripped = line if number in verbatim else line.rstrip()
        if stripped or number in verbatim or (shown and shown[-1]):
            shown.append(stripped)
    return "\n".join(shown).rstrip("\n") + "\n"


def _line_starts(text: str) -> list[int]:
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts
