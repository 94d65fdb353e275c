"""Streams of Kubernetes manifests: read as Kubernetes reads them, where one bad document does not stop the rest."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
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
"""A number of base 60 to readers of all of YAML 1.1."""
_AGREED = frozenset({"True", "TRUE", "False", "FALSE", "="})
"""Booleans in YAML 1.1 and 1.2, and a text that definitions of the Prometheus Operator have."""
_OCTAL = re.compile(r"0[0-7]{3}")
_MODE = re.compile(r"(?:^|[\s{,])(?:defaultMode|mode):\s{1,8}$")
_TEMPLATE = re.compile(r"\{ ?\{|\{%|%\{ ?(?:if|for|else|end)|^[ \t]{0,200}\$\{\w+\}[ \t]{0,200}$", re.MULTILINE)
"""What Helm, Jinja and Terraform replace, and a line for which `envsubst` brings others."""
_VARIABLE = re.compile(r"\$\{\w+\}|: {1,8}\{[A-Za-z][\w-]*\}[^\s,}]")
"""A variable of a script: what follows `{name}` at once cannot follow a map."""
_LONGEST_NUMBER = 400
"""Characters; what is longer is in the range of no number that Kubernetes has."""
MOST_UNREADABLE = 20_000
"""Documents of one file that cannot be read. The parser starts anew for each, and such a file holds no manifests."""
_ODD = frozenset({codes.AMBIGUOUS_SCALAR, codes.MERGE_KEY, codes.KEY_NOT_TEXT, codes.TAG})
"""What Kubernetes reads, though other readers may not read the same."""


class Manifests(Record):
    """The documents of one file.

    Attributes:
        documents: What could be read.
        problems: What could not, and what is written in an odd way.
        nulls: Whether a null may stand in the documents.
        templates: Lines at which documents begin that are templates, and no YAML yet.
    """

    documents: tuple[Document, ...]
    problems: tuple[Diagnostic, ...]
    nulls: bool
    templates: tuple[int, ...] = ()


def read_manifests(text: str, file: str) -> Manifests:
    """Every document that can be read; what is wrong with the others, or with how a value is written."""
    documents, problems, nulls = _read(text, file)
    if not _unreadable(problems):
        return Manifests(tuple(documents), tuple(problems), nulls)
    parts = _parts(text)
    found: list[Diagnostic] = []
    templates: list[int] = []
    line = 0
    for index, part in enumerate(parts):
        bad = [each for each in _read(part, file)[1] if each.severity is Severity.ERROR]
        is_template = bool(bad) and (_TEMPLATE.search(part) is not None or _stops_at_variable(bad[0], part))
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
    """The text cut before each separator of documents."""
    cuts = [0, *(match.start() for match in _SEPARATOR.finditer(text) if match.start()), len(text)]
    return [text[start:end] for start, end in pairwise(cuts)]


def _read(text: str, file: str) -> tuple[list[Document], list[Diagnostic], bool]:
    builder = _KubernetesBuilder(text, file)
    documents = [_lightened(each) for each in read_stream(builder)]
    if any(each.code is codes.MERGE_KEY for each in builder.problems):
        documents = [replace(each, data=_merged(each.data)) for each in documents]
    complex_key = any(each.code is codes.KEY_NOT_TEXT and "cannot be" in each.message for each in builder.problems)
    odd = frozenset() if complex_key else _ODD
    problems = [_milder(each) if each.code in odd else each for each in _without_separator(builder.problems, text)]
    return documents, problems, builder.nulls


def _without_separator(problems: list[Diagnostic], text: str) -> Iterator[Diagnostic]:
    """The problems; of an object that begins in the middle of another one a single one, not one for each key."""
    begins = [line for each in problems if (line := _repeated_line(each)) and each.message.split()[2] == "apiVersion"]
    lines = text.split("\n") if begins else []
    ends = [number for number, line in enumerate(lines, 1) if _SEPARATOR.match(line)]
    for each in problems:
        line = _repeated_line(each)
        before = bisect_right(begins, line)
        begin = begins[before - 1] if before else 0
        if begin and begin == line:
            yield replace(each, help="two objects: write a line with --- before the second one")
        elif not begin or bisect_right(ends, line) > bisect_right(ends, begin):
            yield each


def _milder(found: Diagnostic) -> Diagnostic:
    """What Kubernetes reads, as it is reported."""
    if found.code is codes.MERGE_KEY:
        text = "merge keys (<<) are of YAML 1.1: Kubernetes merges, not every other reader does"
        return replace(found, message=text, help="write the keys out", override=Severity.NOTE)
    return replace(found, override=Severity.WARNING)


def _repeated_line(found: Diagnostic) -> int:
    """The line of a key at the top of a document that stands there twice, or zero."""
    at = found.at if found.code is codes.DUPLICATE_KEY else None
    return at.line if at and at.column == 1 else 0


def _lightened(document: Document) -> Document:
    """Without the places of fields if it is no object: nothing is found in it, and a file may hold a million such."""
    data, marks = document.data, document.marks
    if marks is None or (isinstance(data, dict) and "kind" in data):
        return document
    return replace(document, found_marks=(marks[0], marks[1], None))


def _unreadable(problems: list[Diagnostic]) -> bool:
    """Whether a document cannot be read because of one of them; a key that stands twice leaves it readable."""
    return any(each.severity is Severity.ERROR and each.code is not codes.DUPLICATE_KEY for each in problems)


def _stops_at_variable(found: Diagnostic, part: str) -> bool:
    """Whether the parser stops in a line with a variable, whose brace it takes for that of a map."""
    line = found.at.line if found.at else 0
    return any(_VARIABLE.search(each) for each in part.split("\n", line)[max(line - 1, 0) : line])


def _moved(found: Diagnostic, lines: int) -> Diagnostic:
    at = found.at and found.at._replace(line=found.at.line + lines, end_line=found.at.end_line + lines)
    return replace(found, at=at, fix=None)


def _merged(data: Any) -> Any:
    """The data with what merge keys bring in."""
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
    """Takes scalars on which readers disagree for what YAML 1.1 has, as Kubernetes does, and keys that are aliases."""

    aliases_are_keys = True

    def ambiguous(self, text: str, event: Any) -> Any:
        """The value that YAML 1.1 reads; a diagnostic is left in the builder unless all readers agree."""
        known = self.file.endswith(".json") or text in _AGREED or _PCI_ADDRESS.fullmatch(text)
        if not known and not (_OCTAL.fullmatch(text) and self._is_mode(event)):
            super().ambiguous(text, event)
        return _yaml_1_1(text)

    def _is_mode(self, event: Any) -> bool:
        """Whether it is the mode of a file, which Kubernetes' own documentation writes as 0644."""
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
