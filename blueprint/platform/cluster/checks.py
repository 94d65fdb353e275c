"""Checks of the cluster: its Kubernetes version and the registries that images come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blueprint.diagnostics import Diagnostic, nearest
from blueprint.platform.check_context import CheckContext
from blueprint.platform.cluster import codes
from blueprint.platform.paths import CLUSTER
from blueprint.source.paths import Path


def check_kubernetes(context: CheckContext) -> Iterator[Diagnostic]:
    """Kubernetes against the release."""
    release, minor = context.release, context.platform.kubernetes_minor
    if minor not in release.kubernetes.value:
        message = f"release {release.release} is not supported on Kubernetes {minor}"
        help_ = f"supported: {', '.join(release.kubernetes.value)} ({release.kubernetes.source})"
        yield context.diagnostic_at((*CLUSTER, "kubernetes"), codes.KUBERNETES_UNSUPPORTED, message, help_=help_)


def check_lists(context: CheckContext) -> Iterator[Diagnostic]:
    """Entries that a list has twice."""
    lists: dict[Path, tuple[Any, ...]] = {
        (*CLUSTER, "registries", "pullSecrets"): tuple(context.spec.cluster.registries.pull_secrets),
        ("metadata", "owners"): tuple(context.blueprint.metadata.owners),
        ("spec", "extraManifests"): tuple(context.spec.extra_manifests),
    }
    for path, values in lists.items():
        for index, value in enumerate(values):
            if value in values[:index]:
                notes = (context.note((*path, values.index(value)), "the first"),)
                message = f"{value} is twice in {'.'.join(map(str, path))}"
                code, help_ = codes.LISTED_TWICE, "remove one of them"
                yield context.diagnostic_at((*path, index), code, message, notes=notes, help_=help_)


def check_mirrors(context: CheckContext) -> Iterator[Diagnostic]:
    """Mirrors of registries that no image comes from."""
    found = (context.catalog.component(name) for name in context.release.components)
    hosts = {image.repository.partition("/")[0] for each in found if each for image in each.images.values()}
    hosts |= set(context.platform.ground.registries)
    for host in context.spec.cluster.registries.mirrors:
        if host != "*" and host not in hosts:
            path: Path = (*CLUSTER, "registries", "mirrors", host)
            near = nearest(host, hosts)
            help_ = f"did you mean {near}?" if near else f"images come from: {', '.join(sorted(hosts))}"
            message = f"no image comes from {host}"
            yield context.diagnostic_at_key(path, codes.MIRROR_UNUSED, message, help_=help_, fix=near)
