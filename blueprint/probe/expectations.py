"""Expectations about a node, as data. Imports only the standard library, because it is copied to nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from blueprint.diagnostics import Span

SCHEMA = "gpublueprint.dev/expectations/v1"
UNREAD = frozenset({"kubelet"})
"""Checks for which readings contain no facts yet: they are always unknown."""


class ExpectationSource(NamedTuple):
    """The line with a requirement: in a blueprint, an overlay, or the catalogue.

    Lines and columns count from 1, and the end is exclusive. `path` is the dotted path in that document, `layer` its
    type (`blueprint`, `overlay`, `set`, `default`, `release`, `hardware`).
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    path: str
    layer: str

    def to_json(self) -> dict[str, Any]:
        """The JSON form, with keys in a fixed order."""
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "endLine": self.end_line,
            "endColumn": self.end_column,
            "path": self.path,
            "layer": self.layer,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ExpectationSource:
        """The inverse of `to_json`. Raises ValueError with the error for invalid data."""
        texts = {key: _of_type(data, key, str) for key in ("file", "path", "layer")}
        line, column, end_line, end_column = (
            _of_type(data, key, int) for key in ("line", "column", "endLine", "endColumn")
        )
        if min(line, column, end_line, end_column) < 1:
            raise ValueError("a source's lines and columns count from 1")
        return cls(**texts, line=line, column=column, end_line=end_line, end_column=end_column)

    @property
    def span(self) -> Span:
        """The span for diagnostics."""
        return Span(self.file, self.line, self.column, self.end_line, self.end_column)


class Expectation(NamedTuple):
    """One fact that must hold for every node of a pool.

    `check` is the slug of a probe check (`gpu-count`, `gpu-product`, `gpu-memory`, `driver-version`, `mig-mode`,
    `ecc-mode`, `persistence-mode`, ...); `parameters` are the parameters of that check in JSON form: `want` in the
    document. The first source is the line to which findings refer; further ones contributed.
    """

    pool: str
    check: str
    parameters: Any
    sources: tuple[ExpectationSource, ...]

    def to_json(self, source: Callable[[ExpectationSource], Any] = ExpectationSource.to_json) -> dict[str, Any]:
        """The JSON form, with keys in a fixed order; `source` returns that of a source."""
        return {
            "pool": self.pool,
            "check": self.check,
            "want": self.parameters,
            "sources": [source(each) for each in self.sources],
        }

    @classmethod
    def from_json(cls, data: Any) -> Expectation:
        """The inverse of `to_json`. Raises ValueError with the error for invalid data.

        `want` is not validated here: its check does that.
        """
        if not isinstance(data, Mapping):
            raise ValueError("an expectation is an object")  # noqa: TRY004 - callers catch one error
        if "want" not in data:
            raise ValueError("an expectation needs `want`")
        sources = _of_type(data, "sources", list)
        if not all(isinstance(source, Mapping) for source in sources):
            raise ValueError("each of an expectation's `sources` is an object")
        return cls(
            pool=_of_type(data, "pool", str),
            check=_of_type(data, "check", str),
            parameters=data["want"],
            sources=tuple(ExpectationSource.from_json(source) for source in sources),
        )


def _of_type(data: Mapping[str, Any], key: str, kind: type) -> Any:
    value = data.get(key)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"`{key}` must be {kind.__name__}, not {type(value).__name__}")  # noqa: TRY004
    if isinstance(value, str) and value and not value.isprintable():
        raise ValueError(f"`{key}` is not printable text")
    return value
