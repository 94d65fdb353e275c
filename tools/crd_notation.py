"""Write a document of `schemas/crds/` as text: block style, short leaves on one line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_WIDTH = 118
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*!?(?: of [A-Za-z0-9_./-]+|(?: list| map) of [A-Za-z0-9_./-]+)*")
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"])
_HEAD = """\
# The facts of one API, for expansion into its CustomResourceDefinition. Notation: schemas/README.md.
"""


def write_notation(document: Mapping[str, Any]) -> str:
    """The text of the file."""
    return _HEAD + "".join(f"{line}\n" for line in _block(document, ""))


def _block(mapping: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in mapping.items():
        start = f"{indent}{_scalar(key)}:"
        flow = f"{start} {_flow(value)}"
        if not isinstance(value, Mapping | list) or (len(flow) <= _WIDTH and _is_leaf(key, value)):
            yield flow
        elif isinstance(value, Mapping):
            yield start
            yield from _block(value, indent + "  ")
        else:
            yield start
            for item in value:
                yield f"{indent}  - {_flow(item)}"


def _is_leaf(key: str, value: Any) -> bool:
    """Whether the node is more readable on one line: it contains no fields."""
    return key not in ("fields", "versions", "types") and not _nested_fields(value)


def _nested_fields(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "fields" in value or any(_nested_fields(inner) for inner in value.values())
    return isinstance(value, list) and any(_nested_fields(inner) for inner in value)


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)
