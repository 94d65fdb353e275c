"""GPU faults, and the alerts that report them."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

from blueprint.catalog.facts import CatalogueFile, Matching, Text
from blueprint.catalog.loader import read
from blueprint.records import Record, field

FaultName = Annotated[str, Matching(r"[a-z][a-z0-9-]*", "lower-case words joined by hyphens")]


class GpuFault(Record, kw_only=True):
    """One fault. `xid` distinguishes it from others with the same alert; `cannot` lists ineffective reactions with the
    reason.
    """

    title: Text
    alert: Text
    xid: int | None = None
    cannot: Mapping[Text, Text] = field(default_factory=dict)


class GpuFaults(CatalogueFile, kw_only=True):
    """All faults by name."""

    source: Text
    faults: Mapping[FaultName, GpuFault]


@cache
def load_gpu_faults() -> Mapping[str, GpuFault]:
    """The faults by name. Raises Refused (BP3901) if the file is invalid."""
    return read(Path(__file__).parents[1] / "gpu-faults.yaml", GpuFaults).faults
