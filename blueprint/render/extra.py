"""Users' own manifests: read with positions, so that they are checked, traced and compared like the rest."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from blueprint.bundle.model import USERS, FieldOrigin, Object
from blueprint.diagnostics import Diagnostic, Refused
from blueprint.platform.tracking.sources import Source
from blueprint.render import codes
from blueprint.render.canonical import canonical
from blueprint.source.document import Document, walk
from blueprint.source.layers import Layered
from blueprint.source.loader import load_documents
from blueprint.source.matching import matching_files, patterns_at, read_input
from blueprint.source.paths import Path, format_path


def extra_objects(layered: Layered) -> tuple[list[Object], list[Diagnostic]]:
    """The objects of every file that `extraManifests` matches, and what is wrong with them."""
    objects: list[Object] = []
    found: list[Diagnostic] = []
    for index, pattern in enumerate(patterns_at(layered, ("spec", "extraManifests"))):
        named = Source(pattern.layer.kind, pattern.span, format_path(("spec", "extraManifests", index)))
        try:
            files = matching_files(layered, pattern, codes.EXTRA_MATCHES_NOTHING)
        except Refused as refused:
            found.extend(refused.diagnostics)
            continue
        for file in files:
            try:
                documents = load_documents(read_input(layered, file, pattern), file)
            except Refused as refused:
                found.extend(refused.diagnostics)
                continue
            for document in documents:
                made = _object(document, named)
                (objects if isinstance(made, Object) else found).append(made)  # type: ignore[arg-type]
    return objects, found


def _object(document: Document, named: Source) -> Object | Diagnostic:
    data = document.data
    if fault := _fault(data):
        path, message = fault
        at = document.span(path).head
        help_ = "every document needs apiVersion, kind and metadata.name"
        return Diagnostic(codes.NOT_AN_OBJECT, f"{document.file}: {message}", at=at, help=help_)
    origins = {_one(path): _origin(document, path, value, named) for path, value in walk(data)}
    moved = {("data", *path[1:]): origin for path, origin in origins.items() if path[:1] == ("stringData",)}
    return Object(canonical(data), USERS, {**moved, **origins})


@lru_cache(maxsize=65_536)
def _one(path: Path) -> Path:
    """The same tuple for equal paths: ten thousand objects of a kind have few that differ."""
    return path


def _origin(document: Document, path: Path, value: Any, named: Source) -> FieldOrigin:
    """A scalar's place is the scalar, that of a collection its key."""
    span = document.key_span(path).head if isinstance(value, dict | list) else document.span(path)
    return FieldOrigin(span, (Source("manifest", span, format_path(path)), named))


def _fault(data: Any) -> tuple[Path, str] | None:
    """What keeps a document from being an object, and where."""
    if not isinstance(data, dict):
        return (), "a manifest must be a mapping"
    for path in (("apiVersion",), ("kind",), ("metadata", "name")):
        value: Any = data
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if not isinstance(value, str) or not value:
            return path, f"{'.'.join(path)} is missing or is not text"
    return (("kind",), "a List is not supported: write its items as documents") if data["kind"] == "List" else None
