"""The finding of a check about one object, and its location in the blueprint."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from typing import Any

from blueprint.bundle.model import FieldOrigin, KeyPlaces, Object, Path, Source
from blueprint.diagnostics import Code, Diagnostic, Fix, Note, Severity, Span
from blueprint.records import Record, Same
from blueprint.redaction.secrets import HIDDEN, is_confidential, is_secret, is_secret_manifest
from blueprint.source.paths import format_path

_NOT_THE_USERS = frozenset({"component", "release", "hardware", "default"})
_LONGEST = 60


class ObjectFinding(Record):
    """One sentence about one field, without the object's name: `spec.replicas must be a whole number`.

    `part` is the range of a string, in characters, that the finding is about; the span is narrowed to it if possible.
    `evidence` contains pairs of a name and a value. `rename` is the likely intended name of the path's last key, which
    becomes an edit if the location of the key is known.
    """

    code: Code
    path: Path
    text: str
    help: str | None = None
    override: Severity | None = None
    part: tuple[int, int] | None = None
    rename: str | None = None
    evidence: tuple[tuple[str, str], ...] = ()

    def to_diagnostic(self, subject: Object, name: str | None = None) -> Diagnostic:
        """The diagnostic, at the blueprint's line if the value comes from one, otherwise at the template's."""
        at, notes = place(subject.origin(self.path))
        if self.part and at:
            at = _narrowed(at, self.part, value_at(subject.data, self.path))
        fix = None
        if self.rename and isinstance(subject.origins, KeyPlaces):
            at = subject.origins.key_at(self.path)
            fix = Fix(at, self.rename)
        name = name or str(subject.id)
        return Diagnostic(
            code=self.code,
            message=f"{name}: {self.text}",
            at=at,
            notes=notes,
            help=self.help or (f"did you mean {self.rename}?" if self.rename and not fix else None),
            fix=fix,
            subject=name,
            path=format_path(self.path, subject.data) or None,
            override=self.override,
            evidence=self.evidence,
            redacted=_secret_places(Same(subject)) if is_secret_manifest(subject.data) else (),
        )


@lru_cache(maxsize=1)
def _secret_places(secret: Same) -> tuple[Span, ...]:
    """The spans of the values of a Secret. It may have a hundred thousand, and as many findings."""
    data = secret.value.data
    found = (
        place(origin)[0]
        for path, origin in secret.value.origins.items()
        if is_confidential(path) and not isinstance(value_at(data, path), dict | list)
    )
    return tuple(at for at in found if at)


def _narrowed(at: Span, part: tuple[int, int], text: Any) -> Span:
    """The span of a part of a string; that of the whole string if it is not written literally."""
    if not isinstance(text, str):
        return at
    if at.line != at.end_line:
        return _narrowed_in_block(at, part, text)
    quotes, odd = divmod(at.end_column - at.column - len(text), 2)
    if odd or quotes not in (0, 1):
        return at
    start, end = (at.column + quotes + each for each in part)
    return at._replace(column=start, end_column=max(end, start + 1))


def _narrowed_in_block(at: Span, part: tuple[int, int], text: str) -> Span:
    """The span of a part of a literal block: of its first line, if there are several."""
    starts, last = _lines(text)
    indent = at.end_column - 1 - last
    if len(starts) < 2 or len(starts) != at.end_line - at.line or indent < 1:  # noqa: PLR2004 - or folded
        return at
    number = bisect_right(starts, part[0]) - 1
    begins = starts[number]
    ends = len(text) if number + 1 == len(starts) else starts[number + 1]
    written = begins + len(text[begins:ends].rstrip())
    start, end = (indent + 1 + each - begins for each in (part[0], min(part[1], written)))
    line = at.line + 1 + number
    return Span(at.file, line, start, line, max(end, start + 1))


@lru_cache(maxsize=4)
def _lines(text: str) -> tuple[list[int], int]:
    """Where each line of a block begins, and the length of the last one. Cached, because each of them may have an
    error.
    """
    lines = text.rstrip().split("\n")
    return [0, *accumulate(len(each) + 1 for each in lines[:-1])], len(lines[-1])


def value_at(data: Any, path: Path) -> Any:
    """The value at a path; None if there is none."""
    for step in path:
        inside = isinstance(data, dict) and step in data
        listed = isinstance(data, list) and isinstance(step, int) and step < len(data)
        data = data[step] if inside or listed else None
    return data


def place(origin: FieldOrigin | None) -> tuple[Span | None, tuple[Note, ...]]:
    """The span to show, and further ones as notes. User files take precedence over files that ship with the tool."""
    if origin is None:
        return None, ()
    written = [source for source in origin.sources if source.layer not in _NOT_THE_USERS]
    if not written:
        return origin.template, tuple(_notes(origin.sources, origin.template))
    first, *others = written
    notes = list(_notes(others, first.span))
    if origin.template != first.span:
        notes.append(Note("rendered here", origin.template))
    return first.span, tuple(notes)


def _notes(sources: tuple[Source, ...] | list[Source], at: Span) -> Iterator[Note]:
    for source in sources:
        if source.span != at:
            yield Note(f"{source.path} comes from here ({source.layer})", source.span)


def shown(value: Any, path: Path, kind: str) -> str:
    """The value as JSON, truncated; never the contents of a Secret."""
    if is_secret("", kind) and is_confidential(path):
        return HIDDEN
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
