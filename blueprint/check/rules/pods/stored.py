"""References to missing volume claims, and to missing keys of ConfigMaps and Secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from blueprint.bundle.model import Path
from blueprint.check.common.named_objects import missing, severity_beside
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import (
    DescribedPod,
    RuleContext,
    inside,
    items,
    mapping,
    severity_across_files,
)
from blueprint.diagnostics import Severity, define, nearest
from blueprint.kubernetes.pod_templates import runs_elsewhere
from blueprint.records import Record
from blueprint.source.paths import format_path
from blueprint.wording import first_few

CLAIM_MISSING = define("BP6167", "volume-claim-missing", page=__file__, severity=Severity.WARNING)
KEY_MISSING = define("BP6168", "config-key-missing", page=__file__, severity=Severity.WARNING)
_CONTENT = ("data", "binaryData")
"""`stringData` of a Secret has been moved to `data` before rules run."""
_MOST_LISTED = 200
"""The maximum number of keys that are compared and listed as alternatives."""


@rule(CLAIM_MISSING, tags=("references",))
def claims(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Volumes of a claim that does not exist."""
    there = context.named("", "PersistentVolumeClaim", pod.subject.id.namespace)
    for index, volume in enumerate(items(pod.spec.get("volumes"))):
        name = inside(volume, "persistentVolumeClaim", "claimName")
        if isinstance(name, str) and not runs_elsewhere(pod.subject.id.kind):
            path: Path = (*pod.path, "volumes", index, "persistentVolumeClaim", "claimName")
            text = (
                f"{format_path(path, pod.subject.data)} is {name}, but the namespace has no such PersistentVolumeClaim"
            )
            beside = severity_beside(pod.subject, ("", "PersistentVolumeClaim"), context)
            if found := missing(CLAIM_MISSING, path, name, there, text, context, beside):
                yield found


class _Key(Record):
    """A pod's reference to a key of an object of `kind`; `path` is the path of the key."""

    kind: str
    name: str
    key: str
    path: Path


@rule(KEY_MISSING, tags=("references",))
def keys(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Keys that a ConfigMap or Secret among the objects does not have.

    One without any keys is assumed to be filled by a program.
    """
    for each in () if runs_elsewhere(pod.subject.id.kind) else _keys(pod):
        holder = context.named("", each.kind, pod.subject.id.namespace).get(each.name)
        if holder is None:
            continue
        parts = [mapping(holder.data.get(part)) for part in _CONTENT]
        if any(parts) and not any(each.key in part for part in parts):
            few = sorted(chain(*parts)) if sum(map(len, parts)) <= _MOST_LISTED else []
            near = nearest(each.key, few)
            text = f"{format_path(each.path, pod.subject.data)} is {each.key}, but {holder.id} has no such key"
            help_ = f"did you mean {near}?" if near else f"existing keys: {first_few(few, 12)}" if few else None
            override = severity_across_files(pod.subject, holder, context)
            yield ObjectFinding(KEY_MISSING, each.path, text, help_, override)


def _keys(pod: DescribedPod) -> Iterator[_Key]:
    """The keys that the pod needs to start."""
    for path, container in pod.containers:
        for index, each in enumerate(items(container.get("env"))):
            for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                source = mapping(inside(each, "valueFrom", field))
                place = (*path, "env", index, "valueFrom", field)
                yield from _key(place, kind, source.get("name"), source, source)
    for index, volume in enumerate(map(mapping, items(pod.spec.get("volumes")))):
        for field, kind, name in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName")):
            source = mapping(volume.get(field))
            for number, item in enumerate(map(mapping, items(source.get("items")))):
                place = (*pod.path, "volumes", index, field, "items", number)
                yield from _key(place, kind, source.get(name), item, source)


def _key(place: Path, kind: str, name: Any, item: Mapping[Any, Any], source: Mapping[Any, Any]) -> Iterator[_Key]:
    key = item.get("key")
    if isinstance(name, str) and isinstance(key, str) and source.get("optional") is not True:
        yield _Key(kind, name, key, (*place, "key"))


RULES = (claims, keys)
