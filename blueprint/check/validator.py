"""The JSON Schema engines behind one function: jsonschema_rs, with jsonschema as a fallback.

jsonschema_rs is 170 times faster and interprets patterns as Go does. Where it is not available (a platform without a
wheel), the pure Python engine produces the same results, slowly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

from blueprint.bundle.model import Path
from blueprint.check.portions import at_path, in_portions
from blueprint.kubernetes.api import Schema
from blueprint.records import Record, replace


class Violation(Record):
    """A keyword of the schema that a value violates."""

    path: Path
    keyword: str
    schema: Mapping[str, Any]
    value: Any


class NotJsonError(ValueError):
    """A value that JSON, and therefore the API, cannot represent; `path` is its location."""

    def __init__(self, path: Path, value: Any) -> None:
        super().__init__(f"{value!r} is not a JSON value")
        self.path = path


Validate = Callable[[Any], Iterator[Violation]]


def compile_schema(schema: Schema, engine: str | None = None) -> Validate:
    """A function that yields all violations, and raises NotJsonError for values that JSON cannot represent.

    jsonschema_rs accepts half of a surrogate pair in a valid text; files with one are not read.

    `engine` forces `jsonschema_rs` or `jsonschema`. Raises ValueError for an invalid schema.
    """
    if engine == "jsonschema":
        return _with_jsonschema(schema)
    try:
        import jsonschema_rs  # noqa: F401 - requested here, so that the choice is made in one place
    except ImportError:
        if engine is not None:
            raise
        return _with_jsonschema(schema)
    return _with_jsonschema_rs(schema)


def is_go_pattern(text: str) -> bool:
    r"""Whether a text is a valid Go regular expression: without look-around and back references, but with `\pL` and
    `\z`.

    The engine of jsonschema_rs has Go's syntax with few exceptions: it rejects `\Q` and accepts `a**`. Without it,
    nothing is rejected, because Python has a different syntax.
    """
    try:
        import jsonschema_rs
    except ImportError:
        return True
    try:
        jsonschema_rs.Draft202012Validator({"pattern": text}, pattern_options=jsonschema_rs.RegexOptions())
    except jsonschema_rs.ValidationError:
        return False
    return True


def _with_jsonschema_rs(schema: Schema) -> Validate:
    import jsonschema_rs

    validator = jsonschema_rs.Draft202012Validator(
        schema, validate_formats=True, pattern_options=jsonschema_rs.RegexOptions()
    )

    def faults(value: Any) -> Iterator[Violation]:
        """All violations of the schema, in the validator's order."""
        for error in validator.iter_errors(value):
            *place, keyword = error.schema_path
            yield Violation(tuple(error.instance_path), str(keyword), _at(schema, place), error.instance)

    def is_valid(value: Any) -> bool:
        """Whether the value satisfies the schema; False also for a value that is not JSON."""
        try:
            return validator.is_valid(value)
        except ValueError:
            return False  # Not JSON. The search for violations reports where.

    def validate(value: Any) -> Iterator[Violation]:
        """All violations of the schema. Raises ValueError, with the path, for a value that is not JSON."""
        if not is_valid(value):
            _must_be_json(value, ())  # The engine reads NaN as null.
            found = _whole(in_portions(value, faults, lambda fault, path: replace(fault, path=path)), value)
            first = next(found, None)
            yield from faults(value) if first is None else chain([first], found)

    return validate


def _whole(found: Iterator[Violation], value: Any) -> Iterator[Violation]:
    """The violations found in portions, merged to those of the whole: unknown fields of one map are one violation of
    the map.
    """
    judged: set[Path] = set()
    for each in found:
        if each.keyword != "additionalProperties":
            yield each
        elif each.path not in judged:
            judged.add(each.path)
            yield replace(each, value=at_path(value, each.path))


def _must_be_json(value: Any, path: Path) -> None:
    if isinstance(value, dict):
        for key, each in value.items():
            if not isinstance(key, str):
                raise NotJsonError(path, key)
            _must_be_json(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            _must_be_json(each, (*path, index))
    elif isinstance(value, str):
        if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
            raise NotJsonError(path, value)
    elif not (value is None or isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))):
        raise NotJsonError(path, value)


def _at(schema: Any, place: list[str | int]) -> Mapping[str, Any]:
    for step in place:
        schema = schema[step]
    found: Mapping[str, Any] = schema
    return found


def _with_jsonschema(schema: Schema) -> Validate:
    from jsonschema import Draft202012Validator, FormatChecker, SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ValueError(error.message) from error
    validator = Draft202012Validator(schema, format_checker=FormatChecker())

    def validate(value: Any) -> Iterator[Violation]:
        """All violations of the schema. Raises ValueError, with the path, for a value that is not JSON."""
        _must_be_json(value, ())
        for error in validator.iter_errors(value):
            yield Violation(tuple(error.absolute_path), str(error.validator), error.schema, error.instance)

    return validate
