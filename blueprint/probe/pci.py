"""The kernel's own list of NVIDIA GPUs, read from sysfs: a second witness beside NVML."""

from __future__ import annotations

from pathlib import Path

from blueprint.probe.reading import PciFunction, PciScan

_NVIDIA = 0x10DE
_DISPLAY_CLASS = 0x03  # VGA and 3D controllers; NVSwitches are bridges (0x06) and no GPUs


def scan(sysfs: Path) -> PciScan:
    """Every NVIDIA display or 3D function under `sysfs`/bus/pci/devices, by address.

    A tree that is not there or cannot be listed is told as not readable, which is different from empty.
    """
    root = sysfs / "bus" / "pci" / "devices"
    try:
        folders = sorted(root.iterdir())
    except OSError:
        return PciScan(str(root), readable=False)
    found = (_function(folder) for folder in folders)
    return PciScan(str(root), readable=True, functions=tuple(each for each in found if each))


def _function(folder: Path) -> PciFunction | None:
    vendor, kind, device = (_number(folder / name) for name in ("vendor", "class", "device"))
    if vendor != _NVIDIA or kind is None or device is None or kind >> 16 != _DISPLAY_CLASS:
        return None
    driver = folder / "driver"
    bound = driver.resolve().name if driver.is_symlink() else ""
    return PciFunction(folder.name.lower(), f"{device:04X}", bound)


def _number(file: Path) -> int | None:
    """The hexadecimal number in a sysfs file; None where the function vanished or says nonsense."""
    try:
        return int(file.read_text(encoding="ascii"), 16)
    except (OSError, ValueError):
        return None
