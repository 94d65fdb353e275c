"""Converts schema violations to readable messages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Path
from blueprint.check import codes
from blueprint.check.finding import ObjectFinding, shown
from blueprint.check.strict import MEANS_NOTHING, NULL_REFUSED, bound_of
from blueprint.check.validator import Violation
from blueprint.diagnostics import Severity, nearest
from blueprint.redaction.secrets import HIDDEN
from blueprint.source.paths import format_path
from blueprint.wording import first_few, joined

SERVER_SET = {
    "creationTimestamp": Severity.WARNING,
    "deletionGracePeriodSeconds": Severity.WARNING,
    "deletionTimestamp": Severity.WARNING,
    "generation": Severity.WARNING,
    "managedFields": Severity.ERROR,
    "resourceVersion": Severity.ERROR,
    "selfLink": Severity.WARNING,
    "status": Severity.WARNING,
    "uid": Severity.ERROR,
}
"""Fields that only the cluster writes. It is an error if the API server rejects them; otherwise it ignores them."""

TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "a map",
    "string": "text",
}
FORMATS = {
    "byte": ("base64", None),
    "date-time": ("a timestamp", "as in 2026-11-21T10:00:00Z"),
    "dns-label": (
        "a DNS label",
        "lowercase letters, digits and -, at most 63 characters, a letter or digit at both ends",
    ),
    "dns-subdomain": ("a DNS name", "lowercase letters, digits, - and ., a letter or digit at both ends"),
    "label-key": ("a label key", "an optional DNS name and /, then at most 63 letters, digits, -, _ and ."),
    "config-key": ("a key of a ConfigMap or Secret", "letters, digits, -, _ and ."),
    "percent": ("a percentage", "a whole number, or a percentage as in 25%"),
    "port-name": (
        "the name of a port",
        "letters, digits and single -, with at least one letter; a port number is written without quotes",
    ),
    "quantity": ("a quantity", "a number with an optional suffix: 500m, 2, 1.5, 128Mi, 10G"),
}
_MANY = 12
_MOST_COMPARED = 200
"""The maximum number of allowed values that are searched for a similar name."""
_LEFT_OUT = "cannot be combined with the other fields here"
MOST_FAULTS = 1_000
"""The maximum number of findings of one type per object: messages for a million of them would take minutes."""


def in_words(violations: Iterable[Violation], data: Mapping[str, Any], kind: str) -> Iterator[ObjectFinding]:
    """One finding per mistake; a misspelt required field is one mistake, not two."""
    violations = list(violations)
    misspelt = {(v.path, name) for v in violations if v.keyword == "additionalProperties" for name in _likely_names(v)}
    yield from dict.fromkeys(c for v in violations for c in _complaints(v, data, kind, misspelt))


def _complaints(
    violation: Violation, data: Mapping[str, Any], kind: str, misspelt: set[tuple[Path, str]]
) -> Iterator[ObjectFinding]:
    if violation.keyword == "required":
        yield from _missing(violation, data, misspelt)
    elif violation.keyword == "additionalProperties":
        yield from _unknown(violation, data)
    elif violation.value is None:
        yield _null(violation, data)
    else:
        yield _WORDS.get(violation.keyword, _condition)(violation, _Where(violation, data, kind))


class _Where:
    """The location and the value of a violation, as text."""

    __slots__ = ("path", "value")

    def __init__(self, violation: Violation, data: Mapping[str, Any], kind: str) -> None:
        self.path = format_path(violation.path, data) or "the object"
        self.value = shown(violation.value, violation.path, kind)


def _extra(violation: Violation) -> list[str]:
    allowed = violation.schema.get("properties", {})
    return [name for name in violation.value if name not in allowed]


def _likely_names(violation: Violation) -> list[str]:
    allowed = violation.schema.get("properties", {})
    return [near for name in _extra(violation)[:MOST_FAULTS] if (near := nearest(name, allowed))]


def _unknown(violation: Violation, data: Mapping[str, Any]) -> Iterator[ObjectFinding]:
    allowed = sorted(violation.schema.get("properties", {}))
    inside = format_path(violation.path, data)
    place = f" in {inside}" if inside else ""
    names = _extra(violation)
    if left_out := names[MOST_FAULTS:]:
        yield ObjectFinding(codes.TOO_MANY_FAULTS, violation.path, f"{len(left_out):,} more unknown fields{place}")
    for name in names[:MOST_FAULTS]:
        path = (*violation.path, name)
        if name in SERVER_SET and _is_server_set(name, violation.path):
            text = f"{format_path(path, data)} is set by the cluster, not in a manifest"
            yield ObjectFinding(codes.SERVER_FIELD, path, text, "remove it", SERVER_SET[name])
        else:
            near = nearest(name, allowed)
            help_ = None if near else _fields(allowed)
            yield ObjectFinding(codes.UNKNOWN_FIELD, path, f"unknown field {name}{place}", help_, rename=near)


def _is_server_set(name: str, inside: Path) -> bool:
    return inside[-1:] == ("metadata",) if name != "status" else True


def _fields(allowed: list[str]) -> str:
    if not allowed:
        return "remove it: no field is allowed here"
    return f"allowed fields: {first_few(allowed, _MANY)}"


def _missing(violation: Violation, data: Mapping[str, Any], misspelt: set[tuple[Path, str]]) -> Iterator[ObjectFinding]:
    """One finding for all missing fields of a map. Schema engines differ in how they report them, so schema and value
    are compared.
    """
    required = violation.schema["required"]
    missing = [each for each in required if each not in violation.value and (violation.path, each) not in misspelt]
    if not missing:
        return
    inside = format_path(violation.path, data)
    place = f" in {inside}" if inside else ""
    what = f"field {missing[0]} is" if len(missing) == 1 else f"fields {joined(missing)} are"
    text = f"required {what} missing{place}"
    yield ObjectFinding(codes.MISSING_FIELD, violation.path, text, _defaults_of(missing, violation.schema))


def _defaults_of(missing: list[str], schema: Mapping[str, Any]) -> str | None:
    """A help if several sections without a required field are missing, as in a ClusterPolicy."""
    fields = [schema.get("properties", {}).get(name, {}) for name in missing]
    if len(missing) == 1 or not all(each.get("type") == "object" and not each.get("required") for each in fields):
        return None
    return f"write an empty map to use the defaults of a section: {missing[0]}: {{}}"


_NO_EMPTY_ITEM = frozenset({"required", "enum", "pattern", "minLength", "minimum", "anyOf", "oneOf"})
"""Keywords that make the API server reject the empty item to which its decoder converts a null in a list."""


def _null(violation: Violation, data: Mapping[str, Any]) -> ObjectFinding:
    is_item = isinstance(violation.path[-1], int)
    refused = NULL_REFUSED in violation.schema or (is_item and bool(_NO_EMPTY_ITEM & violation.schema.keys()))
    what = "is not a list item" if is_item else "the API server refuses" if refused else "sets nothing"
    text = f"{format_path(violation.path, data)} is null, which {what}"
    override = Severity.ERROR if refused else None
    return ObjectFinding(codes.MEANINGLESS_VALUE, violation.path, text, "remove it", override)


def _type(violation: Violation, where: _Where) -> ObjectFinding:
    kinds = violation.schema["type"]
    wanted = " or ".join(TYPES[kind] for kind in sorted([kinds] if isinstance(kinds, str) else kinds))
    text = f"{where.path} must be {wanted}, not {_noun(violation.value, where.value)}"
    help_ = None if where.value == HIDDEN else _corrected(kinds, violation.value)
    return ObjectFinding(codes.WRONG_TYPE, violation.path, text, help_)


def _corrected(kind: str | list[str], value: Any) -> str | None:
    """How to write a scalar of the wrong type correctly."""
    if kind == "string" and isinstance(value, bool | int | float):
        return f'write it in quotes: "{json.dumps(value)}"'
    bare = {"integer": r"-?[0-9]+", "number": r"-?[0-9]+(\.[0-9]+)?", "boolean": "true|false"}
    if isinstance(kind, str) and isinstance(value, str) and re.fullmatch(bare.get(kind, "(?!)"), value):
        return f"write it without quotes: {value}"
    return None


def _noun(value: Any, text: str) -> str:
    if isinstance(value, dict):
        return "a map"
    return "a list" if isinstance(value, list) else text


def _enum(violation: Violation, where: _Where) -> ObjectFinding:
    allowed = [str(option) for option in violation.schema["enum"] if option not in ("", None)]
    near = nearest(str(violation.value), allowed[:_MOST_COMPARED])
    return ObjectFinding(
        codes.VALUE_NOT_ALLOWED,
        violation.path,
        f"{where.path} cannot be {where.value}",
        f"did you mean {near}? Allowed values: {first_few(allowed, _MANY)}"
        if near
        else f"allowed values: {first_few(allowed, _MANY)}",
    )


def _pattern(violation: Violation, where: _Where) -> ObjectFinding:
    known = FORMATS.get(violation.schema.get("format", ""))
    if known is None:
        text = f"{where.path} is {where.value}, which does not match {violation.schema['pattern']}"
        return ObjectFinding(codes.MALFORMED, violation.path, text)
    return ObjectFinding(
        codes.MALFORMED, violation.path, f"{where.path} is {where.value}, which is not {known[0]}", known[1]
    )


def _bound(violation: Violation, where: _Where) -> ObjectFinding:
    text = f"{where.path} is {where.value}, which is not {_limits(violation)}"
    return ObjectFinding(codes.OUT_OF_BOUNDS, violation.path, text)


_BOUND_WORDS = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}


def _limits(violation: Violation) -> str:
    """The bounds that the API gives; those of the number format only if the value is beyond them."""
    schema, widest = violation.schema, bound_of(violation.schema)
    of_format = {} if widest is None else {"minimum": -widest, "maximum": widest - 1}
    given = {
        key: schema[key]
        for key in _BOUND_WORDS
        if key in schema and (key == violation.keyword or schema[key] != of_format.get(key))
    }
    if given.keys() == {"minimum", "maximum"}:
        return f"between {given['minimum']} and {given['maximum']}"
    return " and ".join(f"{_BOUND_WORDS[key]} {bound}" for key, bound in given.items())


def _size(violation: Violation, where: _Where) -> ObjectFinding:
    if MEANS_NOTHING in violation.schema and not violation.value:
        what = "list" if violation.keyword == "minItems" else "map"
        text = f"{where.path} is an empty {what}, which sets nothing"
        return ObjectFinding(codes.MEANINGLESS_VALUE, violation.path, text, "remove the field")
    one, many = {"Length": ("character", "characters"), "Items": ("item", "items"), "Properties": ("entry", "entries")}[
        violation.keyword[3:]
    ]
    limit = violation.schema[violation.keyword]
    if not limit:
        return ObjectFinding(codes.CONDITION_NOT_MET, violation.path, f"{where.path} {_LEFT_OUT}", "remove it")
    relation = "fewer than" if violation.keyword.startswith("min") else "more than"
    size = len(violation.value)
    text = f"{where.path} has {size} {one if size == 1 else many}, {relation} {limit}"
    return ObjectFinding(codes.OUT_OF_BOUNDS, violation.path, text)


def _unique(violation: Violation, where: _Where) -> ObjectFinding:
    return ObjectFinding(codes.DUPLICATE_ITEM, violation.path, f"{where.path} contains the same item twice")


def _multiple(violation: Violation, where: _Where) -> ObjectFinding:
    text = f"{where.path} is {where.value}, which is not a multiple of {violation.schema['multipleOf']}"
    return ObjectFinding(codes.OUT_OF_BOUNDS, violation.path, text)


def _condition(violation: Violation, where: _Where) -> ObjectFinding:
    meaning = {
        "anyOf": "matches none of the allowed forms",
        "oneOf": "must match exactly one of the allowed forms",
        "not": "has a form that is not allowed",
    }
    forms = violation.schema.get(violation.keyword)
    if violation.keyword == "not" and isinstance(forms, dict) and set(forms) == {"required"}:
        name = forms["required"][0]
        path, text = (*violation.path, name), f"{where.path}.{name} {_LEFT_OUT}"
        return ObjectFinding(codes.CONDITION_NOT_MET, path, text, "remove it")
    text = f"{where.path} {meaning.get(violation.keyword, f'does not satisfy {violation.keyword}')}"
    return ObjectFinding(
        codes.CONDITION_NOT_MET, violation.path, text, f"allowed forms: {_forms(forms)}" if forms else None
    )


def _forms(forms: Any) -> str:
    each = forms if isinstance(forms, list) else [forms]
    return "; ".join(
        f"with {' and '.join(form['required'])}" if set(form) == {"required"} else shown(form, (), "") for form in each
    )


_WORDS: Mapping[str, Callable[[Violation, _Where], ObjectFinding]] = {
    "enum": _enum,
    "exclusiveMaximum": _bound,
    "exclusiveMinimum": _bound,
    "format": _pattern,
    "maxItems": _size,
    "maxLength": _size,
    "maxProperties": _size,
    "maximum": _bound,
    "minItems": _size,
    "minLength": _size,
    "minProperties": _size,
    "minimum": _bound,
    "multipleOf": _multiple,
    "pattern": _pattern,
    "type": _type,
    "uniqueItems": _unique,
}
