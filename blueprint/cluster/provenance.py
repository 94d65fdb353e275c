"""Origins of fields as plain JSON, each place written once: most fields of an object share theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blueprint.bundle.model import FieldOrigin, Path, Source
from blueprint.diagnostics import Span

Origins = Mapping[Path, FieldOrigin]


def pack_origins(objects: Sequence[Origins]) -> tuple[list[Any], dict[str, Any]]:
    """Per object a list of (path, number of the origin), and the table that the numbers point into."""
    numbers: dict[FieldOrigin, int] = {}
    packed = [
        [[list(path), numbers.setdefault(origin, len(numbers))] for path, origin in origins.items()]
        for origins in objects
    ]
    table = [[_span(origin.template), [[s.layer, _span(s.span), s.path] for s in origin.sources]] for origin in numbers]
    return packed, {"origins": table}


def unpack_origins(packed: Sequence[Any], table: Mapping[str, Any]) -> dict[Path, FieldOrigin]:
    """What `pack_origins` packed. Raises KeyError, IndexError, TypeError or ValueError for anything else."""
    return {tuple(path): _origin(*table["origins"][number]) for path, number in packed}


def pack_sources(sources: Mapping[str, tuple[Source, ...]]) -> dict[str, Any]:
    """Sources by key."""
    return {key: [[s.layer, _span(s.span), s.path] for s in several] for key, several in sources.items()}


def unpack_sources(packed: Mapping[str, Any]) -> dict[str, tuple[Source, ...]]:
    """What `pack_sources` packed."""
    return {
        key: tuple(Source(layer, Span(*span), path) for layer, span, path in several) for key, several in packed.items()
    }


def _span(span: Span) -> list[Any]:
    return [span.file, span.line, span.column, span.end_line, span.end_column]


def _origin(template: Sequence[Any], sources: Sequence[Any]) -> FieldOrigin:
    return FieldOrigin(Span(*template), tuple(Source(layer, Span(*span), path) for layer, span, path in sources))
