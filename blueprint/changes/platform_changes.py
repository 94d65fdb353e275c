"""The contents of a bundle besides its objects, as data: cluster, components, pools, prerequisites, expectations,
images.

They are read from the bundle's own files, without digests of inputs and without positions. Two bundles with equal parts
and equal objects are the same platform, wherever they come from.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import orjson

from blueprint.bundle.images import parts_of
from blueprint.bundle.layout import EXPECTATIONS, LOCK, PREREQUISITES
from blueprint.bundle.model import Bundle, FieldOrigin, ObjectId, Path, noted_sources
from blueprint.changes.changed_lines import LineComparison
from blueprint.changes.compare import ABSENT, Action, FieldChange, ObjectChange, differences
from blueprint.platform.tracking.sources import Source, SourceGroup, Sources, first_source, source_of
from blueprint.source.paths import format_path

Parts = Mapping[ObjectId, Any]

_REPORTED_ELSEWHERE = frozenset(
    {"schemaVersion", "tool", "blueprint", "cluster", "components", "observability", "pools", "images", "objects",
     "inputs", "files", "digest"}
)  # fmt: skip
"""Keys of the lock that are separate parts, or only identify bytes and tool versions. All others belong to the
platform.
"""
_REPORTED_IN_FULL = ("pool", "prerequisites")
"""Parts that are shown in full when they are added or removed."""
_FOLLOWS = {"version": "branch"}
"""A driver version that is not set is derived from its branch."""
_FACTS = {
    ("platform", "name"): "the name ",
    ("platform", "version"): "the version ",
    ("platform", "owners"): "the owners ",
    ("platform", "release"): "the release ",
    ("platform", "gpuStack"): "the GPU stack ",
    ("platform", "nodeLabels"): "who labels nodes: ",
    ("platform", "delivery"): "the delivery ",
    ("cluster", "kubernetes"): "the API that objects are checked against: ",
    ("cluster", "distribution"): "the distribution ",
    ("cluster", "os"): "the operating system ",
    ("cluster", "uid"): "the cluster that apply accepts: ",
    ("cluster", "mirrors"): "the mirrors of ",
    ("cluster", "pullSecrets"): "the pull secrets ",
}
"""The prefix of the fact with the lines of a value."""


def platform_parts(read: Callable[[str], bytes]) -> Parts:
    """All parts by name, `pool/train`, in display order. `read` returns a file of the bundle."""
    lock = orjson.loads(read(LOCK))
    parts: dict[ObjectId, Any] = {
        _part("platform"): {**lock["blueprint"], **{k: v for k, v in lock.items() if k not in _REPORTED_ELSEWHERE}},
        _part("cluster"): lock["cluster"],
    }
    parts |= {_part("component", name): each for name, each in lock["components"].items()}
    parts |= {_part("pool", pool["name"]): _pool(pool) for pool in lock["pools"]}
    parts[_part("observability")] = lock["observability"]
    for need in orjson.loads(read(PREREQUISITES))["prerequisites"]:
        parts.setdefault(_part("prerequisites", need["scope"]), []).append(need["what"])
    for each in orjson.loads(read(EXPECTATIONS))["expectations"]:
        checks = parts.setdefault(_part("expectations", each["pool"]), {})
        checks.setdefault(each["check"], []).append(each["want"])
    parts[_part("images")] = _images(lock["images"])
    parts[_part("owners of objects")] = {_object(each): each["component"] for each in lock["objects"]}
    return {part: _unlisted(value) if part.kind == "expectations" else value for part, value in parts.items()}


def compare_parts(before: Parts, after: Parts) -> list[ObjectChange]:
    """All parts that differ, with their fields."""
    found = []
    for part in dict.fromkeys([*after, *before]):
        was, now = before.get(part, ABSENT), after.get(part, ABSENT)
        if part.kind == "owners of objects":
            was, now = ({key: side[key] for key in was if key in now} for side in (was, now))
        if was != now:
            found.append(_change(part, was, now))
    return found


def with_lines(changes: Iterable[ObjectChange], comparison: LineComparison) -> Iterator[ObjectChange]:
    """The changes, each field with the lines that decide it after the change, or before it if the field is removed.

    If both sides have the field, it is attributed to the deciding lines that differ, if any.
    """
    old, new = _Lines(comparison.before), _Lines(comparison.after)
    for change in changes:
        fields = tuple(_lined(field, _deciding(change.id, field, old, new, comparison)) for field in change.fields)
        yield ObjectChange(change.id, change.action, fields, change.reason)


def _deciding(part: ObjectId, field: FieldChange, old: _Lines, new: _Lines, comparison: LineComparison) -> Sources:
    if field.after is ABSENT:
        return old.deciding(part, field.path, field.before)
    now = new.deciding(part, field.path, field.after)
    if field.before is ABSENT:
        return now
    return comparison.changed(old.deciding(part, field.path, field.before), now) or now


class _Lines:
    """The deciding lines of a bundle, by what they decide."""

    def __init__(self, bundle: Bundle) -> None:
        facts = list(enumerate(bundle.facts))
        self._facts = {fact.what: (number, fact.noted) for number, fact in reversed(facts)}
        self._names = sorted(self._facts)
        self._pools = {pool.name: noted_sources(pool.sources) for pool in bundle.pools}
        self._expected = {(each.pool, each.check): each.sources for each in bundle.expectations}
        self._by_key: dict[SourceGroup, dict[str, Source]] = {}

    def deciding(self, part: ObjectId, path: Path, value: Any) -> Sources:
        """The lines that decide a field of a part, its own first; empty if none are recorded."""
        noted = self._noted(part, path, value)
        key = str(path[-1]) if path else ""
        keys = [name for name in (_FOLLOWS.get(key), key) if name]
        groups = [each for each in noted if isinstance(each, SourceGroup)]
        single = [each for each in noted if isinstance(each, Source)]
        single += [source for group in groups for name in keys if (source := self._keyed(group).get(name))]
        rank = {name: number for number, name in enumerate(keys, 1)}
        own_first = sorted(single, key=lambda source: -rank.get(_last_key(source), 0))
        return (*dict.fromkeys(own_first), *groups)

    def _keyed(self, group: SourceGroup) -> dict[str, Source]:
        """The first source of a group by the last key of its path."""
        if group not in self._by_key:
            self._by_key[group] = {_last_key(source): source for source in reversed(group.sources)}
        return self._by_key[group]

    def _fact(self, begins: str) -> Sources:
        """The lines of the first fact with this prefix."""
        found, index = [], bisect_left(self._names, begins)
        while index < len(self._names) and self._names[index].startswith(begins):
            found.append(self._facts[self._names[index]])
            index += 1
        return min(found, key=lambda fact: fact[0])[1] if found else ()

    def _noted(self, part: ObjectId, path: Path, value: Any) -> Sources:
        first = str(path[0]) if path else ""
        if part.kind == "pool" and first != "driver":
            sets = self._pools.get(part.name, {})
            keys = (".".join(str(step) for step in path[:2]), first)
            return next((sets[key] for key in keys if key in sets), ())
        if part.kind == "expectations":
            return tuple(source_of(each) for each in self._expected.get((part.name, first), ()))
        begins = {
            "pool": f"the driver of pool {part.name}: ",
            "component": f"the ownership of {part.name}: " if first == "ownership" else "",
            "prerequisites": f"the prerequisite of {part.name}: {value}",
            "images": f"the image {first}",
        }.get(part.kind, _FACTS.get((part.kind, first), ""))
        return self._fact(begins) if begins else ()


def _last_key(source: Source) -> str:
    """The last key of a path, `branch` for `driver.branch`; none for a path with only one key."""
    return source.path.rpartition(".")[2] if "." in source.path else ""


def _lined(field: FieldChange, deciding: Sources) -> FieldChange:
    first = first_source(deciding)
    if first is None:
        return field
    return FieldChange(field.path, field.before, field.after, FieldOrigin(first.span, deciding), field.name)


def _change(part: ObjectId, was: Any, now: Any) -> ObjectChange:
    come, gone = was is ABSENT or was is None, now is ABSENT or now is None
    empty: Any = [] if isinstance(was if gone else now, list) else {}
    in_full = not (come or gone) or part.kind in _REPORTED_IN_FULL
    pairs = differences(empty if come else was, empty if gone else now) if in_full else ()
    fields = tuple(
        FieldChange(path, old, new, None, _name(path, was if new is ABSENT else now)) for path, old, new in pairs
    )
    action = Action.CREATE if come else Action.DELETE if gone else Action.UPDATE
    return ObjectChange(part, action, fields, "" if fields or action is not Action.UPDATE else "in another order")


def _name(path: Path, data: Any) -> str:
    """The display name: images and objects by name, prerequisites by number, everything else by path."""
    if len(path) == 1:
        return str(path[0]) if isinstance(path[0], str) else f"no. {path[0] + 1}"
    return format_path(path, data)


def _part(kind: str, name: str = "") -> ObjectId:
    return ObjectId("", kind, "", name)


def _object(entry: Mapping[str, str]) -> str:
    group = entry["apiVersion"].rpartition("/")[0]
    return str(ObjectId(group, entry["kind"], entry.get("namespace", ""), entry["name"]))


def _pool(pool: Mapping[str, Any]) -> Mapping[str, Any]:
    nodes = pool["nodes"]
    counted = nodes["min"] if nodes["min"] == nodes["max"] else f"{nodes['min']} to {nodes['max']}"
    return {**{k: v for k, v in pool.items() if k not in ("name", "sources")}, "nodes": counted}


def _images(images: Iterable[Mapping[str, Any]]) -> Mapping[str, str]:
    """The images that are pulled from each repository: tag, digest, and components."""
    found: dict[str, list[str]] = {}
    for image in images:
        name, tag, digest = parts_of(image["ref"])
        pinned = digest or image["digest"]
        version = "@".join(part for part in (tag, pinned) if part)
        found.setdefault(name, []).append(f"{version} ({image['component']})")
    return {name: ", ".join(versions) for name, versions in found.items()}


def _unlisted(checks: Mapping[str, list[Any]]) -> Mapping[str, Any]:
    """Checks with their expected values; as a list only if one has several."""
    return {check: expected[0] if len(expected) == 1 else expected for check, expected in checks.items()}
