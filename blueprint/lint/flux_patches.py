"""The fields that a Flux Kustomization patches into every object of a kind below its path.

Repositories declare fields that all their Kustomizations share (`prune`, `sourceRef`) only there.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from blueprint.check.rule_context import items, mapping
from blueprint.records import Record
from blueprint.source.document import Document
from blueprint.source.manifests import read_manifests

_OF_ALL = frozenset({"group", "version", "kind"})
"""The keys of a target that selects all objects of a kind. Other keys, such as `name`, select some of them."""
_MOST = 100
_IDENTITY = frozenset({"apiVersion", "kind", "metadata"})


class FluxPatch(Record):
    """The fields that are patched into objects of a kind, in the files below a folder of the repository."""

    below: str
    kind: str
    fields: Mapping[str, Any]

    def concerns(self, file: str, data: Mapping[str, Any]) -> bool:
        """Whether it patches an object of a file."""
        return data.get("kind") == self.kind and _is_below(file, self.below)


def flux_patches(files: Mapping[str, Iterable[Document]]) -> list[FluxPatch]:
    """The patches for all objects of a kind, limited to the first hundred."""
    return list(islice((patch for spec in _kustomizations(files) for patch in _patches(spec)), _MOST))


def reconciled_folders(files: Mapping[str, Iterable[Document]]) -> frozenset[str]:
    """The folders that Flux Kustomizations of the input reconcile."""
    return frozenset(_folder(spec) for spec in _kustomizations(files))


def is_reconciled(file: str, reconciled: Iterable[str]) -> bool:
    """Whether a Flux Kustomization of the input reconciles a file."""
    return any(_is_below(file, folder) for folder in reconciled)


def is_of_flux(data: Mapping[str, Any]) -> bool:
    """Whether a controller of Flux reads the object."""
    return str(data.get("apiVersion")).partition("/")[0].endswith(".toolkit.fluxcd.io")


def _is_below(file: str, folder: str) -> bool:
    return folder == "." or f"/{folder}/" in f"/{file}"


def _kustomizations(files: Mapping[str, Iterable[Document]]) -> Iterator[Mapping[str, Any]]:
    """The specs of all Flux Kustomizations."""
    data = (mapping(each.data) for documents in files.values() for each in documents)
    return (mapping(each.get("spec")) for each in data if _is_kustomization(each))


def _is_kustomization(data: Mapping[str, Any]) -> bool:
    return str(data.get("apiVersion")).startswith("kustomize.toolkit.fluxcd.io/")


def _folder(spec: Mapping[str, Any]) -> str:
    return posixpath.normpath(str(spec.get("path", "."))).strip("/")


def _patches(spec: Mapping[str, Any]) -> Iterator[FluxPatch]:
    below = _folder(spec)
    for entry in map(mapping, items(spec.get("patches"))):
        target, text = mapping(entry.get("target")), entry.get("patch")
        if isinstance(text, str) and "kind" in target and target.keys() <= _OF_ALL:
            for document in read_manifests(text, "").documents:
                patch = mapping(document.data)
                if "$patch" not in patch:
                    yield FluxPatch(below, str(target["kind"]), {key: patch[key] for key in patch.keys() - _IDENTITY})


def filled(data: dict[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """The object with the missing fields added. Existing fields keep their values, which the file shows."""
    maps = {key for key, value in fields.items() if isinstance(value, dict) and isinstance(data.get(key), dict)}
    return {**fields, **data, **{key: filled(data[key], fields[key]) for key in maps}}
