"""Random objects of a custom resource: valid objects according to its schema, and objects with one error."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str | int, ...]

WORDS = (
    "a", "Always", "main", "5", "10Gi", "500m", "25%", "1h", "30s", "2026-11-21T10:00:00Z", "10.0.0.0/8", "10.0.0.1",
    "example.com/key", "registry.example/app", "sha256:" + "0" * 64, "v1.2.3", "default", "_a", "a=b", "", "x" * 70,
)  # fmt: skip
"""Texts for string fields. The first that matches the field's pattern is used."""
DEEPEST = 7
OPTIONAL = 0.25
"""The probability that an optional field is present. It is higher near the root."""


def instance(schema: Mapping[str, Any], dice: random.Random, depth: int = 0) -> Any:
    """A value of a structural schema. Conditions and validation rules may still reject it."""
    if "enum" in schema:
        return dice.choice(schema["enum"])
    if schema.get("x-kubernetes-int-or-string"):
        return dice.choice([1, 3, "50%"]) if "pattern" not in schema else _text(schema, dice)
    kind = schema.get("type")
    if kind == "object":
        return _fields(schema, dice, depth)
    if kind == "array":
        return _items(schema, dice, depth)
    if kind in ("integer", "number"):
        least = schema.get("minimum", 0)
        return dice.choice([least, max(least, 1), schema.get("maximum", least + 3)])
    return dice.random() < 0.5 if kind == "boolean" else _text(schema, dice)


def _fields(schema: Mapping[str, Any], dice: random.Random, depth: int) -> dict[str, Any]:
    needed = schema.get("required", ())
    likely = OPTIONAL if depth > 1 else 3 * OPTIONAL
    made = {
        name: instance(each, dice, depth + 1)
        for name, each in schema.get("properties", {}).items()
        if name in needed or (depth < DEEPEST and dice.random() < likely)
    }
    if isinstance(extra := schema.get("additionalProperties"), Mapping):
        made |= {name: instance(extra, dice, depth + 1) for name in dice.sample(["a", "example.com/b", "cpu"], 1)}
    return made


def _items(schema: Mapping[str, Any], dice: random.Random, depth: int) -> list[Any]:
    count = max(schema.get("minItems", 0), dice.choice([1, 1, 2]))
    return [instance(schema["items"], dice, depth + 1) for _ in range(count)]


def _text(schema: Mapping[str, Any], dice: random.Random) -> str:
    pattern = schema.get("pattern", "")
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength", 1000)
    if schema.get("format") == "date-time":
        return "2026-11-21T10:00:00Z"
    fits = [word for word in WORDS[:-4] if shortest <= len(word) <= longest and _matches(pattern, word)]
    return dice.choice(fits[:4]) if fits else dice.choice(WORDS)


def _matches(pattern: str, word: str) -> bool:
    try:
        return re.search(pattern, word) is not None
    except re.error:  # valid in Go, not in Python
        return False


def places(value: Any, at: Path = ()) -> Iterator[Path]:
    """The path of every field of an object, except those that identify it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in items:
        if at or step not in ("apiVersion", "kind", "metadata", "status"):
            yield (*at, step)
            yield from places(child, (*at, step))


def mutated(data: Mapping[str, Any], dice: random.Random) -> tuple[dict[str, Any], str]:
    """A copy with one change, and a description of the change."""
    changed = copy.deepcopy(dict(data))
    there = list(places(changed))
    if not there:
        return {**changed, "unknown": "a"}, "unknown ()"
    path = dice.choice(there)
    holder: Any = changed
    for step in path[:-1]:
        holder = holder[step]
    step = path[-1]
    only = "twice" if isinstance(holder, list) else "unknown"
    how = dice.choice(["type", "type", "remove", "value", "value", "null", only])
    old = holder.pop(step)
    if how == "unknown":
        holder[f"{step}s"] = "a" if old is None else old
    elif how == "twice":
        holder += [old, copy.deepcopy(old)]
    elif how != "remove":
        _put(holder, step, {"type": _other_type, "null": _nothing}.get(how, _other_value)(old, dice))
    return changed, f"{how} {path}"


def _put(holder: Any, step: Any, value: Any) -> None:
    if isinstance(holder, list):
        holder.insert(step, value)
    else:
        holder[step] = value


def _nothing(_old: Any, _dice: random.Random) -> None:
    return None


def _other_type(old: Any, dice: random.Random) -> Any:
    choices: list[Any] = ["5", 5, True, 1.5, ["a"], {"a": "b"}, [], {}]
    return dice.choice([each for each in choices if type(each) is not type(old)])


def _other_value(old: Any, dice: random.Random) -> Any:
    if isinstance(old, bool):
        return not old
    if isinstance(old, int | float):
        return dice.choice([-1, 0, old + 1, old * 1000, 2**31, 2**63])
    if isinstance(old, str):
        return dice.choice([*WORDS, old + "x", old.upper(), old + " "])
    return [] if isinstance(old, list) else {}
