"""TOML with the locations of its keys, which the standard library's parser does not provide."""

from __future__ import annotations

from typing import Any

from blueprint.diagnostics import Diagnostic, Refused, Span
from blueprint.diagnostics.codes import CONFIGURATION_INVALID
from blueprint.patterns import lazy_pattern

_PLACE = lazy_pattern(r"\(at line (\d+), column (\d+)\)")
_HEADER = lazy_pattern(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?")
_KEY = lazy_pattern(r"""\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=""")
_PART = lazy_pattern(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""")

Keys = tuple[str, ...]


def parse_toml(text: str, file: str) -> dict[str, Any]:
    """The document. Raises Refused, with exit code 2, if it is not valid TOML."""
    import tomllib  # It compiles its patterns when it is imported, and most runs read no TOML.

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _PLACE.search(str(error))
        line, column = (int(match[1]), int(match[2])) if match else (1, 1)
        message = f"not TOML: {_PLACE.sub('', str(error)).strip()}"
        at = Span(file, line, column, line, column + 1)
        raise Refused(Diagnostic(CONFIGURATION_INVALID, message, at=at), exit_code=2) from None


def table_of(document: Any, path: Keys) -> Any:
    """The value at a path of keys; None if there is none."""
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def place_of(text: str, file: str, path: Keys) -> Span:
    """The span of a key, or of a name in a list; otherwise that of the nearest enclosing key."""
    depth, best = 0, Span(file, 1, 1, 1, 2)
    header: Keys = ()
    for number, line in enumerate(text.splitlines(), start=1):
        here, at = header, 0
        if match := _HEADER.fullmatch(line.partition("#")[0].rstrip()):
            here = header = _parts(match[1])
        elif match := _KEY.match(line):
            here, at = (*header, *_parts(match[1])), match.start(1)
        shared = len(here) if path[: len(here)] == here else 0
        if shared > depth:
            depth, best = shared, Span(file, number, at + 1, number, len(line.rstrip()) + 1)
        for quote in ('"', "'"):
            word = f"{quote}{path[-1]}{quote}"
            if depth == len(path) - 1 and number >= best.line and word in line and shared <= depth:
                column = line.index(word) + 1
                return Span(file, number, column, number, column + len(word))
    return best


def _parts(text: str) -> Keys:
    return tuple(next(filter(None, match.groups()), "") for match in _PART.finditer(text))
