"""Random claims of every kind, generated from a seed, each for nodes of its own."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.devices import (
    GPU,
    dynamic_mig,
    exactly,
    gpu,
    request,
    resource_slice,
    static_mig,
    tainted,
    whole_gpus,
)

A, C = f"device.attributes['{GPU}']", f"device.capacity['{GPU}']"
ROOT = "resource.kubernetes.io/pcieRoot"
PARENT = f"{GPU}/parentUUID"
PRODUCTS = (("NVIDIA H100 80GB HBM3", "81559Mi"), ("NVIDIA A100-SXM4-40GB", "40960Mi"), ("NVIDIA H200", "143771Mi"))


@dataclass(frozen=True)
class Case:
    """Nodes by name with their slices, and the pod: its claims (`spec.devices`), or plain resources."""

    name: str
    nodes: Mapping[str, list[dict[str, Any]]]
    claims: tuple[dict[str, Any], ...] = ()
    resources: Mapping[str, int] = field(default_factory=dict)
    pods: int = 1


Made = tuple[tuple[dict[str, Any], ...], Mapping[str, int]]


def cases(seed: int, number: int) -> Iterator[Case]:
    """That many cases; the kinds of case alternate."""
    chance = random.Random(seed)  # noqa: S311 - cases, no secrets
    for index in range(number):
        name = f"c{index}"
        sort = SORTS[index % len(SORTS)]
        usual = USUAL.get(sort, NODES)
        kinds = [chance.choice(usual if chance.random() < 0.8 else NODES) for _ in range(chance.randint(1, 2))]
        nodes = {f"{name}-{place}": kind(f"{name}-{place}", chance) for place, kind in enumerate(kinds)}
        claims, resources = sort(chance)
        yield Case(name, nodes, claims, resources)


def several_pods(seed: int, number: int, most: int) -> Iterator[Case]:
    """Cases with many identical pods on one node."""
    chance = random.Random(seed)  # noqa: S311 - cases, no secrets
    for index in range(number):
        name = f"m{index}"
        kind = NODES[index % len(NODES)]
        claims, resources = REPEATED[index % len(REPEATED)](chance)
        yield Case(name, {name: kind(name, chance)}, claims, resources, most)


def _whole(node: str, chance: random.Random) -> list[dict[str, Any]]:
    product, memory = chance.choice(PRODUCTS)
    return whole_gpus(node, chance.choice((1, 2, 4, 8)), product=product, memory=memory)


def _tainted(node: str, chance: random.Random) -> list[dict[str, Any]]:
    effects = [chance.choice(("NoSchedule", "NoSchedule", "NoExecute", "None")) for _ in range(4)]
    effects = ["NoSchedule"] * 4 if chance.random() < 0.6 else effects
    healthy = int(chance.random() < 0.3)
    devices = [gpu(each) if each < healthy else tainted(gpu(each), effect) for each, effect in enumerate(effects)]
    return [resource_slice(node, "gpus", devices=devices)]


def _incomplete(node: str, _: random.Random) -> list[dict[str, Any]]:
    return [resource_slice(node, "gpus", number=2, devices=[gpu(each) for each in range(4)])]


def _mixed(node: str, chance: random.Random) -> list[dict[str, Any]]:
    """GPUs of which some have an attribute that others lack, from two drivers."""
    several = [gpu(each, addressingMode={"string": "HMM"}) if chance.random() < 0.5 else gpu(each) for each in range(4)]
    nic = {"name": "nic-0", "attributes": {ROOT: {"string": "pci0000:01"}, "speed": {"int": 400}}}
    network = resource_slice(node, "nics", "nic.example.com", devices=[nic])
    return [resource_slice(node, "gpus", devices=several), network]


def _static(node: str, _: random.Random) -> list[dict[str, Any]]:
    return static_mig(node)


def _dynamic(node: str, _: random.Random) -> list[dict[str, Any]]:
    return dynamic_mig(node)


def _two_generations(node: str, _: random.Random) -> list[dict[str, Any]]:
    """A pool that has just been replaced: its older slice does not count."""
    old, new = (
        resource_slice(node, name, devices=[gpu(each) for each in range(number)])
        for name, number in (("a", 8), ("b", 2))
    )
    new["spec"]["pool"]["generation"] = 2
    return [old, new]


def _two_pools(node: str, chance: random.Random) -> list[dict[str, Any]]:
    """Two pools on one node, with slices in a different order than their names."""
    product, memory = chance.choice(PRODUCTS)
    first = resource_slice(node, "z", pool=f"{node}-a", devices=[gpu(each, product, memory) for each in range(2)])
    second = [
        resource_slice(node, name, pool=f"{node}-b", number=2, devices=[gpu(index) for index in indices])
        for name, indices in (("y", (0, 1)), ("x", (2, 3)))
    ]
    return [first, *second]


def _invalid(node: str, _: random.Random) -> list[dict[str, Any]]:
    """Two slices of a pool that contain devices with the same name."""
    return [resource_slice(node, name, number=2, devices=[gpu(0), gpu(index)]) for index, name in ((1, "a"), (2, "b"))]


def _shared_capacity(node: str, chance: random.Random) -> list[dict[str, Any]]:
    """GPUs that several claims may share."""
    devices = [{**gpu(each), "allowMultipleAllocations": True} for each in range(2)]
    if chance.random() < 0.6:
        policy = {"default": "1Gi", "validRange": {"min": "1Gi", "step": "1Gi", "max": "60Gi"}}
        for each in devices:
            each["capacity"]["memory"]["requestPolicy"] = policy
    return [resource_slice(node, "gpus", devices=devices)]


Node = Callable[[str, random.Random], list[dict[str, Any]]]
NODES: tuple[Node, ...] = (
    _whole, _whole, _static, _dynamic, _tainted, _incomplete, _mixed, _two_generations, _two_pools, _invalid,
    _shared_capacity,
)  # fmt: skip


def _claim(*requests: dict[str, Any], constraints: Any = ()) -> Made:
    found: dict[str, Any] = {"requests": list(requests)}
    if constraints:
        found["constraints"] = list(constraints)
    return (found,), {}


def _count(chance: random.Random, most: int = 4) -> dict[str, int]:
    return {"count": chance.randint(1, most)}


def _plain(chance: random.Random) -> Made:
    return _claim(
        request("gpu", chance.choice(("gpu.nvidia.com", "any.nvidia.com", "mig.nvidia.com")), **_count(chance))
    )


def _memory(chance: random.Random) -> Made:
    wanted = chance.choice(("9Gi", "39Gi", "40Gi", "79Gi", "79.5Gi", "80Gi", "139Gi", "141Gi"))
    how = chance.choice((f".compareTo(quantity('{wanted}')) >= 0", f".isGreaterThan(quantity('{wanted}'))"))
    of = chance.choice(("gpu.nvidia.com", "any.nvidia.com"))
    return _claim(request("gpu", of, f"{C}.memory{how}", **_count(chance, 2)))


def _product(chance: random.Random) -> Made:
    name = chance.choice([product for product, _ in PRODUCTS] + ["NVIDIA B200"])
    expression = chance.choice(
        (
            f"{A}.productName == '{name}'",
            f"{A}.productName.lowerAscii().matches('{name.split()[1].lower()[:4]}')",
            f"{A}.productName in ['{name}', 'NVIDIA L40S']",
            f"{A}.?architecture.orValue('') == 'Hopper' && {A}.productName.startsWith('{name[:10]}')",
        )
    )
    return _claim(request("gpu", "gpu.nvidia.com", expression, **_count(chance, 3)))


def _version(chance: random.Random) -> Made:
    version = chance.choice(("570.0.0", "580.95.5", "590.0.0"))
    how = chance.choice(("compareTo(semver('%s')) >= 0", "isLessThan(semver('%s'))", "isGreaterThan(semver('%s'))"))
    return _claim(request("gpu", "gpu.nvidia.com", f"{A}.driverVersion.{how % version}"))


def _profile(chance: random.Random) -> Made:
    profile = chance.choice(("1g.10gb", "2g.20gb", "3g.40gb", "7g.80gb", "4g.40gb"))
    return _claim(request("mig", "mig.nvidia.com", f"{A}.profile == '{profile}'", **_count(chance, 5)))


def _together(chance: random.Random) -> Made:
    """Several devices that share an attribute, or that differ in one."""
    word = chance.choice(("matchAttribute", "distinctAttribute"))
    attribute = chance.choice((ROOT, PARENT, f"{GPU}/productName", f"{GPU}/addressingMode", f"{GPU}/none"))
    of = chance.choice(("gpu.nvidia.com", "mig.nvidia.com", "any.nvidia.com"))
    requests = [request(f"r{index}", of, **_count(chance, 2)) for index in range(chance.randint(1, 3))]
    concerned = {"requests": ["r0"]} if chance.random() < 0.2 else {}
    return _claim(*requests, constraints=[{word: attribute, **concerned}])


def _on_one_gpu(chance: random.Random) -> Made:
    profiles = chance.choice((("2g.20gb", "1g.10gb"), ("3g.40gb", "3g.40gb"), ("7g.80gb", "1g.10gb"), ("1g.10gb",) * 3))
    requests = [
        request(f"r{index}", "mig.nvidia.com", f"{A}.profile == '{profile}'") for index, profile in enumerate(profiles)
    ]
    word = chance.choice(("matchAttribute", "distinctAttribute"))
    return _claim(*requests, constraints=[{word: PARENT}])


def _beside_a_nic(chance: random.Random) -> Made:
    nic = request("nic", "nic.example.com", *(("device.driver == 'nic.example.com'",) if chance.random() < 0.5 else ()))
    return _claim(request("gpu", "gpu.nvidia.com", **_count(chance, 3)), nic, constraints=[{"matchAttribute": ROOT}])


def _first_available(chance: random.Random) -> Made:
    choices = [
        {"name": "large", **exactly("gpu.nvidia.com", f"{C}.memory.compareTo(quantity('100Gi')) >= 0")},
        {"name": "several", **exactly("gpu.nvidia.com", **_count(chance, 6))},
        {"name": "part", **exactly("mig.nvidia.com", f"{A}.profile == '3g.40gb'")},
        {"name": "other", **exactly("vfio.gpu.nvidia.com")},
    ]
    chance.shuffle(choices)
    first = {"name": "g", "firstAvailable": choices[: chance.randint(1, 3)]}
    return _claim(first, *([request("more", "gpu.nvidia.com")] if chance.random() < 0.3 else []))


def _all(chance: random.Random) -> Made:
    of = chance.choice(("gpu.nvidia.com", "mig.nvidia.com", "vfio.gpu.nvidia.com", "any.nvidia.com"))
    constraints = [{"matchAttribute": chance.choice((ROOT, f"{GPU}/productName"))}] if chance.random() < 0.4 else ()
    return _claim(request("all", of, allocationMode="All"), constraints=constraints)


def _tolerant(chance: random.Random) -> Made:
    toleration = chance.choice(
        (
            {"key": f"{GPU}/xid", "operator": "Exists"},
            {"key": f"{GPU}/xid", "operator": "Equal", "value": "79", "effect": "NoSchedule"},
            {"key": f"{GPU}/xid", "operator": "Equal", "value": "48"},
            {"operator": "Exists", "effect": "NoExecute"},
        )
    )
    return _claim(request("gpu", "gpu.nvidia.com", tolerations=[toleration], **_count(chance, 4)))


def _untolerant(chance: random.Random) -> Made:
    return _claim(request("gpu", "gpu.nvidia.com", **_count(chance, 2)))


def _admin(_: random.Random) -> Made:
    return _claim(request("watch", "gpu.nvidia.com", adminAccess=True, allocationMode="All"))


def _two_claims(chance: random.Random) -> Made:
    one, _ = chance.choice((_plain, _profile, _memory, _together))(chance)
    two, _ = chance.choice((_plain, _product, _together))(chance)
    return (*one, *two), {}


def _extended(chance: random.Random) -> Made:
    names = ("nvidia.com/gpu", "nvidia.com/mig-1g.10gb", "deviceclass.resource.kubernetes.io/mig.nvidia.com")
    return (), {chance.choice(names): chance.randint(1, 5)}


def _refused(chance: random.Random) -> Made:
    return _claim(request("gpu", "gpu.nvidia.com", chance.choice(REFUSED)))


def _aborts(chance: random.Random) -> Made:
    of = chance.choice(("gpu.nvidia.com", "gpu.nvidia.com", "any.nvidia.com", "broken.example.com"))
    return _claim(request("gpu", of, chance.choice(ABORTING), **_count(chance, 2)))


def _unknown_class(chance: random.Random) -> Made:
    of = chance.choice(("h200.nvidia.com", "gpu.nvidia", "gpus.nvidia.com"))
    return _claim(request("gpu", of), *([request("other")] if chance.random() < 0.5 else []))


def _incomplete_plain(chance: random.Random) -> Made:
    return _claim(request("gpu", "gpu.nvidia.com", **_count(chance, 3)))


def _capacity(chance: random.Random) -> Made:
    wanted = {"requests": {chance.choice((f"{GPU}/memory", "memory")): chance.choice(("10Gi", "79Gi", "81Gi"))}}
    return _claim(request("gpu", "gpu.nvidia.com", capacity=wanted, **_count(chance, 3)))


def _many(chance: random.Random) -> Made:
    return _claim(request("gpu", "gpu.nvidia.com", count=chance.choice((5, 7, 9, 17, 33))))


REFUSED = (
    f"{C}.memory >= quantity('40Gi')",
    f"{A}.driverVersion < semver('580.0.0')",
    f"{A}.type = 'gpu'",
    "device.foo == 1",
    f"{C}.memory.sign() > 0",
    "1 == 1.0",
    f"type({A}.type) == string",
    "['a', 'b'].isSorted()",
    f"{A}.type.matches('(')",
    f"{A}.type.size()",
    f"{C}.memory == '80Gi'",
    f"[{A}.type].join('') == 'gpu'",
    "'a'.reverse() == 'a'",
    "has(device)",
    f"{C}.memory.compareTo('80Gi') >= 0",
    "unknown == 1",
    "semver(580).major() == 580",
)
ABORTING = (
    f"{A}.index == 0",
    f"{A}.nvlink",
    f"{A}.driverVersion == '580.95.5'",
    f"{A}.type",
    f"{A}.pcieRoot == 'pci0000:00'",
    f"semver('580') == {A}.driverVersion",
    f"{A}.productName > 5",
    f"{A}.productName.compareTo(semver('1.0.0')) > 0",
    f"{C}.multiprocessors.isGreaterThan(quantity('1'))",
    f"{A}.addressingMode == 'HMM'",
    f"{A}.type.substring(9) == ''",
    f"quantity('80GB').isLessThan({C}.memory)",
    f"'HMM' == {A}.addressingMode && true",
    f"!{A}.type",
    f"{A}.driverVersion in ['580.95.5']",
    f"{A}.productName + 1 == ''",
    "device.attributes['x.example'].there",
    f"'addressingMode' in {A} && {A}.addressingMode == 'HMM'",
    f"{A}.index == 0 || true",
    f"{A}.type == 'mig' && {A}.index == 0",
)
"""Most fail for every device, some only for devices without an attribute, the last for none."""

SORTS: tuple[Callable[[random.Random], Made], ...] = (
    _plain, _memory, _product, _version, _profile, _together, _on_one_gpu, _beside_a_nic, _first_available, _all,
    _tolerant, _admin, _two_claims, _extended, _refused, _aborts, _aborts, _unknown_class, _many, _together,
    _incomplete_plain, _capacity, _untolerant, _untolerant, _refused,
)  # fmt: skip
USUAL: Mapping[Callable[[random.Random], Made], tuple[Node, ...]] = {
    _plain: (_whole, _two_pools, _two_generations),
    _memory: (_whole, _two_pools),
    _product: (_whole, _whole, _mixed),
    _version: (_whole, _mixed),
    _profile: (_static, _dynamic),
    _on_one_gpu: (_static, _dynamic),
    _together: (_whole, _static, _dynamic, _mixed),
    _beside_a_nic: (_mixed,),
    _first_available: (_whole, _dynamic),
    _all: (_whole, _static, _mixed, _incomplete, _invalid),
    _tolerant: (_tainted,),
    _untolerant: (_tainted,),
    _many: (_whole,),
    _two_claims: (_whole, _dynamic),
    _extended: (_whole, _static, _dynamic),
    _aborts: (_whole, _mixed, _static),
    _incomplete_plain: (_incomplete, _invalid),
    _capacity: (_shared_capacity,),
}
"""Nodes for which such claims are a close call."""
REPEATED: tuple[Callable[[random.Random], Made], ...] = (
    _plain, _memory, _profile, _on_one_gpu, _together, _extended, _first_available, _tolerant, _capacity,
)  # fmt: skip
