"""Device selectors and devices that Kubernetes' own package evaluates. Run as a program, the module prints them.

The answers in `device_answers.jsonl` are what the program in `oracle/` says. To make them again:

    cd tests/cel/oracle && go build -o /tmp/oracle . && cd ../../..
    PYTHONPATH=. python tests/cel/device_questions.py | /tmp/oracle > tests/cel/device_answers.jsonl
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

DRIVER = "gpu.nvidia.com"
A, C = f"device.attributes['{DRIVER}']", f"device.capacity['{DRIVER}']"
K = "device.attributes['resource.kubernetes.io']"
DEVICES: tuple[dict[str, Any], ...] = (
    {
        "name": "gpu-0",
        "attributes": {
            "type": {"string": "gpu"},
            "productName": {"string": "NVIDIA H100 80GB HBM3"},
            "architecture": {"string": "Hopper"},
            "driverVersion": {"version": "580.95.5"},
            "cudaComputeCapability": {"version": "9.0.0"},
            "minor": {"int": 3},
            "healthy": {"bool": True},
            "resource.kubernetes.io/pcieRoot": {"string": "pci0000:01"},
            "resource.kubernetes.io/numaNode": {"int": 1},
        },
        "capacity": {"memory": {"value": "81559Mi"}, "shares": {"value": "10"}},
        "allowMultipleAllocations": True,
    },
    {
        "name": "gpu-1-mig-1g10gb-19-0",
        "attributes": {
            "type": {"string": "mig"},
            "profile": {"string": "1g.10gb"},
            "productName": {"string": "NVIDIA A100-SXM4-40GB"},
            "driverVersion": {"version": "570.0.0-rc.1"},
            "healthy": {"bool": False},
            "net.example.com/speed": {"int": 400},
        },
        "capacity": {"memory": {"value": "9984Mi"}, "multiprocessors": {"value": "16"}},
    },
)

EXPRESSIONS = Path(__file__).with_name("device_expressions.yaml")


def expressions() -> Iterator[str]:
    """Every expression, with its placeholders replaced by what selectors read."""
    names = {"A": A, "C": C, "K": K}
    for text in (each for group in yaml.safe_load(EXPRESSIONS.read_text("utf-8")).values() for each in group):
        yield re.sub(r"(?<![\w'\"])([ACK])(?=[.\[),]| == A| *$|\]|$)", lambda match: names[match[1]], text)


def questions() -> Iterator[dict[str, Any]]:
    """The input of the program, one JSON object per line."""
    for text in dict.fromkeys(expressions()):
        yield {"expression": text, "driver": DRIVER, "devices": DEVICES}


if __name__ == "__main__":
    for each in questions():
        sys.stdout.write(json.dumps(each) + "\n")
