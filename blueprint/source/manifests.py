"""Streams of Kubernetes manifests, read like Kubernetes does: one invalid document does not affect the others."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from blueprint.diagnostics import Diagnostic, Severity, Span
from blueprint.records import Record, replace
from blueprint.source import codes
from blueprint.source.document import Document
from blueprint.source.loader import Builder, read_stream

_SEPARATOR = re.compile(r"^---(?=\s|$)", re.MULTILINE)
_TRUE = frozenset({"y", "yes", "on", "true"})
_FALSE = frozenset({"n", "no", "off", "false"})
_PCI_ADDRESS = re.compile(r"(?:[0-9a-fA-F]{4,8}:)?[0-9a-fA-F]{2}:[01][0-9a-fA-F]\.[0-7]")
"""Readers that implement all of YAML 1.1 interpret it as a base 60 number."""
_AGREED = frozenset({"True", "TRUE", "False", "FALSE"})
"""Booleans in YAML 1.1 and 1.2."""
_OCTAL = re.compile(r"0[0-7]{3}")
_MODE = re.compile(r"(?:^|[\s{,])(?:defaultMode|mode):\s{1,8}$")
_HOLE = re.compile(r"^[ \t]{0,200}\$\{\w+\}[ \t]{0,200}$", re.MULTILINE)
"""A line that `envsubst` replaces with others."""
_LONGEST_NUMBER = 400
"""The maximum length in characters; longer numbers exceed the range of all Kubernetes numbers."""
MOST_UNREADABLE = 20_000
"""The maximum number of unreadable documents per file. The parser restarts for each, and such a file contains no
manifests.
"""
_ODD = frozenset({codes.AMBIGUOUS_SCALAR, codes.MERGE_KEY, codes.KEY_NOT_TEXT, codes.TAG})
"""Syntax that Kubernetes accepts, although other readers may interpret it differently."""


class Manifests(Record):
    """The documents of one file.

    Attributes:
        documents: The readable documents.
        problems: Errors, and unusual syntax.
        nulls: Whether the documents may contain null.
        templates: The first lines of documents that are templates, and not YAML yet.
    """

    documents: tuple[Document, ...]
    problems: tuple[Diagnostic, ...]
    nulls: bool
    templates: tuple[int, ...] = ()


def read_manifests(text: str, file: str) -> Manifests:
    """All readable documents, and diagnostics about the others and about unusual syntax."""
    documents, problems, nulls = _read(text, file)
    if not _unreadable(problems):
        return Manifests(tuple(documents), tuple(problems), nulls)
    parts = _parts(text)
    found: list[Diagnostic] = []
    templates: list[int] = []
    line = 0
    for index, part in enumerate(parts):
        bad = [each for each in _read(part, file)[1] if each.severity is Severity.ERROR]
        is_template = bool(bad) and ("{{" in part or _HOLE.search(part) is not None)
        if is_template:
            templates.append(line + 1)
        else:
            found += [_moved(each, line) for each in bad if _unreadable([each])]
        count = part.count("\n")
        if _unreadable(bad) or is_template:
            parts[index] = "\n" * count
            if len(found) > MOST_UNREADABLE and index + 1 < len(parts):
                found.append(_not_read(file, line + count))
                del parts[index + 1 :]
                break
        line += count
    documents, problems, nulls = _read("".join(parts), file)
    return Manifests(tuple(documents), (*found, *problems), nulls, tuple(templates))


def _not_read(file: str, line: int) -> Diagnostic:
    text = f"more than {MOST_UNREADABLE:,} documents of this file are not YAML: from here on nothing was read"
    return Diagnostic(codes.NOT_READ, text, at=Span(file, line + 1, 1, line + 1, 2))


def _parts(text: str) -> list[str]:
    """The text, split before each document separator."""
    cuts = [0, *(match.start() for match in _SEPARATOR.finditer(text) if match.start()), len(text)]
    return [text[start:end] for start, end in pairwise(cuts)]


def _read(text: str, file: str) -> tuple[list[Document], list[Diagnostic], bool]:
    builder = _KubernetesBuilder(text, file)
    documents = [_lightened(each) for each in read_stream(builder)]
    if any(each.code is codes.MERGE_KEY for each in builder.problems):
        documents = [replace(each, data=_merged(each.data)) for each in documents]
    complex_key = any(each.code is codes.KEY_NOT_TEXT and "cannot be" in each.message for each in builder.problems)
    odd = frozenset() if complex_key else _ODD
    problems = [replace(each, override=Severity.WARNING) if each.code in odd else each for each in builder.problems]
    return documents, problems, builder.nulls


def _lightened(document: Document) -> Document:
    """The document without the locations of fields if it is not an object: it has no findings, and a file may contain a
    million.
    """
    data, marks = document.data, document.marks
    if marks is None or (isinstance(data, dict) and "kind" in data):
        return document
    return replace(document, found_marks=(marks[0], marks[1], None))


def _unreadable(problems: list[Diagnostic]) -> bool:
    """Whether one of the problems makes a document unreadable; a duplicate key does not."""
    return any(each.severity is Severity.ERROR and each.code is not codes.DUPLICATE_KEY for each in problems)


def _moved(found: Diagnostic, lines: int) -> Diagnostic:
    at = found.at and found.at._replace(line=found.at.line + lines, end_line=found.at.end_line + lines)
    return replace(found, at=at, fix=None)


def _merged(data: Any) -> Any:
    """The data with merge keys resolved."""
    if isinstance(data, list):
        return [_merged(each) for each in data]
    if not isinstance(data, dict):
        return data
    whole = {key: _merged(value) for key, value in data.items() if key != "<<"}
    brought = data.get("<<")
    for each in brought if isinstance(brought, list) else [brought]:
        whole = {**_merged(each), **whole} if isinstance(each, dict) else whole
    return whole


class _KubernetesBuilder(Builder):
    """Interprets ambiguous scalars like Kubernetes, according to YAML 1.1."""

    def ambiguous(self, text: str, event: Any) -> Any:
        """The value in YAML 1.1; a diagnostic is added to the builder unless all readers agree."""
        known = self.file.endswith(".json") or text in _AGREED or _PCI_ADDRESS.fullmatch(text)
        if not known and not (_OCTAL.fullmatch(text) and self._is_mode(event)):
            super().ambiguous(text, event)
        return _yaml_1_1(text)

    def _is_mode(self, event: Any) -> bool:
        """Whether it is a file mode, which Kubernetes' own documentation writes as 0644."""
        begin = event.start_mark.index
        return _MODE.search(self.text[self.text.rfind("\n", 0, begin) + 1 : begin]) is not None


def _yaml_1_1(text: str) -> Any:
    if len(text) > _LONGEST_NUMBER:
        return text
    lower = text.lower()
    if lower == "null":
        return None
    if lower in _TRUE or lower in _FALSE:
        return lower in _TRUE
    digits = lower.lstrip("+-").replace("_", "")
    sign = -1 if lower.startswith("-") else 1
    for pattern, base in ((r"0[0-7]+", 8), (r"0o[0-7]+", 8), (r"0x[0-9a-f]+", 16), (r"0b[01]+", 2), (r"[0-9]+", 10)):
        if re.fullmatch(pattern, digits):
            return sign * int(digits.replace("0o", "0", 1), base)
    if re.fullmatch(r"[0-9]*\.?[0-9]+(e[+-]?[0-9]+)?|[0-9]+\.", digits):
        return sign * float(digits)
    return text
