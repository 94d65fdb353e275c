"""The names of DCGM fields: those that counters files and expressions can use."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("dcgm-fields.txt")
_PREFIX = "DCGM_FI_"
_OF_THE_EXPORTER = (
    "DCGM_EXP_CLOCK_EVENTS_COUNT", "DCGM_EXP_XID_ERRORS_COUNT", "DCGM_EXP_GPU_HEALTH_STATUS", "DCGM_EXP_P2P_STATUS",
)  # fmt: skip
"""Fields that the exporter itself counts (dcgm-exporter 4.5.3-4.8.2)."""


@cache
def known_fields() -> frozenset[str]:
    """All fields known to any version of DCGM or its exporter, under their names before and since DCGM 4.6."""
    lines = (line for line in _FILE.read_text("ascii").splitlines() if not line.startswith("#"))
    return frozenset({*(_PREFIX + name for line in lines for name in line.split()), *_OF_THE_EXPORTER})
