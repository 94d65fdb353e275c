"""The instance types of a cloud, and their hardware.

A file has one line per instance type. Source and confidence are given once per column, because whole columns come from
the same table. A line lists its less certain columns under `unverified`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

from blueprint.catalog.facts import CatalogueFile, Confidence, Fact, Text
from blueprint.catalog.hardware import Arch, Positive
from blueprint.records import Record

T = TypeVar("T")
Fabric = Literal["infiniband", "roce", "efa", "tcpx", "tcpxo"]
"""The network that connects the nodes of a pool, besides Ethernet."""

COLUMNS = ("arch", "product", "gpus", "cpu", "memoryGib", "adapters", "fabric", "vgpuMib")
"""The columns of a line. `adapters` is the number of fast network adapters (EFA interfaces, RDMA adapters); `fabric` is
the network that connects them, `vgpuMib` the memory of a vGPU in MiB.
"""


class Evidence(Record, kw_only=True):
    """The source of the values of a column."""

    source: Text
    confidence: Confidence


class InstanceType(Record, kw_only=True):
    """One line: an instance type. Unknown values are omitted.

    `gpus` is missing if the machine has a fraction of one, which `note` then explains. `vgpu`: the node has a vGPU, for
    a whole GPU or a part of it; `vgpuMib` is its memory according to the cloud. `unverified` lists columns.
    """

    arch: Arch | None = None
    product: Text | None = None
    gpus: Positive | None = None
    cpu: Positive | None = None
    memory_gib: Positive | None = None
    adapters: Positive | None = None
    fabric: Fabric | None = None
    vgpu: bool = False
    vgpu_mib: Positive | None = None
    note: Text | None = None
    unverified: tuple[Text, ...] = ()

    def complaint(self) -> str | None:
        """An error in the line itself."""
        unknown = [name for name in self.unverified if name not in COLUMNS]
        if unknown:
            return f"there is no column {unknown[0]}"
        return "vgpuMib without vgpu" if self.vgpu_mib and not self.vgpu else None


class ImageFamily(Record, kw_only=True):
    """Node images that are set up in the same way at startup.

    Attributes:
        name: The name in node classes.
        system: The operating system, as named by distributions; None if it may be any.
        device: The disk with the container images.
    """

    name: Text
    system: Text | None = None
    device: Text


class NodeClassKind(Record, kw_only=True):
    """The kind of object that configures the machines that Karpenter starts in a cloud.

    Attributes:
        group: Its API group.
        kind: Its kind.
        families: The image families, by the name that blueprints use.
        source: The source of this information.
    """

    group: Text
    kind: Text
    families: Mapping[Text, ImageFamily]
    source: Text


class Machines(CatalogueFile, kw_only=True):
    """The instance types of one cloud.

    Attributes:
        cloud: The name, which is also that of the file.
        title: The display name.
        distributions: The Kubernetes distributions that run only on these machines.
        evidence: The source of each column's values.
        node_class: How Karpenter starts them; None if it does not, or if nothing is rendered for it.
        types: The hardware of each instance type, by the value of the label `node.kubernetes.io/instance-type`.
    """

    cloud: Text
    title: Text
    distributions: tuple[Text, ...]
    evidence: Mapping[Text, Evidence]
    node_class: NodeClassKind | None = None
    types: Mapping[Text, InstanceType]

    def complaint(self) -> str | None:
        """An error in the file as a whole: a column without evidence."""
        columns = {column for name in self.types for column in COLUMNS if self._stands(name, column)}
        lacking = sorted(columns - self.evidence.keys())
        return f"the column {lacking[0]} has no evidence" if lacking else None

    def _stands(self, name: str, column: str) -> bool:
        return column in self.document.data["types"][name]

    def machine(self, name: str) -> Machine | None:
        """The instance type with this name, with each of its values as a fact."""
        shape = self.types.get(name)
        if shape is None:
            return None
        values = (shape.arch, shape.product, shape.gpus, shape.cpu, shape.memory_gib, shape.adapters, shape.fabric,
                  shape.vgpu_mib)  # fmt: skip
        facts = {c: self._fact(name, c, shape, v) for c, v in zip(COLUMNS, values, strict=True) if v is not None}
        memory, vgpu = facts.pop("memoryGib", None), facts.pop("vgpuMib", None)
        return Machine(name=name, cloud=self, note=shape.note, vgpu=shape.vgpu, memory_gib=memory, vgpu_mib=vgpu,
                       **facts)  # fmt: skip

    def _fact(self, name: str, column: str, shape: InstanceType, value: Any) -> Fact[Any]:
        known = self.evidence[column]
        doubted = column in shape.unverified
        return Fact(
            value,
            source="not verified: general knowledge of this machine" if doubted else known.source,
            confidence="unverified" if doubted else known.confidence,
            span=self.span("types", name, column),
            path=f'types["{name}"].{column}',
        )


class Machine(Record, kw_only=True):
    """An instance type of a cloud; an unknown value is None."""

    name: str
    cloud: Machines
    note: str | None
    vgpu: bool = False
    arch: Fact[Arch] | None = None
    product: Fact[str] | None = None
    gpus: Fact[int] | None = None
    cpu: Fact[int] | None = None
    memory_gib: Fact[int] | None = None
    adapters: Fact[int] | None = None
    fabric: Fact[Fabric] | None = None
    vgpu_mib: Fact[int] | None = None


def shared(machines: Sequence[Machine]) -> Machine:
    """The facts that hold for any of these machines: the values that all share, and the minimum CPU and memory."""
    first = machines[0]
    if len(machines) == 1:
        return first
    facts = {name: _agreed([getattr(each, name) for each in machines]) for name in _AGREED}
    least = {name: _least([getattr(each, name) for each in machines]) for name in _LEAST}
    notes = [each.note for each in machines]
    return Machine(
        name=", ".join(each.name for each in machines),
        cloud=first.cloud,
        note=notes[0] if len(set(notes)) == 1 else None,
        vgpu=all(each.vgpu for each in machines),
        **facts,
        **least,
    )


_AGREED = ("arch", "product", "gpus", "adapters", "fabric", "vgpu_mib")
_LEAST = ("cpu", "memory_gib")


def _agreed(facts: Sequence[Fact[Any] | None]) -> Any:
    values = {fact.value if fact else None for fact in facts}
    return facts[0] if len(values) == 1 else None


def _least(facts: Sequence[Fact[Any] | None]) -> Any:
    known = [fact for fact in facts if fact is not None]
    return min(known, key=lambda fact: fact.value) if len(known) == len(facts) else None
