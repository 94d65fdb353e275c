"""Descriptions for the NVML stub: the responses of a healthy node, in which tests change single facts.

`python -m tests.support.nvml_stub.describe h100x8 > FILE` writes one. `key=value` arguments change the third GPU, for
example `ecc=[0,0]`, or the node, for example `node.driver="570.1.2"`.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable
from typing import Any

Description = dict[str, Any]

_SLOTS = ("18", "2a", "3a", "5d", "9a", "ab", "ba", "db")


def _gpu(index: int, *, name: str, device_id: int, mib: int, board: str) -> dict[str, Any]:
    """One healthy GPU. Its UUID and serial number are recognisably fictitious."""
    return {
        "name": name,
        "uuid": f"GPU-00000000-5717-4000-8000-{index:012d}",
        "busId": f"00000000:{_SLOTS[index]}:00.0",
        "pciDeviceId": device_id << 16 | 0x10DE,
        "memory": mib << 20,
        "mig": [0, 0],
        "ecc": [1, 1],
        "persistence": 1,
        "serial": f"00000000{index:05d}",
        "board": board,
        "vbios": "96.00.00.00.01",
    }


def _node(driver: str, devices: list[dict[str, Any]]) -> Description:
    return {"driver": driver, "nvml": f"13.{driver}", "cuda": 13000, "devices": devices, "faults": []}


def h100x8() -> Description:
    """Eight H100 SXM5 GPUs with 80 GB, as on an HGX board."""
    name = "NVIDIA H100 80GB HBM3"
    gpus = [_gpu(i, name=name, device_id=0x2330, mib=81559, board="692-2G520-0200-000") for i in range(8)]
    return _node("580.173.02", gpus)


def a100x4() -> Description:
    """Four A100 SXM4 GPUs with 80 GB."""
    name = "NVIDIA A100-SXM4-80GB"
    gpus = [_gpu(i, name=name, device_id=0x20B2, mib=81920, board="692-2G506-0210-000") for i in range(4)]
    return _node("580.173.02", gpus)


def cut(description: Description, index: int, *profiles: str) -> Description:
    """The same node with one GPU in MIG mode and these instances. `""` is an index without an instance."""
    name = description["devices"][index]["name"]
    instances = [f"{name} MIG {profile}" if profile else None for profile in profiles]
    return lie(description, index, mig=[1, 1], instances=instances)


NODES: dict[str, Callable[[], Description]] = {"h100x8": h100x8, "a100x4": a100x4}


def changed(description: Description, **facts: Any) -> Description:
    """The same node with changed facts of the node."""
    return copy.deepcopy(description) | facts


def lie(description: Description, index: int, **facts: Any) -> Description:
    """The same node with changed facts of one GPU."""
    changed_one = copy.deepcopy(description)
    changed_one["devices"][index] |= facts
    return changed_one


def fault(description: Description, call: str, **how: Any) -> Description:
    """The same node with one additional fault: `fault(h100x8(), "nvmlDeviceGetName", device=3, sleep=60)`."""
    spoilt = copy.deepcopy(description)
    spoilt["faults"].append({"call": call} | how)
    return spoilt


def main(arguments: list[str]) -> None:
    """Write a description to stdout."""
    described = NODES[arguments[0]]()
    for assignment in arguments[1:]:
        key, _, value = assignment.partition("=")
        fact = json.loads(value)
        if key.startswith("node."):
            described = changed(described, **{key.removeprefix("node."): fact})
        else:
            described = lie(described, 2, **{key: fact})
    sys.stdout.write(json.dumps(described, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
