"""Every GPU file of the catalogue is consistent in itself and with the others."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.facts import Fact
from blueprint.catalog.hardware import Gpu, MigProfile
from blueprint.probe.checks.gpu_product import Product
from blueprint.probe.checks.gpu_product import _named as named
from blueprint.probe.observation import Observation, Status
from blueprint.records import Record

PRODUCTS = load_catalog().products


def gpu(product: str) -> Gpu:
    found = load_catalog().gpu(product)
    assert found is not None
    return found


CUT = [product for product in PRODUCTS if gpu(product).mig.profiles]
"""The products whose MIG profiles are known."""


def facts_of(record: object) -> Iterator[Fact[object]]:
    """Every fact in a record, however deep."""
    if isinstance(record, Fact):
        yield record
    elif isinstance(record, Record):
        for name in record.__struct_fields__:
            yield from facts_of(getattr(record, name))


def memory_of(profile: str) -> int:
    return int(profile.partition(".")[2].partition("gb")[0])


def test_the_products_that_blueprints_are_promised_exist() -> None:
    assert {"A100-SXM4-80GB", "H100-SXM5-80GB", "H200-SXM-141GB", "B200", "GB200", "L40S", "L4", "T4"} <= set(PRODUCTS)


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_fact_names_its_source_and_its_line(product: str) -> None:
    facts = list(facts_of(gpu(product)))
    lines = gpu(product).document.lines

    assert len(facts) >= 10
    for fact in facts:
        assert len(fact.source) > 10, fact
        line = lines[fact.span.line - 1]
        assert str(fact.value).lower() in line.lower() or not isinstance(fact.value, str | int), (fact, line)


def test_a_pci_id_belongs_to_one_product() -> None:
    """The probe identifies products by it or, where several products share a device id, by their names."""
    owners = [(pci, product) for product in PRODUCTS for pci in gpu(product).pci_device_ids.value]
    assert len(dict(owners)) == len(owners), sorted(owners)


def test_a_device_id_of_several_products_identifies_none_of_them() -> None:
    """A2 and A16 differ only in the subsystem id, and other vendors have their own: the name must be unambiguous."""
    products = [gpu(product) for product in PRODUCTS]
    every = [(pci[:9], facts.product) for facts in products for pci in facts.pci_device_ids.value]
    shared = {pci for pci, product in every for other, owner in every if pci == other and product != owner}
    assert {"10de:25b6", "10de:1e30", "10de:2bb3"} <= shared
    for facts in products:
        if shared & {pci[:9] for pci in facts.pci_device_ids.value}:
            assert facts.device_ids == ()
            assert facts.nvml_names.certain


def test_an_nvml_name_and_a_node_label_belong_to_one_product() -> None:
    names = [name for product in PRODUCTS for name in gpu(product).nvml_names.value]
    labels = [gpu(product).gfd_product.value for product in PRODUCTS]
    assert len(set(names)) == len(names)
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_node_label_follows_from_the_nvml_name_by_the_rule_of_feature_discovery(product: str) -> None:
    [name, *_] = gpu(product).nvml_names.value
    assert gpu(product).gfd_product.value == re.sub(" +", "-", re.sub(r"[^A-Za-z0-9\-_. ]", "", name))


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_size_in_a_name_is_never_less_than_the_memory_that_nvml_counts(product: str) -> None:
    """A total above the nominal size means that a marketing figure or another product's value was entered."""
    facts = gpu(product)
    if (size := re.search(r"(\d+)GB$", product)) and facts.memory_mib:
        nominal = int(size[1]) * 1024
        assert nominal * 0.93 < facts.memory_mib.value <= nominal


@pytest.mark.parametrize("product", PRODUCTS)
def test_kernel_modules_follow_the_architecture_and_the_host(product: str) -> None:
    """Only open ones on Blackwell and with Grace, only proprietary ones before Turing, either in between."""
    facts = gpu(product)
    grace = bool(facts.host_arch) and facts.architecture.value == "Hopper"
    open_only = facts.architecture.value == "Blackwell" or grace
    proprietary_only = facts.architecture.value in {"Pascal", "Volta"}
    expected = ("open",) if open_only else ("proprietary",) if proprietary_only else ("open", "proprietary")
    assert facts.kernel_modules.value == expected
    assert facts.kernel_modules.certain


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_compute_capability_belongs_to_the_architecture(product: str) -> None:
    known = {
        "Pascal": {"6.0", "6.1"},
        "Volta": {"7.0"},
        "Turing": {"7.5"},
        "Ampere": {"8.0", "8.6"},
        "Ada Lovelace": {"8.9"},
        "Hopper": {"9.0"},
        "Blackwell": {"10.0", "10.3", "12.0", "12.1"},
    }
    assert gpu(product).compute_capability.value in known[gpu(product).architecture.value]


