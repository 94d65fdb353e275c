"""Fields of rendered objects that others are expected to write, which a controller must not treat as drift.

They are the same as for `drift`, limited to rendered fields: those whose container is in the manifest. Metadata and
status are omitted, because neither tool compares fields there that a manifest does not set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from blueprint.bundle.model import Object, ObjectId
from blueprint.drift.expected import ExpectedField, holds, rules_by_kind
from blueprint.records import Record
from blueprint.source.paths import Path, pointer

_ENTRIES = ("data",)
"""ConfigMap and Secret entries that are not in the manifest. Neither tool treats them as a difference."""
_SCALERS = ("HorizontalPodAutoscaler", "ScaledObject")


class IgnoredFields(Record):
    """Sorted JSON pointers of one object to fields that others may write."""

    id: ObjectId
    pointers: tuple[str, ...]


def ignored_fields(objects: Iterable[Object], distribution: str) -> list[IgnoredFields]:
    """The objects with fields that others may write, in input order."""
    known = list(objects)
    scaled = any(obj.id.kind in _SCALERS for obj in known)
    found = (IgnoredFields(obj.id, tuple(sorted(_pointers(obj, distribution, scaled=scaled)))) for obj in known)
    return [each for each in found if each.pointers]


def _pointers(obj: Object, distribution: str, *, scaled: bool) -> set[str]:
    kind = f"{obj.id.kind}.{obj.id.group}".removesuffix(".")
    rules = [*rules_by_kind().get(kind, ()), *(rules_by_kind().get("*", ()) if scaled else ())]
    concerned = (rule for rule in rules if _concerns(rule, obj.data, distribution))
    return {pointer(path) for rule in concerned for path in _expanded(rule.path, obj.data)}


def _concerns(rule: ExpectedField, manifest: Mapping[str, Any], distribution: str) -> bool:
    write = rule.write
    if rule.path[0] in ("metadata", "status") or (write.distributions and distribution not in write.distributions):
        return False
    return holds(manifest, write.where)


def _expanded(wanted: tuple[str, ...], data: Any, at: Path = ()) -> Iterator[Path]:
    """The paths that a pattern matches in a manifest; the last step need not exist."""
    step, *rest = wanted
    matching: list[tuple[str | int, Any]]
    if isinstance(data, list):
        matching = [(n, item) for n, item in enumerate(data) if fnmatchcase(str(n), step)]
    elif isinstance(data, dict):
        matching = [(key, item) for key, item in data.items() if fnmatchcase(key, step)]
        if not rest and not matching and "*" not in step and at[:1] != _ENTRIES:
            matching = [(step, None)]
    else:
        return
    for key, item in matching:
        yield from _expanded(tuple(rest), item, (*at, key)) if rest else iter([(*at, key)])
