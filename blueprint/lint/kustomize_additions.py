"""Additions of kustomizations to the objects of their files: a namespace, labels, selectors."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from blueprint.check.finding import value_at
from blueprint.check.rule_context import items, mapping
from blueprint.kubernetes.api import known_minors, load_kubernetes
from blueprint.kubernetes.pod_templates import pod_templates
from blueprint.lint.kustomizations import KUSTOMIZATIONS, RESOURCES, kustomizations
from blueprint.patterns import lazy_pattern
from blueprint.records import Record
from blueprint.source.document import Document
from blueprint.source.placeholders import holds_placeholder

_NAMESPACE = lazy_pattern(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"""Others stand for one that somebody puts in their place."""
_WITH_SELECTOR = {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"}


class Additions(Record):
    """The additions to the objects of one file.

    Attributes:
        namespace: For namespaced objects.
        labels: For the objects.
        selected: For the objects, their selectors, and their pod templates.
    """

    namespace: str | None = None
    labels: Mapping[str, str] = {}
    selected: Mapping[str, str] = {}

    def over(self, below: Additions) -> Additions:
        """These additions, combined with those of a kustomization of the base."""
        return Additions(
            self.namespace or below.namespace,
            {**below.labels, **self.labels},
            {**below.selected, **self.selected},
        )


def additions(files: Mapping[str, Iterable[Document]]) -> dict[str, Additions]:
    """The additions for each file; if a base has several overlays, those of the first one."""
    found = dict(kustomizations(files))
    folders = _folders(found)
    listed = {file: [*_listed(file, data)] for file, data in found.items()}
    based = {path for paths in listed.values() for path in paths if path in folders}
    by_file: dict[str, Additions] = {}
    seen: set[str] = set()
    for file in found:
        ahead = [(file, Additions())] if str(PurePosixPath(file).parent) not in based else []
        while ahead:
            overlay, above = ahead.pop()
            if overlay in seen:
                continue
            seen.add(overlay)
            added = above.over(_of(found[overlay]))
            for path in listed[overlay]:
                if path not in folders:
                    by_file.setdefault(path, added)
            ahead += [(folders[path], added) for path in reversed(listed[overlay]) if path in folders]
    return by_file


def _of(data: Mapping[str, Any]) -> Additions:
    selected, labels = _texts(data.get("commonLabels")), _texts(None)
    for entry in map(mapping, items(data.get("labels"))):
        (selected if entry.get("includeSelectors") is True else labels).update(_texts(entry.get("pairs")))
    namespace = data.get("namespace")
    is_known = isinstance(namespace, str) and _NAMESPACE.fullmatch(namespace)
    return Additions(namespace if is_known else None, labels, selected)


def _texts(labels: Any) -> dict[str, str]:
    found = {str(key): str(value) for key, value in mapping(labels).items()}
    return {key: value for key, value in found.items() if not holds_placeholder(key + value)}


def _folders(found: Mapping[str, Any]) -> dict[str, str]:
    """The folders that are bases, with their kustomization."""
    return {str(PurePosixPath(file).parent): file for file in found if PurePosixPath(file).name in KUSTOMIZATIONS}


def _listed(file: str, data: Mapping[str, Any]) -> Iterator[str]:
    for name in RESOURCES:
        for path in items(data.get(name)):
            if isinstance(path, str) and "\n" not in path and "://" not in path:
                yield os.path.normpath(PurePosixPath(file).parent / path)


def with_additions(data: dict[str, Any], added: Additions) -> dict[str, Any]:
    """An object as built by kustomize."""
    data = copy.deepcopy(data)
    metadata = data.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        return data
    if added.namespace and (data.get("apiVersion"), data.get("kind")) == ("v1", "Namespace"):
        metadata["name"] = added.namespace
    elif added.namespace and _has_namespace(data):
        metadata["namespace"] = added.namespace
    _add(metadata, "labels", {**added.labels, **added.selected})
    if added.selected:
        _select(data, added.selected)
    return data


def _select(data: dict[str, Any], labels: Mapping[str, str]) -> None:
    spec = data.get("spec")
    if not isinstance(spec, dict):
        return
    if data.get("kind") == "Service" and spec.get("selector"):
        _add(spec, "selector", labels)
    if data.get("kind") in _WITH_SELECTOR:
        if not isinstance(spec.get("selector"), dict):
            spec["selector"] = {}
        _add(spec["selector"], "matchLabels", labels)
    for template in pod_templates(data):
        *above, last = template.path
        if last == "spec" and above and str(above[-1]).lower().endswith("template"):
            _add(value_at(data, tuple(above)).setdefault("metadata", {}), "labels", labels)


def _add(data: Any, key: str, labels: Mapping[str, str]) -> None:
    if isinstance(data, dict) and labels and isinstance(data.get(key) or {}, dict):
        data[key] = {**(data.get(key) or {}), **labels}


def _has_namespace(data: Mapping[str, Any]) -> bool:
    """Whether objects of the kind are namespaced; for unknown kinds, whether they set a namespace."""
    kind = load_kubernetes(known_minors()[-1]).find(str(data.get("apiVersion")), str(data.get("kind")))
    return kind.namespaced if kind else "namespace" in mapping(data.get("metadata"))
