"""Verdicts on small clusters: what fits, how many times, and which condition fails for which device."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.allocation.claims import read_claim, read_class
from blueprint.allocation.devices import NodeGroup, Unknown
from blueprint.allocation.extended import claim_of
from blueprint.allocation.prove import Prover
from blueprint.allocation.slices import groups_of_cluster, node_group
from blueprint.allocation.verdict import ClaimVerdict, Outcome
from tests.support.devices import (
    CLASSES,
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

pytest.importorskip("cel_expr_python", reason="the extra cel is not installed")

A, C = f"device.attributes['{GPU}']", f"device.capacity['{GPU}']"
PARENT = f"{GPU}/parentUUID"
READ_CLASSES = [read_class(each) for each in CLASSES]


def groups() -> list[NodeGroup]:
    return [
        node_group("train", 4, whole_gpus("n", 8), "n"),
        node_group("mig", 2, static_mig("m"), "m"),
        node_group("dynamic", 2, dynamic_mig("d"), "d"),
    ]


def prove(
    *requests: dict[str, Any], on: list[NodeGroup] | None = None, minor: str = "1.36", **more: Any
) -> ClaimVerdict:
    claim = read_claim("claim", {"requests": list(requests), **more})
    return Prover(groups() if on is None else on, READ_CLASSES, minor).prove([claim])


def test_a_claim_fits_on_the_nodes_that_have_such_devices_and_so_often() -> None:
    verdict = prove(request())
    assert (verdict.outcome, verdict.reason) == (Outcome.FITS, "fits on 6 of 8 nodes")
    assert verdict.at_once == 4 * 8 + 2 * 2


def test_eighty_gigabytes_are_fewer_than_80gi() -> None:
    """The message names the value of each kind of device."""
    verdict = prove(request("gpu", "gpu.nvidia.com", f"{C}.memory.compareTo(quantity('80Gi')) >= 0"))
    assert verdict.outcome is Outcome.NO_DEVICE
    texts = [str(each) for each in verdict.reasons]
    assert "8 NVIDIA H100 80GB HBM3 (gpu) of each node of train: memory is 81559Mi, required: >= 80Gi" in texts
    assert "26 other devices of each node of dynamic: they are not of the DeviceClass gpu.nvidia.com" in texts


CONDITIONS = [
    (f"{A}.productName == 'NVIDIA B200'", "productName is NVIDIA H100 80GB HBM3, required: NVIDIA B200"),
    (f"{A}.productName in ['a', 'b']", "productName is NVIDIA H100 80GB HBM3, required: one of a, b"),
    (f"{A}.type == 'gpu' && {A}.architecture != 'Hopper'", "architecture is Hopper, required: != Hopper"),
    (f"{A}.driverVersion.isGreaterThan(semver('590.0.0'))", "driverVersion is 580.95.5, required: > 590.0.0"),
    (f"{A}.driverVersion.compareTo(semver('570.0.0')) < 0", "driverVersion is 580.95.5, required: < 570.0.0"),
    (f"'nvlink' in {A} && {A}.nvlink", "it has no nvlink"),
    (f"has({A}.nvlink)", "it has no nvlink"),
    (
        f"!({A}.productName.startsWith('NVIDIA'))",
        f"(!{A}.productName.startsWith('NVIDIA')) is false, where productName is NVIDIA H100 80GB HBM3",
    ),
]


@pytest.mark.parametrize(("expression", "reason"), CONDITIONS)
def test_the_condition_that_is_false_is_named_with_the_devices_value(expression: str, reason: str) -> None:
    verdict = prove(request("gpu", "gpu.nvidia.com", expression), on=[groups()[0]])
    assert [each.text for each in verdict.reasons] == [reason]


FAILURES = [
    (request("gpu", "gpu.nvidia.com", count=9), Outcome.TOO_FEW, "needs 9 devices, but a node has only 8 that match"),
    (request("gpu", "nope"), Outcome.NO_CLASS, "the DeviceClass nope does not exist"),
    (request("gpu", "gpu.nvidia.com", count=33), Outcome.ABORTS, "33 devices, but one claim gets at most 32"),
    (request("gpu", "gpu.nvidia.com", f"{A}.index == 0"), Outcome.ABORTS, "no such key: index"),
    (
        request("gpu", "gpu.nvidia.com", f"{C}.memory >= quantity('9Gi')"),
        Outcome.REFUSED,
        "no matching overload for '>=' applied to '(Quantity, Quantity)'",
    ),
    (request("gpu", "gpu.nvidia.com", f"type({A}.type) == string"), Outcome.REFUSED, "its estimated cost has no bound"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "outcome", "reason"), FAILURES)
def test_why_it_does_not_fit(asked: dict[str, Any], outcome: Outcome, reason: str) -> None:
    verdict = prove(asked)
    assert verdict.outcome is outcome
    assert reason in verdict.reason


def test_three_gpus_of_one_pcie_root_where_each_root_has_two() -> None:
    root = "resource.kubernetes.io/pcieRoot"
    two = prove(request("gpu", "gpu.nvidia.com", count=2), constraints=[{"matchAttribute": root}])
    three = prove(request("gpu", "gpu.nvidia.com", count=3), constraints=[{"matchAttribute": root}])
    assert two.outcome is Outcome.FITS
    assert (three.outcome, three.reason) == (Outcome.CONSTRAINT, f"no set of devices satisfies matchAttribute {root}")


def test_instances_of_one_gpu_share_its_counters() -> None:
    """A GPU with eight memory slices holds three of 2g.20gb or two of 3g.40gb; then no whole GPU is left."""
    dynamic = [node_group("dynamic", 1, dynamic_mig("d", gpus=1), "d")]
    of_profile = {each: prove(_mig(each), on=dynamic).at_once for each in ("1g.10gb", "2g.20gb", "3g.40gb", "7g.80gb")}
    assert of_profile == {"1g.10gb": 7, "2g.20gb": 3, "3g.40gb": 2, "7g.80gb": 1}
    both = prove(request("whole", "gpu.nvidia.com"), _mig("1g.10gb"), on=dynamic)
    assert (both.outcome, both.reason) == (
        Outcome.TOO_FEW,
        "the requests match, but 2 devices are never free together on one node",
    )


def _mig(profile: str, name: str = "mig") -> dict[str, Any]:
    return request(name, "mig.nvidia.com", f"{A}.profile == '{profile}'")


def test_the_first_alternative_that_fits_is_taken() -> None:
    large = {"name": "large", **exactly("gpu.nvidia.com", f"{C}.memory.compareTo(quantity('140Gi')) >= 0")}
    several = {"name": "several", **exactly("gpu.nvidia.com", count=2)}
    verdict = prove({"name": "g", "firstAvailable": [large, several]})
    assert [each.chosen for each in verdict.groups if each.chosen] == [("g/several",)] * 2
    assert verdict.notes == ("no device of any node matches the alternative g/large",)


def test_taints_of_devices_and_tolerations() -> None:
    on = [node_group("sick", 1, [resource_slice("n", "gpus", devices=[tainted(gpu(0))])], "n")]
    toleration = {"key": f"{GPU}/xid", "operator": "Exists"}
    assert prove(request(), on=on).outcome is Outcome.TAINTED
    assert prove(request("gpu", "gpu.nvidia.com", tolerations=[toleration]), on=on).outcome is Outcome.FITS


def test_an_incomplete_pool_offers_nothing_and_requesting_all_of_its_devices_is_an_error() -> None:
    on = [node_group("new", 1, [resource_slice("n", "gpus", number=2, devices=[gpu(0)])], "n")]
    assert prove(request(), on=on).outcome is Outcome.INCOMPLETE
    assert prove(request("all", "gpu.nvidia.com", allocationMode="All"), on=on).outcome is Outcome.ABORTS


def test_administrative_access_takes_nothing_away() -> None:
    verdict = prove(request("watch", "gpu.nvidia.com", adminAccess=True, allocationMode="All"))
    assert (verdict.outcome, verdict.at_once) == (Outcome.FITS, None)


def test_functions_that_the_previous_minor_does_not_know_are_refused() -> None:
    asked = request("gpu", "gpu.nvidia.com", f"[{A}.type].distinct().size() == 1")
    assert prove(asked, minor="1.35").outcome is Outcome.FITS
    refused = prove(asked, minor="1.34")
    assert "functions of Kubernetes 1.34, which the API server accepts from 1.35" in refused.reason


def test_claims_of_v1beta1_are_read_as_well() -> None:
    asked = {"name": "gpu", "deviceClassName": "gpu.nvidia.com", "count": 8}
    assert prove(asked, on=groups()[:1]).at_once == 4


def test_larger_devices_than_needed_may_be_taken_and_conditions_are_repeated() -> None:
    verdict = prove(request("gpu", "any.nvidia.com", f"device.driver == '{GPU}'"), on=groups()[1:2])
    first, second = verdict.notes
    assert "from NVIDIA H100 80GB HBM3 (1g.10gb, mig) with 9984Mi" in first
    assert second == f"the request gpu repeats a condition of its DeviceClass: device.driver == '{GPU}'"


def _unknown(values: Unknown) -> list[NodeGroup]:
    return [node_group("train", 2, whole_gpus("n", 2), "n", lambda _driver, _name: values)]


UNKNOWN: list[tuple[Unknown, str, Outcome]] = [
    ({"serial": ()}, f"{A}.serial == 'x'", Outcome.UNKNOWN),
    ({"serial": ()}, f"{A}.type == 'gpu' && {A}.serial == 'x'", Outcome.UNKNOWN),
    ({"serial": ()}, f"{A}.type == 'mig' && {A}.serial == 'x'", Outcome.NO_DEVICE),
    ({"serial": ()}, f"{A}.type == 'gpu' || {A}.serial == 'x'", Outcome.FITS),
    ({"memory": ("81303Mi", "81559Mi", "81815Mi")}, f"{C}.memory.isGreaterThan(quantity('79Gi'))", Outcome.FITS),
    ({"memory": ("81303Mi", "81559Mi", "81815Mi")}, f"{C}.memory.isGreaterThan(quantity('81559Mi'))", Outcome.UNKNOWN),
    ({"memory": ("81303Mi", "81559Mi", "81815Mi")}, f"{C}.memory.isGreaterThan(quantity('80Gi'))", Outcome.NO_DEVICE),
    ({"mode": ({"string": "HMM"}, {"string": "ATS"})}, f"{A}.mode.startsWith('x')", Outcome.NO_DEVICE),
    ({"mode": ({"string": "HMM"}, {"string": "ATS"})}, f"{A}.mode == 'ATS'", Outcome.UNKNOWN),
    ({"mode": ({"string": "HMM"}, None)}, f"{A}.mode == 'HMM'", Outcome.UNKNOWN),
    (
        {"serial": ()},
        f"({A}.productName + 'x').size() > (1 + 2) && {A}.type == 'mig' && {A}.serial == ''",
        Outcome.NO_DEVICE,
    ),
    ({"mode": ({"string": "HMM"}, None)}, f"!has({A}.mode) || {A}.mode == 'HMM'", Outcome.FITS),
]


@pytest.mark.parametrize(("values", "expression", "outcome"), UNKNOWN)
def test_a_value_that_is_not_known_never_counts_as_a_match(values: Unknown, expression: str, outcome: Outcome) -> None:
    verdict = prove(request("gpu", "gpu.nvidia.com", expression), on=_unknown(values))
    assert verdict.outcome is outcome
    if outcome is Outcome.UNKNOWN:
        assert "is not known before the node exists" in verdict.reason


def test_a_constraint_on_values_that_are_not_known_is_unknown() -> None:
    constraint = [{"matchAttribute": f"{GPU}/serial"}]
    verdict = prove(request("gpu", "gpu.nvidia.com", count=2), on=_unknown({"serial": ()}), constraints=constraint)
    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.reason == f"the values of {GPU}/serial are not known before the nodes exist"


def test_a_made_up_value_of_an_unknown_attribute_tells_devices_apart_and_no_more() -> None:
    """Selectors do not see it, but constraints compare it."""
    on = [node_group("train", 1, whole_gpus("n", 2), "n", lambda _driver, _name: {"uuid": ()})]
    apart = [{"distinctAttribute": f"{GPU}/uuid"}]
    asked = [request("a", "gpu.nvidia.com"), request("b", "gpu.nvidia.com")]
    assert prove(*asked, on=on, constraints=apart).outcome is Outcome.FITS
    assert prove(*asked, on=on, constraints=[{"matchAttribute": f"{GPU}/uuid"}]).outcome is Outcome.CONSTRAINT
    assert prove(request("a", "gpu.nvidia.com", f"{A}.uuid == 'GPU-0'"), on=on).outcome is Outcome.UNKNOWN


def test_plain_resources_are_claims_of_the_class_behind_them() -> None:
    """An init container can reuse what the later containers get."""
    limits = {"resources": {"limits": {"nvidia.com/gpu": "2"}}}
    pod = {"initContainers": [{"resources": {"limits": {"nvidia.com/gpu": "3"}}}], "containers": [limits]}
    claim = claim_of(pod, ["nvidia.com/gpu"], READ_CLASSES)
    assert claim is not None
    assert [(each.name, each.count) for each in claim.every_request()] == [
        ("container-0-request-0", 1),
        ("container-1-request-0", 2),
    ]
    assert Prover(groups(), READ_CLASSES).prove([claim]).at_once == 4 * (8 // 3)
    assert claim_of(pod, ["example.com/other"], READ_CLASSES) is None


def test_nodes_of_a_cluster_and_devices_of_none() -> None:
    slices = [*whole_gpus("a", 1), *whole_gpus("b", 2)]
    found = groups_of_cluster(slices, {"a": "node a", "b": "node b", "c": "node c"})
    assert [(each.name, len(each.devices)) for each in found] == [("node a", 1), ("node b", 2), ("node c", 0)]
