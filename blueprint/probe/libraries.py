"""Finds NVML on nodes whose loader does not: in the folder of a driver container, or in another known folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from blueprint.probe.file_access import FileReader
from blueprint.probe.nvml import SONAME

_FOLDERS = (
    ("run/nvidia/driver/usr/lib", "*-linux-gnu"),  # GPU Operator, Ubuntu's driver container
    ("run/nvidia/driver", "usr/lib64"),  # GPU Operator, driver containers of RHEL and SLES
    ("run/nvidia/driver", "usr/lib"),
    ("home/kubernetes/bin/nvidia", "lib64"),  # GKE, Container-Optimized OS
    ("usr/local/nvidia", "lib64"),
    ("usr/local/glibc/usr", "lib"),  # Talos
    (".", "*-bottlerocket-linux-gnu/sys-root/usr/lib"),
    (".", "*-bottlerocket-linux-gnu/sys-root/usr/lib/nvidia/tesla"),
    ("usr/lib", "*-linux-gnu"),  # a node's own driver, as seen from a pod
    (".", "usr/lib64"),
)
"""Folders under the node's root, documented for the GPU Operator (`hostPaths`), GKE, Talos and Bottlerocket."""


def find(root: Path) -> Iterator[Path]:
    """All libraries under `root` that may be NVML, the most likely first, without duplicates. Links to the outside are
    ignored.
    """
    reader, seen = FileReader(root), set()
    for folder, pattern in _FOLDERS:
        for place in sorted((root / folder).glob(pattern)):
            path = reader.regular(f"/{(place / SONAME).relative_to(root)}")
            if path and path not in seen:
                seen.add(path)
                yield path
