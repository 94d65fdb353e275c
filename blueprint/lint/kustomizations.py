"""Kustomizations among the input: which files are patches, and so parts of objects."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from blueprint.source.document import Document

_FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_CALLED = re.compile(r"(^|/)patches/|[-_.]patch\.ya?ml$")
_LISTS = ("patches", "patchesStrategicMerge", "patchesJson6902")


def patch_files(files: Mapping[str, Iterable[Document]]) -> set[str]:
    """The files that kustomizations (or components of them) name as patches.

    Beside kustomizations also those that are called patches, as files of scaffolds are that nothing names yet.
    """
    found = list(_kustomizations(files))
    named = {os.path.normpath(PurePosixPath(file).parent / path) for file, data in found for path in _patches(data)}
    return named | {file for file in files if found and _CALLED.search(file)}


def _kustomizations(files: Mapping[str, Iterable[Document]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for file, documents in files.items():
        for each in documents:
            data = each.data
            if isinstance(data, dict) and (PurePosixPath(file).name in _FILES or _is_of_kustomize(data)):
                yield file, data


def _is_of_kustomize(data: dict[str, Any]) -> bool:
    return str(data.get("apiVersion")).startswith("kustomize.config.k8s.io/")


def _patches(data: dict[str, Any]) -> Iterator[str]:
    for name in _LISTS:
        listed = data.get(name)
        for each in listed if isinstance(listed, list) else ():
            path = each.get("path") if isinstance(each, dict) else each
            if isinstance(path, str) and "\n" not in path:  # a patch may also stand there itself
                yield path
