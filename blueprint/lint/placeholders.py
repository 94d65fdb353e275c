"""Values that another program replaces before the objects are applied: they cannot be checked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping

from blueprint.diagnostics import Diagnostic, Span
from blueprint.lint import codes
from blueprint.patterns import lazy_pattern
from blueprint.source.placeholders import holds_placeholder, is_placeholder

_BAD_LABEL = "BP5015"
"""For labels, the error may be in the key, while the span is that of the value."""
_NAMES = frozenset({"BP5014", _BAD_LABEL})
_BAD_FORM = "BP5008"
_OF_FORM = frozenset({"BP5001", "BP5005", "BP5008", "BP5014", "BP6115", "BP6116", "BP6167"})
"""Codes for versions, names, amounts, numbers and images, in which upper-case letters are not valid."""
_CAPITALS = lazy_pattern(
    r"(?<![A-Za-z0-9_])(?:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+"
    r"|NAMESPACE|NAME|IMAGE|TAG|VERSION|REGISTRY|REPOSITORY|PROJECT|REGION|ZONE|BUCKET|CLUSTER|TENANT|TEAM|REPLICAS)"
    r"(?![A-Za-z0-9_])"
)
"""`MODEL_NAME` or `NAMESPACE`, which `sed` replaces with another text. Other words in upper case are invalid names."""
_OF_SCRIPT = lazy_pattern(r"\$[A-Za-z_(]|\{[A-Za-z][\w-]*\}")
"""`$name`, `$(date)` and `{name}` in a name or label, which a script replaces before it hands the text to kubectl."""
_MISSING = "BP5004"
_LEFT_OUT = lazy_pattern(r"\s*#\s*(?:\.\.\.|…)")
"""A comment in the place of what a guide leaves out."""
_IN_BRACES = lazy_pattern(r"[\w.-]+:\s{1,8}\{[A-Za-z][\w-]*\}\s*(?:#.*)?")
"""`tag: {VERSION}`, which YAML reads as a map."""


def without_placeholders(found: Iterable[Diagnostic], texts: Mapping[str, str]) -> Iterator[Diagnostic]:
    """The findings about values without a placeholder, and one for each file with placeholders.

    Args:
        found: The findings.
        texts: The files by name.
    """
    files: dict[str, _File] = {}
    left_out: dict[str, list[Span]] = {}
    for each in found:
        if each.at and each.at.file in texts and each.at.file not in files:
            files[each.at.file] = _File(texts[each.at.file])
        if each.at and each.at.file in files and _is_unknown(each, each.at, files[each.at.file]):
            left_out.setdefault(each.at.file, []).append(each.at)
        else:
            yield each
    for name, places in left_out.items():
        many = len(set(places))
        values = "1 value is a placeholder" if many == 1 else f"{many} values are placeholders"
        yield Diagnostic(codes.PLACEHOLDERS, f"{name}: {values}, not checked", at=min(places, key=_order))


_LONGEST = 1_000
"""Characters of a line: a file may have a single line of megabytes, and as many findings in it."""


class _File:
    """The lines of a file, and which of its documents are excerpts."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines()
        self._separators = [number for number, line in enumerate(self.lines, 1) if line.startswith("---")]
        self._excerpts = {self._document(number) for number, line in enumerate(self.lines, 1) if _LEFT_OUT.match(line)}

    def is_excerpt(self, at: Span) -> bool:
        """Whether a comment in the document marks it as an excerpt."""
        return self._document(at.line) in self._excerpts

    def rest_of_line(self, at: Span) -> str:
        """The line from the span on, without the end of a long line."""
        return self._part(at.line, at.column, at.column + _LONGEST)

    def text_at(self, at: Span) -> str:
        """The text of a span on one line. Multi-line texts are scripts with their own variables."""
        return self._part(at.line, at.column, at.end_column) if at.end_line == at.line else ""

    def _part(self, line: int, start: int, end: int) -> str:
        return self.lines[line - 1][start - 1 : end - 1] if line <= len(self.lines) else ""

    def _document(self, line: int) -> int:
        return bisect_right(self._separators, line)


def _is_unknown(found: Diagnostic, at: Span, file: _File) -> bool:
    """Whether the value is still unknown. A credential may contain a `$`, so only a lone placeholder does not count as
    one.
    """
    text = file.text_at(at)
    if found.code.id == _BAD_LABEL and holds_placeholder(found.path or ""):
        return True
    is_name = found.code.id in _NAMES or (found.code.id == _BAD_FORM and (found.path or "").endswith(".name"))
    if is_name and _OF_SCRIPT.search(text):
        return True
    if found.code.id == _MISSING and file.is_excerpt(at):
        return True
    if found.code.id in _OF_FORM and (_CAPITALS.search(text) or _IN_BRACES.fullmatch(file.rest_of_line(at))):
        return True
    return is_placeholder(text) if found.code.conceals else holds_placeholder(text)


def _order(at: Span) -> tuple[int, int]:
    return at.line, at.column
