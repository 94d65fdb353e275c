"""The fields that a Flux Kustomization patches into every object of a kind below its path.

Repositories declare fields that all their Kustomizations share (`prune`, `sourceRef`) only there.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from blueprint.check.rule_context import items, mapping
from blueprint.source.document import Document
from blueprint.source.manifests import read_manifests

_OF_ALL = frozenset({"group", "version", "kind"})
"""The keys of a target that selects all objects of a kind. Other keys, such as `name`, select some of them."""
_IDENTITY = frozenset({"apiVersion", "kind", "metadata"})
_Target = tuple[str, str]
"""A kind, and a folder of the repository; `.` is the whole repository."""


class FluxPatches:
    """The fields that are patched into objects of a kind, in the files below a folder of the repository."""

    def __init__(self, fields: Mapping[_Target, dict[str, Any]]) -> None:
        self._fields = fields
        self._kinds = {kind for kind, _ in fields}

    def filled(self, file: str, data: dict[str, Any]) -> dict[str, Any]:
        """An object of a file, with the missing fields added."""
        kind = data.get("kind")
        if isinstance(kind, str) and kind in self._kinds:
            for folder in _folders(file):
                if fields := self._fields.get((kind, folder)):
                    data = _filled(data, fields)
        return data


def flux_patches(files: Mapping[str, Iterable[Document]]) -> FluxPatches:
    """The patches for all objects of a kind."""
    found: dict[_Target, dict[str, Any]] = {}
    for spec in _kustomizations(files):
        for target, fields in _patches(spec):
            found[target] = _filled(found.get(target, {}), fields)
    return FluxPatches(found)


def reconciled_folders(files: Mapping[str, Iterable[Document]]) -> frozenset[str]:
    """The folders that Flux Kustomizations of the input reconcile."""
    return frozenset(_folder(spec) for spec in _kustomizations(files))


def is_reconciled(file: str, reconciled: frozenset[str]) -> bool:
    """Whether a Flux Kustomization of the input reconciles a file."""
    return not reconciled.isdisjoint(_folders(file))


def is_of_flux(data: Mapping[str, Any]) -> bool:
    """Whether a controller of Flux reads the object."""
    return str(data.get("apiVersion")).partition("/")[0].endswith(".toolkit.fluxcd.io")


def _kustomizations(files: Mapping[str, Iterable[Document]]) -> Iterator[Mapping[str, Any]]:
    """The specs of all Flux Kustomizations."""
    for data in (mapping(each.data) for documents in files.values() for each in documents):
        if str(data.get("apiVersion")).startswith("kustomize.toolkit.fluxcd.io/"):
            yield mapping(data.get("spec"))


def _folder(spec: Mapping[str, Any]) -> str:
    return posixpath.normpath(str(spec.get("path", "."))).strip("/")


def _folders(file: str) -> Iterator[str]:
    """The folders whose patches concern a file. The folder in which the repository begins is unknown."""
    steps = file.split("/")[:-1]
    yield "."
    for start in range(len(steps)):
        yield from ("/".join(steps[start:end]) for end in range(start + 1, len(steps) + 1))


def _patches(spec: Mapping[str, Any]) -> Iterator[tuple[_Target, dict[str, Any]]]:
    below = _folder(spec)
    for entry in map(mapping, items(spec.get("patches"))):
        target, text = mapping(entry.get("target")), entry.get("patch")
        if isinstance(text, str) and "kind" in target and target.keys() <= _OF_ALL:
            for document in read_manifests(text, "").documents:
                patch = mapping(document.data)
                if "$patch" not in patch:
                    yield (str(target["kind"]), below), {key: patch[key] for key in patch.keys() - _IDENTITY}


def _filled(data: dict[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """The object with the missing fields added. Existing fields keep their values, which the file shows."""
    maps = {key for key, value in fields.items() if isinstance(value, dict) and isinstance(data.get(key), dict)}
    return {**fields, **data, **{key: _filled(data[key], fields[key]) for key in maps}}
