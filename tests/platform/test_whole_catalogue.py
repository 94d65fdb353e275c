"""Every GPU product and every instance type of the catalogue gives a valid platform, in every release."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.hardware import Gpu
from blueprint.diagnostics import Diagnostic, Severity
from blueprint.pipeline import Compilation
from blueprint.platform.drivers.branches import usable_branches
from blueprint.versions import version_key
from tests.support.platforms import blueprint, compiled, pool

CATALOG = load_catalog()
GPUS = {name: gpu for name in CATALOG.products if (gpu := CATALOG.gpu(name))}
WITH_MIG = {name: gpu for name, gpu in GPUS.items() if gpu.mig.profiles}
NEWEST = max(CATALOG.releases)
UNPROVEN = [name for name, gpu in GPUS.items() if gpu.mig.supported.value and not gpu.mig.profiles]
MACHINES = [name for cloud in CATALOG.clouds for name in cloud.types]


every_release = pytest.mark.parametrize("release", CATALOG.releases)


def drivable(release: str) -> set[str]:
    """The products for which the release has a driver."""
    known = CATALOG.release(release)
    assert known
    return {name for name, gpu in GPUS.items() if usable_branches(gpu, known, "ubuntu-24.04")}


def one_pool_each(release: str, pools: dict[str, str]) -> Compilation:
    """One pool for each entry, with these keys, compiled."""
    entries = (pool(f"p{number}", fields, nodes=1) for number, fields in enumerate(pools.values()))
    return compiled(blueprint(*entries, release=release, kubernetes="1.34"))


def few(gpu: Gpu) -> int:
    """Two GPUs, or one if no board has two."""
    return min(2, gpu.board_gpus.value) if gpu.board_gpus else 2


def severe(done: Compilation) -> list[str]:
    return [f"{each.path}: {each.message}" for each in done.diagnostics if each.severity is Severity.ERROR]


def of_code(done: Compilation, code: str) -> list[Diagnostic]:
    return [each for each in done.diagnostics if each.code.id == code]


@every_release
def test_every_product_whole(release: str) -> None:
    known = drivable(release)
    assert len(known) > 50
    done = one_pool_each(release, {name: f"gpu: {{product: {name}, count: {few(GPUS[name])}}}" for name in known})
    assert severe(done) == []
    assert done.bundle
    assert {pool.gpu_product for pool in done.bundle.pools} == known
    probed = {each.pool for each in done.bundle.expectations if each.check == "gpu-product"}
    assert len(probed) == len(known), "of each it can be told on a node whether it is there"


@every_release
def test_a_product_that_no_driver_of_the_release_knows_is_refused_once(release: str) -> None:
    for name in GPUS.keys() - drivable(release):
        done = one_pool_each(release, {name: f"gpu: {{product: {name}, count: 2}}"})
        found = [each for each in done.diagnostics if each.severity is Severity.ERROR]
        assert {each.code.id for each in found} <= {"BP3103", "BP3159", "BP3163"}, name
        assert found


@every_release
def test_every_product_with_mig_in_each_of_its_profiles(release: str) -> None:
    """Profiles of one product: GPU 0 with the first, GPU 1 with the second, as many in a pool as a board has."""

    def in_profiles(name: str, gpu: Gpu) -> Iterator[tuple[str, str]]:
        profiles = gpu.mig.profiles.value if gpu.mig.profiles else ()
        most = gpu.board_gpus.value if gpu.board_gpus else len(profiles)
        for start in range(0, len(profiles), most):
            some = profiles[start : start + most]
            groups = (f"{{devices: [{i}], profiles: {{{p.name}: {p.max}}}}}" for i, p in enumerate(some))
            layout = f"strategy: mixed, layout: [{', '.join(groups)}]"
            yield f"{name} {start}", f"gpu: {{product: {name}, count: {len(some)}, mig: {{{layout}}}}}"

    known = drivable(release)
    pools = dict(each for name, gpu in WITH_MIG.items() if name in known for each in in_profiles(name, gpu))
    done = one_pool_each(release, pools)
    assert severe(done) == []
    assert done.bundle
    assert of_code(done, "BP3129") == []


@pytest.mark.parametrize("product", UNPROVEN)
def test_a_layout_that_nobody_can_judge_is_a_warning_and_compiles(product: str) -> None:
    """The catalogue knows or assumes that the GPU has MIG, but does not know its profiles."""
    done = one_pool_each(
        NEWEST,
        {product: f"gpu: {{product: {product}, count: 1, mig: {{layout: [{{profiles: {{1g.11gb: 2}}}}]}}}}"},
    )
    assert severe(done) == []
    assert done.bundle
    [found] = of_code(done, "BP3129")
    assert product in found.message


def test_every_instance_type_decides_its_pool_or_says_what_is_missing() -> None:
    done = one_pool_each(NEWEST, {name: f"machine: {{instanceType: {name}}}" for name in MACHINES})
    missing = [each for each in done.diagnostics if each.severity is Severity.ERROR]
    assert {each.code.id for each in missing} == {"BP3153"}
    fractions = {name for name in MACHINES if (machine := CATALOG.machine(name)) and not machine.gpus}
    assert {MACHINES[int(str(each.path).split(".")[2][1:])] for each in missing} == fractions
    whole = [name for name in MACHINES if name not in fractions]
    done = one_pool_each(NEWEST, {name: f"machine: {{instanceType: {name}}}" for name in whole})
    assert severe(done) == []
    assert done.bundle
    assert len(done.bundle.pools) == len(whole) > 150
    counts: dict[str, set[int | None]] = defaultdict(set)
    for each in done.bundle.pools:
        counts[each.gpu_product or ""].add(each.gpu_count)
    assert counts["H100-SXM5-80GB"] == {1, 2, 4, 8}


def test_the_numbers_in_the_readme_are_correct() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    assert f"[{len(GPUS)} GPU products]" in text
    assert f"[{len(MACHINES)} instance types]" in text


@every_release
def test_before_turing_mps_has_16_clients_and_from_there_on_more(release: str) -> None:
    old = {name for name in drivable(release) if version_key(GPUS[name].compute_capability.value) < version_key("7.5")}
    assert {"P40", "V100-SXM2-32GB"} <= old
    for clients, refused in ((16, set[str]()), (17, old)):
        sharing = f"sharing: {{mps: {clients}}}"
        pools = {name: f"gpu: {{product: {name}, count: 1, {sharing}}}" for name in sorted(drivable(release))}
        found = of_code(one_pool_each(release, pools), "BP3401")
        assert {name for name in pools if any(f" on {name}," in each.message for each in found)} == refused
