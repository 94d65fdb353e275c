"""Test data for the probe: a healthy reading, its expectations, and functions that change both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

from blueprint.probe.expectations import Expectation, ExpectationSource
from blueprint.probe.reading import Call, CallOutcome, Reading
from blueprint.probe.reading_file import read_reading
from blueprint.records import replace

NOW = dt.datetime(2026, 11, 21, 10, 0, tzinfo=dt.UTC)
READINGS = Path(__file__).parents[1] / "probe" / "readings"
BLUEPRINT = "clusters/prod.yaml"

Probe = Callable[..., Reading]
"""Describes a machine to the NVML stub, and reads it."""

WANTS: dict[str, Any] = {
    "nvml": True,
    "gpu-count": 8,
    "gpu-product": {
        "product": "H100-SXM5-80GB",
        "nvmlNames": ["NVIDIA H100 80GB HBM3"],
        "pciDeviceIds": ["2330"],
    },
    "gpu-memory": {"mib": 81559, "toleranceMib": 1024},
    "driver-version": {"branch": "580"},
    "mig-mode": False,
    "ecc-mode": True,
    "persistence-mode": True,
    "gpu-uuids": "unique",
    "gpu-pci": "unique",
}

CALLS = {
    "nvml": "nvmlInit",
    "gpu-count": "nvmlDeviceGetCount",
    "gpu-product": "nvmlDeviceGetName",
    "gpu-memory": "nvmlDeviceGetMemoryInfo",
    "driver-version": "nvmlSystemGetDriverVersion",
    "mig-mode": "nvmlDeviceGetMigMode",
    "ecc-mode": "nvmlDeviceGetEccMode",
    "persistence-mode": "nvmlDeviceGetPersistenceMode",
    "gpu-uuids": "nvmlDeviceGetUUID",
    "gpu-pci": "nvmlDeviceGetPciInfo",
}
"""The call on which each check depends."""


def healthy() -> Reading:
    """Eight H100 GPUs as `WANTS` describes them, with a matching PCI list."""
    return read_reading(READINGS / "h100x8-healthy.json")


def expect(check: str, want: Any, pool: str = "train") -> Expectation:
    """One expectation with its own source line."""
    line = 10 + list(WANTS).index(check) if check in WANTS else 99
    source = ExpectationSource(BLUEPRINT, line, 14, line, 15, f"nodePools.{pool}.{check}", "blueprint")
    return Expectation(pool, check, want, (source,))


def expectations(**changes: Any) -> list[Expectation]:
    """The expectations that a healthy node meets. `gpu_count=4` changes one, None removes it."""
    wants = WANTS | {name.replace("_", "-"): want for name, want in changes.items()}
    return [expect(check, want) for check, want in wants.items() if want is not None]


def with_calls(reading: Reading, name: str, device: int | None = None, **changes: Any) -> Reading:
    """The same reading with every record of one call changed, for one GPU if `device` is given."""

    def changed(call: Call) -> Call:
        meant = call.call == name and (device is None or call.device == device)
        return replace(call, **changes) if meant else call

    return replace(reading, calls=tuple(changed(call) for call in reading.calls))


def returning(reading: Reading, name: str, code: int, device: int | None = None) -> Reading:
    """The same reading with an error code returned by a call."""
    return with_calls(reading, name, device, outcome=CallOutcome.RETURNED, code=code, value=None)


def lost(reading: Reading, name: str, outcome: CallOutcome, device: int | None = None) -> Reading:
    """The same reading with a call that hung, crashed or returned invalid data."""
    return with_calls(reading, name, device, outcome=outcome, code=None, value=None, detail="fffe")


def without(reading: Reading, name: str, device: int | None = None) -> Reading:
    """The same reading without a call."""
    kept = (call for call in reading.calls if call.call != name or (device is not None and call.device != device))
    return replace(reading, calls=tuple(kept))
