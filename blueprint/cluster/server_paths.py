"""Parses field paths in API-server messages, resolving them against the object.

Dots in map keys are not escaped in messages (`.metadata.annotations.ex.io/x.y`), so a path is never split; it is
followed through the object, longest key first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from blueprint.apiserver.managed_fields import step_into
from blueprint.bundle.model import Path
from blueprint.patterns import lazy_pattern

_PAIR = lazy_pattern(r'([A-Za-z0-9_.-]+)=("(?:[^"\\]|\\.)*"|[^,\]]+)')
_TYPED = lazy_pattern(r"\): (\.[^\s:]+): ")


def follow(text: str, data: Any) -> Path:
    """The path in `text`, as far as `data` contains it.

    Accepts `.spec.ports[port=80,protocol="TCP"].name` as well as `spec.containers[0].image` and
    `metadata.labels[a.b/c]`.
    """
    return _followed(text, data)[0]


def follow_all(text: str, data: Any) -> Path | None:
    """The path in `text`; None if `data` does not contain all of it."""
    path, rest = _followed(text, data)
    return None if rest else path


def _followed(text: str, data: Any) -> tuple[Path, str]:
    path: list[str | int] = []
    while text:
        step = _item(text, data) if text.startswith("[") else _key(text, data)
        if step is None:
            break
        key, text = step
        path.append(key)
        data = data[key]
    return tuple(path), text


def _key(text: str, data: Any) -> tuple[str, str] | None:
    text = text.removeprefix(".")
    if not isinstance(data, Mapping):
        return None
    for key in sorted(data, key=len, reverse=True):
        rest = text[len(key) :]
        if text.startswith(key) and (not rest or rest[0] in ".["):
            return key, rest
    return None


def _item(text: str, data: Any) -> tuple[str | int, str] | None:
    inside, closed, rest = text[1:].partition("]")
    if not closed:
        return None
    if isinstance(data, Mapping):
        return (inside, rest) if inside in data else None
    if inside.isdecimal():
        step = step_into(f"i:{inside}", data)
    elif inside.startswith("="):
        step = step_into(f"v:{inside[1:]}", data)
    else:
        keys = {name: _scalar(value) for name, value in _PAIR.findall(inside)}
        step = step_into(f"k:{orjson.dumps(keys).decode()}", data)
    return None if step is None else (step, rest)


def _scalar(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def field_of_type_error(message: str) -> str | None:
    """The field in "failed to create typed patch object (...): .spec.x: ..."."""
    found = _TYPED.search(message)
    return found[1] if found else None
