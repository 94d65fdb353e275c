"""ResourceSlices as the DRA driver for GPUs publishes them for its node."""

from __future__ import annotations

from typing import Any

DRIVER = "gpu.nvidia.com"
PATH = "/apis/resource.k8s.io/v1/resourceslices"


def slice_of(node: str, gpus: int) -> dict[str, Any]:
    """The whole GPUs of a node, with the attributes that the driver's DeviceClass selects."""
    devices = [
        {
            "name": f"gpu-{index}",
            "attributes": {"type": {"string": "gpu"}, "uuid": {"string": f"GPU-{node}-{index}"}},
            "capacity": {"memory": {"value": "80Gi"}},
        }
        for index in range(gpus)
    ]
    pool = {"name": node, "generation": 1, "resourceSliceCount": 1}
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceSlice",
        "metadata": {"name": f"{node}-{DRIVER}"},
        "spec": {"driver": DRIVER, "nodeName": node, "pool": pool, "devices": devices},
    }
