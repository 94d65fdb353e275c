"""The fields of DCGM by name: what a counter file and an expression can speak of at all."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("dcgm-fields.txt")
_PREFIX = "DCGM_FI_"
_OF_THE_EXPORTER = (
    "DCGM_EXP_CLOCK_EVENTS_COUNT", "DCGM_EXP_XID_ERRORS_COUNT", "DCGM_EXP_GPU_HEALTH_STATUS", "DCGM_EXP_P2P_STATUS",
)  # fmt: skip
"""What the exporter counts by itself (dcgm-exporter 4.5.3-4.8.2)."""


@cache
def known_fields() -> frozenset[str]:
    """Every field that some version of DCGM or its exporter knows, under its names of before DCGM 4.6 and since."""
    lines = (line for line in _FILE.read_text("ascii").splitlines() if not line.startswith("#"))
    return frozenset({*(_PREFIX + name for line in lines for name in line.split()), *_OF_THE_EXPORTER})
