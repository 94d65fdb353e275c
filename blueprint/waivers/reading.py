"""Reads a file with waivers: each valid entry with its location, and all errors in the others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from blueprint.diagnostics import Diagnostic, Fix, Refused, Span, nearest
from blueprint.records import Record
from blueprint.source.document import Document
from blueprint.source.loader import load_text
from blueprint.source.paths import Path
from blueprint.waivers import codes
from blueprint.waivers.entries import WaiverText, code_of, date_of, remarks_on
from blueprint.waivers.model import Waiver

API_VERSION = "gpublueprint.dev/v1alpha1"
KIND = "Waivers"
_TOP = ("apiVersion", "kind", "waivers")
MANDATORY = ("code", "reason", "owner", "expires")
OPTIONAL = ("subject", "path")
_EXAMPLE = "a waiver has code, reason, owner and expires, and subject or path"


class WaiverFile(Record):
    """The well-formed waivers of one file, and diagnostics about it."""

    waivers: tuple[Waiver, ...]
    problems: tuple[Diagnostic, ...]


def read_waivers(text: str, file: str, today: date) -> WaiverFile:
    """Parse the text of a file. Nothing is raised: an invalid file has no waivers, and a diagnostic."""
    try:
        document = load_text(text, file, dates=True)
    except Refused as refused:
        return WaiverFile((), refused.diagnostics)
    problems = list(_head(document))
    if problems and any(found.code is codes.FILE_UNUSABLE for found in problems):
        return WaiverFile((), tuple(problems))
    waivers = []
    for index in range(len(document.data["waivers"])):
        waiver, found = _entry(document, index, today)
        problems += found
        if waiver:
            waivers.append(waiver)
    return WaiverFile(tuple(waivers), (*problems, *_twice(waivers)))


def _head(document: Document) -> Iterator[Diagnostic]:
    """Errors outside of the entries."""
    data = document.data
    if not isinstance(data, dict):
        at = document.span().head if document.marks else Span(document.file, 1, 1, 1, 1)
        what = "is empty" if document.marks is None else "is not a mapping"
        yield _unusable(f"{document.file} {what}", at, f"begin the file with apiVersion: {API_VERSION}")
        return
    for key, expected in (("apiVersion", API_VERSION), ("kind", KIND)):
        if key not in data:
            yield _unusable(f"{document.file} has no {key}", _beginning(document), f"write {key}: {expected}")
        elif data[key] != expected:
            at = document.span((key,)).head
            yield _unusable(f"{key} is {data[key]}, not {expected}", at, f"write {expected}", Fix(at, expected))
    if "waivers" not in data:
        yield _unusable(f"{document.file} has no waivers", _beginning(document), "list them under waivers:")
    elif not isinstance(data["waivers"], list):
        at = document.span(("waivers",)).head
        yield _unusable("waivers is not a list", at, "write waivers: [] if there are none")
    yield from _unknown_keys(document, (), _TOP)


def _unusable(message: str, at: Span, help_: str, fix: Fix | None = None) -> Diagnostic:
    return Diagnostic(codes.FILE_UNUSABLE, message, at=at, help=help_, fix=fix)


def _beginning(document: Document) -> Span:
    return document.key_span((next(iter(document.data)),)) if document.data else document.span().head


def _unknown_keys(document: Document, path: Path, known: tuple[str, ...]) -> Iterator[Diagnostic]:
    data: Any = document.data
    for step in path:
        data = data[step]
    for key in data:
        if key not in known:
            at = document.key_span((*path, key))
            near = nearest(key, known)
            help_ = f"did you mean {near}?" if near else f"keys: {', '.join(known)}"
            fix = Fix(at, near) if near else None
            yield Diagnostic(codes.MALFORMED, f"unknown key {key}", at=at, help=help_, fix=fix)


def _entry(document: Document, index: int, today: date) -> tuple[Waiver | None, list[Diagnostic]]:
    """One waiver, None if it is not well formed; and its errors or remarks."""
    path: Path = ("waivers", index)
    data = document.data["waivers"][index]
    at = document.span(path).head
    if not isinstance(data, dict):
        return None, [Diagnostic(codes.MALFORMED, "a waiver is not a mapping", at=at, help=_EXAMPLE)]
    problems = [*_unknown_keys(document, path, (*MANDATORY, *OPTIONAL)), *_values(document, path)]
    texts = {key: WaiverText(data[key], document.span((*path, key))) for key in data if _is_text(data[key])}
    code = code_of(texts["code"]) if "code" in texts else None
    expires = date_of(texts["expires"]) if "expires" in texts else None
    problems += [found for found in (code, expires) if isinstance(found, Diagnostic)]
    if problems or code is None or expires is None or isinstance(code, Diagnostic) or isinstance(expires, Diagnostic):
        return None, problems
    reason, owner, subject, field = (
        texts[key].text if key in texts else "" for key in ("reason", "owner", "subject", "path")
    )
    at = document.key_span((*path, "code"))
    waiver = Waiver(code, reason, owner, expires, at, subject=subject, path=field)
    return waiver, list(remarks_on(waiver, texts["expires"].at, today))


def _values(document: Document, path: Path) -> Iterator[Diagnostic]:
    """Missing keys, and values that are not strings."""
    data = document.data["waivers"][path[1]]
    for key in MANDATORY:
        if key not in data:
            at = document.key_span((*path, next(iter(data)))) if data else document.span(path).head
            help_ = "the last active day, in the form 2027-03-31" if key == "expires" else _EXAMPLE
            yield Diagnostic(codes.MALFORMED, f"the waiver has no {key}", at=at, help=help_)
    for key in (*MANDATORY, *OPTIONAL):
        if key in data and not _is_text(data[key]):
            at = document.span((*path, key)).head
            empty = data[key] is None or data[key] in ("", [], {}) or isinstance(data[key], str)
            message = f"{key} is {'empty' if empty else 'not text'}"
            help_ = "remove the key to match everything" if key in OPTIONAL else f"{key} needs a string"
            yield Diagnostic(codes.MALFORMED, message, at=at, help=help_)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _twice(waivers: list[Waiver]) -> Iterator[Diagnostic]:
    """Entries that waive exactly the same as another one, so that one of the two dates has no effect."""
    first: dict[tuple[object, ...], Waiver] = {}
    for waiver in waivers:
        before = first.setdefault((waiver.code.id, waiver.subject, waiver.path), waiver)
        if before is not waiver:
            message = f"another waiver of {waiver.code.id} for the same subject and path is at {before.at}"
            yield Diagnostic(codes.MALFORMED, message, at=waiver.at, help="remove one of them")
