"""Takes a reading: makes every call and reads every file that a check needs, whatever the driver does.

The calls run in one worker process with a deadline each. If a call hangs or crashes, only that worker and that result
are lost; a new worker continues with the rest. This process never loads the driver's library.
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
    """Take one reading of this machine.

    Never raises because of the driver: whatever could not be read is recorded as such.

    Args:
        node: The machine's Kubernetes node name.
        now: The time to record, with a time zone.
        library: The NVML library to load; by default the loader's, or one in a usual driver folder under the root.
        call_seconds: The timeout of one call; initialising NVML may take twelve times, a handle four times as long.
        sysfs: The mount point of sysfs, if it is not `sys` under the root.
        root: The root of the node's own files; in a pod, their mount point.
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
    """Read the node's files that checks need."""
    return host_scan.scan(declared(HostFile), root, sysfs)


def _boot_id() -> str:
    record = FileReader(Path("/")).file(_BOOT, lambda lines: {"id": lines[0]})
    return record.values.get("id", "")
