"""Nodes with devices as drivers publish them: synthetic ResourceSlices of several types, for tests and for a lab."""

from __future__ import annotations

from typing import Any

GPU = "gpu.nvidia.com"
PROFILES = {
    "1g.10gb": (1, "9984Mi", 16, range(7)),
    "2g.20gb": (2, "20096Mi", 32, (0, 2, 4)),
    "3g.40gb": (4, "40448Mi", 60, (0, 4)),
    "7g.80gb": (8, "81152Mi", 132, (0,)),
}  # fmt: skip
"""Memory slices, memory, multiprocessors and placements of each MIG profile."""
Slice = dict[str, Any]
Device = dict[str, Any]


def gpu(index: int, product: str = "NVIDIA H100 80GB HBM3", memory: str = "81559Mi", **more: Any) -> Device:
    """A whole GPU. Each PCIe root is shared by two GPUs."""
    attributes = {
        "type": {"string": "gpu"},
        "uuid": {"string": f"GPU-{index}"},
        "productName": {"string": product},
        "architecture": {"string": "Hopper"},
        "cudaComputeCapability": {"version": "9.0.0"},
        "driverVersion": {"version": "580.95.5"},
        "resource.kubernetes.io/pcieRoot": {"string": f"pci0000:{index // 2:02}"},
        "resource.kubernetes.io/pciBusID": {"string": f"0000:{index:02}:00.0"},
        **more,
    }
    return {"name": f"gpu-{index}", "attributes": attributes, "capacity": {"memory": {"value": memory}}}


def instance(parent: int, profile: str, start: int) -> Device:
    """A MIG device."""
    _, memory, processors, _ = PROFILES[profile]
    attributes = {
        "type": {"string": "mig"},
        "profile": {"string": profile},
        "parentUUID": {"string": f"GPU-{parent}"},
        "productName": {"string": "NVIDIA H100 80GB HBM3"},
        "architecture": {"string": "Hopper"},
        "driverVersion": {"version": "580.95.5"},
        "resource.kubernetes.io/pcieRoot": {"string": f"pci0000:{parent // 2:02}"},
    }
    capacity = {"memory": {"value": memory}, "multiprocessors": {"value": str(processors)}}
    return {
        "name": f"gpu-{parent}-mig-{profile.replace('.', '')}-{start}",
        "attributes": attributes,
        "capacity": capacity,
    }


def partitionable(parent: int) -> list[Device]:
    """A GPU that is partitioned dynamically, when it is claimed: the whole GPU, and each profile at each placement."""
    counter_set = f"gpu-{parent}-counter-set"
    whole = gpu(parent, memory="81152Mi")
    whole["consumesCounters"] = [{"counterSet": counter_set, "counters": _counters("81152Mi", 132, range(8))}]
    found = [whole]
    for profile, (size, memory, processors, starts) in PROFILES.items():
        for start in starts:
            each = instance(parent, profile, start)
            used = _counters(memory, processors, range(start, start + size))
            found.append({**each, "consumesCounters": [{"counterSet": counter_set, "counters": used}]})
    return found


def _counters(memory: str, processors: int, slices: Any) -> dict[str, Any]:
    return {
        "memory": {"value": memory},
        "multiprocessors": {"value": str(processors)},
        **{f"memory-slice-{each}": {"value": "1"} for each in slices},
    }


def counter_sets(gpus: int) -> list[dict[str, Any]]:
    """The counter sets of every GPU."""
    return [
        {"name": f"gpu-{each}-counter-set", "counters": _counters("81152Mi", 132, range(8))} for each in range(gpus)
    ]


def tainted(device: Device, effect: str = "NoSchedule") -> Device:
    """The device with a taint of the driver's health check."""
    return {**device, "taints": [{"key": f"{GPU}/xid", "value": "79", "effect": effect}]}


def resource_slice(
    node: str, name: str, driver: str = GPU, *, number: int = 1, pool: str = "", **content: Any
) -> Slice:
    """A ResourceSlice of a node. `number` is the number of slices in its pool."""
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceSlice",
        "metadata": {"name": f"{node}-{name}"},
        "spec": {
            "driver": driver,
            "nodeName": node,
            "pool": {"name": pool or node, "generation": 1, "resourceSliceCount": number},
            **content,
        },
    }


def whole_gpus(node: str, number: int = 4, **options: Any) -> list[Slice]:
    """A node with whole GPUs."""
    return [resource_slice(node, "gpus", devices=[gpu(each, **options) for each in range(number)])]


def static_mig(node: str, gpus: int = 2) -> list[Slice]:
    """A node with statically partitioned GPUs: each has one 3g.40gb, one 2g.20gb and two 1g.10gb instances."""
    layout = (("3g.40gb", 4), ("2g.20gb", 0), ("1g.10gb", 2), ("1g.10gb", 3))
    devices = [instance(parent, profile, start) for parent in range(gpus) for profile, start in layout]
    return [resource_slice(node, "gpus", devices=devices)]


def dynamic_mig(node: str, gpus: int = 2) -> list[Slice]:
    """A node whose GPUs are partitioned when they are claimed, as in Kubernetes 1.35 and later."""
    number = gpus + 1
    return [
        resource_slice(node, "counters", number=number, sharedCounters=counter_sets(gpus)),
        *(resource_slice(node, f"gpu-{each}", number=number, devices=partitionable(each)) for each in range(gpus)),
    ]


def device_class(name: str, expression: str, resource: str = "") -> dict[str, Any]:
    """A DeviceClass."""
    spec: dict[str, Any] = {"selectors": [{"cel": {"expression": expression}}]}
    if resource:
        spec["extendedResourceName"] = resource
    return {"apiVersion": "resource.k8s.io/v1", "kind": "DeviceClass", "metadata": {"name": name}, "spec": spec}


OF_DRIVER = f"device.driver == '{GPU}' && device.attributes['{GPU}'].type == "
CLASSES = (
    device_class("gpu.nvidia.com", f"{OF_DRIVER}'gpu'", "nvidia.com/gpu"),
    device_class("mig.nvidia.com", f"{OF_DRIVER}'mig'"),
    device_class("vfio.gpu.nvidia.com", f"{OF_DRIVER}'vfio'"),
    device_class("any.nvidia.com", f"device.driver == '{GPU}'"),
    device_class(
        "mig-1g", f"{OF_DRIVER}'mig' && device.attributes['{GPU}'].profile == '1g.10gb'", "nvidia.com/mig-1g.10gb"
    ),
)
"""The DeviceClasses of the driver, one for a profile, and one for all devices of the driver."""


def request(name: str = "gpu", of: str = "gpu.nvidia.com", *expressions: str, **more: Any) -> dict[str, Any]:
    """A request in the format of resource.k8s.io/v1."""
    return {"name": name, "exactly": exactly(of, *expressions, **more)}


def exactly(of: str, *expressions: str, **more: Any) -> dict[str, Any]:
    """The `exactly` part of a request, or an alternative without its name."""
    found: dict[str, Any] = {"deviceClassName": of, **more}
    if expressions:
        found["selectors"] = [{"cel": {"expression": each}} for each in expressions]
    return found
