"""Read one catalogue file into its record; what is wrong with it becomes diagnostics at the line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from blueprint.catalog import codes
from blueprint.catalog.facts import Record
from blueprint.data import shown
from blueprint.diagnostics import Diagnostic, Refused
from blueprint.source import Document, load_text
from blueprint.source.paths import format_path

R = TypeVar("R", bound=Record)


def read(file: Path, model: type[R], **extra: Any) -> R:
    """The record in `file`, with `extra` fields that do not stand in it.

    Raises Refused with everything that is wrong: the YAML, or the form (BP3901).
    """
    document = load_text(file.read_text("utf-8"), shown(file))
    if not isinstance(document.data, dict):
        raise Refused(Diagnostic(codes.CATALOGUE_INVALID, f"{document.file} is not a map"))
    data = _located(document.data, (), document)
    try:
        return model.model_validate({**data, **extra, "document": document})
    except ValidationError as error:
        raise Refused(*_diagnostics(error, document)) from None


def _located(value: Any, path: tuple[str | int, ...], document: Document) -> Any:
    """`value` with the place of every fact put into it; a fact is a map that has a confidence."""
    if isinstance(value, list):
        return [_located(item, (*path, index), document) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    found = {key: _located(item, (*path, key), document) for key, item in value.items()}
    if "confidence" in value:
        found |= {"span": document.span((*path, "value")), "path": format_path(path)}
    return found


def _diagnostics(error: ValidationError, document: Document) -> Iterator[Diagnostic]:
    for problem in error.errors(include_url=False):
        path = tuple(step for step in problem["loc"] if step != "[key]")
        place = document.key_span if problem["type"] == "extra_forbidden" else document.span
        named = format_path(path)
        message = f"{named or document.file}: {problem['msg'].removeprefix('Value error, ')}"
        yield Diagnostic(codes.CATALOGUE_INVALID, message, at=place(path), path=named)
