"""Streams of Kubernetes manifests, read like Kubernetes does: one invalid document does not affect the others."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from blueprint.diagnostics import Diagnostic, Severity, Span
from blueprint.patterns import lazy_pattern
from blueprint.records import Record, replace
from blueprint.source import codes
from blueprint.source.document import Document
from blueprint.source.loader import Builder, read_stream

_SEPARATOR = lazy_pattern(r"^---(?=\s|$)", re.MULTILINE)
_MERGE = "<<"
_TRUE = frozenset({"y", "yes", "on", "true"})
_FALSE = frozenset({"n", "no", "off", "false"})
_PCI_ADDRESS = lazy_pattern(r"(?:[0-9a-fA-F]{4,8}:)?[0-9a-fA-F]{2}:[01][0-9a-fA-F]\.[0-7]")
"""Readers that implement all of YAML 1.1 interpret it as a base 60 number."""
_AGREED = frozenset({"True", "TRUE", "False", "FALSE", "="})
"""Booleans in YAML 1.1 and 1.2, and a text that definitions of the Prometheus Operator have."""
_OCTAL = lazy_pattern(r"0[0-7]{3}")
_MODE = lazy_pattern(r"(?:^|[\s{,])(?:defaultMode|mode):\s{1,8}$")
_TEMPLATE = lazy_pattern(r"\{ ?\{|\{%|%\{ ?(?:if|for|else|end)|^[ \t]{0,200}\$\{\w+\}[ \t]{0,200}$", re.MULTILINE)
"""What Helm, Jinja and Terraform replace, and a line that `envsubst` replaces with others."""
_LEFT_OUT = lazy_pattern(r"^[ \t]{0,200}(?:\.\.\.|…)[ \t]{0,200}$", re.MULTILINE)
"""A line in the place of what a guide leaves out. Without an indent it ends a document of YAML."""
_VARIABLE = lazy_pattern(r"\$\{\w+\}|: {1,8}\{[A-Za-z][\w-]*\}[^\s,}]")
"""A variable of a script: what follows `{name}` at once cannot follow a map."""
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
        excerpts: The first lines of documents that are not YAML, because a line `...` stands for a part.
    """

    documents: tuple[Document, ...]
    problems: tuple[Diagnostic, ...]
    nulls: bool
    templates: tuple[int, ...] = ()
    excerpts: tuple[int, ...] = ()


def read_manifests(text: str, file: str) -> Manifests:
    """All readable documents, and diagnostics about the others and about unusual syntax."""
    builder = _KubernetesBuilder(text, file)
    documents = _documents(builder)
    if builder.is_unreadable and not builder.full:
        return _read_one_by_one(builder, documents)
    return Manifests(tuple(documents), tuple(_without_separator(list(_judged(builder)), text)), builder.nulls)


def _read_one_by_one(builder: _KubernetesBuilder, documents: list[Document]) -> Manifests:
    """Read each document alone, from the last one before the unreadable one on."""
    text, file = builder.text, builder.file
    begin = 0 if builder.has_complex_key else _begin_of_last(text, documents)
    while documents and _index(documents[-1]) >= begin:
        documents.pop()
    line = _line_ends(text[:begin])
    problems = [each for each in _judged(builder) if each.at is None or each.at.line <= line]
    if not any(each.code is codes.MERGE_KEY for each in problems):
        builder.forget_merge_keys()
    unreadable: list[Diagnostic] = []
    templates: list[int] = []
    excerpts: list[int] = []
    skipped = 0
    for part in _parts(text, begin):
        if skipped > MOST_UNREADABLE:
            unreadable.append(_not_read(file, line))
            break
        counts, builder.problems = builder.counts.copy(), []
        is_first = _MERGE not in builder.plain
        builder.turn_to(part, line)
        read = _documents(builder)
        is_wrong = builder.is_unreadable or builder.counts[codes.DUPLICATE_KEY] > counts[codes.DUPLICATE_KEY]
        is_template = is_wrong and (_TEMPLATE.search(part) is not None or _stops_at_variable(builder, part, line))
        if is_template or builder.is_unreadable:
            if is_template:
                templates.append(line + 1)
            elif _LEFT_OUT.search(part):
                excerpts.append(line + 1)
            else:
                unreadable += (each for each in _judged(builder) if _prevents_reading(each))
            skipped += 1
            builder.counts = counts
            if is_first:
                builder.forget_merge_keys()
        else:
            documents += read
            problems += _judged(builder)
        if builder.full:
            break
        line += _line_ends(part)
    found = (*unreadable, *_without_separator(problems, text))
    return Manifests(tuple(documents), found, builder.nulls, tuple(templates), tuple(excerpts))


