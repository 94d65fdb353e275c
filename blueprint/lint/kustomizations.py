"""Kustomizations in the input: which files are patches, and therefore partial objects."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from blueprint.check.rule_context import items
from blueprint.patterns import lazy_pattern
from blueprint.source.document import Document

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_CALLED = lazy_pattern(r"(^|/)patches/|[-_.]patch\.ya?ml$")
_ASSERTION = lazy_pattern(
    r"(?:^|/)(?:\d+-)?(?:assert|errors)(?:[-_.][^/]{0,200})?\.ya?ml$|[-_.]assert(?:ions?)?\.ya?ml$"
)
"""The file names that kuttl requires, and those in Chainsaw's guides."""
_PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902")
RESOURCES = ("resources", "bases", "components", "crds")


def patch_files(files: Mapping[str, Iterable[Document]]) -> set[str]:
    """The files that kustomizations (or components) list as patches.

    Next to a kustomization, this includes files that are named like patches and are not listed as resources, as in
    scaffolded projects.
    """
    found = list(kustomizations(files))
    called = {file for file in files if found and is_called_patch(file)}
    return _named(found, _PATCHES) | (called - _named(found, RESOURCES))


@lru_cache(maxsize=64)
def is_called_patch(file: str) -> bool:
    """Whether a file is named like a patch."""
    return _CALLED.search(file) is not None


@lru_cache(maxsize=64)
def is_called_assertion(file: str) -> bool:
    """Whether a file is named like a test assertion."""
    return _ASSERTION.search(file) is not None


def kustomizations(files: Mapping[str, Iterable[Document]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All kustomizations (and components) with their files."""
    for file, documents in files.items():
        called = PurePosixPath(file).name in KUSTOMIZATIONS
        for each in documents:
            data = each.data
            if isinstance(data, dict) and (called or _is_of_kustomize(data)):
                yield file, data


def _is_of_kustomize(data: dict[str, Any]) -> bool:
    return str(data.get("apiVersion")).startswith("kustomize.config.k8s.io/")


def _named(kustomizations: Iterable[tuple[str, dict[str, Any]]], fields: tuple[str, ...]) -> set[str]:
    """The files in these lists, as a string or as `path`. A patch can also be inline."""
    listed = ((file, each) for file, data in kustomizations for name in fields for each in items(data.get(name)))
    paths = ((file, each.get("path") if isinstance(each, dict) else each) for file, each in listed)
    return {
        os.path.normpath(PurePosixPath(file).parent / path)
        for file, path in paths
        if isinstance(path, str) and "\n" not in path
    }
