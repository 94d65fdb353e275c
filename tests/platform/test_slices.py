"""What DRA drivers will publish for a node: devices, their values, and how certain these are."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.bundle.model import BundlePool
from blueprint.platform.dra.slices import slices_of_node
from blueprint.units import quantity_value
from tests.support.platforms import H100, blueprint, compiled, pool

CUT = "gpu: {product: H100-SXM5-80GB, count: 8, mig: {layout: [{devices: 0-3, profiles: {1g.10gb: 7}}]}}"


def predicted(fields: str = H100, *more: str, kubernetes: str = "1.36.3", settings: str = "") -> BundlePool:
    """A pool of nodes with these keys, whose GPUs pods claim."""
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


def test_a_gpu_has_what_the_platform_and_the_catalogue_know_about_it() -> None:
    gpu = devices(predicted(H100, "driver: {version: 580.95.05}"))["gpu-0"]
    assert gpu["attributes"] == {
        "type": {"string": "gpu"},
        "productName": {"string": "NVIDIA H100 80GB HBM3"},
        "architecture": {"string": "Hopper"},
        "cudaComputeCapability": {"version": "9.0.0"},
        "driverVersion": {"version": "580.95.5"},
    }
    assert gpu["capacity"] == {"memory": {"value": "81559Mi"}}


def test_values_that_only_a_node_knows_are_named_as_unknown_and_invented_only_on_request() -> None:
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


DYNAMIC = "draFeatureGates: {DynamicMIG: true}"


def test_partitions_made_on_demand_are_26_devices_of_an_h100() -> None:
    """The whole GPU, and every profile at every placement: counted on real hardware."""
    train = predicted(settings=DYNAMIC)
    assert sum(each.count for each in train.published) == 8 * 26
    counters, *gpus = slices_of_node(train, "n1")
    assert [each["name"] for each in counters["spec"]["sharedCounters"]] == [
        f"gpu-{number}-counter-set" for number in range(8)
    ]
    assert "devices" not in counters["spec"]
    assert [len(each["spec"]["devices"]) for each in gpus] == [26] * 8
    assert {each["spec"]["pool"]["resourceSliceCount"] for each in (counters, *gpus)} == {9}


def test_the_counters_of_a_gpu_are_the_most_that_an_instance_has_and_its_memory_slices() -> None:
    counters = slices_of_node(predicted(settings=DYNAMIC), "n1")[0]["spec"]["sharedCounters"][0]["counters"]
    assert {name: each["value"] for name, each in counters.items()} == {
        "memory": "81152Mi",
        "multiprocessors": "132",
        "copy-engines": "8",
        "decoders": "7",
        "encoders": "0",
        "jpeg-engines": "7",
        "ofa-engines": "1",
        **{f"memory-slice-{number}": "1" for number in range(8)},
    }


def test_a_partition_consumes_what_it_has_and_the_slices_at_its_place() -> None:
    partition = devices(predicted(settings=DYNAMIC))["gpu-3-mig-2g20gb-14-4"]
    assert partition["attributes"]["profile"] == {"string": "2g.20gb"}
    assert partition["capacity"]["memory"] == {"value": "20096Mi"}
    assert "memorySlice4" not in partition["capacity"]
    [consumed] = partition["consumesCounters"]
    assert consumed["counterSet"] == "gpu-3-counter-set"
    taken = {name for name in consumed["counters"] if name.startswith("memory-slice")}
    assert taken == {"memory-slice-4", "memory-slice-5"}
    assert consumed["counters"]["multiprocessors"] == {"value": "32"}


def test_a_partitionable_gpu_says_less_memory_than_one_that_is_not() -> None:
    """A selector for 79.5Gi matches the same GPU in one mode and not in the other."""
    whole = devices(predicted())["gpu-0"]["capacity"]
    partitionable = devices(predicted(settings=DYNAMIC))["gpu-0"]["capacity"]
    assert quantity_value(whole["memory"]["value"]) > quantity_value("79.5Gi")
    assert quantity_value(partitionable["memory"]["value"]) < quantity_value("79.5Gi")
    assert (set(whole), len(partitionable)) == ({"memory"}, 7)


def test_before_1_35_a_slice_has_the_counters_of_its_gpu() -> None:
    of_gpus = slices_of_node(predicted(settings=DYNAMIC, kubernetes="1.34.2"), "n1")
    assert len(of_gpus) == 8
    assert all(len(each["spec"]["sharedCounters"]) == 1 for each in of_gpus)
    assert all(len(each["spec"]["devices"]) == 26 for each in of_gpus)


def test_gpus_that_change_their_mode_at_a_reset_stay_whole_and_have_no_counters() -> None:
    train = predicted("gpu: {product: A100-SXM4-80GB, count: 8}", settings=DYNAMIC)
    empty, *gpus = slices_of_node(train, "n1")
    assert set(empty["spec"]) == {"driver", "nodeName", "pool"}
    assert [each["name"] for one in gpus for each in one["spec"]["devices"]] == [f"gpu-{n}" for n in range(8)]
    assert "MIG mode was off" in train.published[0].assumes[0]


def test_gpus_without_mig_are_one_slice_each() -> None:
    of_gpus = slices_of_node(predicted("gpu: {product: L40S, count: 4}", settings=DYNAMIC), "n1")
    assert [len(each["spec"]["devices"]) for each in of_gpus] == [1] * 4


def test_an_instance_made_beforehand_names_its_profile_and_lists_its_memory_slices() -> None:
    found = devices(predicted(CUT))
    assert {name for name in found if name.startswith("gpu-0")} == {f"gpu-0-mig-1g10gb-19-{n}" for n in range(7)}
    instance = found["gpu-2-mig-1g10gb-19-5"]
    assert instance["capacity"]["memorySlice5"] == {"value": "1"}
    assert instance["capacity"]["memory"] == {"value": "9984Mi"}
    assert instance["capacity"]["multiprocessors"] == {"value": "16"}


def test_where_instances_can_stand_elsewhere_their_names_are_not_certain() -> None:
    def named(profiles: str) -> list[bool]:
        layout = (
            f"gpu: {{product: H100-SXM5-80GB, count: 8, mig: {{layout: [{{devices: all, profiles: {profiles}}}]}}}}"
        )
        return [group.named for group in predicted(layout).published[0].groups]

    assert named("{1g.10gb: 7}") == [True], "as many as there are places"
    assert named("{3g.40gb: 2}") == [True]
    assert named("{1g.10gb: 3}") == [False]
    assert named("{3g.40gb: 1, 1g.10gb: 4}") == [True, True], "beside a 3g at slice 0 there is room for three"
    assert named("{3g.40gb: 1, 1g.10gb: 3}") == [False, False]


def test_a_profile_with_media_engines_has_a_name_of_the_api() -> None:
    layout = "gpu: {product: H100-SXM5-80GB, count: 1, mig: {layout: [{devices: all, profiles: {1g.10gb+me: 1}}]}}"
    [name] = devices(predicted(layout))
    assert name.startswith("gpu-0-mig-1g10gb-me-20-")


def test_amounts_that_the_catalogue_does_not_know_are_unknown_and_not_guessed() -> None:
    train = predicted("gpu: {product: B200, count: 8}", settings=DYNAMIC)
    groups = {group.profile: group for group in train.published[0].groups}
    assert groups["1g.23gb"].capacities["memory"].value is None, "two observations differ by more than the tolerance"
    assert groups["2g.45gb"].capacities["memory"].value == quantity_value("44.25Gi")
    assert groups[""].capacities["memory"].value is None
    assert train.published[0].unknown == ("it is not verified where instances of B200 can be placed",)
    assert "memory" not in devices(train)["gpu-0"]["capacity"]


@pytest.mark.parametrize(
    ("way", "policy"),
    [
        ("memory", {"default": "81559Mi", "validRange": {"min": "1Mi", "max": "81559Mi", "step": "1Mi"}}),
        ("unlimited", {"default": "0", "validRange": {"min": "0", "max": "81559Mi", "step": "1Mi"}}),
        ('"4"', {"default": "0", "validRange": {"min": "0", "max": "81559Mi", "step": "1Mi"}}),
    ],
)
def test_gpus_that_claims_share_say_how_much_one_may_request(way: str, policy: dict[str, Any]) -> None:
    settings = f"draFeatureGates: {{ConsumableShares: true}}, draEnv: {{CONSUMABLE_SHARES: {way}}}"
    gpu = devices(predicted(settings=settings))["gpu-0"]
    assert gpu["allowMultipleAllocations"] is True
    assert gpu["capacity"]["memory"] == {"value": "81559Mi", "requestPolicy": policy}
    assert ("shares" in gpu["capacity"]) == (way == '"4"')


def test_with_passthrough_each_gpu_appears_twice_and_one_of_the_two_may_be_missing() -> None:
    train = predicted(settings="draFeatureGates: {PassthroughSupport: true}")
    assert [(group.sort, group.optional) for group in train.published[0].groups] == [("gpu", True), ("vfio", True)]
    twin = devices(train)["gpu-vfio-0"]
    assert twin["attributes"] == {
        "type": {"string": "vfio"}, "deviceID": {"string": "0x2330"}, "vendorID": {"string": "0x10de"},
    }  # fmt: skip


def test_a_node_of_an_nvlink_domain_has_a_channel_and_a_daemon() -> None:
    train = predicted("gpu: {product: GB200, count: 4}", "nvlinkDomain: {nodes: 2}")
    assert devices(train, "compute-domain.nvidia.com") == {
        "channel-0": {"name": "channel-0", "attributes": {"type": {"string": "channel"}, "id": {"int": 0}}},
        "daemon-0": {"name": "daemon-0", "attributes": {"type": {"string": "daemon"}, "id": {"int": 0}}},
    }


def test_a_long_node_name_gives_a_name_that_the_api_accepts() -> None:
    long = predicted()
    names = {slices_of_node(long, f"{'n' * 248}{number}")[0]["metadata"]["name"] for number in range(3)}
    assert len(names) == 3
    assert all(len(name) <= 253 for name in names)


def test_in_v1beta1_everything_of_a_device_but_its_name_is_in_basic() -> None:
    text = blueprint(
        pool("train", H100, nodes=1), kubernetes="1.34.2", stack="standaloneDra",
        spec="  components: {dra-driver-nvidia-gpu: {settings: {resourceApiVersion: v1beta1}}}\n",
    )  # fmt: skip
    found = compiled(text)
    assert found.bundle, found.diagnostics
    [only] = slices_of_node(found.bundle.pools[0], "n1")
    assert only["apiVersion"] == "resource.k8s.io/v1beta1"
    assert {frozenset(each) for each in only["spec"]["devices"]} == {frozenset({"name", "basic"})}
