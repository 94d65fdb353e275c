"""The lock: the inputs of a bundle, its facts besides objects, and a digest of each file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blueprint._version import __version__
from blueprint.bundle.images import PulledImage
from blueprint.bundle.layout import LOCK_SCHEMA, sha256
from blueprint.bundle.model import BundlePool, Object
from blueprint.platform.components.model import PlatformComponent
from blueprint.platform.delivery.model import delivery_to_json
from blueprint.platform.model import Platform
from blueprint.platform.observability.prerequisites import observability_to_json
from blueprint.platform.pool import Pool
from blueprint.records import Record
from blueprint.spec.components import Patch


class Lock(Record):
    """The lock of a bundle.

    Attributes:
        platform: The compiled platform.
        inputs: The text of every input, by its name in the bundle.
        images: The images that are pulled.
        pools: Each pool with, by key, the number of its set of sources in `provenance.json`.
        objects: Each object, by file.
        files: The content of all other files.
    """

    platform: Platform
    inputs: Mapping[str, str]
    images: tuple[PulledImage, ...]
    pools: tuple[tuple[BundlePool, Mapping[str, int]], ...]
    objects: Mapping[str, Object]
    files: Mapping[str, bytes]

    def to_json(self) -> dict[str, Any]:
        """The lock as JSON, without its digest."""
        platform = self.platform
        pools = zip(self.pools, platform.pools, strict=True)
        return {
            "schemaVersion": LOCK_SCHEMA,
            "tool": __version__,
            "blueprint": {"name": platform.name, "version": platform.version, "owners": list(platform.owners)},
            "release": platform.release_name,
            "gpuStack": ", ".join(platform.stacks),
            "nodeLabels": platform.node_labels,
            "cluster": _cluster(platform),
            "components": {name: _component(component) for name, component in platform.components.items()},
            "observability": observability_to_json(platform),
            **({"delivery": delivery} if (delivery := delivery_to_json(platform.delivery)) else {}),
            "inputs": {name: sha256(text.encode()) for name, text in self.inputs.items()},
            "images": [{"ref": each.ref, "component": each.pulled_by, "digest": each.digest} for each in self.images],
            "pools": [_pool(bundled, pool) | {"sources": sources} for (bundled, sources), pool in pools],
            "objects": [_object(name, obj) for name, obj in self.objects.items()],
            "files": {name: sha256(data) for name, data in self.files.items()},
        }


def _cluster(platform: Platform) -> dict[str, Any]:
    return {
        "kubernetes": platform.cluster.kubernetes,
        "distribution": platform.cluster.distribution,
        "os": platform.cluster.os,
        "uid": platform.cluster.uid,
        "mirrors": platform.cluster.mirrors,
        "pullSecrets": list(platform.cluster.pull_secrets),
    }


def _component(component: PlatformComponent) -> dict[str, Any]:
    return {
        "version": component.version,
        "ownership": component.ownership,
        "patches": [_patch(patch) for patch in component.patches],
    }


def _patch(patch: Patch) -> dict[str, str]:
    target = patch.target
    where = "/".join(part for part in (target.kind, target.namespace, target.name) if part)
    return {"target": where, "reason": patch.reason}


def _pool(bundled: BundlePool, pool: Pool) -> dict[str, Any]:
    gpus = {"product": bundled.gpu_product, "count": bundled.gpu_count} if bundled.gpu_product else None
    return {
        "name": bundled.name,
        "nodes": {"min": bundled.nodes_min, "max": bundled.nodes_max},
        "selector": bundled.selector,
        "machine": bundled.machine,
        "topology": bundled.topology,
        "labels": bundled.labels,
        "taints": [{"key": t.key, "value": t.value, "effect": t.effect} for t in bundled.taints],
        "gpu": gpus,
        "resources": bundled.resources,
        "driver": _driver(pool),
        **({"provisioned": True} if bundled.provisioned else {}),
        **({"allocation": pool.stack} if pool.gpu and len(pool.platform.stacks) > 1 else {}),
    }


def _driver(pool: Pool) -> dict[str, Any] | None:
    if not pool.gpu:
        return None
    driver = pool.driver
    return {
        "owner": driver.owner,
        "branch": driver.branch,
        "version": driver.version,
        "kernelModules": driver.kernel_modules,
    }


def _object(name: str, obj: Object) -> dict[str, Any]:
    identity = obj.id
    entry = {
        "apiVersion": obj.api_version,
        "kind": identity.kind,
        "name": identity.name,
        "component": obj.component,
        "file": name,
        "digest": obj.digest,
    }
    return entry | ({"namespace": identity.namespace} if identity.namespace else {})
