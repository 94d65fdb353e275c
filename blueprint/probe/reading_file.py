"""Reads readings and expectations from files. Nothing is trusted before every value has been validated."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from blueprint.diagnostics import Code, Diagnostic, Refused, nearest
from blueprint.patterns import lazy_pattern
from blueprint.probe import codes, nvml_codes
from blueprint.probe.expectations import SCHEMA as EXPECTATIONS_SCHEMA
from blueprint.probe.expectations import Expectation
from blueprint.probe.file_access import TooLarge, UntrustedPath, read_regular
from blueprint.probe.host import Access, HostRecord, HostScan
from blueprint.probe.reading import (
    SCHEMA,
    SCHEMA_1,
    Call,
    CallOutcome,
    Origin,
    PciFunction,
    PciScan,
    Reading,
    Value,
    moment,
)

MAX_BYTES = 8 << 20
"""A reading with 16 GPUs has about 60 kB; anything a hundred times larger is not a reading."""
MAX_EXPECTATION_BYTES = 64 << 20
"""The expectations of a thousand pools have 7 MB."""

_TIME = lazy_pattern(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", re.ASCII)
_NODE = lazy_pattern(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?", re.ASCII)
_MAX_CALLS = 20_000
_MAX_RECORDS = 20_000
_SCHEMAS = (SCHEMA_1, SCHEMA)
_MAX_MS = 86_400_000
_CANNOT_OPEN = 2


def read_reading(path: Path) -> Reading:
    """The reading in a file.

    Raises Refused: exit code 2 if the file cannot be opened, 1 if it is not a reading of a known version.
    """
    document = _load(path, codes.READING_MALFORMED, MAX_BYTES)
    version = document.get("schemaVersion") if isinstance(document, dict) else None
    if isinstance(version, str) and version.startswith("gpublueprint.dev/reading/") and version not in _SCHEMAS:
        message = f"{path}: a reading of version {version}; this tool reads {' and '.join(_SCHEMAS)}"
        raise Refused(Diagnostic(codes.READING_VERSION, message))
    try:
        return reading_from_json(document)
    except ValueError as error:
        raise Refused(Diagnostic(codes.READING_MALFORMED, f"{path}: {error}")) from None


def read_expectations(path: Path) -> tuple[Expectation, ...]:
    """The expectations in an `expectations.json`, for all pools. Raises Refused like `read_reading`."""
    document = _load(path, codes.EXPECTATIONS_MALFORMED, MAX_EXPECTATION_BYTES)
    try:
        return expectations_from_json(document)
    except ValueError as error:
        raise Refused(Diagnostic(codes.EXPECTATIONS_MALFORMED, f"{path}: {error}")) from None


def is_node_name(name: str) -> bool:
    """Whether a node can have this name: letters, digits, dots and dashes, at most 253 characters."""
    return _NODE.fullmatch(name) is not None


def expectations_from_json(document: Any) -> tuple[Expectation, ...]:
    """The expectations in a file of `bundle.expectations_file`. Raises ValueError for invalid data."""
    fields = _Fields(document, "the document", ("schemaVersion", "expectations"))
    if (version := fields.text("schemaVersion")) != EXPECTATIONS_SCHEMA:
        raise ValueError(f"schemaVersion is {version!r}, not {EXPECTATIONS_SCHEMA!r}")
    return tuple(Expectation.from_json(each) for each in fields.items("expectations"))


def reading_from_json(document: Any) -> Reading:
    """The inverse of `Reading.to_json`. Raises ValueError with the path for invalid data."""
    fields = _Fields(document, "the document", _READING_KEYS)
    if (version := fields.text("schemaVersion")) not in _SCHEMAS:
        raise ValueError(f"schemaVersion is {version!r}, not {SCHEMA!r}")
    if version == SCHEMA_1:
        fields.refuse("host", because=f"{SCHEMA_1} has none")
    if not is_node_name(fields.text("node")):
        raise ValueError(f"node is {fields.text('node')!r}, which is not a node name")
    if not _is_time(fields.text("time")):
        raise ValueError(f"time is {fields.text('time')!r}, not UTC in RFC 3339 (2026-11-21T10:00:00Z)")
    calls = fields.items("calls")
    if len(calls) > _MAX_CALLS:
        raise ValueError(f"calls has {len(calls)} entries, more than any node needs")
    return Reading(
        node=fields.text("node"),
        boot_id=fields.text("bootId"),
        kernel=fields.text("kernel"),
        time=fields.text("time"),
        tool=fields.text("tool"),
        origin=Origin(fields.one_of("origin", Origin)),
        library=fields.text("library"),
        pci=_pci(fields.value("pci")),
        calls=tuple(_call(call, f"calls[{index}]") for index, call in enumerate(calls)),
        host=None if version == SCHEMA_1 else _host(fields.value("host")),
    )


def _is_time(text: str) -> bool:
    """Whether it is a valid time: there is no 30th of February."""
    try:
        return _TIME.fullmatch(text) is not None and moment(text) is not None
    except ValueError:
        return False


_READING_KEYS = (
    "schemaVersion", "node", "time", "origin", "tool", "bootId", "kernel", "library", "pci", "host", "calls",
)  # fmt: skip
_CALL_KEYS = ("call", "device", "child", "outcome", "ms", "return", "returnName", "value", "detail")


def _pci(document: Any) -> PciScan:
    fields = _Fields(document, "pci", ("root", "readable", "functions"))
    return PciScan(
        fields.text("root"),
        fields.flag("readable"),
        tuple(_function(each, f"pci.functions[{at}]") for at, each in enumerate(fields.items("functions"))),
    )


def _function(document: Any, where: str) -> PciFunction:
    fields = _Fields(document, where, ("address", "device", "driver"))
    return PciFunction(fields.text("address"), fields.text("device"), fields.text("driver"))


def _host(document: Any) -> HostScan:
    fields = _Fields(document, "host", ("root", "answers"))
    records = fields.items("answers")
    if len(records) > _MAX_RECORDS:
        raise ValueError(f"host.answers has {len(records)} entries, more than any node needs")
    return HostScan(fields.text("root"), tuple(_record(each, f"host.answers[{at}]") for at, each in enumerate(records)))


def _record(document: Any, where: str) -> HostRecord:
    fields = _Fields(document, where, ("path", "access", "values", "detail"))
    access, values = Access(fields.one_of("access", Access)), fields.texts("values")
    if values and access is not Access.READ:
        raise ValueError(f"{where} has values though it was not read")
    return HostRecord(fields.text("path"), access, values, fields.text("detail") if fields.has("detail") else "")


def _call(document: Any, where: str) -> Call:
    fields = _Fields(document, where, _CALL_KEYS)
    outcome = CallOutcome(fields.one_of("outcome", CallOutcome))
    code = _return_code(fields, outcome)
    value = _answer(fields.value("value"), where) if fields.has("value") else None
    if value is not None and code != nvml_codes.SUCCESS:
        raise ValueError(f"{where} has a value without NVML_SUCCESS")
    return Call(
        call=fields.text("call"),
        device=fields.number("device", least=0) if fields.has("device") else None,
        child=fields.number("child", least=0),
        outcome=outcome,
        code=code,
        value=value,
        detail=fields.text("detail") if fields.has("detail") else "",
        ms=fields.duration("ms"),
    )


def _return_code(fields: _Fields, outcome: CallOutcome) -> int | None:
    """NVML's return code, which must exist exactly if NVML returned, and must match its name."""
    if outcome is not CallOutcome.RETURNED:
        fields.refuse("return", "returnName", because="NVML did not return")
        return None
    code = fields.number("return")
    if (name := fields.text("returnName")) != nvml_codes.name_of(code):
        raise ValueError(f"returnName is {name!r}, but {code} is {nvml_codes.name_of(code)}")
    return code