def _begin_of_last(text: str, documents: list[Document]) -> int:
    """The position at which the part with the last of these documents begins."""
    last = _index(documents[-1]) if documents else 0
    return max((each.start() for each in _SEPARATOR.finditer(text, 0, last + 1)), default=0)


def _index(document: Document) -> int:
    """The position at which the content of a document begins."""
    assert document.marks is not None  # noqa: S101 - one without content is no document
    return int(document.marks[0].index)


def _line_ends(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _not_read(file: str, line: int) -> Diagnostic:
    text = f"this file has more than {MOST_UNREADABLE:,} documents that are not YAML; nothing after this line was read"
    return Diagnostic(codes.NOT_READ, text, at=Span(file, line + 1, 1, line + 1, 2))


def _parts(text: str, begin: int) -> Iterator[str]:
    """The text from `begin` on, split before each document separator."""
    for separator in _SEPARATOR.finditer(text, begin + 1):
        yield text[begin : separator.start()]
        begin = separator.start()
    yield text[begin:]


def _documents(builder: _KubernetesBuilder) -> list[Document]:
    documents = [_lightened(each) for each in read_stream(builder)]
    if _MERGE in builder.plain:
        documents = [replace(each, data=_merged(each.data)) for each in documents]
    return documents


def _judged(builder: _KubernetesBuilder) -> Iterator[Diagnostic]:
    """The problems, as severe as they are for Kubernetes."""
    odd = frozenset() if builder.has_complex_key else _ODD
    return (_milder(each) if each.code in odd else each for each in builder.problems)


def _without_separator(problems: list[Diagnostic], text: str) -> Iterator[Diagnostic]:
    """The problems; a single one for an object that begins in the middle of another, not one for each key."""
    begins = [line for each in problems if (line := _repeated_line(each)) and each.message.split()[2] == "apiVersion"]
    lines = text.split("\n") if begins else []
    ends = [number for number, line in enumerate(lines, 1) if _SEPARATOR.match(line)]
    for each in problems:
        line = _repeated_line(each)
        before = bisect_right(begins, line)
        begin = begins[before - 1] if before else 0
        if begin and begin == line:
            yield replace(each, help="separate the two objects by a line with ---")
        elif not begin or bisect_right(ends, line) > bisect_right(ends, begin):
            yield each


def _milder(found: Diagnostic) -> Diagnostic:
    """What Kubernetes reads, as it is reported."""
    if found.code is codes.MERGE_KEY:
        text = "merge keys (<<) are YAML 1.1: Kubernetes merges them, but other parsers may not"
        return replace(found, message=text, help="write out the keys", override=Severity.NOTE)
    return replace(found, override=Severity.WARNING)


def _repeated_line(found: Diagnostic) -> int:
    """The line of a key at the top of a document that stands there twice, or zero."""
    at = found.at if found.code is codes.DUPLICATE_KEY else None
    return at.line if at and at.column == 1 else 0


def _lightened(document: Document) -> Document:
    """The document without the locations of fields if it is not an object: it has no findings, and a file may contain a
    million.
    """
    data, marks = document.data, document.marks
    if marks is None or (isinstance(data, dict) and "kind" in data):
        return document
    return replace(document, found_marks=(marks[0], marks[1], None))


def _prevents_reading(problem: Diagnostic) -> bool:
    """Whether the problem makes a document unreadable; a duplicate key does not."""
    return problem.severity is Severity.ERROR and problem.code is not codes.DUPLICATE_KEY


def _stops_at_variable(builder: _KubernetesBuilder, part: str, lines: int) -> bool:
    """Whether the parser stops in a line with a variable, whose brace it takes for that of a map.

    `lines` stand in the file before the part.
    """
    places = (each.at.line - lines for each in _judged(builder) if each.severity is Severity.ERROR and each.at)
    line = max(next(places, 0), 0)
    return any(_VARIABLE.search(each) for each in part.split("\n", line)[max(line - 1, 0) : line])


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
    """Interprets ambiguous scalars like Kubernetes, according to YAML 1.1, and accepts aliases as keys."""

    aliases_are_keys = True

    has_complex_key = False

    @property
    def is_unreadable(self) -> bool:
        """Whether the text, or a part of it, says nothing to Kubernetes."""
        return self.stopped or self.has_complex_key

    def turn_to(self, text: str, first_line: int = 0) -> None:
        """Go on with another part of the file."""
        self.has_complex_key = False
        super().turn_to(text, first_line)

    def forget_merge_keys(self) -> None:
        """Report the next one, since what was said of the first is not passed on."""
        self.plain.pop(_MERGE, None)

    def _complex_key(self, event: Any, depth: int) -> str:
        self.has_complex_key = True
        return super()._complex_key(event, depth)

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
