"""The attributes and capacities that a DRA driver publishes for the GPUs of one pool, and their certainty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from blueprint.catalog.component_files.devices import Devices, Published, Sort
from blueprint.catalog.facts import Fact
from blueprint.catalog.hardware import MigInstance
from blueprint.platform.dra.published import MIB, Value
from blueprint.platform.gpus.expectations import MEMORY_TOLERANCE_MIB
from blueprint.platform.pool import GpuPool
from blueprint.platform.tracking.recorder import decided_by
from blueprint.platform.tracking.tracked import read_fact
from blueprint.records import replace

T = TypeVar("T")

INSTANCE_TOLERANCE_MIB = 512
"""The observed memory of an instance differs by this much between drivers and VBIOS versions."""
_PARTS_OF_VERSION = 3


class PoolValues:
    """The values of one pool's devices, for one driver version with its feature gates."""

    def __init__(self, pool: GpuPool, devices: Devices, version: str, gates: frozenset[str]) -> None:
        self._pool = pool
        self._devices = devices
        self._version = version
        self._gates = gates

    def attributes(self, driver: str, sort: Sort, profile: str = "") -> dict[str, Value]:
        """The attributes of a type of device, by their names in slices."""
        return {
            name if domain == driver else f"{domain}/{name}": self._attribute(published, sort, profile)
            for domain, names in self._devices.attributes.items()
            for name, published in names.items()
            if published.of_sort(sort, self._version, self._gates)
        }

    def capacities(self, driver: str, sort: Sort, instance: MigInstance | None, *, certain: bool) -> dict[str, Value]:
        """The amounts of a type of device; for an instance, those of its profile."""
        found: dict[str, Value] = {}
        for name, published in self._devices.capacities.get(driver, {}).items():
            if published.of_sort(sort, self._version, self._gates) and published.fact not in ("memorySlice", "shares"):
                if published.fact == "memory" and sort == "gpu" and instance is None:
                    found |= {name: memory} if (memory := self._memory()) else {}
                elif not published.only_under.get(sort) or instance is not None:
                    found[name] = amount_of(published, instance, certain=certain)
        return found

    def lists_memory_slices(self, driver: str) -> bool:
        """Whether the driver publishes which memory slices an instance has."""
        published = self._devices.capacities.get(driver, {}).values()
        return any(p.fact == "memorySlice" and p.of_sort("mig", self._version, self._gates) for p in published)

    def _memory(self) -> Value | None:
        """The memory of a whole GPU; None if it has no memory of its own, and the driver publishes none."""
        facts = self._pool.gpu.facts
        if facts.unified_memory and read_fact(facts.unified_memory):
            return None
        known = facts.memory_mib
        if known is None or self._virtual:
            return Value(type="quantity")
        number, tolerance = read_fact(known) * MIB, MEMORY_TOLERANCE_MIB * MIB
        return Value(type="quantity", value=number, tolerance=tolerance, certain=known.certain)

    @property
    def _virtual(self) -> bool:
        """Whether nodes have a part of a GPU, selected by their host."""
        return self._pool.driver.vgpu or self._pool.hardware.virtual is not None

    def _attribute(self, published: Published, sort: Sort, profile: str) -> Value:
        found = self._known(published, sort, profile)
        if published.list_under in self._gates:
            found = replace(found, type="ints")
        one_of = found.one_of or (published.values if found.value is None else ())
        return replace(found, one_of=one_of, optional=sort in published.optional)

    def _known(self, published: Published, sort: Sort, profile: str) -> Value:
        if published.type == "quantity":
            raise ValueError("an attribute is not an amount")
        if published.value is not None:
            number = published.type == "int"
            return Value(type=published.type, value=int(published.value) if number else published.value)
        facts = self._pool.gpu.facts
        match published.fact:
            case "sort":
                return Value(type="string", value=sort)
            case "profile":
                return Value(type="string", value=profile)
            case "architecture":
                return _from_fact(facts.architecture)
            case "computeCapability":
                capability = facts.compute_capability
                return Value(type="version", value=semver(read_fact(capability)), certain=capability.certain)
            case "driverVersion":
                return self._driver_version()
            case "nvmlName" if sort != "vfio" and not self._virtual:
                return _one_of(read_fact(facts.nvml_names), certain=facts.nvml_names.certain)
            case "deviceId":
                ids = dict.fromkeys(f"0x{each[5:9]}" for each in read_fact(facts.pci_device_ids))
                return _one_of(tuple(ids), certain=facts.pci_device_ids.certain)
        return Value(type=published.type)

    def _driver_version(self) -> Value:
        """Exact if the blueprint or the release determines it; otherwise what the branch implies, if there is one."""
        driver = self._pool.driver
        if version := driver.version:
            return Value(type="version", value=semver(version))
        decided_by(driver.owner)
        branch = driver.branch
        return Value(type="version", begins=f"{branch}." if branch else "")


def amount_of(published: Published, instance: MigInstance | None, *, certain: bool) -> Value:
    """A property of an instance; unknown if it is not in the catalogue."""
    if instance is None:
        return Value(type="quantity")
    known: Mapping[str | None, int | None] = {
        "memory": instance.memory_mib * MIB if instance.memory_mib else None,
        "multiprocessors": instance.multiprocessors,
        "copyEngines": instance.copy_engines,
        "decoders": instance.decoders,
        "encoders": instance.encoders,
        "jpegEngines": instance.jpeg_engines,
        "ofaEngines": instance.ofa_engines,
    }
    number = known.get(published.fact)
    tolerance = INSTANCE_TOLERANCE_MIB * MIB if published.fact == "memory" and number is not None else 0
    return Value(type="quantity", value=number, tolerance=tolerance, certain=certain)


def semver(version: str) -> str:
    """A version in the driver's form: three numbers without leading zeros. `580.95.05` becomes `580.95.5`."""
    numbers = [str(int(part)) for part in version.split(".")]
    return ".".join((*numbers, "0", "0")[: max(_PARTS_OF_VERSION, len(numbers))])


def _from_fact(fact: Fact[T]) -> Value:
    return Value(type="string", value=str(read_fact(fact)), certain=fact.certain)


def _one_of(texts: tuple[str, ...], *, certain: bool) -> Value:
    """A string with several possible values; known if there is only one."""
    if len(texts) == 1:
        return Value(type="string", value=texts[0], certain=certain)
    return Value(type="string", one_of=texts, certain=certain)
