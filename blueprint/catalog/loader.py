"""Reads one catalogue file into its record, and reports errors as diagnostics at the line.

Records are plain, and their annotations are the schema. They are read by custom code because every compile reads some
of them: building validators would take longer than reading the whole catalogue.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, cast, get_args, get_origin

from blueprint.catalog import codes
from blueprint.catalog.facts import AtLeast, CatalogueFile, Fact, Matching, is_given
from blueprint.catalog.versions import layered
from blueprint.data import is_shipped
from blueprint.diagnostics import Diagnostic, Refused, Span, nearest
from blueprint.records import fields
from blueprint.source.document import Document
from blueprint.source.loader import load_text
from blueprint.source.paths import format_path
from blueprint.source.shipped import ShippedResults, shipped_document
from blueprint.wording import joined

R = TypeVar("R", bound=CatalogueFile)
At = tuple[str | int, ...]

_PACKAGE = "blueprint.catalog."
_VALUES = ShippedResults("catalogue", *map(str, sorted(Path(__file__).parent.rglob("*.py"))))
"""The values of the records that are defined in this package, on whose code the cache depends."""

_WORDS = {str: "text in quotes where it could be read otherwise", int: "a whole number", bool: "true or false"}


def read(file: Path, model: type[R], *, over: Document | None = None, **given: Any) -> R:
    """The record in `file`; `given` are fields that are not in the file.

    With `over`, the file contains only the differences from that document: maps are merged by key, everything else is
    replaced, and null removes a key.

    Raises Refused with all errors: invalid YAML, or a wrong form (BP3901).
    """
    document = shipped_document(file)
    if over is not None or not model.__module__.startswith(_PACKAGE):
        return _record_of(document, model, over, given)
    values = _VALUES.get(
        f"{model.__qualname__} {document.file}",
        document.text.encode(),
        lambda: _values_of(_record_of(document, model, None, given)),
        partial(is_shipped, file),
    )
    return model(**values, **given, document=document)


def read_text(text: str, name: str, model: type[R], *, over: Document | None = None, **given: Any) -> R:
    """The record in a text to which diagnostics refer as `name`. Otherwise like `read`."""
    return _record_of(load_text(text, name), model, over, given)


def _record_of(document: Document, model: type[R], over: Document | None, given: Mapping[str, Any]) -> R:
    if not isinstance(document.data, dict):
        raise Refused(Diagnostic(codes.CATALOGUE_INVALID, f"{document.file} is not a map"))
    if over is not None:
        document = layered(document, over)
    reader = _Reader(document)
    record: Any = reader.whole(model, {**given, "document": document})
    if reader.problems:
        raise Refused(*reader.problems)
    return cast("R", record)


def _values_of(record: CatalogueFile) -> dict[str, Any]:
    """The values of the fields that are in the file."""
    found = record.document.data
    return {part.name: getattr(record, part.name) for key, part in _parts(type(record)).items() if key in found}


class _Part(NamedTuple):
    """A field of a record that is in the file."""

    name: str
    hint: Any
    required: bool


@cache
def _parts(model: Any) -> dict[str, _Part]:
    """The fields that are in the file, by their key there."""
    return {
        re.sub("_(.)", lambda match: match[1].upper(), one.name): _Part(one.name, one.type, required=one.required)
        for one in fields(model)
        if not is_given(one.type)
    }


class _Reader:
    """Converts one document's data to typed values, collecting errors instead of stopping at the first one."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Diagnostic] = []

    def wrong(self, at: At, message: str, *, place: Span | None = None) -> None:
        """Record an error; the value is not used afterwards."""
        named = format_path(at)
        span = place or self.document.span(at)
        self.problems.append(Diagnostic(codes.CATALOGUE_INVALID, f"{named} {message}", at=span, path=named))

    def whole(self, model: Any, given: Mapping[str, Any]) -> Any:
        """The document's record; None if it cannot be built."""
        return self.record(model, _parts(model), self.document.data, (), given)

    def record(self, model: type[Any], parts: Mapping[str, _Part], data: Any, at: At, given: Mapping[str, Any]) -> Any:
        """A record from a map; None if it cannot be built."""
        if not isinstance(data, dict):
            return self.wrong(at, "must be a map")
        before = len(self.problems)
        self._keys(data, parts, at)
        found = {part.name: self.value(part.hint, data[key], (*at, key)) for key, part in parts.items() if key in data}
        if len(self.problems) > before:
            return None
        made = model(**found, **given)
        if (complain := getattr(made, "complaint", None)) and (complaint := complain()):
            self.wrong(at, f"is wrong: {complaint}")
        return made

    def _keys(self, data: Mapping[str, Any], parts: Mapping[str, _Part], at: At) -> None:
        for key in (key for key in data if key not in parts):
            near = nearest(str(key), parts)
            hint = f"; did you mean {near}?" if near else ""
            self.wrong((*at, key), f"is not known here{hint}", place=self.document.key_span((*at, key)))
        missing = [key for key, part in parts.items() if part.required and key not in data]
        if missing:
            others = f", and so {'is' if len(missing) == 2 else 'are'} {joined(missing[1:])}" if missing[1:] else ""  # noqa: PLR2004
            self.wrong((*at, missing[0]), f"is missing{others}")

    def value(self, hint: Any, data: Any, at: At) -> Any:
        """`data` converted to the type `hint`."""
        return _reading(hint)(self, data, at)

    def scalar(self, hint: Any, data: Any, at: At) -> Any:
        """A string, a number or a boolean."""
        return data if type(data) is hint else self.wrong(at, f"must be {_WORDS[hint]}")

    def literal(self, allowed: tuple[Any, ...], data: Any, at: At) -> Any:
        """One of the allowed values."""
        return data if data in allowed else self.wrong(at, f"must be one of {', '.join(map(str, allowed))}")

    def constrained(self, hint: Any, rule: Matching | AtLeast, data: Any, at: At) -> Any:
        """A scalar with an additional constraint."""
        if type(data) is not hint:
            return self.wrong(at, f"must be {_WORDS[hint]}")
        if isinstance(rule, Matching) and not re.fullmatch(rule.pattern, data):
            return self.wrong(at, f"must be {rule.form}")
        if isinstance(rule, AtLeast) and data < rule.least:
            return self.wrong(at, f"must be at least {rule.least}")
        return data

    def fact(self, hint: Any, data: Any, at: At) -> Any:
        """A value with its evidence and its location."""
        parts = {**_parts(Fact), "value": _Part("value", hint, required=True)}
        place = {"span": self.document.span((*at, "value")), "path": format_path(at)}
        return self.record(Fact, parts, data, at, place)

    def one_of(self, hints: tuple[Any, ...], data: Any, at: At) -> Any:
        """The alternative that matches the type of the data."""
        if data is None and type(None) in hints:
            return None
        plain = [hint for hint in hints if hint is type(data)]
        return self.value(plain[0] if plain else hints[0], data, at)

    def many(self, hint: Any, data: Any, at: At) -> Any:
        """A list, as a tuple."""
        if not isinstance(data, list):
            return self.wrong(at, "must be a list")
        return tuple(self.value(hint, item, (*at, index)) for index, item in enumerate(data))

    def by_name(self, key_hint: Any, hint: Any, data: Any, at: At) -> Any:
        """A map whose keys are names."""
        if not isinstance(data, dict):
            return self.wrong(at, "must be a map")
        return {self.value(key_hint, key, (*at, key)): self.value(hint, item, (*at, key)) for key, item in data.items()}


@cache
def _reading(hint: Any) -> Callable[[_Reader, Any, At], Any]:
    """The converter for an annotation. Cached, because analysing annotations is slower than reading data."""
    if hint is Any:
        return lambda _reader, data, _at: data
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return lambda reader, data, at: reader.constrained(arguments[0], arguments[1], data, at)
    if origin is Fact:
        return lambda reader, data, at: reader.fact(arguments[0], data, at)
    if origin in (Union, types.UnionType):
        return lambda reader, data, at: reader.one_of(arguments, data, at)
    if origin is tuple:
        return lambda reader, data, at: reader.many(arguments[0], data, at)
    if origin is Mapping:
        return lambda reader, data, at: reader.by_name(arguments[0], arguments[1], data, at)
    if origin is Literal:
        return lambda reader, data, at: reader.literal(arguments, data, at)
    if hint in _WORDS:
        return lambda reader, data, at: reader.scalar(hint, data, at)
    return lambda reader, data, at: reader.record(hint, _parts(hint), data, at, {})
