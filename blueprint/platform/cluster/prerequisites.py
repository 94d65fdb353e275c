"""Prerequisites of the cluster: versions, the distribution, pull secrets."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.platform.model import Platform

KUBELET_ROOT = "/var/lib/kubelet"


def cluster_prerequisites(platform: Platform) -> Iterator[Iterator[str]]:
    """The prerequisites of the cluster; each one records its own sources."""
    yield _kubernetes(platform)
    yield _distribution(platform)
    yield _system(platform)
    yield _secrets(platform)


def _kubernetes(platform: Platform) -> Iterator[str]:
    yield f"The API server runs Kubernetes {platform.cluster.kubernetes}."
    if platform.cluster.uid:
        yield f"The namespace kube-system has the UID {platform.cluster.uid}."


def _distribution(platform: Platform) -> Iterator[str]:
    yield from platform.cluster.distribution_facts.needs
    if platform.node_stack.runs_toolkit:
        for need in platform.cluster.distribution_facts.toolkit_needs:
            yield need.replace("{socket}", platform.node_stack.containerd_socket) if "{socket}" in need else need
    if platform.cluster.kubelet_root != KUBELET_ROOT:
        yield f"The kubelet of GPU nodes keeps its files under {platform.cluster.kubelet_root}."


def _system(platform: Platform) -> Iterator[str]:
    if platform.driver.enabled:
        yield f"GPU nodes whose driver the operator installs run {platform.cluster.os}."


def _secrets(platform: Platform) -> Iterator[str]:
    spaces = ", ".join(sorted({c.namespace for c in platform.components.values() if c.ownership == "managed"}))
    for name in platform.cluster.pull_secrets:
        yield f"The secret {name}, of type kubernetes.io/dockerconfigjson, exists in: {spaces}."
