"""Properties of predicted slices for every product, layout, gate and version: limits, counters, names, and the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from blueprint.bundle.model import BundlePool
from blueprint.bundle.slices_file import StoredSlices, slices_file
from blueprint.catalog.catalog import load_catalog
from blueprint.diagnostics import Severity
from blueprint.drift.live_slices import newest
from blueprint.drift.slice_findings import ComparedNode, PoolComparison
from blueprint.platform.dra.limits import slice_limits
from blueprint.platform.dra.slices import slices_of_node
from blueprint.platform.partitioning.packing import pack
from blueprint.units import quantity_value
from tests.support.platforms import blueprint, compiled, pool
from tests.support.published_slices import AsNodesFillIt

CATALOG = load_catalog()
GPUS = {name: gpu for name in CATALOG.products if (gpu := CATALOG.gpu(name))}
PLACED = {name: gpu.mig.placements.value for name, gpu in GPUS.items() if gpu.mig.placements}
GATES = ("", "DynamicMIG", "NVMLDeviceHealthCheck", "PassthroughSupport", "DRAListTypeAttributes", "ConsumableShares")


@st.composite
def pools(draw: st.DrawFn, *, layouts: bool = True) -> tuple[str, str, dict[str, int]]:
    """The GPUs of a pool, the enabled gate, and the instances of each GPU."""
    product = draw(st.sampled_from(sorted(PLACED if layouts else GPUS)))
    count = draw(st.integers(1, 16))
    gate = draw(st.sampled_from(GATES))
    instances: dict[str, int] = {}
    if layouts and gate != "DynamicMIG" and draw(st.booleans()):
        for profile in draw(st.permutations(sorted(PLACED[product]))):
            more = instances | {profile: draw(st.integers(1, 3))}
            if "+" not in profile and pack(more, PLACED[product]) is not None:
                instances = more
    mig = f", mig: {{layout: [{{devices: all, profiles: {instances}}}]}}".replace("'", "") if instances else ""
    return f"gpu: {{product: {product}, count: {count}{mig}}}", gate, instances


def predicted(fields: str, gate: str, kubernetes: str) -> BundlePool | None:
    """The pool; None if the blueprint is rejected, or the product is too old for the release."""
    gates = f"draFeatureGates: {{{gate}: true}}" if gate else ""
    variable = ", draEnv: {CONSUMABLE_SHARES: memory}" if gate == "ConsumableShares" else ""
    text = blueprint(
        pool("train", fields, nodes=1), kubernetes=kubernetes, stack="gpuCluster", settings=gates + variable
    )
    found = compiled(text)
    if found.bundle is None:
        assert any(each.severity is Severity.ERROR for each in found.diagnostics)
        return None
    return found.bundle.pools[0]


@settings(max_examples=80)
@given(pools(), st.sampled_from(["1.34.2", "1.35", "1.36.3"]))
def test_what_is_not_refused_fits_into_the_slices_of_the_api(what: tuple[str, str, dict[str, int]], minor: str) -> None:
    fields, gate, _ = what
    train = predicted(fields, gate, minor)
    if train is None:
        return
    limits = slice_limits(".".join(minor.split(".")[:2]))
    slices = slices_of_node(train, "node-1", synthetic=True)
    names = [device["name"] for each in slices for device in each["spec"].get("devices", ())]
    assert len(names) == len(set(names)) == sum(each.count for each in train.published)
    for each in slices:
        devices = each["spec"].get("devices", [])
        advanced = any("consumesCounters" in device for device in devices) or gate == "NVMLDeviceHealthCheck"
        assert len(devices) <= (limits.advanced if advanced else limits.devices)
        assert len(each["spec"].get("sharedCounters", ())) <= limits.counter_sets
        assert each["spec"]["pool"]["resourceSliceCount"] == len(slices)
        for device in devices:
            assert len(device["attributes"]) + len(device.get("capacity", {})) <= 32
            assert "." not in device["name"]
            assert all(len(value.get("string", "")) <= 64 for value in device["attributes"].values())


@settings(max_examples=50)
@given(pools())
def test_a_layout_is_published_device_by_device(what: tuple[str, str, dict[str, int]]) -> None:
    fields, gate, instances = what
    train = predicted(fields, gate, "1.36.3")
    if train is None or not instances:
        return
    profiles: dict[str, int] = {}
    for each in slices_of_node(train, "node-1"):
        for device in each["spec"]["devices"]:
            profile = device["attributes"]["profile"]["string"]
            profiles[profile] = profiles.get(profile, 0) + 1
    assert profiles == {profile: number * train.gpu_count for profile, number in instances.items()}


def _amounts(counters: dict[str, Any]) -> dict[str, Any]:
    return {name: quantity_value(each["value"]) for name, each in counters.items()}


@settings(max_examples=30)
@given(st.sampled_from(sorted(PLACED)), st.integers(1, 8), st.sampled_from(["1.34.2", "1.36.3"]))
def test_a_whole_gpu_takes_all_counters_and_no_partition_takes_more(product: str, count: int, minor: str) -> None:
    train = predicted(f"gpu: {{product: {product}, count: {count}}}", "DynamicMIG", minor)
    if train is None:
        return
    slices = slices_of_node(train, "node-1")
    sets = {one["name"]: _amounts(one["counters"]) for each in slices for one in each["spec"].get("sharedCounters", ())}
    for each in slices:
        for device in each["spec"].get("devices", ()):
            for one in device.get("consumesCounters", ()):
                taken, there = _amounts(one["counters"]), sets[one["counterSet"]]
                if device["attributes"]["type"]["string"] == "gpu":
                    assert taken == there
                shared = taken.keys() & there.keys()
                assert all(taken[name] <= there[name] for name in shared)
                assert {name for name in taken if "slice" in name} <= there.keys()


@settings(max_examples=60)
@given(pools(layouts=False))
def test_a_node_that_publishes_what_was_predicted_is_not_drift(what: tuple[str, str, dict[str, int]]) -> None:
    fields, gate, _ = what
    train = predicted(fields, gate, "1.36.3")
    if train is None:
        return
    for publication in train.published:
        live = [
            each
            for each in slices_of_node(AsNodesFillIt(train), "node-1", synthetic=True)
            if each["spec"]["driver"] == publication.driver
        ]
        assert [*PoolComparison(publication).compare(ComparedNode("node-1", train, "us"), newest(live))] == []


@settings(max_examples=40)
@given(pools())
def test_the_file_is_read_back_as_it_was_written(what: tuple[str, str, dict[str, int]]) -> None:
    import tempfile

    train = predicted(*what[:2], "1.36.3")
    if train is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "resource-slices.yaml"
        file.write_text(slices_file([train]))
        assert StoredSlices(file)["train"] == train.published
