"""JSON codecs for the parameters of checks: the compiler encodes them, the probe decodes them, with one type for both.

A check declares the type of its parameters once, as a dataclass in its own file. `record` derives the JSON form from
the fields: keys are in camelCase, and fields with their default value are omitted. Integers are counts, so they are
never negative. A decoder, like `__post_init__` of a dataclass, raises ValueError with the error.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

P = TypeVar("P")
T = TypeVar("T")


class Codec(NamedTuple, Generic[P]):
    """The JSON encoding of a value, and its decoding. `decode` raises ValueError for invalid data."""

    encode: Callable[[P], Any]
    decode: Callable[[Any], P]


def record(kind: type[P]) -> Codec[P]:
    """An object with the fields of a dataclass: numbers, strings, and lists and objects of these."""
    return Codec(_encode_record, functools.partial(_decode_record, kind))


def text_form(parse: Callable[[str], P]) -> Codec[P]:
    """A value encoded as a string: `str` returns it, and `parse` raises ValueError if it is invalid."""

    def decode(value: Any) -> P:
        """Parse a JSON string."""
        if not isinstance(value, str):
            raise ValueError(f"a string is needed, not {value!r}")  # noqa: TRY004 - callers catch one error
        return parse(value)

    return Codec(str, decode)


def one_of(*choices: T) -> Codec[T]:
    """One of several values of the same type: `true` does not equal 1."""
    return Codec(lambda value: value, functools.partial(_choice, choices))


def record_or(kind: type[P], other: Codec[T]) -> Codec[P | T]:
    """An object with the fields of a dataclass, or a value of another codec that is not an object."""

    def encode(value: P | T) -> Any:
        """The JSON form: an object for a `kind`, otherwise that of the other codec."""
        return _encode_record(value) if isinstance(value, kind) else other.encode(typing.cast("T", value))

    def decode(value: Any) -> P | T:
        """The value of a JSON object, or of the other codec."""
        return _decode_record(kind, value) if isinstance(value, dict) else other.decode(value)

    return Codec(encode, decode)


def _choice(choices: Sequence[T], value: Any) -> T:
    for choice in choices:
        if value == choice and type(value) is type(choice):
            return choice
    options = " or ".join(repr(each) if isinstance(each, str) else str(each).lower() for each in choices)
    raise ValueError(f"{options} is needed, not {value!r}")


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"a whole number, zero or more, is needed, not {value!r}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"a string is needed, not {value!r}")  # noqa: TRY004
    return value


def _list_of(item: Callable[[Any], T], value: Any) -> tuple[T, ...]:
    if not isinstance(value, list):
        raise ValueError(f"a list is needed, not {value!r}")  # noqa: TRY004
    return tuple(item(each) for each in value)


def _object_of(item: Callable[[Any], T], value: Any) -> dict[str, T]:
    if not isinstance(value, dict) or not value or not all(isinstance(key, str) for key in value):
        raise ValueError(f"an object with at least one entry is needed, not {value!r}")
    return {key: item(each) for key, each in value.items()}


def _encode(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return _encode_record(value)
    if isinstance(value, tuple):
        return [_encode(each) for each in value]
    return {key: _encode(each) for key, each in value.items()} if isinstance(value, Mapping) else value


def _encode_record(value: Any) -> dict[str, Any]:
    found = ((each, getattr(value, each.name)) for each in dataclasses.fields(value))
    return {_key(each.name): _encode(content) for each, content in found if content != _default(each)}


def _decode_record(kind: type[P], value: Any) -> P:
    if not isinstance(value, dict):
        raise ValueError(f"an object is needed, not {value!r}")  # noqa: TRY004
    decoders = _decoders(typing.cast("Any", kind))
    if unknown := sorted(set(value) - set(decoders)):
        raise ValueError(f"{unknown[0]!r} is not one of {', '.join(sorted(decoders))}")
    content: dict[str, Any] = {}
    for key, (field, decode) in decoders.items():
        if key in value:
            try:
                content[field.name] = decode(value[key])
            except ValueError as error:
                raise ValueError(f"{key}: {error}") from None
        elif _default(field) is dataclasses.MISSING:
            raise ValueError(f"{key} is missing")
    return kind(**content)


@functools.cache
def _decoders(kind: Any) -> dict[str, tuple[dataclasses.Field[Any], Callable[[Any], Any]]]:
    types = typing.get_type_hints(kind)
    return {_key(each.name): (each, _decoder(types[each.name])) for each in dataclasses.fields(kind)}


def _decoder(kind: Any) -> Callable[[Any], Any]:
    """The decoder for the type of a field. An unsupported type is a bug in the check, and raises TypeError."""
    arguments = typing.get_args(kind)
    match typing.get_origin(kind) or kind:
        case builtin if builtin is int:
            return _number
        case builtin if builtin is str:
            return _text
        case builtin if builtin is tuple:
            return functools.partial(_list_of, _decoder(arguments[0]))
        case origin if origin is Mapping:
            return functools.partial(_object_of, _decoder(arguments[1]))
        case found if isinstance(found, type) and dataclasses.is_dataclass(found):
            return functools.partial(_decode_record, found)
    raise TypeError(f"parameters of checks cannot contain {kind}")


def _default(field: dataclasses.Field[Any]) -> Any:
    """The default of a field; MISSING if it has none."""
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def _key(name: str) -> str:
    """The JSON key of a field: `tolerance_mib` becomes `toleranceMib`."""
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


def off_on(value: bool) -> str:  # noqa: FBT001 - it is the subject, no flag
    """`on` or `off`."""
    return "on" if value else "off"


FLAG: Codec[bool] = Codec(bool, functools.partial(_choice, (True, False)))
"""`true` or `false`."""
TRUE: Codec[bool] = Codec(bool, functools.partial(_choice, (True,)))
"""`true`: the opposite cannot be expected."""
COUNT: Codec[int] = Codec(lambda value: value, _number)
"""An integer, zero or more."""
TEXTS: Codec[Mapping[str, str]] = Codec(dict, functools.partial(_object_of, _text))
"""Strings by name, at least one."""
