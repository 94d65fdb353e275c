"""The objects of corpus.yaml, and helpers to break them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path as File
from typing import Any

from blueprint.bundle.model import Object, Path
from blueprint.source.paths import parse_path
from tests.support.yaml_data import yaml_data

VALID: dict[str, dict[str, Any]] = yaml_data(File(__file__).parents[1] / "check" / "corpus.yaml")


class REMOVED:
    """Marks a field to be removed. It is a class because a copy of a class is the same object."""


def objects(**replaced: dict[str, Any]) -> list[Object]:
    """The complete corpus, with replaced or additional objects."""
    return [Object(data, "corpus") for data in {**copy.deepcopy(VALID), **replaced}.values()]


def broken(name: str, field: str, value: Any) -> dict[str, Any]:
    """A copy of one object with a field set or removed."""
    data = copy.deepcopy(VALID[name])
    path = parse_path(field, data)
    return put(data, path, value)


def put(data: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """Set or remove the value at `path` in place."""
    here: Any = data
    for step in path[:-1]:
        here = here[step] if isinstance(step, int) else here.setdefault(step, {})
    last: Any = path[-1]
    if value is REMOVED:
        del here[last]
    elif isinstance(last, int) and last == len(here):
        here.append(value)
    else:
        here[last] = value
    return data


def paths(value: Any, at: Path = ()) -> Iterator[Path]:
    """The path of every field, outermost first."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        yield (*at, step)
        yield from paths(inner, (*at, step))
