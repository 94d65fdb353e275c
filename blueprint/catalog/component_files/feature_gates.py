"""The feature gates of a DRA driver, with their requirements and conflicts: `feature-gates.yaml`."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from blueprint.catalog.facts import CatalogueFile, Matching, Text
from blueprint.catalog.loader import read
from blueprint.records import Record
from blueprint.versions import version_key

GateName = Annotated[str, Matching(r"[A-Z][A-Za-z]+", "words in capitals")]
Minor = Annotated[str, Matching(r"\d+\.\d+", "a minor version")]


class ClusterGate(Record, kw_only=True):
    """A Kubernetes feature gate, and the first minor version that enables it by default; None: none does yet."""

    gate: GateName
    open_from: Minor | None = None

    def open_in(self, minor: str) -> bool:
        """Whether this minor version enables it by default."""
        return self.open_from is not None and version_key(minor) >= version_key(self.open_from)


class Gate(Record, kw_only=True):
    """One feature gate of the DRA driver.

    Attributes:
        since: The first minor version of the driver that knows it.
        default: Whether it is enabled by default.
        means: What happens if it is enabled, as a clause.
        part: The part of the driver that reads it.
        requires: Feature gates that must be enabled as well.
        excludes: Feature gates with which the driver does not start.
        discouraged: Feature gates that should not be combined with it.
        cluster: The Kubernetes feature gate that it needs.
        variable: The variable of the driver's container without which it has no effect.
        mig: Whether it partitions GPUs.
    """

    since: Minor
    default: bool
    means: Text
    part: Literal["gpus", "computeDomains"] = "gpus"
    requires: tuple[GateName, ...] = ()
    excludes: tuple[GateName, ...] = ()
    discouraged: tuple[GateName, ...] = ()
    cluster: ClusterGate | None = None
    variable: Text | None = None
    mig: bool = False


class Gates(CatalogueFile, kw_only=True):
    """All feature gates by name."""

    source: Text
    gates: Mapping[GateName, Gate]

    def known_to(self, version: str) -> dict[str, Gate]:
        """The feature gates that a version of the driver (`v0.5.0`) knows."""
        key = version_key(version.removeprefix("v"))
        return {name: gate for name, gate in self.gates.items() if key >= version_key(gate.since)}

    def open(self, settings: Mapping[str, bool], version: str) -> set[str]:
        """The feature gates that are enabled with these settings."""
        return {name for name, gate in self.known_to(version).items() if settings.get(name, gate.default)}


@lru_cache(maxsize=2)
def load_gates(folder: Path) -> Gates:
    """The feature gates in a component's folder. Raises Refused if the file is invalid."""
    return read(folder / "feature-gates.yaml", Gates)
