"""The cluster: Kubernetes, its distribution, the image of its GPU nodes, and the image registries."""

from __future__ import annotations

from blueprint.catalog.catalog import Catalog
from blueprint.catalog.distribution import Distribution, NodeImage
from blueprint.platform.tracking.recorder import tracked_property
from blueprint.platform.tracking.tracked import plain
from blueprint.spec.model import Blueprint
from blueprint.versions import minor_of


class ClusterFacts:
    """The cluster of a platform. Every property records the lines that determined it (see `tracking`)."""

    def __init__(self, blueprint: Blueprint, catalog: Catalog) -> None:
        self._blueprint = blueprint
        self._catalog = catalog
        # Read for every component, and known in advance: if false, it determines nothing and is not recorded.
        self.uses_olm = catalog.distribution(blueprint.spec.cluster.distribution).operators == "olm"

    @tracked_property
    def kubernetes(self) -> str:
        """The Kubernetes version, with or without the patch."""
        return self._blueprint.spec.cluster.kubernetes

    @tracked_property
    def kubernetes_minor(self) -> str:
        """`1.36`."""
        return minor_of(self.kubernetes)

    @tracked_property
    def distribution(self) -> str:
        """The Kubernetes distribution."""
        return self._blueprint.spec.cluster.distribution

    @tracked_property
    def distribution_facts(self) -> Distribution:
        """The facts about the distribution."""
        return self._catalog.distribution(self.distribution)

    @tracked_property
    def distribution_version(self) -> str:
        """The distribution's own version, if it has one; otherwise the Kubernetes minor version."""
        return self.distribution_facts.versions.get(self.kubernetes_minor, self.kubernetes_minor)

    @tracked_property
    def os(self) -> str:
        """The operating system of the GPU nodes, `ubuntu-24.04`; by default the distribution's."""
        return self._blueprint.spec.cluster.os or self.distribution_facts.default_os

    @tracked_property
    def image(self) -> NodeImage:
        """The facts about the GPU nodes' image; empty for a system that the distribution does not run (BP3210)."""
        return self.distribution_facts.image(self.os) or NodeImage(modes=())

    @tracked_property
    def kubelet_root(self) -> str:
        """The kubelet's directory on GPU nodes."""
        return self._blueprint.spec.cluster.kubelet_root

    @tracked_property
    def uid(self) -> str | None:
        """The uid of the kube-system namespace, if the blueprint is bound to one cluster."""
        return self._blueprint.spec.cluster.uid

    @tracked_property
    def topology_labels(self) -> tuple[str, ...]:
        """Labels for a node's location, widest first."""
        return tuple(self._blueprint.spec.cluster.topology)

    @tracked_property
    def pull_secrets(self) -> tuple[str, ...]:
        """Names of the image pull secrets."""
        return tuple(self._blueprint.spec.cluster.registries.pull_secrets)

    @tracked_property
    def mirrors(self) -> dict[str, str]:
        """Registry hosts and their mirrors."""
        return dict(plain(self._blueprint.spec.cluster.registries.mirrors))

    def mirrored(self, repository: str) -> str:
        """The repository, with the registry's host replaced by the mirror's path, if there is one."""
        host, _, rest = repository.partition("/")
        mirrors = self._blueprint.spec.cluster.registries.mirrors
        mirror = mirrors.get(host) or mirrors.get("*")
        return f"{mirror}/{rest}" if mirror else repository
