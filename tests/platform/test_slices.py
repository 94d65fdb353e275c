"""What DRA drivers will publish of a node: devices, their values, and how sure those are."""

from __future__ import annotations

from typing import Any

from blueprint.bundle.model import BundlePool
from blueprint.platform.dra.slices import slices_of_node
from blueprint.units import quantity_value
from tests.support.platforms import H100, blueprint, compiled, pool

CUT = "gpu: {product: H100-SXM5-80GB, count: 8, mig: {layout: [{devices: 0-3, profiles: {1g.10gb: 7}}]}}"


def predicted(fields: str = H100, *more: str, kubernetes: str = "1.36.3", settings: str = "") -> BundlePool:
    """A pool of nodes with these keys, where pods claim GPUs."""
    text = blueprint(
        pool("train", fields, *more, nodes=2), kubernetes=kubernetes, stack="gpuCluster", settings=settings
    )
    found = compiled(text)
    assert found.bundle, found.diagnostics
    return found.bundle.pools[0]


def devices(of: BundlePool, driver: str = "gpu.nvidia.com", *, synthetic: bool = False) -> dict[str, Any]:
    """The devices of one node by name."""
    slices = (each["spec"] for each in slices_of_node(of, "n1", synthetic=synthetic))
    return {each["name"]: each for spec in slices if spec["driver"] == driver for each in spec.get("devices", ())}


def test_whole_gpus_are_one_slice_of_devices_named_by_minor_number() -> None:
    train = predicted()
    [only] = slices_of_node(train, "node-7")
    assert only["apiVersion"] == "resource.k8s.io/v1"
    assert only["spec"]["nodeName"] == "node-7"
    assert only["spec"]["pool"] == {"name": "node-7", "generation": 1, "resourceSliceCount": 1}
    assert [each["name"] for each in only["spec"]["devices"]] == [f"gpu-{number}" for number in range(8)]


def test_a_gpu_has_what_the_platform_and_the_catalogue_know_of_it() -> None:
    gpu = devices(predicted(H100, "driver: {version: 580.95.05}"))["gpu-0"]
    assert gpu["attributes"] == {
        "type": {"string": "gpu"},
        "productName": {"string": "NVIDIA H100 80GB HBM3"},
        "architecture": {"string": "Hopper"},
        "cudaComputeCapability": {"version": "9.0.0"},
        "driverVersion": {"version": "580.95.5"},
    }
    assert gpu["capacity"] == {"memory": {"value": "81559Mi"}}


def test_values_that_only_a_node_knows_are_named_as_unknown_and_made_up_on_request_alone() -> None:
    [gpus] = predicted().published[0].groups
    unknown = {name for name, value in gpus.attributes.items() if value.value is None}
    assert {"uuid", "resource.kubernetes.io/pciBusID", "resource.kubernetes.io/pcieRoot"} <= unknown
    optional = {name for name, value in gpus.attributes.items() if value.optional}
    assert optional == {"addressingMode", "resource.kubernetes.io/pcieRoot", "resource.kubernetes.io/numaNode"}
    found = devices(predicted(), synthetic=True)
    ids = [each["attributes"]["uuid"]["string"] for each in found.values()]
    assert len(set(ids)) == 8
    assert all("synthetic" in each for each in ids)


def test_the_driver_of_a_provider_is_known_as_far_as_the_blueprint_promises_it() -> None:
    train = predicted(H100, "owner: {driver: host}", 'driver: {branch: "580"}')
    promised = train.published[0].groups[0].attributes["driverVersion"]
    assert (promised.value, promised.begins) == (None, "580.")


def test_a_layout_is_published_as_its_instances_and_the_other_gpus_whole() -> None:
    infer = predicted(CUT)
    found = devices(infer)
    sorts = [each["attributes"]["type"]["string"] for each in found.values()]
    assert (sorts.count("mig"), sorts.count("gpu")) == (28, 4)
    assert sum(each.count for each in infer.published) == 32


def test_memory_is_what_nvml_reports_within_a_tolerance() -> None:
    memory = predicted().published[0].groups[0].capacities["memory"]
    assert memory.value == quantity_value("81559Mi")
    assert memory.tolerance == quantity_value("256Mi")


def test_nothing_is_published_where_a_device_plugin_counts_gpus() -> None:
    found = compiled(blueprint(pool("train", H100, nodes=2)))
    assert found.bundle
    assert found.files
    assert found.bundle.pools[0].published == ()
    assert slices_of_node(found.bundle.pools[0], "n1") == []
    assert "resource-slices.yaml" not in found.files
