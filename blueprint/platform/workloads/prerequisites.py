"""Prerequisites of workloads: the controllers that create their pods."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.platform.model import Platform


def cluster_prerequisites(platform: Platform) -> Iterator[Iterator[str]]:
    """The controllers that must be installed by other means."""
    yield _controllers(platform)


def _controllers(platform: Platform) -> Iterator[str]:
    if not any(tenant.workloads for tenant in platform.tenants.every):
        return
    for kind in platform.workloads.kinds:
        if kind.needs:
            yield f"{kind.needs.title} {kind.needs.version} is installed by other means, for {kind.name} workloads."
            if kind.needs.also:
                yield kind.needs.also
