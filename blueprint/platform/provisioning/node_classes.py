"""Resolved node classes: the configuration of machines that Karpenter starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blueprint.catalog.catalog import Catalog
from blueprint.catalog.machines import NodeClassKind
from blueprint.platform.tracking.recorder import record, tracked_property, untracked
from blueprint.platform.tracking.sources import Source
from blueprint.platform.tracking.tracked import plain
from blueprint.platform.views import PlatformView
from blueprint.source.paths import Path
from blueprint.spec.karpenter import KARPENTER, NodeClassSpec
from blueprint.spec.pools import NodePool

NODE_CLASSES: Path = ("spec", KARPENTER, "nodeClasses")
"""The section that declares node classes."""
DISCOVERY_TAG = "karpenter.sh/discovery"
"""The tag that identifies subnets and security groups of a cluster."""


def node_class_kind(pools: Mapping[str, NodePool], catalog: Catalog, distribution: str) -> NodeClassKind | None:
    """The kind of node class for the machines of a platform; the distribution's cloud takes precedence."""
    with untracked():
        declared = (pool.karpenter for pool in pools.values())
        machines = (catalog.machine(name) for each in declared if each for name in each.instance_types)
        clouds = (*catalog.clouds_of(distribution), *(each.cloud for each in machines if each))
        cloud = next((each for each in clouds if each.node_class), None)
    if cloud is None:
        return None
    record(Source("hardware", cloud.span("nodeClass"), "nodeClass"))
    return cloud.node_class


class NodeClass:
    """The configuration of machines that Karpenter starts."""

    def __init__(self, name: str, spec: NodeClassSpec, kind: NodeClassKind | None, platform: PlatformView) -> None:
        self._name = name
        self._spec = spec
        self._kind = kind
        self._platform = platform

    @tracked_property
    def name(self) -> str:
        """Its name."""
        record(self._platform.origins.source((*NODE_CLASSES, self._name)))
        return self._name

    @tracked_property
    def alias(self) -> str | None:
        """`family@version` of an image that the cloud publishes; None for user images."""
        return self._spec.image.alias

    @tracked_property
    def family(self) -> str:
        """The family of its images, as named in blueprints."""
        return self.alias.partition("@")[0] if self.alias else self._spec.image.family or ""

    @tracked_property
    def family_name(self) -> str | None:
        """The family of its images, as named in the API; None if the alias contains it."""
        known = self._kind.families.get(self.family) if self._kind else None
        return None if self.alias or known is None else known.name

    @tracked_property
    def system(self) -> str | None:
        """The operating system of its images; None if unknown."""
        known = self._kind.families.get(self.family) if self._kind else None
        return known.system if known else None

    @property
    def images(self) -> list[dict[str, Any]]:
        """The selector terms for its images."""
        image = self._spec.image
        if image.alias:
            return [{"alias": image.alias}]
        named = {"name": image.name, "owner": image.owner, "tags": plain(image.tags) if image.tags else None}
        ids = [{"id": each} for each in image.ids]
        return [*ids, *([{key: value for key, value in named.items() if value}] if image.name or image.tags else [])]

    @tracked_property
    def role(self) -> str | None:
        """The IAM role of the nodes."""
        return self._spec.role

    @tracked_property
    def instance_profile(self) -> str | None:
        """The instance profile of the nodes."""
        return self._spec.instance_profile

    @tracked_property
    def discovery(self) -> str | None:
        """The value of the tag that identifies subnets and security groups; None if the tag is not used."""
        by_tag = not (self._spec.subnets and self._spec.security_groups)
        return self._spec.discovery if by_tag else None

    @tracked_property
    def subnets(self) -> list[dict[str, Any]]:
        """The selector terms for its subnets."""
        return self._found(self._spec.subnets)

    @tracked_property
    def security_groups(self) -> list[dict[str, Any]]:
        """The selector terms for its security groups."""
        return self._found(self._spec.security_groups)

    @tracked_property
    def reservations(self) -> list[dict[str, Any]]:
        """The selector terms for its capacity reservations; empty without reservations."""
        return _terms(self._spec.reservations) if self._spec.reservations else []

    def _found(self, declared: Any) -> list[dict[str, Any]]:
        return _terms(declared) if declared else [{"tags": {DISCOVERY_TAG: self._spec.discovery}}]

    @tracked_property
    def root_device(self) -> str:
        """The disk with the container images."""
        if declared := self._spec.root_device:
            return declared
        known = self._kind.families.get(self.family) if self._kind else None
        return known.device if known else "/dev/xvda"

    @tracked_property
    def root_volume(self) -> str:
        """The size of that disk."""
        return self._spec.root_volume

    @tracked_property
    def instance_store_policy(self) -> str | None:
        """The policy for local disks."""
        return self._spec.instance_store.upper() if self._spec.instance_store else None

    @tracked_property
    def placement_group(self) -> str | None:
        """The placement group, by name."""
        return self._spec.placement_group

    @tracked_property
    def tags(self) -> dict[str, str]:
        """Tags of the machines."""
        return dict(plain(self._spec.tags))

    @tracked_property
    def user_data(self) -> str | None:
        """The user data that the image reads at startup."""
        return self._spec.user_data


def _terms(selected: Any) -> list[dict[str, Any]]:
    """Selector terms: first IDs, then tags."""
    tags = [{"tags": dict(plain(selected.tags))}] if selected.tags else []
    return [*({"id": each} for each in selected.ids), *tags]
