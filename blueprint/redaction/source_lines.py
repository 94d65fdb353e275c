"""Redacts source lines that contain a secret, before any format shows them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from blueprint.diagnostics import Diagnostic, Span

_REDACTED_CHARACTER = "*"


def redacted_source(
    source: Callable[[str], str | None], diagnostics: Iterable[Diagnostic]
) -> Callable[[str], str | None]:
    """The source, with everything from the start of a secret to the end of its lines redacted.

    This applies to everything that refers to those lines: the diagnostic itself, another one, or a note.
    """
    hidden: dict[str, dict[int, int]] = {}
    for span in _secret_places(diagnostics):
        columns = hidden.setdefault(span.file, {})
        for line in range(span.line, span.end_line + 1):
            start = span.column if line == span.line else 1
            columns[line] = min(start, columns.get(line, start))
    if not hidden:
        return source
    return lambda file: _redacted(source(file), hidden[file]) if file in hidden else source(file)


def _secret_places(diagnostics: Iterable[Diagnostic]) -> Iterator[Span]:
    diagnostics = [*diagnostics]
    yield from (each.at for each in diagnostics if each.code.conceals and each.at)
    for places in {
        id(each.redacted): each.redacted for each in diagnostics
    }.values():  # those of an object are the same
        yield from places


def _redacted(text: str | None, columns: dict[int, int]) -> str | None:
    if text is None:
        return None
    lines = re.split(r"\r\n|\r|\n", text)
    for number, column in columns.items():
        if number <= len(lines):
            line = lines[number - 1]
            lines[number - 1] = line[: column - 1] + re.sub(r"\S", _REDACTED_CHARACTER, line[column - 1 :])
    return "\n".join(lines)
