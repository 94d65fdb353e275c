"""The machines of node pools as the worker of Node Feature Discovery sees them: files below /sys, /etc and /proc."""

from __future__ import annotations

from pathlib import Path

from blueprint.bundle.model import Bundle, BundlePool

GPU = {"vendor": "0x10de", "class": "0x030200"}
"""An NVIDIA 3D controller, as /sys/bus/pci shows it."""
NVSWITCH = {"vendor": "0x10de", "class": "0x068000"}
ETHERNET = {"vendor": "0x15b3", "class": "0x020000"}
_REST = {"device": "0x0001", "subsystem_vendor": "0x0000", "subsystem_device": "0x0000"}
_RELEASE = "ID={id}\nVERSION_ID={version}\n"
KERNEL = "6.8.0-52-generic"


def machine(folder: Path, bundle: Bundle, pool: BundlePool) -> dict[str, Path]:
    """Create the files of the node that the pod of the worker reads, in `folder`. Returns path to file or folder."""
    devices = [ETHERNET, *[GPU] * pool.gpu_count, *([NVSWITCH] if pool.gpu_count else [])]
    for index, device in enumerate(devices):
        place = folder / "sys/bus/pci/devices" / f"0000:{index:02x}:00.0"
        place.mkdir(parents=True)
        for name, value in (device | _REST).items():
            (place / name).write_text(f"{value}\n")
    system, _, version = pool.machine.get("os", "ubuntu-24.04").partition("-")
    (folder / "os-release").write_text(_RELEASE.format(id=system, version=version))
    (folder / "osrelease").write_text(f"{KERNEL}\n")
    mounts = {"/host-sys": "sys", "/host-etc/os-release": "os-release", "/proc/sys/kernel/osrelease": "osrelease"}
    return {inside: folder / name for inside, name in mounts.items()}
