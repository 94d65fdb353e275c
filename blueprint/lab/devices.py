"""The devices that DRA drivers would publish for a bundle's nodes, for a lab: predicted ResourceSlices, and the
drivers' classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Bundle, BundlePool
from blueprint.lab.access import Lab
from blueprint.lab.components import SIMULATED
from blueprint.lab.nodes import node_name
from blueprint.platform.dra.slices import PoolSlices
from blueprint.platform.model import Platform

SLICES = "/apis/resource.k8s.io/v1/resourceslices"
CLASSES = "/apis/resource.k8s.io/v1/deviceclasses"
Json = dict[str, Any]


def simulated_slices(
    bundle: Bundle, number: Callable[[BundlePool], int], uids: Mapping[str, str] | None = None
) -> Iterator[Json]:
    """The slices of all nodes, marked as simulated. With `uids`, the uids of nodes by name, they are deleted with their
    nodes.
    """
    for pool in bundle.pools:
        if not pool.published:
            continue
        slices = PoolSlices(pool)
        for index in range(number(pool)):
            node = node_name(pool, index)
            for each in slices.of_node(node, synthetic=True):
                owner = {"apiVersion": "v1", "kind": "Node", "name": node, "uid": (uids or {}).get(node)}
                owners = {"ownerReferences": [owner]} if owner["uid"] else {}
                metadata = {**each["metadata"], "annotations": {SIMULATED: "true"}, **owners}
                yield {**each, "apiVersion": "resource.k8s.io/v1", "metadata": metadata}


def operators_classes(platform: Platform, bundle: Bundle) -> Iterator[Json]:
    """The DeviceClasses that a driver's operator creates, and that are therefore not in the bundle."""
    known = platform.dra.devices
    published = {each.driver for pool in bundle.pools for each in pool.published}
    rendered = {obj.id.name for obj in bundle.objects if obj.id.kind == "DeviceClass"}
    for name, each in known.classes.items() if known else ():
        open_ = each.gate is None or each.gate in platform.dra.gates
        if open_ and each.driver in published and name not in rendered:
            domain = f"device.attributes['{each.driver}']"
            expression = f"device.driver == '{each.driver}' && {domain}.type == '{each.sort}'"
            yield {
                "apiVersion": "resource.k8s.io/v1",
                "kind": "DeviceClass",
                "metadata": {"name": name, "annotations": {SIMULATED: "true"}},
                "spec": {"selectors": [{"cel": {"expression": expression}}]},
            }


def sorts_of(slices: Iterable[Json]) -> dict[tuple[str, str, str], int]:
    """The number of devices by driver, type and profile (empty for devices without one)."""
    found: dict[tuple[str, str, str], int] = {}
    for each in slices:
        driver = each["spec"]["driver"]
        for device in each["spec"].get("devices") or ():
            key = (driver, _text(device, "type"), _text(device, "profile"))
            found[key] = found.get(key, 0) + 1
    return found


def _text(device: Json, name: str) -> str:
    return str((device.get("attributes") or {}).get(name, {}).get("string", ""))


def classes_by_sort(platform: Platform) -> dict[tuple[str, str], str]:
    """Names of the DeviceClasses that the drivers install, by driver and type of device."""
    known = platform.dra.devices
    return {(each.driver, each.sort): name for name, each in known.classes.items()} if known else {}


def publish(lab: Lab, bundle: Bundle, number: Callable[[BundlePool], int], classes: Iterable[Json]) -> int:
    """Create slices and classes in a lab that has the nodes; return the number of slices. Raises RequestFailed."""
    lab.create_all(CLASSES, classes)
    uids = {each["metadata"]["name"]: each["metadata"]["uid"] for each in lab.request("GET", "/api/v1/nodes")["items"]}
    return lab.create_all(SLICES, simulated_slices(bundle, number, uids))
