"""The containers and references of pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Path
from blueprint.records import Record


class ObjectReference(Record):
    """A pod's reference to an object of `kind` in its own namespace; `path` is the path of the name."""

    kind: str
    name: str
    path: Path
    optional: bool = False


def containers(
    path: Path, spec: Mapping[str, Any], beside: str | None = None
) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """All containers of a pod with their paths; `beside` is a field with one more."""
    if beside and isinstance(spec.get(beside), Mapping):
        yield (*path, beside), spec[beside]
    for field in ("initContainers", "containers", "ephemeralContainers"):
        for index, container in enumerate(_list(spec.get(field))):
            yield (*path, field, index), _map(container)


def references(path: Path, spec: Mapping[str, Any]) -> Iterator[ObjectReference]:
    """The ServiceAccount, ConfigMaps and Secrets that a pod needs to start."""
    if isinstance(name := spec.get("serviceAccountName"), str):
        yield ObjectReference("ServiceAccount", name, (*path, "serviceAccountName"))
    for index, volume in enumerate(_list(spec.get("volumes"))):
        yield from _of_volume((*path, "volumes", index), _map(volume))
    for place, container in containers(path, spec):
        for index, each in enumerate(_list(container.get("env"))):
            if source := _map(_map(each).get("valueFrom")):
                yield from _of_source((*place, "env", index, "valueFrom"), source, "configMapKeyRef", "secretKeyRef")
        for index, each in enumerate(_list(container.get("envFrom"))):
            yield from _of_source((*place, "envFrom", index), _map(each), "configMapRef", "secretRef")


def _of_volume(path: Path, volume: Mapping[str, Any]) -> Iterator[ObjectReference]:
    yield from _of_source(path, volume, "configMap", "")
    secret = _map(volume.get("secret"))
    if isinstance(name := secret.get("secretName"), str):
        yield ObjectReference("Secret", name, (*path, "secret", "secretName"), secret.get("optional") is True)
    for index, source in enumerate(_list(_map(volume.get("projected")).get("sources"))):
        yield from _of_source((*path, "projected", "sources", index), _map(source), "configMap", "secret")


def _of_source(path: Path, source: Mapping[str, Any], config_map: str, secret: str) -> Iterator[ObjectReference]:
    for field, kind in ((config_map, "ConfigMap"), (secret, "Secret")):
        if field in source:
            target = _map(source[field])
            if isinstance(name := target.get("name"), str):
                yield ObjectReference(kind, name, (*path, field, "name"), target.get("optional") is True)


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
