"""Checks for duplicate entries in the blueprint's lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blueprint.diagnostics import Diagnostic
from blueprint.platform.check_context import CheckContext
from blueprint.platform.cluster import codes
from blueprint.platform.paths import CLUSTER
from blueprint.source.paths import Path


def check_lists(context: CheckContext) -> Iterator[Diagnostic]:
    """Report duplicate entries of lists."""
    spec = context.inputs.written.spec
    lists: dict[Path, tuple[Any, ...]] = {
        (*CLUSTER, "registries", "pullSecrets"): tuple(spec.cluster.registries.pull_secrets),
        ("metadata", "owners"): tuple(context.inputs.written.metadata.owners),
        ("spec", "extraManifests"): tuple(spec.extra_manifests),
    }
    for path, values in lists.items():
        for index, value in enumerate(values):
            if value in values[:index]:
                notes = (context.note((*path, values.index(value)), "the first"),)
                message = f"{value} is listed twice in {'.'.join(map(str, path))}"
                code, help_ = codes.LISTED_TWICE, "remove one of them"
                yield context.diagnostic_at((*path, index), code, message, notes=notes, help_=help_)
