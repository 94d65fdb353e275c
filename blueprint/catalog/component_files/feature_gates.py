"""The feature gates of a DRA driver: which there are, what they need, what excludes what: `feature-gates.yaml`."""

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
    """A gate of Kubernetes, and the minor from which on it is open if not set explicitly; None: in none yet."""

    gate: GateName
    open_from: Minor | None = None

    def open_in(self, minor: str) -> bool:
        """Whether it is open by itself in this minor."""
        return self.open_from is not None and version_key(minor) >= version_key(self.open_from)


class Gate(Record, kw_only=True):
    """One feature gate of the DRA driver.

    Attributes:
        since: The first minor version of the driver that knows it.
        default: Whether it is open if not set explicitly.
        means: What happens where it is open, as a clause.
        part: The part of the driver that asks it.
        requires: Gates that must be open as well.
        excludes: Gates with which the driver does not start.
        discouraged: Gates beside which it is advised against.
        cluster: The gate of Kubernetes that it needs.
        variable: The variable of the driver's container without which it does nothing.
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
    """All gates by name."""

    source: Text
    gates: Mapping[GateName, Gate]

    def known_to(self, version: str) -> dict[str, Gate]:
        """The gates that a version of the driver (`v0.5.0`) knows."""
        key = version_key(version.removeprefix("v"))
        return {name: gate for name, gate in self.gates.items() if key >= version_key(gate.since)}

    def open(self, settings: Mapping[str, bool], version: str) -> set[str]:
        """The gates that are open where a blueprint says `said`."""
        return {name for name, gate in self.known_to(version).items() if settings.get(name, gate.default)}


@lru_cache(maxsize=2)
def load_gates(folder: Path) -> Gates:
    """The gates in a component's folder. Raises Refused where the file is wrong."""
    return read(folder / "feature-gates.yaml", Gates)
