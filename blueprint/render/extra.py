"""Users' own manifests, read with locations, so that they are checked, traced and compared like all others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blueprint.bundle.manifest_origins import ManifestOrigins
from blueprint.bundle.model import USERS, FieldOrigin, Object
from blueprint.diagnostics import Diagnostic, Refused
from blueprint.platform.tracking.sources import Source
from blueprint.render import codes
from blueprint.render.canonical import canonical
from blueprint.source.document import Document
from blueprint.source.layers import Layered
from blueprint.source.loader import each_document
from blueprint.source.matching import matching_files, patterns_at, read_input
from blueprint.source.paths import Path, format_path


def extra_objects(layered: Layered) -> tuple[list[Object], list[Diagnostic]]:
    """The objects in all files that match `extraManifests`, and errors in them."""
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
                documents = each_document(read_input(layered, file, pattern), file)
                made = [_object(document, named) for document in documents]
            except Refused as refused:
                found.extend(refused.diagnostics)
                continue
            for each in made:
                (objects if isinstance(each, Object) else found).append(each)  # type: ignore[arg-type]
    return objects, found


def _object(document: Document, named: Source) -> Object | Diagnostic:
    data = document.data
    if fault := _fault(data):
        path, message = fault
        at = document.span(path).head
        help_ = "each document needs apiVersion, kind and metadata.name"
        return Diagnostic(codes.NOT_AN_OBJECT, f"{document.file}: {message}", at=at, help=help_)
    return Object(canonical(data), USERS, _origins(document, named))


def _origins(document: Document, named: Source) -> Mapping[Path, FieldOrigin]:
    origins = ManifestOrigins(document.file, named, document.places())
    moved = {("data", *path[1:]): path for path in origins if path[:1] == ("stringData",)}
    return {**{path: origins[written] for path, written in moved.items()}, **origins} if moved else origins


def _fault(data: Any) -> tuple[Path, str] | None:
    """Why a document is not an object, and where."""
    if not isinstance(data, dict):
        return (), "a manifest must be a mapping"
    for path in (("apiVersion",), ("kind",), ("metadata", "name")):
        value: Any = data
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if not isinstance(value, str) or not value:
            return path, f"{'.'.join(path)} is missing or is not text"
    return (
        (("kind",), "a List is not supported: write its items as separate documents")
        if data["kind"] == "List"
        else None
    )