def _answer(value: Any, where: str) -> Value:
    """A string, a number, numbers, or a flat structure of these, as written by the collector."""
    match value:
        case str():
            return value
        case int() if not isinstance(value, bool):
            return value
        case list() if all(type(each) is int for each in value):
            return value
        case dict() if all(type(each) in {int, str} for each in value.values()):
            return value
        case _:
            raise ValueError(f"{where}.value is not an answer that NVML can give")


class _Fields:
    """A JSON object whose values are accessed by type; every error contains the path."""

    def __init__(self, document: Any, where: str, keys: tuple[str, ...]) -> None:
        if not isinstance(document, dict):
            raise ValueError(f"{where} must be an object, not {_kind(document)}")  # noqa: TRY004
        self._document, self._where = document, where
        for key in document:
            if key not in keys:
                similar = nearest(key, keys)
                raise ValueError(f"{where} has the unknown key {key!r}" + (f": {similar}?" if similar else ""))

    def has(self, key: str) -> bool:
        """Whether the object has the key."""
        return key in self._document

    def value(self, key: str) -> Any:
        """The value of the key, of any type. Raises ValueError if it is missing."""
        if key not in self._document:
            raise ValueError(f"{self._where} needs {key!r}")
        return self._document[key]

    def text(self, key: str) -> str:
        """A printable string, possibly empty. Raises ValueError."""
        return str(self._of(key, "printable text", lambda v: isinstance(v, str) and (not v or v.isprintable())))

    def flag(self, key: str) -> bool:
        """True or false. Raises ValueError."""
        return bool(self._of(key, "true or false", lambda value: isinstance(value, bool)))

    def number(self, key: str, least: int | None = None) -> int:
        """An integer, not less than `least`. Raises ValueError."""
        found = int(self._of(key, "a whole number", lambda value: type(value) is int))
        if least is not None and found < least:
            raise ValueError(f"{self._where}.{key} is {found}, below {least}")
        return found

    def duration(self, key: str) -> float:
        """Milliseconds, zero or more. Raises ValueError."""
        value = self._of(key, "a number", lambda value: type(value) in {int, float})
        if not 0 <= value < _MAX_MS:
            raise ValueError(f"{self._where}.{key} is {value}, which is not a duration")
        return float(value)

    def items(self, key: str) -> list[Any]:
        """A list with any items. Raises ValueError."""
        return list(self._of(key, "a list", lambda value: isinstance(value, list)))

    def texts(self, key: str) -> dict[str, str]:
        """An object whose keys and values are printable strings. Raises ValueError."""

        def are_texts(value: Any) -> bool:
            """Whether the value is an object of printable strings."""
            texts = (*value, *value.values()) if isinstance(value, dict) else (None,)
            return all(isinstance(each, str) and (not each or each.isprintable()) for each in texts)

        return dict(self._of(key, "printable texts by name", are_texts))

    def one_of(self, key: str, kind: type[CallOutcome | Origin | Access]) -> str:
        """A string that is a member of the enumeration. Raises ValueError."""
        if (found := self.text(key)) not in list(kind):
            raise ValueError(f"{self._where}.{key} is {found!r}, not one of {', '.join(kind)}")
        return found

    def refuse(self, *keys: str, because: str) -> None:
        """Raise ValueError, with the reason, if the object has one of the keys."""
        for key in keys:
            if key in self._document:
                raise ValueError(f"{self._where} has {key!r} though {because}")

    def _of(self, key: str, kind: str, test: Callable[[Any], bool]) -> Any:
        if not test(value := self.value(key)):
            raise ValueError(f"{self._where}.{key} must be {kind}, not {_kind(value)}")
        return value


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")


def _load(path: Path, malformed: Code, limit: int) -> Any:
    """The JSON in a file. Raises Refused if it cannot be opened, is too large, or is not JSON."""
    try:
        content = read_regular(path, limit)
    except TooLarge as error:
        raise Refused(Diagnostic(malformed, f"{path}: {error}")) from None
    except (OSError, ValueError, UntrustedPath) as error:
        message = f"cannot open {path}: {getattr(error, 'strerror', None) or error}"
        raise Refused(Diagnostic(codes.READING_UNOPENABLE, message), exit_code=_CANNOT_OPEN) from None
    try:
        document = json.loads(content, parse_constant=_no_constant, object_pairs_hook=_once)
        json.dumps(document, ensure_ascii=False).encode()  # lone surrogates could not be printed later
    except (ValueError, RecursionError) as error:
        raise Refused(Diagnostic(malformed, f"{path}: not JSON: {error}")) from None
    return document


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object. Duplicate keys are rejected, because readers disagree on which one counts."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears twice in one object")
    return found
