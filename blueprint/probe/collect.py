"""Take a reading: make every call and read every file that a check needs, and survive whatever the driver does.

The calls run in one worker process with a deadline each. A call that hangs or crashes costs that worker and that
answer; a new worker goes on with the rest. This process never loads the driver's library.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from blueprint._version import __version__
from blueprint.probe import host_scan, pci
from blueprint.probe.checks import declared
from blueprint.probe.file_access import FileReader
from blueprint.probe.host import HostScan
from blueprint.probe.host_files import HostFile
from blueprint.probe.nvml import SONAME
from blueprint.probe.reading import Origin, Reading
from blueprint.probe.sweep import Sweep

CALL_SECONDS = 5.0

_BOOT = "/proc/sys/kernel/random/boot_id"


def collect(
    node: str,
    now: dt.datetime,
    *,
    library: Path | None = None,
    call_seconds: float = CALL_SECONDS,
    sysfs: Path | None = None,
    root: Path = Path("/"),
) -> Reading:
    """One reading of this machine.

    Never raises for anything that the driver does: what could not be read is recorded as such.

    Args:
        node: The name the machine has as a Kubernetes node.
        now: The time to write down, with a time zone.
        library: The NVML library to load; by default the loader's, or one where drivers are put under the root.
        call_seconds: How long one call may take; starting NVML up may take twelve times, a handle four times as long.
        sysfs: Where sysfs is mounted, if not at `sys` of the root.
        root: Where the node's own files are; in a pod, where they are mounted.
    """
    host = scan_host(root, sysfs)
    sweep = Sweep(library, call_seconds, root)
    try:
        sweep.run()
    finally:
        sweep.close()
    return Reading(
        node=node,
        boot_id=_boot_id(),
        kernel=os.uname().release,
        time=now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        tool=__version__,
        origin=Origin.SYNTHETIC if sweep.stub else Origin.RECORDED,
        library=sweep.library or str(library or SONAME),
        pci=pci.scan(host, f"{sysfs or root / 'sys'}/bus/pci/devices"),
        calls=tuple(sweep.calls),
        host=host,
    )


def scan_host(root: Path = Path("/"), sysfs: Path | None = None) -> HostScan:
    """The node's files that checks need."""
    return host_scan.scan(declared(HostFile), root, sysfs)


def _boot_id() -> str:
    record = FileReader(Path("/")).file(_BOOT, lambda lines: {"id": lines[0]})
    return record.values.get("id", "")
