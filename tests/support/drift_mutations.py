"""Random changes to live objects, of every type that a client can make."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]

_UNTOUCHED = {"status", "apiVersion", "kind"}
_META = {"labels", "annotations", "finalizers"}


def places(live: Any, at: Path = ()) -> Iterator[Path]:
    """The path of every field that a client could change."""
    items = live.items() if isinstance(live, dict) else enumerate(live) if isinstance(live, list) else ()
    for step, child in items:
        if (not at and step in _UNTOUCHED) or (at == ("metadata",) and step not in _META):
            continue
        if at or step != "metadata":
            yield (*at, step)
        yield from places(child, (*at, step))


def value_at(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data


def mutate(live: dict[str, Any], dice: random.Random) -> tuple[dict[str, Any], str]:
    """A changed copy, and a description of the change."""
    changed = copy.deepcopy(live)
    path = dice.choice(list(places(changed)))
    holder, step = value_at(changed, path[:-1]), path[-1]
    how = dice.choice(["change", "change", "remove", "add"])
    if how == "remove":
        del holder[step]
    elif how == "change":
        holder[step] = _other(holder[step], dice)
    else:
        holder[step] = _larger(holder[step], dice)
    return changed, f"{how} {path}"


def _other(value: Any, dice: random.Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + dice.choice([1, 7])
    if isinstance(value, str):
        return dice.choice([value + "x", "Recreate", "ClientIP", "OnDelete", "5", "Never", "64Mi"])
    if isinstance(value, list):
        return dice.sample(value, len(value))
    return {k: _other(v, dice) for k, v in value.items()}


def _larger(value: Any, dice: random.Random) -> Any:
    if isinstance(value, dict):
        key = dice.choice(["extra", "hostNetwork", "hostPID", "tty", "team/x", "value"])
        return value | {key: dice.choice([True, "text", 7])}
    if isinstance(value, list) and value:
        return [*value, _renamed(value[-1])]
    return _other(value, dice)


def _renamed(item: Any) -> Any:
    if isinstance(item, dict):
        key = next((k for k in ("name", "id", "key", "port") if k in item), None)
        twin = copy.deepcopy(item)
        if key:
            twin[key] = f"{item[key]}-2" if isinstance(item[key], str) else item[key] + 1
        return twin
    return f"{item}-2"
