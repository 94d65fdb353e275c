"""Detects CRD updates that would prune fields in use: the API server drops them silently.

It keeps the stored data until an object is written again, and then prunes what the CRD does not define.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import ObjectId
from blueprint.changes.compare import Action
from blueprint.cluster import codes, findings
from blueprint.cluster.plan_model import Step
from blueprint.diagnostics import Diagnostic, Severity

Way = tuple[str, ...]
"""The steps to a field; `*` for any item of a list and any value of a map."""

_ANY = "*"
_SHOWN = 3


def find_narrowing(steps: Sequence[Step], connection: Connection) -> Iterator[Diagnostic]:
    """A diagnostic for each CRD in the plan that removes fields in use, before anything is written."""
    ours = {step.id for step in steps}
    for step in steps:
        if step.id.kind == "CustomResourceDefinition" and step.action is Action.UPDATE and step.live is not None:
            for version, ways in _lost(step.live["spec"], step.object.data["spec"]):
                yield from _look(step, version, ways, connection, ours)


def _lost(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, list[tuple[Way, Any]]]]:
    remaining = {version["name"]: version for version in new["versions"]}
    for version in old["versions"]:
        if version.get("served") and (other := remaining.get(version["name"])):
            schemas = (each["schema"]["openAPIV3Schema"] for each in (version, other))
            if ways := list(lost_fields(*schemas)):
                yield version["name"], ways


def lost_fields(old: Mapping[str, Any], new: Mapping[str, Any], at: Way = ()) -> Iterator[tuple[Way, Any]]:
    """The fields of one schema that another one would prune, each with its default in the old one."""
    open_ended = new.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in new
    for name, part in old.get("properties", {}).items():
        other = new.get("properties", {}).get(name)
        if other is not None:
            yield from lost_fields(part, other, (*at, name))
        elif not open_ended:
            yield (*at, name), part.get("default")
    for key in ("items", "additionalProperties"):
        part, other = old.get(key), new.get(key)
        if isinstance(part, Mapping) and isinstance(other, Mapping):
            yield from lost_fields(part, other, (*at, _ANY))


def _look(
    step: Step, version: str, ways: list[tuple[Way, Any]], connection: Connection, ours: set[ObjectId]
) -> Iterator[Diagnostic]:
    spec = step.object.data["spec"]
    try:
        found = connection.list(f"/apis/{spec['group']}/{version}/{spec['names']['plural']}")
    except ApiError as error:
        text = f"{step.id} would lose fields, and it is unknown whether objects use them: {error.message}"
        yield findings.plain(codes.DEFINITION_NARROWS, step.id, text, override=Severity.WARNING)
        return
    used: dict[Way, list[str]] = {}
    for item in found:
        identity = ObjectId.of({"apiVersion": f"{spec['group']}/{version}", "kind": spec["names"]["kind"], **item})
        for way, default in ways if identity not in ours else ():
            if any(value != default for value in values_at(way, item)):
                used.setdefault(way, []).append(str(identity))
    for way, users in used.items():
        text = f"{step.id} would lose {'.'.join(way)}, which {_named(users)}"
        yield findings.plain(
            codes.DEFINITION_NARROWS, step.id, text, "remove the field from those objects first, or keep the definition"
        )


def values_at(way: Way, data: Any) -> Iterator[Any]:
    """Every value that an object has at a way."""
    if not way:
        yield data
    elif way[0] == _ANY:
        for item in data.values() if isinstance(data, Mapping) else data if isinstance(data, list) else ():
            yield from values_at(way[1:], item)
    elif isinstance(data, Mapping) and way[0] in data:
        yield from values_at(way[1:], data[way[0]])


def _named(users: list[str]) -> str:
    more = f" and {len(users) - _SHOWN} more" if len(users) > _SHOWN else ""
    return f"{', '.join(users[:_SHOWN])}{more} {'use' if len(users) > 1 else 'uses'}"


def grows(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether the CRD would get fields that it does not define yet."""
    known = {version["name"]: version for version in old["versions"]}
    return any(
        version["name"] not in known
        or any(lost_fields(*(each["schema"]["openAPIV3Schema"] for each in (version, known[version["name"]]))))
        for version in new["versions"]
    )