@pytest.mark.parametrize("product", PRODUCTS)
def test_only_what_new_drivers_have_dropped_has_a_newest_branch(product: str) -> None:
    facts = gpu(product)
    assert (facts.maximum_driver is not None) == (facts.architecture.value in {"Pascal", "Volta"})
    if facts.maximum_driver and facts.minimum_driver:
        assert int(facts.minimum_driver.value[:3]) <= int(facts.maximum_driver.value)


@pytest.mark.parametrize("product", PRODUCTS)
def test_products_with_a_grace_cpu_need_an_arm_host(product: str) -> None:
    arm = product.startswith(("GH200", "GB200", "GB300", "GB10", "T4G"))
    host = gpu(product).host_arch
    assert (host.value if host else None) == ("arm64" if arm else None)


@pytest.mark.parametrize("product", PRODUCTS)
def test_limits_of_power_and_temperature_are_in_order(product: str) -> None:
    facts = gpu(product)
    if facts.power and facts.tdp_w:
        assert facts.power.minimum_w.value < facts.power.maximum_w.value
        assert facts.power.minimum_w.value < facts.tdp_w.value <= facts.power.maximum_w.value
    if facts.thermal:
        warm, slow, down = facts.thermal.maximum_c, facts.thermal.slowdown_c, facts.thermal.shutdown_c
        assert warm.value < slow.value < down.value < facts.thermal.memory_maximum_c.value


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_fabric_manager_runs_only_where_gpus_are_joined_by_switches_on_the_node(product: str) -> None:
    facts = gpu(product)
    if facts.fabric_manager and facts.fabric_manager.value:
        assert facts.form_factor
        assert facts.form_factor.value.startswith("SXM")
        assert facts.nvlink


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_name_that_holds_another_name_is_another_product(product: str) -> None:
    """NVIDIA H200 is a part of NVIDIA H200 NVL, and NVIDIA A10 of NVIDIA A100-SXM4-40GB."""
    wanted = Product(product, gpu(product).nvml_names.value, ())
    others = [name for other in PRODUCTS if other != product for name in gpu(other).nvml_names.value]
    called = [f"{name}{suffix}" for name in others for suffix in ("", " MIG 1g.10gb")]
    assert [name for name in called if named(Observation(Status.READ, name, "", ()), wanted)] == []


def test_the_traps_are_there_to_be_fallen_into() -> None:
    """Matching by part of the name would be wrong for these; without them the test above could not detect it."""
    names = {name for product in PRODUCTS for name in gpu(product).nvml_names.value}
    traps = ("A10", "L4", "H100", "H200", "H20", "B200", "L40", "GB300")
    assert all(f"NVIDIA {trap}" in names for trap in traps)
    assert all(sum(trap in name for name in names) > 1 for trap in traps if trap != "GB300")


@pytest.mark.parametrize("product", PRODUCTS)
def test_mig_profiles_and_placements_are_there_together_and_only_where_mig_is(product: str) -> None:
    """Some GPUs are known to have MIG, but their profiles are unknown: those are omitted, never guessed."""
    mig = gpu(product).mig
    assert (mig.profiles is not None) == (mig.placements is not None)
    assert mig.supported.value or mig.profiles is None
    if mig.profiles and mig.placements:
        assert {profile.name for profile in mig.profiles.value} == set(mig.placements.value)


@pytest.mark.parametrize("product", CUT)
def test_as_many_mig_instances_fit_as_the_profile_says(product: str) -> None:
    """`max` and `placements` come from different sources: they must agree about the same hardware."""
    mig = gpu(product).mig
    assert mig.profiles
    assert mig.placements
    for profile in mig.profiles.value:
        place = mig.placements.value[profile.name]
        fitting, free_from = 0, 0
        for start in place.starts:
            if start >= free_from:
                fitting, free_from = fitting + 1, start + place.slices
        assert free_from <= 8, profile
        assert (profile.max == 1) if "+me" in profile.name else (profile.max == fitting), profile


@pytest.mark.parametrize("product", [product for product in CUT if gpu(product).memory_mib])
def test_mig_instances_never_hold_more_memory_than_the_gpu(product: str) -> None:
    facts = gpu(product)
    assert facts.mig.profiles
    assert facts.memory_mib
    total_gb = facts.memory_mib.value * 1.048576 / 1000

    def held(profile: MigProfile) -> float:
        return memory_of(profile.name) * profile.max / (total_gb * 1.06)

    assert max(map(held, facts.mig.profiles.value)) <= 1
